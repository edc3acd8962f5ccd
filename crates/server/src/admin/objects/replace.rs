//! `PUT` by name: the object is as sent afterwards, whether it was there or not. Sent twice, the second time changes
//! nothing.

use axum::response::Response;
use domain::ObjectKind;
use http::StatusCode;
use serde_json::{Map, Value};
use store::{ControlWrite, Expect, NewObject, StoredObject};

use super::super::body::{Document, shortened};
use super::super::problem::{Code, FieldError, Problem};
use super::find::look;
use super::precondition::Precondition;
use super::view::has_project;
use super::{Asked, Idempotent, Resource, Writer, answer, commit};

/// Two who create the same thing at once: the second finds it when it looks again.
const TRIES: usize = 3;

pub(super) async fn replace(resource: Resource, asked: Asked, body: Document) -> Result<Response, Problem> {
    let Document(mut document) = body;
    let request = Idempotent::of(&asked, &document);
    if let Some(replayed) = request.replay(&asked).await? {
        return Ok(replayed);
    }
    let precondition = asked.precondition.or_body(take_revision(&mut document)?)?;
    let mut tries = 1;
    loop {
        let done = attempt(resource, &asked, &request, precondition, document.clone()).await;
        match done {
            Err(problem) if tries < TRIES && raced(&problem, precondition) => tries += 1,
            done => return done,
        }
    }
}

fn raced(problem: &Problem, precondition: Precondition) -> bool {
    precondition == Precondition::None && matches!(problem.code(), Code::AlreadyExists | Code::StaleRevision)
}

async fn attempt(
    resource: Resource,
    asked: &Asked,
    request: &Idempotent,
    precondition: Precondition,
    mut document: Map<String, Value>,
) -> Result<Response, Problem> {
    // A project that is not there is no place for anything.
    asked.scope()?;
    let existing = look(resource.kind, asked).await?.writable()?;
    precondition.check(existing.as_ref().map(|object| object.revision))?;
    complete(resource, asked, existing.as_ref(), &mut document);
    let writer = Writer::new(&asked.state, &asked.principal);
    let prepared = writer.prepare(resource.kind, document, existing.as_ref()).await?;
    check_place(resource, asked, existing.as_ref(), &prepared.object)?;
    let (status, expect) = match (&existing, precondition) {
        (Some(existing), Precondition::Revision(_)) => (StatusCode::OK, Expect::Revision(existing.revision)),
        (Some(_), _) => (StatusCode::OK, Expect::Anything),
        (None, _) => (StatusCode::CREATED, Expect::Absent),
    };
    let write = ControlWrite::Put { object: prepared.object, expect };
    let committed = commit(asked, request, &[write]).await?;
    let minted = prepared.minted.filter(|_| !committed.replayed);
    let answer = answer(resource, asked, status, &committed, minted.as_ref()).await?;
    Ok(request.answer(asked, answer).await)
}

/// The path says the name and the query says the project: the body need not.
fn complete(
    resource: Resource,
    asked: &Asked,
    existing: Option<&StoredObject>,
    document: &mut Map<String, Value>,
) {
    // A price is named by what it is for.
    if resource.kind != ObjectKind::Price && !document.contains_key("name") {
        let name = existing.map_or(&asked.target, |existing| &existing.name);
        document.insert("name".to_owned(), name.clone().into());
    }
    if let Some(project) = &asked.project
        && has_project(resource.kind)
        && !document.contains_key("project")
    {
        document.insert("project".to_owned(), project.clone().into());
    }
}

/// An object is replaced where it is; `PATCH` renames and moves.
fn check_place(
    resource: Resource,
    asked: &Asked,
    existing: Option<&StoredObject>,
    object: &NewObject,
) -> Result<(), Problem> {
    let name = existing.map_or(&asked.target, |existing| &existing.name);
    if object.name != *name {
        let pointer = if resource.kind == ObjectKind::Price { "/model" } else { "/name" };
        let message = format!(
            "the path says `{}` and the body `{}`; `PATCH` renames",
            shortened(name),
            shortened(&object.name)
        );
        return Err(Problem::contradiction(vec![FieldError::new(pointer, message)]));
    }
    let project = existing.map_or(asked.scope()?, |existing| existing.scope).project;
    if has_project(resource.kind) && object.scope.project != project {
        let message =
            "the path and the body name different projects; `?project=` says which, and `PATCH` moves";
        return Err(Problem::contradiction(vec![FieldError::new("/project", message)]));
    }
    Ok(())
}

/// `revision` of the body, which is no field of any object.
pub(super) fn take_revision(document: &mut Map<String, Value>) -> Result<Option<i64>, Problem> {
    match document.remove("revision") {
        None => Ok(None),
        Some(value) => match value.as_i64().filter(|revision| *revision >= 0) {
            Some(revision) => Ok(Some(revision)),
            None => Err(Problem::invalid_at("/revision", "`revision` is the whole number that was read")),
        },
    }
}
