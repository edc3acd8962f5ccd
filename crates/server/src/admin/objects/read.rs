//! One object.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use runtime::Clock;

use super::super::problem::Problem;
use super::{Answer, Asked, Resource, Views, find};

pub(super) async fn read(resource: Resource, asked: Asked) -> Result<Response, Problem> {
    let found = find(resource.kind, &asked).await?;
    let id =
        found.declared.as_ref().map(|declared| declared.id).or(found.stored.as_ref().map(|stored| stored.id));
    let ids: Vec<_> = id.into_iter().collect();
    let views = Views::gather(&asked.state, resource.kind, &ids, Clock.now().unix_ms()).await?;
    let body = match (&found.declared, &found.stored) {
        (Some(declared), _) => views.declared(declared),
        (None, Some(stored)) => views.stored(stored),
        (None, None) => return Err(asked.missing(resource.kind)),
    };
    Ok(Answer { status: StatusCode::OK, body, location: None }.into_response())
}
