//! `/api/v1/teams`.

use domain::ObjectKind;

use super::objects::Resource;

pub(super) const TEAMS: Resource = Resource {
    kind: ObjectKind::Team,
    all: "/api/v1/teams",
    one: "/api/v1/teams/{id}",
    about: "What projects belong to, and what costs are summed by",
    example: r#"{ "name": "platform", "description": "those who run the gateway" }"#,
    patch: r#"{ "description": "platform engineering" }"#,
};
