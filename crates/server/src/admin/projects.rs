//! `/api/v1/projects`.

use domain::ObjectKind;

use super::objects::Resource;

pub(super) const PROJECTS: Resource = Resource {
    kind: ObjectKind::Project,
    all: "/api/v1/projects",
    one: "/api/v1/projects/{id}",
    about: "What keys, endpoints and credentials belong to",
    example: r#"{ "name": "web", "team": "default", "description": "the web shop" }"#,
    patch: r#"{ "description": "the new web shop" }"#,
};
