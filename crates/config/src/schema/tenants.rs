//! `teams:` and `projects:`

use domain::DEFAULT_NAME;

use super::Located;
use super::value::{Name, Prose};

section! {
    /// A team: what projects belong to.
    Team is "a team", later [];
    /// How projects refer to it.
    required name: Located<Name>;
    /// What people should know about it.
    optional description: Prose;
}

section! {
    /// A project: what keys, endpoints and credentials belong to.
    Project is "a project", later [];
    /// How they refer to it.
    required name: Located<Name>;
    /// The team that it belongs to.
    default team: Located<Name> = Located::nowhere(Name(DEFAULT_NAME.into()));
    /// What people should know about it.
    optional description: Prose;
}
