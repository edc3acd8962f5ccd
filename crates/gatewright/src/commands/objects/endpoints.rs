//! Endpoints and targets from their flags.

use anyhow::Result;
use domain::ObjectKind;
use serde_json::{Map, Value, json};

use super::{insert, insert_list};
use crate::cli::{EndpointFields, InProject, ObjectFields, TargetArgument, TargetFields, TargetPlace};
use crate::commands::Inputs;

impl ObjectFields for EndpointFields {
    const KIND: ObjectKind = ObjectKind::Endpoint;
    type Place = InProject;
    const EXAMPLE_NAME: &'static str = "chat";
    const EXAMPLE_CREATE: &'static str =
        "--target openai/gpt-5=90 --target anthropic/claude-sonnet-4-5=10 --fallback vllm:qwen3-32b";
    const EXAMPLE_SET: &'static str = "-f endpoint.yaml";

    async fn document(&self, _: &str, _: bool, inputs: &mut Inputs<'_>) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        for (name, arguments) in [("targets", &self.targets), ("fallbacks", &self.fallbacks)] {
            if !arguments.is_empty() {
                let mut targets = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    targets.push(target(argument, inputs).await?);
                }
                document.insert(name.to_owned(), Value::Array(targets));
            }
        }
        insert_list(&mut document, "aliases", &self.aliases);
        insert(&mut document, "max_attempts", self.max_attempts);
        insert(&mut document, "max_output_tokens", self.max_output_tokens);
        insert(&mut document, "capture", self.capture.as_deref());
        insert(&mut document, "strict", self.strict);
        insert(&mut document, "description", self.description.as_deref());
        Ok(document)
    }
}

/// A target as the file writes it. The short form has no place for a weight, so with one the credential is looked up.
async fn target(argument: &TargetArgument, inputs: &Inputs<'_>) -> Result<Value> {
    let mut target = match &argument.place {
        TargetPlace::Provider { provider, model } if argument.weight.is_none() => {
            return Ok(format!("{provider}/{model}").into());
        }
        TargetPlace::Provider { provider, model } => {
            json!({ "credential": inputs.credential_of(provider).await?, "model": model })
        }
        TargetPlace::Credential { credential, model } => json!({ "credential": credential, "model": model }),
        TargetPlace::Named(name) => json!({ "target": name }),
    };
    if let Some(weight) = argument.weight {
        target["weight"] = weight.into();
    }
    Ok(target)
}

impl ObjectFields for TargetFields {
    const KIND: ObjectKind = ObjectKind::Target;
    type Place = InProject;
    const EXAMPLE_NAME: &'static str = "fast";
    const EXAMPLE_CREATE: &'static str = "--credential openai-main --model gpt-5-mini";
    const EXAMPLE_SET: &'static str = "--model gpt-5-nano";

    async fn document(&self, _: &str, _: bool, _: &mut Inputs<'_>) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        insert(&mut document, "credential", self.credential.as_deref());
        insert(&mut document, "model", self.model.as_deref());
        insert(&mut document, "dialect", self.dialect.as_deref());
        insert(&mut document, "description", self.description.as_deref());
        Ok(document)
    }
}
