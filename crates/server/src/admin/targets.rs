//! `/api/v1/targets`.

use domain::ObjectKind;

use super::objects::Resource;

pub(super) const TARGETS: Resource = Resource {
    kind: ObjectKind::Target,
    all: "/api/v1/targets",
    one: "/api/v1/targets/{id}",
    about: "One model behind one credential, under a name that several endpoints use",
    example: r#"{ "name": "fast", "credential": "openai-main", "model": "gpt-5-mini" }"#,
    patch: r#"{ "model": "gpt-5" }"#,
};
