//! The routes of a kind of object in the OpenAPI document. The form of an object is the JSON Schema that its section of
//! the configuration file is read by, so the two cannot disagree.

use domain::ObjectKind;
use serde_json::{Map, Value, json};

use super::Resource;
use super::view::has_project;

/// Adds the operations and schemas of a kind.
pub(in crate::admin) fn describe(document: &mut Value, resource: Resource) {
    let names = Names::of(resource);
    let sent = config::objects::json_schema(resource.kind);
    let schemas = &mut document["components"]["schemas"];
    schemas[&names.change] = relaxed(&sent);
    schemas[&names.view] = view(resource, &sent);
    schemas[&names.list] = list(resource, &names);
    schemas[&names.sent] = sent;
    document["paths"][resource.all] = json!({
        "get": list_operation(resource, &names),
        "post": create_operation(resource, &names),
    });
    let one = json!({
        "get": read_operation(resource, &names),
        "put": replace_operation(resource, &names),
        "patch": change_operation(resource, &names),
        "delete": delete_operation(resource, &names),
    });
    // Other routes below the same path stay.
    if let (Some(path), Value::Object(one)) = (item(document, resource.one), one) {
        path.extend(one);
    }
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.push(json!({ "name": resource.kind.plural(), "description": resource.about }));
    }
}

fn item<'a>(document: &'a mut Value, path: &str) -> Option<&'a mut Map<String, Value>> {
    let item = &mut document["paths"][path];
    if item.is_null() {
        *item = json!({});
    }
    item.as_object_mut()
}

/// What the schemas of a kind are called.
struct Names {
    sent: String,
    change: String,
    view: String,
    list: String,
}

impl Names {
    fn of(resource: Resource) -> Self {
        let kind = capitalized(resource.kind.name());
        Self {
            change: format!("{kind}Change"),
            view: format!("{kind}View"),
            list: format!("{kind}List"),
            sent: kind,
        }
    }
}

/// What the schema of what a client sends is called.
pub(in crate::admin) fn schema_name(kind: ObjectKind) -> String {
    capitalized(kind.name())
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Everything may be left out of a merge patch, and `null` takes a field away.
fn relaxed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    relax(&mut schema);
    schema["title"] = Value::Null;
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("revision".to_owned(), revision());
        }
    }
    schema
}

fn relax(schema: &mut Value) {
    if let Some(forms) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        forms.iter_mut().for_each(relax);
    }
    let Some(schema) = schema.as_object_mut() else { return };
    schema.remove("required");
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(relax);
    }
}

fn revision() -> Value {
    json!({
        "type": "integer", "minimum": 0, "example": 7,
        "description": "the revision that is changed, where `If-Match` is hard to send",
    })
}

/// The form of the file without secrets, and what the gateway knows besides.
fn view(resource: Resource, sent: &Value) -> Value {
    let kind = resource.kind;
    let mut properties = Map::new();
    let pattern = format!("^{}[0-9a-f]{{32}}$", kind.prefix());
    let id = format!("{}cfa0b5754ca660078100409d452c1041", kind.prefix());
    let mut put = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    put("id", json!({ "type": "string", "pattern": pattern, "example": id }));
    put("name", json!({ "type": "string", "description": "its name" }));
    put(
        "source",
        json!({
            "enum": ["file", "store", "built_in"],
            "description": "where it is defined: what the file declares can be changed only there",
        }),
    );
    if has_project(kind) {
        put(
            "project",
            json!({ "type": "string", "description": "the project it belongs to", "example": "default" }),
        );
        put("project_id", json!({ "type": "string" }));
    }
    put(
        "revision",
        json!({
            "type": "integer", "minimum": 0, "example": 7,
            "description": "the number of the last change to it, also in `ETag`; 0 where the file declares it",
        }),
    );
    put(
        "status",
        json!({
            "enum": ["active", "quarantined", "shadowed", "revoked", "expired"],
            "description": "`quarantined`: not in force, `problems` says why; `shadowed`: the file declares one of this name",
        }),
    );
    put("problems", json!({ "type": "array", "items": { "type": "string" } }));
    put(
        "declared_at",
        json!({
            "type": ["string", "null"], "example": "gatewright.yaml:12",
            "description": "where in the file it stands, or what shadows it",
        }),
    );
    put("created_at", json!({ "type": ["string", "null"], "format": "date-time" }));
    put("updated_at", json!({ "type": ["string", "null"], "format": "date-time" }));
    if kind == ObjectKind::Key {
        put("last_used_at", json!({ "type": ["string", "null"], "format": "date-time" }));
        put("revoked_at", json!({ "type": ["string", "null"], "format": "date-time" }));
    }
    put(
        "secrets",
        json!({
            "type": "object",
            "description": "what may be shown of its secrets, by field",
            "additionalProperties": {
                "type": "object", "required": ["masked"],
                "properties": { "masked": { "type": "string", "example": "…cdef" } },
            },
        }),
    );
    let required: Vec<String> = properties.keys().cloned().collect();
    for (name, schema) in sent["properties"].as_object().into_iter().flatten() {
        if !is_secret(schema) && !properties.contains_key(name) {
            properties.insert(name.clone(), schema.clone());
        }
    }
    json!({ "type": "object", "description": resource.about, "properties": properties, "required": required })
}

/// A key that was just made shows its secret.
fn minted(names: &Names) -> Value {
    json!({
        "allOf": [reference(&names.view)],
        "properties": { "secret": { "type": "string", "description": "shown this once", "example": "gw_…" } },
    })
}

fn is_secret(schema: &Value) -> bool {
    let marked = |schema: &Value| schema["writeOnly"] == true;
    marked(schema) || schema["anyOf"].as_array().is_some_and(|forms| forms.iter().any(marked))
}

fn list(resource: Resource, names: &Names) -> Value {
    let plural = resource.kind.plural();
    json!({
        "type": "object",
        "properties": {
            plural: { "type": "array", "items": reference(&names.view) },
            "next": { "type": ["string", "null"], "description": "where the next page begins; absent at the end" },
        },
        "required": [plural, "next"],
    })
}

fn list_operation(resource: Resource, names: &Names) -> Value {
    let plural = resource.kind.plural();
    let mut parameters = vec![
        json!({ "name": "name", "in": "query", "description": "only those with this in their name, whatever its case",
            "schema": { "type": "string" } }),
        json!({ "name": "cursor", "in": "query", "description": "`next` of the page before",
            "schema": { "type": "string", "pattern": "^[0-9a-f]{32}([2-7][0-9a-f])*$" } }),
        json!({ "name": "limit", "in": "query", "description": "1 to 500; 50 when left out",
            "schema": { "type": "integer", "minimum": 1, "maximum": 500 } }),
    ];
    parameters.push(project_parameter("only those of this project"));
    json!({
        "tags": [plural], "operationId": format!("list_{plural}"), "summary": format!("{} by name", capitalized(plural)),
        "parameters": parameters,
        "responses": { "200": reply("a page of them", &reference(&names.list), None) },
    })
}

fn create_operation(resource: Resource, names: &Names) -> Value {
    let kind = resource.kind.name();
    let body = if resource.kind == ObjectKind::Key { minted(names) } else { reference(&names.view) };
    let mut reply = reply("it is in force", &body, Some(resource));
    reply["headers"]["location"] = json!({ "description": "where it is", "schema": { "type": "string" } });
    json!({
        "tags": [resource.kind.plural()], "operationId": format!("create_{kind}"),
        "summary": format!("Create a new {kind}"),
        "parameters": [idempotency_parameter()],
        "requestBody": request(&names.sent, resource.example, &["application/json"]),
        "responses": { "201": reply, "409": conflict() },
    })
}

fn read_operation(resource: Resource, names: &Names) -> Value {
    let kind = resource.kind.name();
    json!({
        "tags": [resource.kind.plural()], "operationId": format!("read_{kind}"), "summary": format!("One {kind}"),
        "parameters": [handle_parameter(resource), project_parameter(PLACE)],
        "responses": { "200": reply("it", &reference(&names.view), Some(resource)) },
    })
}

fn replace_operation(resource: Resource, names: &Names) -> Value {
    let kind = resource.kind.name();
    let body = if resource.kind == ObjectKind::Key { minted(names) } else { reference(&names.view) };
    let description = "By name: afterwards it is as sent, whether it was there or not. What is left out is at its \
                       default, but for secrets: a stored one stays until it is sent again, or sent as `null`.";
    json!({
        "tags": [resource.kind.plural()], "operationId": format!("replace_{kind}"),
        "summary": format!("Create or replace a {kind}"), "description": description,
        "parameters": [
            handle_parameter(resource), project_parameter(PLACE), idempotency_parameter(),
            if_match_parameter(false),
            { "name": "If-None-Match", "in": "header", "description": "`*`: only if it does not exist",
              "schema": { "enum": ["*"] } },
        ],
        "requestBody": request(&names.sent, resource.example, &["application/json"]),
        "responses": {
            "200": reply("it is in force", &reference(&names.view), Some(resource)),
            "201": reply("it is new and in force", &body, Some(resource)),
            "409": conflict(),
            "412": shared("StaleRevision"),
        },
    })
}

fn change_operation(resource: Resource, names: &Names) -> Value {
    let kind = resource.kind.name();
    json!({
        "tags": [resource.kind.plural()], "operationId": format!("change_{kind}"),
        "summary": format!("Change some fields of a {kind}"),
        "description": "A JSON merge patch (RFC 7396). The revision that it changes is required, in `If-Match` or in \
                        the body.",
        "parameters": [
            handle_parameter(resource), project_parameter(PLACE), idempotency_parameter(), if_match_parameter(true),
        ],
        "requestBody": request(&names.change, resource.patch, &["application/json", "application/merge-patch+json"]),
        "responses": {
            "200": reply("it is in force", &reference(&names.view), Some(resource)),
            "409": conflict(),
            "412": shared("StaleRevision"),
            "428": shared("RevisionRequired"),
        },
    })
}

fn delete_operation(resource: Resource, _names: &Names) -> Value {
    let kind = resource.kind.name();
    json!({
        "tags": [resource.kind.plural()], "operationId": format!("delete_{kind}"),
        "summary": format!("Delete a {kind}"),
        "parameters": [
            handle_parameter(resource), project_parameter(PLACE), idempotency_parameter(), if_match_parameter(false),
        ],
        "responses": {
            "204": { "description": "it is gone" },
            "409": conflict(),
            "412": shared("StaleRevision"),
        },
    })
}

const PLACE: &str = "the project in which a name is looked up; `default` when left out";

fn handle_parameter(resource: Resource) -> Value {
    let example = match resource.kind {
        ObjectKind::Price => "openai/gpt-5".to_owned(),
        _ => serde_json::from_str::<Value>(resource.example)
            .ok()
            .and_then(|example| example["name"].as_str().map(str::to_owned))
            .unwrap_or_default(),
    };
    json!({
        "name": "id", "in": "path", "required": true, "description": "the id or the name", "example": example,
        "schema": { "type": "string", "minLength": 1 },
    })
}

fn project_parameter(description: &str) -> Value {
    json!({ "name": "project", "in": "query", "description": description, "schema": { "type": "string" } })
}

fn idempotency_parameter() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header",
        "description": "a text of the client's own making: the same request with the same key is done once, for a day",
        "schema": { "type": "string", "pattern": "^[!-~]{1,200}$" },
    })
}

fn if_match_parameter(required_somewhere: bool) -> Value {
    let description = if required_somewhere {
        "the revision in quotes, as `ETag` says it, or `*` for whichever; required unless the body has `revision`"
    } else {
        "the revision in quotes, as `ETag` says it: done only if nobody changed it since"
    };
    json!({
        "name": "If-Match", "in": "header", "description": description, "example": "\"7\"",
        "schema": { "type": "string", "pattern": "^(\"[0-9]{1,18}\"|[0-9]{1,18}|\\*)$" },
    })
}

fn request(schema: &str, example: &str, media: &[&str]) -> Value {
    let example: Value = serde_json::from_str(example).unwrap_or_default();
    let content = json!({ "schema": reference(schema), "example": example });
    let content: Map<String, Value> =
        media.iter().map(|media| ((*media).to_owned(), content.clone())).collect();
    json!({ "required": true, "content": content })
}

fn reply(description: &str, schema: &Value, one_of: Option<Resource>) -> Value {
    let mut content = json!({ "schema": schema });
    let mut headers = json!({});
    if let Some(resource) = one_of {
        content["example"] = example_view(resource);
        headers["etag"] = json!({ "description": "the revision in quotes", "schema": { "type": "string" } });
    }
    json!({ "description": description, "headers": headers, "content": { "application/json": content } })
}

/// The example as it is shown after it was sent.
fn example_view(resource: Resource) -> Value {
    let sent: Map<String, Value> = serde_json::from_str(resource.example).unwrap_or_default();
    let secrets = config::objects::secret_fields(resource.kind);
    let id = format!("{}cfa0b5754ca660078100409d452c1041", resource.kind.prefix());
    let name = sent.get("name").cloned().unwrap_or_else(|| "openai/gpt-5".into());
    let mut shown = Map::new();
    shown.insert("id".to_owned(), id.into());
    shown.insert("name".to_owned(), name);
    shown.insert("source".to_owned(), "store".into());
    if has_project(resource.kind) {
        shown.insert("project".to_owned(), "default".into());
        shown.insert("project_id".to_owned(), "p-00000000000000000000000000000001".into());
    }
    shown.insert("revision".to_owned(), 7.into());
    shown.insert("status".to_owned(), "active".into());
    shown.insert("problems".to_owned(), json!([]));
    shown.insert("declared_at".to_owned(), Value::Null);
    shown.insert("created_at".to_owned(), "2026-11-22T10:00:00Z".into());
    shown.insert("updated_at".to_owned(), "2026-11-22T10:00:00Z".into());
    if resource.kind == ObjectKind::Key {
        shown.insert("last_used_at".to_owned(), Value::Null);
        shown.insert("revoked_at".to_owned(), Value::Null);
    }
    let masked = secrets.iter().filter(|field| sent.contains_key(*field));
    let masked: Map<String, Value> =
        masked.map(|field| (field.clone(), json!({ "masked": "…cdef" }))).collect();
    shown.insert("secrets".to_owned(), masked.into());
    for (field, value) in sent {
        if !secrets.contains(&field) {
            shown.entry(field).or_insert(value);
        }
    }
    Value::Object(shown)
}

fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn conflict() -> Value {
    shared("Conflict")
}
