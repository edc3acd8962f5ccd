//! `/api/v1/diagnostics` and `/metrics`: how the gateway is doing.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use telemetry::Metrics;
use utoipa::ToSchema;

use super::AdminState;
use super::problem::Problem;
use super::views::timestamp_ms;

/// How the gateway is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Diagnostics {
    version: &'static str,
    /// What somebody should look at, the worst first; empty where all is well.
    banners: Vec<Banner>,
    store: StoreView,
    configuration: ConfigurationView,
    vault: VaultState,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Banner {
    /// `error` or `warning`.
    #[schema(example = "error")]
    severity: &'static str,
    /// For programs.
    #[schema(example = "ledger")]
    about: &'static str,
    message: String,
    since: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreView {
    /// False while one more failure would lose usage records.
    money_is_safe: bool,
    /// Usage records that are in the journal and not in the ledger yet, in bytes.
    journal_lag_bytes: u64,
    journal_held_bytes: u64,
    journal_bound_bytes: u64,
    /// Usage records that are only in memory.
    unsaved_usage: usize,
    /// Since the start.
    lost_usage: u64,
    sync_errors: u64,
    store_errors: u64,
    /// Calls that were dropped since the start, because their records found no room.
    dropped_calls: u64,
    content_queued_bytes: usize,
    /// Databases that were damaged and put aside since the start.
    put_aside: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConfigurationView {
    file: Option<String>,
    loaded_at: String,
    revision: i64,
    /// Whether the file as it is now is what runs.
    current: bool,
    quarantined: usize,
    shadowed: usize,
    stored_keys: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VaultState {
    key_id: String,
    configured: bool,
}

/// How the gateway is doing
#[utoipa::path(get, path = "/api/v1/diagnostics", tag = "operations", operation_id = "read_diagnostics",
    responses((status = 200, body = Diagnostics, description = "the state of its parts")))]
pub(super) async fn read(State(state): State<AdminState>) -> Json<Diagnostics> {
    let health = state.recorder.health();
    let status = state.live.status();
    let put_aside: Vec<String> = health.put_aside.iter().map(|path| path.display().to_string()).collect();
    Json(Diagnostics {
        version: env!("CARGO_PKG_VERSION"),
        banners: banners(&health, &status),
        store: StoreView {
            money_is_safe: health.money_is_safe,
            journal_lag_bytes: health.journal_lag_bytes,
            journal_held_bytes: health.journal_held_bytes,
            journal_bound_bytes: health.journal_bound_bytes,
            unsaved_usage: health.unsaved_usage,
            lost_usage: health.lost_usage,
            sync_errors: health.sync_errors,
            store_errors: health.store_errors,
            dropped_calls: health.dropped_calls,
            content_queued_bytes: health.content_queued_bytes,
            put_aside,
        },
        configuration: ConfigurationView {
            file: status.file.clone(),
            loaded_at: timestamp_ms(status.loaded_at_ms),
            revision: status.revision,
            current: status.failure.is_none(),
            quarantined: status.quarantined.len(),
            shadowed: status.shadowed.len(),
            stored_keys: state.live.stored_keys().len(),
        },
        vault: VaultState { key_id: state.vault.current_id(), configured: state.vault.is_configured() },
    })
}

fn banners(health: &telemetry::Health, status: &config::Status) -> Vec<Banner> {
    let mut banners: Vec<Banner> = health
        .troubles
        .iter()
        .map(|trouble| Banner {
            severity: if trouble.part.holds_money() { "error" } else { "warning" },
            about: trouble.part.name(),
            message: trouble.error.clone(),
            since: Some(timestamp_ms(trouble.since_ms)),
        })
        .collect();
    let mut say = |severity, about, message: String, since: Option<i64>| {
        banners.push(Banner { severity, about, message, since: since.map(timestamp_ms) });
    };
    if health.lost_usage > 0 {
        say(
            "error",
            "ledger",
            format!("{} usage records were lost; the log has each", health.lost_usage),
            None,
        );
    }
    for path in &health.put_aside {
        say("error", "store", format!("`{}` was damaged and put aside", path.display()), None);
    }
    if let Some(failure) = &status.failure {
        let first = failure.diagnostics.first().map(ToString::to_string).unwrap_or_default();
        let message = format!("the configuration file is not valid, so the one from before runs: {first}");
        say("error", "configuration", message, Some(failure.at_ms));
    }
    if !status.quarantined.is_empty() {
        let message = format!("{} stored objects cannot be used", status.quarantined.len());
        say("warning", "configuration", message, None);
    }
    for note in &status.restart {
        let message = format!("`{}` is `{}` until a restart", note.setting, note.running);
        say("warning", "configuration", message, None);
    }
    banners
}

/// `GET /metrics`, for Prometheus.
pub(super) async fn metrics(State(state): State<AdminState>) -> Result<Response, Problem> {
    Ok(([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], state.recorder.metrics().render()).into_response())
}
