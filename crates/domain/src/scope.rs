//! Whose data a row is: organization, team and project.

use serde::{Deserialize, Serialize};

use crate::{OrganizationId, ProjectId, TeamId};

/// The name of the organization, team and project that exist from the first start.
pub const DEFAULT_NAME: &str = "default";

/// The tenant path of a row, a trace or a record. Every store method takes one: a row outside of it does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub organization: OrganizationId,
    pub team: TeamId,
    pub project: ProjectId,
}

impl Scope {
    /// The scope that exists from the first start; ids are fixed so that rows written by any version agree.
    pub const DEFAULT: Self =
        Self { organization: OrganizationId(1), team: TeamId(1), project: ProjectId(1) };
}
