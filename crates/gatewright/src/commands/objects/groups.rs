//! Projects and teams from their flags.

use anyhow::Result;
use domain::ObjectKind;
use serde_json::{Map, Value};

use super::insert;
use crate::cli::{Nowhere, ObjectFields, ProjectFields, TeamFields};
use crate::commands::Inputs;

impl ObjectFields for ProjectFields {
    const KIND: ObjectKind = ObjectKind::Project;
    type Place = Nowhere;
    const EXAMPLE_NAME: &'static str = "web";
    const EXAMPLE_CREATE: &'static str = "--team platform";
    const EXAMPLE_SET: &'static str = "--team apps";

    async fn document(&self, _: &str, _: bool, _: &mut Inputs<'_>) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        insert(&mut document, "team", self.team.as_deref());
        insert(&mut document, "description", self.description.as_deref());
        Ok(document)
    }
}

impl ObjectFields for TeamFields {
    const KIND: ObjectKind = ObjectKind::Team;
    type Place = Nowhere;
    const EXAMPLE_NAME: &'static str = "platform";
    const EXAMPLE_CREATE: &'static str = "";
    const EXAMPLE_SET: &'static str = "--description 'Everything with a login'";

    async fn document(&self, _: &str, _: bool, _: &mut Inputs<'_>) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        insert(&mut document, "description", self.description.as_deref());
        Ok(document)
    }
}
