//! `PATCH`: some fields of an object, as a JSON merge patch (RFC 7396) of what is stored. Whoever changes a part must
//! have seen the whole: the revision is required.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use store::{ControlWrite, Expect, NewObject, StoredObject};

use super::super::body::Document;
use super::super::problem::{Code, Problem, User};
use super::precondition::Precondition;
use super::replace::take_revision;
use super::view::body_of;
use super::{Asked, Idempotent, Resource, Writer, answer, commit, find};

pub(super) async fn change(resource: Resource, asked: Asked, body: Document) -> Result<Response, Problem> {
    let Document(mut patch) = body;
    let request = Idempotent::of(&asked, &patch);
    if let Some(replayed) = request.replay(&asked).await? {
        return Ok(replayed);
    }
    let precondition = asked.precondition.or_body(take_revision(&mut patch)?)?;
    let stored = find(resource.kind, &asked).await?.writable()?;
    let Some(existing) = stored else { return Err(asked.missing(resource.kind)) };
    if precondition == Precondition::None {
        let detail = format!(
            "say which revision this changes, with `if-match: \"{}\"` or `revision` in the body",
            existing.revision
        );
        return Err(Problem::new(Code::RevisionRequired, detail).with_revision(existing.revision));
    }
    precondition.check(Some(existing.revision))?;
    let mut document = body_of(&existing.body);
    if resource.kind != domain::ObjectKind::Price {
        document.insert("name".to_owned(), existing.name.clone().into());
    }
    merge(&mut document, patch);
    let writer = Writer::new(&asked.state, &asked.principal);
    let prepared = writer.prepare(resource.kind, document, Some(&existing)).await?;
    check_move(&asked, &existing, &prepared.object).await?;
    let write = ControlWrite::Put { object: prepared.object, expect: Expect::Revision(existing.revision) };
    let committed = commit(&asked, &request, &[write]).await?;
    let answer = answer(resource, &asked, StatusCode::OK, &committed, None).await?;
    Ok(request.answer(&asked, answer).await)
}

/// Others refer to an object by its name, so it keeps that while they do.
async fn check_move(asked: &Asked, existing: &StoredObject, object: &NewObject) -> Result<(), Problem> {
    if existing.name == object.name && existing.scope == object.scope {
        return Ok(());
    }
    let users = asked.state.control.users_of(asked.principal.within, existing.id).await?;
    if users.is_empty() {
        return Ok(());
    }
    let used_by: Vec<User> = users.iter().map(User::from).collect();
    let detail = format!(
        "{} `{}` is used under this name; make another, change what uses it, and delete this one",
        existing.kind, existing.name
    );
    Err(Problem::in_use(detail, used_by))
}

/// `null` stays in the document: it says that a secret goes away, and counts as not written elsewhere.
fn merge(document: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (field, change) in patch {
        match (document.get_mut(&field), change) {
            (Some(Value::Object(part)), Value::Object(change)) => merge(part, change),
            (_, change) => {
                document.insert(field, change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names() {
        let Value::Object(mut document) = json!({ "a": { "b": 1, "c": [1, 2] }, "d": 3, "e": 4 }) else {
            unreachable!()
        };
        let Value::Object(patch) =
            json!({ "a": { "b": 2, "c": [9] }, "d": null, "f": { "g": null, "h": 1 } })
        else {
            unreachable!()
        };
        merge(&mut document, patch);
        let expected = json!({ "a": { "b": 2, "c": [9] }, "d": null, "e": 4, "f": { "g": null, "h": 1 } });
        assert_eq!(Value::Object(document), expected);
    }
}
