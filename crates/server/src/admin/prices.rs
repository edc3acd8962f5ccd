//! `/api/v1/prices`.

use domain::ObjectKind;

use super::objects::Resource;

pub(super) const PRICES: Resource = Resource {
    kind: ObjectKind::Price,
    all: "/api/v1/prices",
    one: "/api/v1/prices/{id}",
    about: "What a model costs, in US dollars per million tokens. A price is named `provider/model`",
    example: r#"{ "provider": "openai", "model": "gpt-5", "input": "1.25", "output": "10" }"#,
    patch: r#"{ "output": "9.5" }"#,
};
