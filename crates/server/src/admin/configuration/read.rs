//! The configuration as it runs, the file read again, and what is stored as a file.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use config::objects::Exported;
use config::{Diagnostic, ReloadReport};
use domain::{ObjectKind, Scope};
use runtime::Clock;
use serde::Serialize;
use serde_json::{Map, Value};
use store::ListQuery;
use utoipa::ToSchema;

use super::super::AdminState;
use super::super::access::Principal;
use super::super::body::{Document, Fields};
use super::super::live::told;
use super::super::objects::{Views, body_of};
use super::super::problem::{Code, FieldError, Problem};
use super::super::views::timestamp_ms;

/// The configuration as it runs.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Running {
    /// The file; absent where there is none, and the environment takes its place.
    #[schema(example = "/etc/gatewright/gatewright.yaml")]
    file: Option<String>,
    /// When the file that runs was read.
    loaded_at: String,
    /// Up to which change stored objects are in force.
    revision: i64,
    /// Why the file as it is now is not what runs.
    failure: Option<FailureView>,
    warnings: Vec<DiagnosticView>,
    /// Stored objects that cannot be used.
    quarantined: Vec<SetAside>,
    /// Stored objects that give way to declared ones.
    shadowed: Vec<SetAside>,
    /// Settings of the file that count from the next start.
    restart: Vec<RestartView>,
    reloads: u64,
    reload_failures: u64,
    /// What the file declares, by kind, as lists show it.
    declared: Map<String, Value>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct FailureView {
    at: String,
    diagnostics: Vec<DiagnosticView>,
}

/// Something that is wrong with the file.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct DiagnosticView {
    /// `error` or `warning`.
    severity: &'static str,
    #[schema(example = "gatewright.yaml")]
    file: String,
    /// Counted from 1; 0 where no line is to blame.
    line: u32,
    column: u32,
    #[schema(example = "endpoints[0].targets[0].credential")]
    path: String,
    message: String,
    help: Option<String>,
}

/// A stored object that is not in force.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct SetAside {
    #[schema(example = "endpoint")]
    kind: &'static str,
    id: String,
    name: String,
    /// Why.
    problems: Vec<String>,
    /// Where the file declares one of its name.
    declared_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct RestartView {
    #[schema(example = "server.listen")]
    setting: &'static str,
    running: String,
    written: String,
}

/// What became of a reload.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Reloaded {
    /// The text of the file is what it was.
    unchanged: bool,
    warnings: Vec<DiagnosticView>,
    restart: Vec<RestartView>,
}

/// The configuration as it runs
#[utoipa::path(get, path = "/api/v1/configuration", tag = "configuration", operation_id = "read_configuration",
    responses((status = 200, body = Running, description = "what runs, and what is wrong")))]
pub(in crate::admin) async fn running(
    State(state): State<AdminState>,
    principal: Principal,
) -> Result<Json<Running>, Problem> {
    let status = state.live.status();
    let mut declared = Map::new();
    for kind in ObjectKind::ALL {
        let objects = state.declared_all(principal.within, kind);
        let ids: Vec<_> = objects.iter().map(|object| object.id).collect();
        let views = Views::gather(&state, kind, &ids, Clock.now().unix_ms()).await?;
        let shown: Vec<Value> = objects.iter().map(|object| views.declared(object)).collect();
        declared.insert(kind.plural().to_owned(), shown.into());
    }
    let failure = status.failure.as_ref().map(|failure| FailureView {
        at: timestamp_ms(failure.at_ms),
        diagnostics: views(&failure.diagnostics),
    });
    let quarantined = status.quarantined.iter().filter(|one| principal.within.contains(one.scope));
    let shadowed = status.shadowed.iter().filter(|_| principal.is_administrator());
    Ok(Json(Running {
        file: status.file.clone(),
        loaded_at: timestamp_ms(status.loaded_at_ms),
        revision: status.revision,
        failure,
        warnings: views(&status.warnings),
        quarantined: quarantined
            .map(|one| SetAside {
                kind: one.kind.name(),
                id: one.kind.print(one.id),
                name: one.name.clone(),
                problems: one.problems.iter().map(told).collect(),
                declared_at: None,
            })
            .collect(),
        shadowed: shadowed
            .map(|one| SetAside {
                kind: one.kind.name(),
                id: one.kind.print(one.id),
                name: one.name.clone(),
                problems: Vec::new(),
                declared_at: one.declared_at.clone(),
            })
            .collect(),
        restart: status.restart.iter().map(RestartView::from).collect(),
        reloads: status.reloads,
        reload_failures: status.reload_failures,
        declared,
    }))
}

/// Read the file again
///
/// And what it refers to. A file that is wrong changes nothing, and the reply says what is wrong with it.
#[utoipa::path(post, path = "/api/v1/configuration/reload", tag = "configuration",
    operation_id = "reload_configuration",
    responses((status = 200, body = Reloaded, description = "the file as it is now is what runs")))]
pub(in crate::admin) async fn reload(
    State(state): State<AdminState>,
    principal: Principal,
    body: Document,
) -> Result<Json<Reloaded>, Problem> {
    Fields::of(body).finish()?;
    let ReloadReport { applied, unchanged, diagnostics, restart } = state.live.reload().await;
    let outcome = if applied { "applied" } else { "refused" };
    state.control.note(Scope::DEFAULT, &principal.actor, "reload", outcome).await?;
    if !applied {
        let errors = diagnostics.iter().map(|found| FieldError::new(&found.path, found.to_string()));
        let detail = "the configuration file is not valid, so the one from before stays";
        return Err(Problem::new(Code::InvalidFile, detail).with_errors(errors.collect()));
    }
    let restart = restart.iter().map(RestartView::from).collect();
    Ok(Json(Reloaded { unchanged, warnings: views(&diagnostics), restart }))
}

/// What is stored as a file
///
/// In the form of `gatewright.yaml`. Where a secret was, there is the name of a variable.
#[utoipa::path(get, path = "/api/v1/configuration/export", tag = "configuration",
    operation_id = "export_configuration",
    responses((status = 200, body = String, content_type = "application/yaml", description = "the file")))]
pub(in crate::admin) async fn export(
    State(state): State<AdminState>,
    principal: Principal,
) -> Result<Response, Problem> {
    let mut objects = Vec::new();
    for kind in ObjectKind::ALL {
        let mut query = ListQuery { limit: 500, ..ListQuery::default() };
        loop {
            let page = state.control.list(principal.within, kind, &query).await?;
            for object in page.objects {
                let mut secrets: Vec<String> =
                    object.secrets.iter().map(|secret| secret.field.clone()).collect();
                secrets.extend(object.key.map(|_| "secret".to_owned()));
                objects.push(Exported { kind, name: object.name, body: body_of(&object.body), secrets });
            }
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
    }
    let kind = (CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    Ok(([kind], config::objects::export(&objects)).into_response())
}

pub(in crate::admin) fn views(diagnostics: &[Diagnostic]) -> Vec<DiagnosticView> {
    diagnostics
        .iter()
        .map(|found| DiagnosticView {
            severity: found.severity.name(),
            file: found.file.clone(),
            line: found.line,
            column: found.column,
            path: found.path.clone(),
            message: found.message.clone(),
            help: found.help.clone(),
        })
        .collect()
}

impl From<&config::live::RestartNote> for RestartView {
    fn from(note: &config::live::RestartNote) -> Self {
        Self { setting: note.setting, running: note.running.clone(), written: note.written.clone() }
    }
}
