//! Writing: one transaction, after which the running configuration has caught up before anybody is told.

use axum::http::StatusCode;
use domain::{ObjectId, ObjectKind, Secret};
use runtime::Clock;
use serde_json::Value;
use store::{Apply, Committed, ControlWrite};

use super::super::problem::Problem;
use super::{Answer, Asked, Idempotent, Resource, Views};

/// Makes all of these writes, or none, and brings them into force.
pub(in crate::admin) async fn commit(
    asked: &Asked,
    request: &Idempotent,
    writes: &[ControlWrite],
) -> Result<Committed, Problem> {
    let committed = asked
        .state
        .control
        .apply(Apply {
            within: asked.principal.within,
            actor: &asked.principal.actor,
            writes,
            idempotency: request.key(),
        })
        .await?;
    asked.state.advance().await;
    Ok(committed)
}

/// What is answered to a write of one object.
pub(in crate::admin) async fn answer(
    resource: Resource,
    asked: &Asked,
    status: StatusCode,
    committed: &Committed,
    minted: Option<&Secret<String>>,
) -> Result<Answer, Problem> {
    let Some(object) = committed.objects.first() else {
        // Repeated after the object was deleted by somebody else.
        return Err(Problem::missing(format!("this {} was deleted since", resource.kind)));
    };
    let views = Views::gather(&asked.state, resource.kind, &[object.id], Clock.now().unix_ms()).await?;
    let mut body = views.stored(object);
    if let (Some(secret), Some(view)) = (minted, body.as_object_mut()) {
        view.insert("secret".to_owned(), Value::String(secret.expose().clone()));
    }
    let location = (status == StatusCode::CREATED).then(|| location(resource, object.id));
    Ok(Answer { status, body, location })
}

fn location(resource: Resource, id: ObjectId) -> String {
    let kind: ObjectKind = resource.kind;
    format!("{}/{}", resource.all, kind.print(id))
}
