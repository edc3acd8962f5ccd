//! Ids of declared objects: the same file gives the same ids on every machine and after every restart, so counters,
//! breakers and usage records of a declared object survive a reload.

use aws_lc_rs::digest::{Context, SHA256};
use domain::Scope;

/// The id of the object that is called `name` among those of its kind and scope. Renaming makes another object.
pub fn stable_id(kind: &str, scope: &Scope, name: &str) -> u128 {
    let mut hash = Context::new(&SHA256);
    hash.update(&scope.organization.to_bytes());
    hash.update(&scope.team.to_bytes());
    hash.update(&scope.project.to_bytes());
    // A length before each text: no two pairs of texts run together to the same bytes.
    for text in [kind, name] {
        hash.update(&(text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let digest = hash.finish();
    digest.as_ref().iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use domain::ProjectId;

    use super::*;

    /// A change of this number would orphan every record of every declared object.
    #[test]
    fn ids_never_change() {
        let id = stable_id("endpoint", &Scope::DEFAULT, "chat");
        assert_eq!(format!("{id:032x}"), "cfa0b5754ca660078100409d452c1041");
    }

    #[test]
    fn kind_scope_and_name_all_count() {
        let other = Scope { project: ProjectId(2), ..Scope::DEFAULT };
        let mut ids = vec![
            stable_id("endpoint", &Scope::DEFAULT, "chat"),
            stable_id("credential", &Scope::DEFAULT, "chat"),
            stable_id("endpoint", &other, "chat"),
            stable_id("endpoint", &Scope::DEFAULT, "chat2"),
            stable_id("endpointc", &Scope::DEFAULT, "hat"),
        ];
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }
}
