//! A credential from its flags. Its secret comes from a file, a variable, or a person.

use std::io::IsTerminal;

use anyhow::Result;
use domain::ObjectKind;
use serde_json::{Map, Value};

use super::insert;
use crate::api::exposed;
use crate::cli::{CredentialFields, InProject, ObjectFields};
use crate::commands::{Inputs, inputs};

impl ObjectFields for CredentialFields {
    const KIND: ObjectKind = ObjectKind::Credential;
    type Place = InProject;
    const EXAMPLE_NAME: &'static str = "openai-main";
    const EXAMPLE_CREATE: &'static str = "--provider openai --api-key-env OPENAI_API_KEY";
    const EXAMPLE_SET: &'static str = "--api-key-file -";

    async fn document(
        &self,
        name: &str,
        for_new: bool,
        inputs: &mut Inputs<'_>,
    ) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        insert(&mut document, "provider", self.provider.as_deref());
        insert(&mut document, "base_url", self.base_url.as_deref());
        insert(&mut document, "auth", self.auth.as_ref().map(|auth| auth.0.clone()));
        insert(&mut document, "description", self.description.as_deref());
        let what = format!("API key of `{name}`");
        let secret = match (&self.api_key_file, &self.api_key_env) {
            (Some(path), _) => Some(inputs.secret_file(path, &what)?),
            (None, Some(variable)) => Some(Inputs::secret_variable(variable)?),
            (None, None) if for_new && self.wants_key() && std::io::stdin().is_terminal() => {
                inputs::prompt(&what)?
            }
            (None, None) => None,
        };
        insert(&mut document, "api_key", secret.as_ref().map(exposed));
        Ok(document)
    }
}

impl CredentialFields {
    fn wants_key(&self) -> bool {
        let without = self.auth.as_ref().is_some_and(|auth| auth.0 == "none");
        !without && self.provider.as_deref() != Some("simulator")
    }
}
