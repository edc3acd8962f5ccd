//! `GET /api/v1/version`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    /// The version of this gateway.
    version: &'static str,
}

/// The version of the gateway
#[utoipa::path(get, path = "/api/v1/version", tag = "operations", responses((status = 200, body = Version, description = "the version")))]
pub(super) async fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION") })
}
