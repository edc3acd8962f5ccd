//! A file as what the gateway is asked to store. References are resolved here, where the secrets are; the gateway's own
//! settings in the file are left out, because they are no objects.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use domain::{ObjectKind, Secret};
use serde_json::{Map, Value, json};

use crate::output;

/// Reads a file. With `keep_secrets`, secrets whose variables are not set are left out, and stay as they are stored.
pub(super) fn request(path: &Path, text: &Secret<String>, prune: bool, keep_secrets: bool) -> Result<Value> {
    let source = config::Source::new(path.display().to_string(), text.expose().as_str());
    let may_miss = |field: &str| keep_secrets && is_secret(field);
    let read = config::read_document_without(&source, &vault::Environment::process(), &may_miss);
    let read = read.map_err(|problems| {
        let mut said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if !keep_secrets && said.iter().any(|problem| problem.contains("is not set")) {
            said.push(
                "`--keep-secrets` leaves secrets as they are stored where their variables are not set".into(),
            );
        }
        anyhow!("the file cannot be applied:\n  {}", said.join("\n  "))
    })?;
    for variable in read.left_out {
        output::error(&format!("note: `{variable}` is not set; the secret stays as it is stored"));
    }
    let (objects, rest): (Map<_, _>, Map<_, _>) =
        read.fields.into_iter().partition(|(section, _)| kind_of(section).is_some());
    let rest: Vec<String> = rest
        .into_iter()
        .map(|(section, _)| section)
        .filter(|section| !section.starts_with("x-"))
        .map(|section| format!("`{section}`"))
        .collect();
    if !rest.is_empty() {
        let (sections, belong) = (rest.join(", "), if rest.len() == 1 { "belongs" } else { "belong" });
        output::error(&format!(
            "note: {sections} {belong} to the gateway's own file; only objects are applied"
        ));
    }
    if objects.is_empty() {
        bail!("`{}` holds no objects; write sections such as `credentials` and `endpoints`", path.display());
    }
    Ok(json!({ "objects": objects, "prune": prune }))
}

fn kind_of(section: &str) -> Option<ObjectKind> {
    ObjectKind::ALL.into_iter().find(|kind| kind.plural() == section)
}

/// Whether a path such as `credentials.0.api_key` is that of a secret.
fn is_secret(path: &str) -> bool {
    let mut parts = path.splitn(3, '.');
    let kind = parts.next().and_then(kind_of);
    let field = parts.nth(1);
    kind.zip(field)
        .is_some_and(|(kind, field)| config::objects::secret_fields(kind).iter().any(|f| f == field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_place() {
        assert!(is_secret("credentials.12.api_key") && is_secret("keys.0.secret"));
        for path in ["credentials.0.base_url", "credentials.api_key", "endpoints.0.api_key", "x.0.api_key"] {
            assert!(!is_secret(path), "{path}");
        }
    }
}
