//! `/api/v1/keys`: like all objects, and they can be revoked.

use axum::http::StatusCode;
use axum::response::Response;
use domain::ObjectKind;
use runtime::Clock;
use store::{ControlWrite, Expect, NewObject, StoredObject};

use super::body::{Document, Fields};
use super::objects::{Asked, Idempotent, Resource, answer, commit, find};
use super::problem::Problem;

pub(super) const KEYS: Resource = Resource {
    kind: ObjectKind::Key,
    all: "/api/v1/keys",
    one: "/api/v1/keys/{id}",
    about: "What applications authenticate with. The secret of a new key is shown once, in the reply that creates it",
    example: r#"{
        "name": "ci",
        "project": "default",
        "endpoints": ["prod-chat"],
        "expires": "2027-01-01",
        "tags": ["nightly"],
        "metadata": { "owner": "platform" }
    }"#,
    patch: r#"{ "expires": "2027-06-30" }"#,
};

/// Revoke a key
///
/// It is not accepted any more from then on, for ever. Calls that are open go on. Revoking a revoked key changes
/// nothing.
#[utoipa::path(post, path = "/api/v1/keys/{id}/revoke", tag = "keys", operation_id = "revoke_key",
    params(
        ("id" = String, Path, description = "the id or the name of a key"),
        ("project" = Option<String>, Query, description = "the project in which a name is looked up"),
    ),
    responses((status = 200, body = Object, description = "the key as it is now")))]
pub(super) async fn revoke(asked: Asked, body: Document) -> Result<Response, Problem> {
    let Document(document) = &body;
    let request = Idempotent::of(&asked, document);
    if let Some(replayed) = request.replay(&asked).await? {
        return Ok(replayed);
    }
    Fields::of(body).finish()?;
    let stored = find(ObjectKind::Key, &asked).await?.writable()?;
    let Some(key) = stored else { return Err(asked.missing(ObjectKind::Key)) };
    asked.precondition.check(Some(key.revision))?;
    let write = ControlWrite::Put { object: revoked(&key), expect: Expect::Revision(key.revision) };
    let committed = commit(&asked, &request, &[write]).await?;
    let answer = answer(KEYS, &asked, StatusCode::OK, &committed, None).await?;
    Ok(request.answer(&asked, answer).await)
}

/// The same key, of no use any more.
fn revoked(key: &StoredObject) -> NewObject {
    let now_ms = Clock.now().unix_ms();
    let row = key.key.map(|mut row| {
        row.revoked_at_ms = row.revoked_at_ms.or(Some(now_ms));
        row
    });
    NewObject {
        kind: key.kind,
        id: key.id,
        name: key.name.clone(),
        scope: key.scope,
        body: key.body.clone(),
        secrets: Vec::new(),
        keep_secrets: Vec::new(),
        references: key.references.clone(),
        key: row,
    }
}
