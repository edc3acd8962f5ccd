//! All objects of a kind, a page at a time: what the file declares and what is stored, in one order.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use config::objects::Declared;
use domain::{ObjectId, ProjectId};
use runtime::Clock;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{ListQuery, ObjectCursor, StoredObject};

use super::super::AdminState;
use super::super::access::Principal;
use super::super::calls::limit;
use super::super::problem::Problem;
use super::{Resource, Views};

/// Which objects to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectQuery {
    name: Option<String>,
    project: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// An object from either side.
enum Row {
    Declared(Declared),
    Stored(StoredObject),
}

pub(super) async fn list(
    resource: Resource,
    State(state): State<AdminState>,
    principal: Principal,
    query: Result<Query<ObjectQuery>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    let size = limit(query.limit)?;
    let after: Option<ObjectCursor> = query.cursor.map(|cursor| cursor.parse()).transpose()?;
    let project = match &query.project {
        None => None,
        Some(name) => match state.project(principal.within, name) {
            Some(scope) => Some(scope.project),
            // Nothing is in a project that is not there.
            None => return Ok(Json(page(resource, &[], None))),
        },
    };
    let wanted = ListQuery { name_contains: query.name.clone(), project, after: after.clone(), limit: size };
    let stored = state.control.list(principal.within, resource.kind, &wanted).await?;
    let more_stored = stored.next.is_some();
    let mut rows: Vec<Row> = declared(resource, &state, &principal, query.name.as_deref(), project)
        .into_iter()
        .filter(|object| after.as_ref().is_none_or(|after| after.is_before((&object.name, object.id))))
        .map(Row::Declared)
        .collect();
    if more_stored && let Some(last) = stored.objects.last() {
        // What is declared further down comes with a later page.
        let end = ObjectCursor::behind(last);
        rows.retain(|row| !end.is_before(row.key()));
    }
    rows.extend(stored.objects.into_iter().map(Row::Stored));
    rows.sort_by(|one, other| one.key().cmp(&other.key()));
    let more = more_stored || rows.len() > size;
    // What shadows an object has its name and id: the two are not torn apart.
    let torn = size < rows.len() && rows[size].key() == rows[size - 1].key();
    rows.truncate(size + usize::from(torn));
    let next = rows.last().filter(|_| more).map(|row| ObjectCursor::at(row.key()));
    let ids: Vec<ObjectId> = rows.iter().map(|row| row.key().1).collect();
    let views = Views::gather(&state, resource.kind, &ids, Clock.now().unix_ms()).await?;
    let shown: Vec<Value> = rows.iter().map(|row| row.view(&views)).collect();
    Ok(Json(page(resource, &shown, next)))
}

fn page(resource: Resource, objects: &[Value], next: Option<ObjectCursor>) -> Value {
    json!({ resource.kind.plural(): objects, "next": next.map(|next| next.to_string()) })
}

fn declared(
    resource: Resource,
    state: &AdminState,
    principal: &Principal,
    name: Option<&str>,
    project: Option<ProjectId>,
) -> Vec<Declared> {
    let part = name.map(str::to_lowercase);
    let mut declared = state.declared_all(principal.within, resource.kind);
    declared.retain(|object| {
        part.as_ref().is_none_or(|part| object.name.to_lowercase().contains(part))
            && project.is_none_or(|project| object.scope.project == project)
    });
    declared
}

impl Row {
    /// The place in the list.
    fn key(&self) -> (&str, ObjectId) {
        match self {
            Self::Declared(object) => (&object.name, object.id),
            Self::Stored(object) => (&object.name, object.id),
        }
    }

    fn view(&self, views: &Views<'_>) -> Value {
        match self {
            Self::Declared(object) => views.declared(object),
            Self::Stored(object) => views.stored(object),
        }
    }
}
