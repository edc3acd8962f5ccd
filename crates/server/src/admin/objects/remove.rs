//! An object that goes away. What others use stays until they do not.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use store::{ControlWrite, Expect};

use super::super::problem::Problem;
use super::precondition::Precondition;
use super::{Answer, Asked, Idempotent, Resource, commit, declared_elsewhere, find};

pub(super) async fn remove(resource: Resource, asked: Asked) -> Result<Response, Problem> {
    let request = Idempotent::of(&asked, &Map::new());
    if let Some(replayed) = request.replay(&asked).await? {
        return Ok(replayed);
    }
    let found = find(resource.kind, &asked).await?;
    // One that the file shadows can be deleted: it is the file's that stays.
    let Some(stored) = found.stored else {
        return Err(found.declared.as_ref().map_or_else(|| asked.missing(resource.kind), declared_elsewhere));
    };
    asked.precondition.check(Some(stored.revision))?;
    let expect = match asked.precondition {
        Precondition::Revision(revision) => Expect::Revision(revision),
        _ => Expect::Anything,
    };
    commit(&asked, &request, &[ControlWrite::Delete { kind: resource.kind, id: stored.id, expect }]).await?;
    let answer = Answer { status: StatusCode::NO_CONTENT, body: Value::Null, location: None };
    Ok(request.answer(&asked, answer).await)
}
