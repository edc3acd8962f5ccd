//! The flags of `gatewright credential`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct CredentialFields {
    /// A provider of the catalogue, such as `openai` or `anthropic`, or `openai-compatible`
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The file that holds the provider's key; `-` reads standard input, at a terminal without showing it
    #[arg(long, value_name = "FILE", conflicts_with = "api_key_env")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// The environment variable that holds the provider's key
    #[arg(long, value_name = "VAR")]
    pub(crate) api_key_env: Option<String>,
    /// What the vendor's SDK takes as base URL, where it is not the provider's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// How the key is sent: `bearer`, `x-api-key`, `none`, `header:NAME` or `query:NAME`
    #[arg(long, value_name = "HOW")]
    pub(crate) auth: Option<AuthArgument>,
    /// What people should know about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

/// `bearer`, or `header:x-goog-api-key`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuthArgument(pub(crate) Value);

impl FromStr for AuthArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        match (kind, name) {
            ("bearer" | "x-api-key" | "none", "") => Ok(Self(kind.into())),
            ("header" | "query", name) if !name.is_empty() => Ok(Self(json!({ "kind": kind, "name": name }))),
            _ => Err("write `bearer`, `x-api-key`, `none`, `header:NAME` or `query:NAME`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_send_a_key_are_read() {
        assert_eq!("bearer".parse(), Ok(AuthArgument("bearer".into())));
        let header = json!({ "kind": "header", "name": "x-goog-api-key" });
        assert_eq!("header:x-goog-api-key".parse(), Ok(AuthArgument(header)));
        for text in ["", "header", "query:", "bearer:x", "basic"] {
            assert!(text.parse::<AuthArgument>().is_err(), "{text}");
        }
    }
}
