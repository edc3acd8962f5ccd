//! Who may call which endpoint. A pure look at what the caller's key allows; finding the key is the gateway's work.

use std::sync::Arc;

use domain::{ErrorKind, Scope};

/// What the caller was given.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    pub scope: &'a Scope,
    /// Names of endpoints, `provider/model`, or `provider/*`; `None` for all of the project.
    pub endpoints: Option<&'a [Arc<str>]>,
    /// Milliseconds since the Unix epoch.
    pub expires_at_ms: Option<i64>,
}

/// Why a caller is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the key has expired; ask for a new one")]
    Expired,
    /// To this caller the endpoint does not exist: whether it does elsewhere is none of its business.
    #[error("there is no such model in this project")]
    OtherProject,
    #[error("the key may not use this model; ask for one that lists it")]
    NotListed,
}

impl Refusal {
    pub const fn error_kind(self) -> ErrorKind {
        match self {
            Self::Expired => ErrorKind::InvalidKey,
            Self::OtherProject => ErrorKind::UnknownModel,
            Self::NotListed => ErrorKind::ModelNotAllowed,
        }
    }
}

/// Whether the caller may use the endpoint called `name` (never an alias) that belongs to `scope`.
pub fn admit(grant: &Grant<'_>, name: &str, scope: &Scope, now_ms: i64) -> Result<(), Refusal> {
    if grant.expires_at_ms.is_some_and(|end| now_ms >= end) {
        return Err(Refusal::Expired);
    }
    if grant.scope != scope {
        return Err(Refusal::OtherProject);
    }
    match grant.endpoints {
        Some(listed) if !listed.iter().any(|entry| covers(entry, name)) => Err(Refusal::NotListed),
        _ => Ok(()),
    }
}

fn covers(entry: &str, name: &str) -> bool {
    match entry.strip_suffix("/*") {
        Some(provider) => name.split_once('/').is_some_and(|(before, _)| before == provider),
        None => entry == name,
    }
}

#[cfg(test)]
mod tests {
    use domain::ProjectId;

    use super::*;

    const OTHER: Scope = Scope { project: ProjectId(2), ..Scope::DEFAULT };

    #[test]
    fn a_grant_covers_what_it_lists_until_it_ends() {
        let listed: [Arc<str>; 2] = ["chat".into(), "openai/*".into()];
        let all = Grant { scope: &Scope::DEFAULT, endpoints: None, expires_at_ms: None };
        let some = Grant { endpoints: Some(&listed), ..all };
        let none = Grant { endpoints: Some(&[]), ..all };
        let ends = Grant { expires_at_ms: Some(100), ..all };
        let table = [
            (all, "chat", Scope::DEFAULT, 0, Ok(())),
            (all, "chat", OTHER, 0, Err(Refusal::OtherProject)),
            (some, "chat", Scope::DEFAULT, 0, Ok(())),
            (some, "chat-2", Scope::DEFAULT, 0, Err(Refusal::NotListed)),
            (some, "openai/gpt-5", Scope::DEFAULT, 0, Ok(())),
            (some, "openai", Scope::DEFAULT, 0, Err(Refusal::NotListed)),
            (some, "openai-eu/gpt-5", Scope::DEFAULT, 0, Err(Refusal::NotListed)),
            // A foreign endpoint is unknown even where its name is listed.
            (some, "chat", OTHER, 0, Err(Refusal::OtherProject)),
            (none, "chat", Scope::DEFAULT, 0, Err(Refusal::NotListed)),
            (ends, "chat", Scope::DEFAULT, 99, Ok(())),
            (ends, "chat", Scope::DEFAULT, 100, Err(Refusal::Expired)),
        ];
        for (grant, name, scope, now_ms, expected) in table {
            assert_eq!(
                admit(&grant, name, &scope, now_ms),
                expected,
                "{grant:?} {name} {scope:?} at {now_ms}"
            );
        }
    }
}
