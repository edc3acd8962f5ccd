//! The flags of `gatewright endpoint` and `gatewright target`.

use std::str::FromStr;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct EndpointFields {
    /// Where calls go: `provider/model`, `credential:model` or the name of a target; `=90` at the end is its weight.
    /// Repeat it for a split
    #[arg(long = "target", value_name = "TARGET[=WEIGHT]")]
    pub(crate) targets: Vec<TargetArgument>,
    /// Where calls go after a target has failed, in this order
    #[arg(long = "fallback", value_name = "TARGET")]
    pub(crate) fallbacks: Vec<TargetArgument>,
    /// Another name of the same endpoint
    #[arg(long = "alias", value_name = "NAME")]
    pub(crate) aliases: Vec<String>,
    /// Tries over all targets
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_attempts: Option<u32>,
    /// The most tokens that a call may ask for
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_output_tokens: Option<u32>,
    /// How much of the payloads traces keep: `full`, `redacted`, `metadata` or `none`
    #[arg(long, value_name = "WHAT")]
    pub(crate) capture: Option<String>,
    /// Answer 400 where a field of the request cannot be translated, instead of a note
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) strict: Option<bool>,
    /// What people should know about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TargetFields {
    /// The credential to use
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,
    /// The provider's own name of the model
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// The dialect to speak, where the provider has several
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<String>,
    /// What people should know about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

/// One target as it is written on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetArgument {
    pub(crate) place: TargetPlace,
    pub(crate) weight: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TargetPlace {
    /// `openai/gpt-5`: over the only credential of that provider.
    Provider { provider: String, model: String },
    /// `openai-main:gpt-5`
    Credential { credential: String, model: String },
    /// The name of a target.
    Named(String),
}

impl FromStr for TargetArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (place, weight) = match text.rsplit_once('=') {
            Some((place, weight)) => {
                let weight = weight.parse().map_err(|_| {
                    format!("`{weight}` is no weight; write a whole number after `=`, such as `{place}=90`")
                })?;
                (place, Some(weight))
            }
            None => (text, None),
        };
        // Models may contain both signs; names of providers, credentials and targets contain neither.
        let place = match place.split_once(['/', ':']) {
            Some((first, model)) if first.is_empty() || model.is_empty() => {
                return Err("write `provider/model`, `credential:model` or the name of a target".to_owned());
            }
            Some((provider, model)) if place[provider.len()..].starts_with('/') => {
                TargetPlace::Provider { provider: provider.to_owned(), model: model.to_owned() }
            }
            Some((credential, model)) => {
                TargetPlace::Credential { credential: credential.to_owned(), model: model.to_owned() }
            }
            None if place.is_empty() => {
                return Err("write `provider/model`, `credential:model` or the name of a target".to_owned());
            }
            None => TargetPlace::Named(place.to_owned()),
        };
        Ok(Self { place, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_a_target_are_read() {
        let read = |text: &str| text.parse::<TargetArgument>();
        let provider = |provider: &str, model: &str| TargetPlace::Provider {
            provider: provider.to_owned(),
            model: model.to_owned(),
        };
        let credential = |credential: &str, model: &str| TargetPlace::Credential {
            credential: credential.to_owned(),
            model: model.to_owned(),
        };
        let table = [
            ("openai/gpt-5", provider("openai", "gpt-5"), None),
            ("openai/gpt-5=90", provider("openai", "gpt-5"), Some(90)),
            ("openai/org/model:v1=0", provider("openai", "org/model:v1"), Some(0)),
            ("ollama:llama3:8b=10", credential("ollama", "llama3:8b"), Some(10)),
            ("vllm:Qwen/Qwen3-32B", credential("vllm", "Qwen/Qwen3-32B"), None),
            ("fast=1", TargetPlace::Named("fast".to_owned()), Some(1)),
        ];
        for (text, place, weight) in table {
            assert_eq!(read(text), Ok(TargetArgument { place, weight }), "{text}");
        }
        for text in ["", "=90", "openai/", "/gpt-5", ":x", "fast=", "fast=-1", "fast=1.5"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
