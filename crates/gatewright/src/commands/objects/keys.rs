//! Keys from their flags, and `key revoke`.

use std::process::ExitCode;

use anyhow::Result;
use domain::ObjectKind;
use serde_json::{Map, Value, json};

use super::{escape, insert, insert_list, text};
use crate::api::{self, Api};
use crate::cli::{InProject, KeyFields, Keys, ObjectFields, Revoke};
use crate::commands::Inputs;
use crate::commands::inputs::confirm;
use crate::output;

impl ObjectFields for KeyFields {
    const KIND: ObjectKind = ObjectKind::Key;
    type Place = InProject;
    const EXAMPLE_NAME: &'static str = "ci";
    const EXAMPLE_CREATE: &'static str =
        "--project web --endpoint chat --expires 90d --tag team-a --metadata owner=ann";
    const EXAMPLE_SET: &'static str = "--expires 2027-01-31";

    async fn document(&self, _: &str, _: bool, _: &mut Inputs<'_>) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        insert_list(&mut document, "endpoints", &self.endpoints);
        insert(&mut document, "expires", self.expires.as_ref().map(|expiry| expiry.0.as_str()));
        insert_list(&mut document, "tags", &self.tags);
        let metadata: Map<String, Value> =
            self.metadata.iter().map(|pair| (pair.name.clone(), pair.value.as_str().into())).collect();
        insert(&mut document, "metadata", (!metadata.is_empty()).then_some(metadata));
        insert_list(&mut document, "permissions", &self.permissions);
        insert(&mut document, "description", self.description.as_deref());
        Ok(document)
    }
}

pub(crate) fn run(command: Keys) -> Result<ExitCode> {
    match command {
        Keys::Object(command) => super::run(*command),
        Keys::Revoke(options) => api::block_on(revoke(&options)),
    }
}

async fn revoke(options: &Revoke) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    // Its id, because the next key may have the same name.
    let key = super::get(&api, ObjectKind::Key, &options.name, options.project.as_deref()).await?;
    let (name, id) = (text(&key, "name"), text(&key, "id"));
    if !confirm(&format!("revoke key `{name}` ({id})"), options.yes)? {
        output::error(&format!("key `{name}` stays"));
        return Ok(ExitCode::FAILURE);
    }
    let revoked = api.post(&format!("/api/v1/keys/{}/revoke", escape(&id)), &json!({})).await?;
    if options.json {
        output::json(&revoked)?;
    } else {
        output::line(&format!("revoked key `{name}` ({id}); it is refused from now on"));
    }
    Ok(ExitCode::SUCCESS)
}
