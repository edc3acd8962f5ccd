//! The OpenAPI document of the admin API. What a route takes and answers stands beside its code; what holds for all of
//! them (who may ask, how errors look) is added here from the table of declared routes, so that it cannot be forgotten.

use std::sync::OnceLock;

use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::access::{Access, Declared, Routes};
use super::problem::{Code, ProblemView};
use super::{
    RESOURCES, audit, calls, configuration, declare, diagnostics, keys, login_links, objects, sessions,
    traces, usage, vault, version,
};

/// The OpenAPI document of the admin API.
pub fn openapi() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    components(&mut document);
    for resource in RESOURCES {
        objects::describe(&mut document, resource);
    }
    for route in declare(Routes::new(None)).declared() {
        if route.path.starts_with("/api/") {
            complete(&mut document, route);
        }
    }
    document
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gatewright admin API",
        description = "Everything that can be configured, and everything that was written down. What cannot be read is \
            400; what can be read and makes no sense is 422, with a list of what is wrong where; what makes sense and \
            contradicts what is there already is 409.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        sessions::begin, sessions::read, sessions::end, login_links::create,
        calls::list, calls::tail, calls::one, traces::list, traces::one, usage::sums,
        keys::revoke, audit::list, vault::read, vault::rotate, configuration::running, configuration::reload, configuration::export,
        configuration::diff, configuration::apply, diagnostics::read, version::version, serve,
    ),
    components(schemas(ProblemView)),
    tags(
        (name = "calls", description = "Requests to model routes, one by one"),
        (name = "traces", description = "Calls and their attempts under one W3C trace id"),
        (name = "usage", description = "Tokens and money, summed"),
        (name = "session", description = "Logging in and out"),
        (name = "configuration", description = "Everything that is configured, as a whole"),
        (name = "operations", description = "About the gateway itself")
    )
)]
struct Described;

/// This document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operations",
    responses((status = 200, body = Value, description = "the OpenAPI document of this API")))]
pub(super) async fn serve() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| openapi().to_string());
    ([(CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}

/// Ways to say who one is, and the replies that many routes share.
fn components(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "the admin token, or a service key (a virtual key with `permissions`)",
        },
        "basic": {
            "type": "http", "scheme": "basic",
            "description": "the same as a password, whatever the user name",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "gatewright_session",
            "description": "what a login sets; changes must come from the gateway's own pages",
        },
    });
    document["security"] = json!([{ "bearer": [] }, { "basic": [] }, { "session": [] }]);
    schemas(&mut document["components"]["schemas"]);
    // What is in a YAML document is not for a schema of JSON to say.
    let export = &mut document["paths"]["/api/v1/configuration/export"]["get"]["responses"]["200"]["content"];
    export["application/yaml"]["schema"] = json!({});
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = json!(codes);
    let replies: Map<String, Value> =
        SHARED.iter().map(|shared| (shared.name.to_owned(), shared.reply())).collect();
    document["components"]["responses"] = Value::Object(replies);
}

/// What the types of Rust cannot say.
fn schemas(schemas: &mut Value) {
    schemas["Login"]["additionalProperties"] = false.into();
    schemas["Login"]["oneOf"] = json!([{ "required": ["token"] }, { "required": ["code"] }]);
    for name in ["token", "code"] {
        schemas["Login"]["properties"][name]["type"] = "string".into();
    }
    let lists = RESOURCES.iter().map(|resource| {
        let sent = format!("#/components/schemas/{}", objects::schema_name(resource.kind));
        (resource.kind.plural().to_owned(), json!({ "type": "array", "items": { "$ref": sent } }))
    });
    let lists: Map<String, Value> = lists.collect();
    schemas["Wanted"]["additionalProperties"] = false.into();
    schemas["Wanted"]["properties"]["objects"]["properties"] = Value::Object(lists);
    schemas["Wanted"]["properties"]["objects"]["additionalProperties"] = false.into();
}

/// A reply that many routes share.
struct Shared {
    status: u16,
    name: &'static str,
    description: &'static str,
    header: Option<(&'static str, &'static str)>,
}

const SHARED: [Shared; 12] = [
    Shared::new(400, "Malformed", "the request cannot be read"),
    Shared::new(401, "Unauthenticated", "nobody is logged in, or the token is wrong")
        .header("www-authenticate", "how to authenticate"),
    Shared::new(403, "NotPermitted", "the caller may not do this"),
    Shared::new(404, "NotFound", "there is no such thing, or not for this caller"),
    Shared::new(409, "Conflict", "it contradicts what is there already; `code` and `detail` say how"),
    Shared::new(
        412,
        "StaleRevision",
        "somebody else changed it in the meantime; `revision` is the one it is at",
    ),
    Shared::new(413, "BodyTooLarge", "the body is larger than 1 MiB"),
    Shared::new(415, "UnsupportedMediaType", "the body is not `application/json`"),
    Shared::new(428, "RevisionRequired", "say which revision is changed; `revision` is the one it is at"),
    Shared::new(422, "Invalid", "the body can be read and makes no sense; `errors` says what is wrong where"),
    Shared::new(429, "TooManyAttempts", "too many wrong logins came from this address")
        .header("retry-after", "in how many seconds to try again"),
    Shared::new(503, "StoreUnavailable", "the store cannot answer right now")
        .header("retry-after", "in how many seconds to try again"),
];

impl Shared {
    const fn new(status: u16, name: &'static str, description: &'static str) -> Self {
        Self { status, name, description, header: None }
    }

    const fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.header = Some((name, description));
        self
    }

    fn reply(&self) -> Value {
        let mut reply = json!({
            "description": self.description,
            "content": {
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
            },
        });
        if let Some((name, description)) = self.header {
            reply["headers"] =
                json!({ name: { "description": description, "schema": { "type": "string" } } });
        }
        reply
    }
}

/// Adds to an operation what follows from how its route is declared.
fn complete(document: &mut Value, route: &Declared) {
    let operation = &mut document["paths"][route.path][route.method.as_str().to_lowercase()];
    if operation.is_null() {
        return;
    }
    for status in shared_by(route, operation) {
        if let Some(shared) = SHARED.iter().find(|shared| shared.status == status) {
            let reply = &mut operation["responses"][status.to_string()];
            if reply.is_null() {
                *reply = json!({ "$ref": format!("#/components/responses/{}", shared.name) });
            }
        }
    }
    match route.access {
        Access::Open => operation["security"] = json!([]),
        Access::Anybody => {}
        Access::May(permission) => operation["x-permission"] = permission.name().into(),
        Access::Administrator => operation["x-permission"] = "administrator".into(),
    }
}

fn shared_by(route: &Declared, operation: &Value) -> Vec<u16> {
    let takes_body = !operation["requestBody"].is_null();
    let changes = route.method != Method::GET;
    let in_query = |parameter: &Value| parameter["in"] == "query" || parameter["in"] == "header";
    let has_parameters = operation["parameters"].as_array().is_some_and(|all| all.iter().any(in_query));
    let mut statuses = vec![503];
    if takes_body && route.access != Access::Open {
        statuses.push(409);
    }
    if has_parameters || takes_body {
        statuses.push(400);
    }
    if takes_body {
        statuses.extend([413, 415, 422]);
    }
    match route.access {
        Access::Open => statuses.extend([401, 429]),
        // A cookie from another site is refused where something changes.
        Access::Anybody if !changes => statuses.extend([401, 403, 429]),
        Access::Anybody | Access::May(_) | Access::Administrator => statuses.extend([401, 403, 429]),
    }
    if route.path.contains('{') {
        statuses.push(404);
    }
    statuses
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A route without a description is not there for a client; a description without a route is a lie.
    #[test]
    fn routes_and_descriptions_are_the_same() {
        let declared: BTreeSet<(String, String)> = declare(Routes::new(None))
            .declared()
            .iter()
            .filter(|route| route.path.starts_with("/api/"))
            .map(|route| (route.path.to_owned(), route.method.as_str().to_lowercase()))
            .collect();
        let document = openapi();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone()))
            })
            .collect();
        assert_eq!(declared, described);
    }

    #[test]
    fn every_operation_says_who_may_and_what_can_go_wrong() {
        let document = openapi();
        assert_eq!(document["openapi"], "3.1.0");
        for route in declare(Routes::new(None)).declared() {
            if !route.path.starts_with("/api/") {
                continue;
            }
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            let at = format!("{} {}", route.method, route.path);
            assert!(operation["summary"].is_string(), "{at} has no summary");
            assert!(operation["operationId"].is_string(), "{at} has no id");
            for status in ["401", "429", "503"] {
                assert!(!operation["responses"][status].is_null(), "{at} does not say {status}");
            }
        }
    }
}
