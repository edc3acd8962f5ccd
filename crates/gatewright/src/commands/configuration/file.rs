//! A file as what the gateway is asked to store. References are resolved here, where the secrets are; the gateway's own
//! settings in the file are left out, because they are no objects.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use domain::{ObjectKind, Secret};
use serde_json::{Map, Value, json};

use crate::output;

pub(super) fn request(path: &Path, text: &Secret<String>, prune: bool) -> Result<Value> {
    let source = config::Source::new(path.display().to_string(), text.expose().as_str());
    let document = config::read_document(&source, &vault::Environment::process()).map_err(|problems| {
        anyhow!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    let (objects, rest): (Map<_, _>, Map<_, _>) = document
        .into_iter()
        .partition(|(section, _)| ObjectKind::ALL.iter().any(|kind| kind.plural() == section));
    let rest: Vec<String> =
        rest.into_iter().map(|(section, _)| section).filter(|section| !section.starts_with("x-")).collect();
    if !rest.is_empty() {
        let sections = rest.iter().map(|section| format!("`{section}`")).collect::<Vec<_>>().join(", ");
        output::error(&format!("note: {sections} belong to the gateway's own file and are not applied"));
    }
    if objects.is_empty() {
        bail!("`{}` holds no objects; write sections such as `credentials` and `endpoints`", path.display());
    }
    Ok(json!({ "objects": objects, "prune": prune }))
}
