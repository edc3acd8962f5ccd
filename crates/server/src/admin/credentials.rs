//! `/api/v1/credentials`.

use domain::ObjectKind;

use super::objects::Resource;

pub(super) const CREDENTIALS: Resource = Resource {
    kind: ObjectKind::Credential,
    all: "/api/v1/credentials",
    one: "/api/v1/credentials/{id}",
    about: "What the gateway authenticates with at a provider. Secrets are sealed, and never shown again",
    example: r#"{ "name": "openai-main", "provider": "openai", "api_key": "sk-proj-0123456789abcdef" }"#,
    patch: r#"{ "api_key": "sk-proj-fedcba9876543210" }"#,
};
