//! Routes for whoever operates the gateway: is it alive, may it get traffic, what version is it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use runtime::Shutdown;

/// The MLflow version whose interfaces we serve; its client parses the text of `/version`.
const MLFLOW_VERSION: &str = "3.18.0";

/// Whether traffic should come here.
#[derive(Debug, Clone, Default)]
pub struct Health {
    started: Arc<AtomicBool>,
    shutdown: Shutdown,
}

impl Health {
    pub fn new(shutdown: Shutdown) -> Self {
        Self { started: Arc::default(), shutdown }
    }

    /// Everything that serves calls is up.
    pub fn ready(&self) {
        self.started.store(true, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.started.load(Ordering::Acquire) && !self.shutdown.is_stopping()
    }
}

/// Open to everybody: nothing here tells more than that a gateway runs.
pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(async || "OK"))
        .route("/health", get(async || "OK"))
        .route("/readyz", get(readyz))
        .route("/version", get(async || MLFLOW_VERSION))
        .with_state(health)
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    if health.is_ready() {
        (StatusCode::OK, "OK")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping or starting")
    }
}
