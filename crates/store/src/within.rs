//! Which rows a reader may see. Every read of the store takes one, so that forgetting it does not compile.

use domain::{OrganizationId, ProjectId, Scope, TeamId};

/// A part of the tenant tree: an organization, or a team in it, or a project in that. A row outside of it does not
/// exist for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    pub organization: OrganizationId,
    pub team: Option<TeamId>,
    pub project: Option<ProjectId>,
}

impl Within {
    pub const fn organization(organization: OrganizationId) -> Self {
        Self { organization, team: None, project: None }
    }

    pub const fn team(organization: OrganizationId, team: TeamId) -> Self {
        Self { organization, team: Some(team), project: None }
    }

    pub const fn project(scope: Scope) -> Self {
        Self { organization: scope.organization, team: Some(scope.team), project: Some(scope.project) }
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.organization == scope.organization
            && self.team.is_none_or(|team| team == scope.team)
            && self.project.is_none_or(|project| project == scope.project)
    }
}

impl From<Scope> for Within {
    fn from(scope: Scope) -> Self {
        Self::project(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_inside_its_ancestors_only() {
        let scope = Scope { organization: OrganizationId(1), team: TeamId(2), project: ProjectId(3) };
        assert!(Within::from(scope).contains(scope));
        assert!(Within::team(OrganizationId(1), TeamId(2)).contains(scope));
        assert!(Within::organization(OrganizationId(1)).contains(scope));

        assert!(!Within::organization(OrganizationId(9)).contains(scope));
        assert!(!Within::team(OrganizationId(1), TeamId(9)).contains(scope));
        assert!(!Within::project(Scope { project: ProjectId(9), ..scope }).contains(scope));
        // The same team id below another organization is another team.
        assert!(!Within::team(OrganizationId(9), TeamId(2)).contains(scope));
    }
}
