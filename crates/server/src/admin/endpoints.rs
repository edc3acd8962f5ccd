//! `/api/v1/endpoints`.

use domain::ObjectKind;

use super::objects::Resource;

pub(super) const ENDPOINTS: Resource = Resource {
    kind: ObjectKind::Endpoint,
    all: "/api/v1/endpoints",
    one: "/api/v1/endpoints/{id}",
    about: "The names that applications put in `model`",
    example: r#"{
        "name": "prod-chat",
        "targets": [
            { "credential": "openai-main", "model": "gpt-5", "weight": 90 },
            { "credential": "openai-main", "model": "gpt-5-mini", "weight": 10 }
        ]
    }"#,
    patch: r#"{ "max_output_tokens": 4096 }"#,
};
