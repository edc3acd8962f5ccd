//! Many objects at once: what would change, and changing it, in one step or not at all.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use store::ControlWrite;
use utoipa::ToSchema;

use super::super::body::{Document, Fields};
use super::super::objects::{Answer, Asked, Idempotent, commit};
use super::super::problem::Problem;
use super::plan::{Planned, Planner};

/// Objects by kind, in the form of the file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(in crate::admin) struct Wanted {
    /// The sections of the file that hold objects: `teams`, `projects`, `credentials`, `targets`, `endpoints`, `keys`
    /// and `prices`. Text is what it says: `${…}` is resolved by whoever sends it.
    #[schema(value_type = Object, example = json!({
        "credentials": [{ "name": "openai-main", "provider": "openai", "api_key": "sk-proj-0123456789abcdef" }],
        "endpoints": [{ "name": "prod-chat", "targets": [{ "credential": "openai-main", "model": "gpt-5" }] }],
    }))]
    objects: Map<String, Value>,
    /// Also delete what is stored and not among them.
    #[schema(default = false)]
    prune: Option<bool>,
}

/// What differs, object by object.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Changes {
    changes: Vec<ChangeView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct ChangeView {
    /// `create`, `update`, `delete` or `unchanged`.
    #[schema(example = "update")]
    action: &'static str,
    #[schema(example = "endpoint")]
    kind: &'static str,
    #[schema(example = "prod-chat")]
    name: String,
    #[schema(example = "default")]
    project: String,
    /// Which fields differ. Never a value.
    #[schema(example = json!(["targets"]))]
    fields: Vec<String>,
    /// Of a key that was created without a secret of its own: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Compare objects with what is stored
///
/// Nothing is changed.
#[utoipa::path(post, path = "/api/v1/configuration/diff", tag = "configuration", operation_id = "diff_configuration",
    request_body = Wanted, responses((status = 200, body = Changes, description = "what `apply` would do")))]
pub(in crate::admin) async fn diff(asked: Asked, body: Document) -> Result<Response, Problem> {
    let planned = plan(&asked, body).await?;
    let request = Idempotent::of(&asked, &Map::new());
    Ok(request.answer(&asked, answer(&planned, false)).await)
}

/// Store objects
///
/// All of them in one step, or none. A stored secret that is left out stays.
#[utoipa::path(post, path = "/api/v1/configuration/apply", tag = "configuration", operation_id = "apply_configuration",
    request_body = Wanted, responses((status = 200, body = Changes, description = "what was done, and is in force")))]
pub(in crate::admin) async fn apply(asked: Asked, body: Document) -> Result<Response, Problem> {
    let request = Idempotent::of(&asked, &body.0);
    if let Some(replayed) = request.replay(&asked).await? {
        return Ok(replayed);
    }
    let planned = plan(&asked, body).await?;
    let writes: Vec<ControlWrite> = planned.iter().filter_map(|one| one.write.clone()).collect();
    let mut replayed = false;
    if !writes.is_empty() {
        replayed = commit(&asked, &request, &writes).await?.replayed;
    }
    Ok(request.answer(&asked, answer(&planned, !replayed)).await)
}

async fn plan(asked: &Asked, body: Document) -> Result<Vec<Planned>, Problem> {
    let mut fields = Fields::of(body);
    let objects = match fields.take("objects") {
        Some(Value::Object(objects)) => Some(objects),
        Some(_) => fields.wrong("objects", "`objects` holds a list for each kind of object"),
        None => fields.wrong("objects", "`objects` is missing"),
    };
    let prune = fields.flag("prune").unwrap_or(false);
    fields.finish()?;
    Planner::new(asked).plan(objects.unwrap_or_default(), prune).await
}

fn answer(planned: &[Planned], done: bool) -> Answer {
    let changes = planned
        .iter()
        .map(|one| ChangeView {
            action: one.action.name(),
            kind: one.kind.name(),
            name: one.name.clone(),
            project: one.project.clone(),
            fields: one.fields.clone(),
            secret: one.minted.as_ref().filter(|_| done).map(|secret| secret.expose().clone()),
        })
        .collect();
    let body = serde_json::to_value(Changes { changes }).unwrap_or_default();
    Answer { status: StatusCode::OK, body, location: None }
}
