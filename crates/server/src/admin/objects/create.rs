//! A new object.

use axum::response::Response;
use http::StatusCode;
use store::{ControlWrite, Expect};

use super::super::body::Document;
use super::super::problem::{Code, Problem};
use super::find::by_name;
use super::{Answer, Asked, Idempotent, Resource, Writer, answer, commit, declared_elsewhere};

pub(super) async fn create(resource: Resource, asked: Asked, body: Document) -> Result<Response, Problem> {
    let Document(document) = body;
    let request = Idempotent::of(&asked, &document);
    if let Some(replayed) = request.replay(&asked).await? {
        return Ok(replayed);
    }
    let writer = Writer::new(&asked.state, &asked.principal);
    let mut document = document;
    let draft = writer.draft(resource.kind, &mut document)?;
    let place = writer.scope(&draft).await?;
    let there = by_name(resource.kind, &asked, place, &draft.name).await?;
    if let Some(declared) = &there.declared {
        return Err(declared_elsewhere(declared));
    }
    if let Some(stored) = &there.stored {
        let detail = format!(
            "there is a {} `{}` already; change that one, or choose another name",
            resource.kind, stored.name
        );
        return Err(Problem::new(Code::AlreadyExists, detail).with_revision(stored.revision));
    }
    let prepared = writer.prepare(resource.kind, document, None).await?;
    let write = ControlWrite::Put { object: prepared.object, expect: Expect::Absent };
    let committed = commit(&asked, &request, &[write]).await?;
    // The secret of the first time is not known any more, and this one was never stored.
    let minted = prepared.minted.filter(|_| !committed.replayed);
    let answer: Answer = answer(resource, &asked, StatusCode::CREATED, &committed, minted.as_ref()).await?;
    Ok(request.answer(&asked, answer).await)
}
