//! `/api/v1/vault`: the keys that stored secrets are sealed under, and their rotation.

use axum::Json;
use axum::extract::State;
use domain::ObjectKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::AdminState;
use super::access::Principal;
use super::body::{Document, Fields};
use super::problem::Problem;

/// How stored secrets are sealed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VaultView {
    /// The key that seals.
    #[schema(example = "9f8e7d6c5b4a3f2e")]
    key_id: String,
    /// All keys at hand.
    key_ids: Vec<String>,
    /// Whether the key is from the configuration; else the gateway made it.
    configured: bool,
    /// How many secrets are sealed under which key.
    sealed: Vec<SealedView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SealedView {
    key_id: String,
    #[schema(example = 12)]
    secrets: u64,
}

/// What a rotation did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RotationView {
    /// The key that everything is sealed under now.
    key_id: String,
    /// How many secrets were sealed again.
    resealed: u64,
    /// The keys that nothing needs any more.
    retired: Vec<String>,
    /// How many secrets do not open and stay as they are; the keys they need were kept.
    unopened_count: u64,
    /// Some of them.
    unopened: Vec<UnopenedView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnopenedView {
    object_id: String,
    #[schema(example = "api_key")]
    field: String,
    problem: String,
}

/// How stored secrets are sealed
#[utoipa::path(get, path = "/api/v1/vault", tag = "operations", operation_id = "read_vault",
    responses((status = 200, body = VaultView, description = "the keys of the vault, by their names")))]
pub(super) async fn read(State(state): State<AdminState>) -> Result<Json<VaultView>, Problem> {
    let sealed = state.control.sealed_under().await?;
    Ok(Json(VaultView {
        key_id: state.vault.current_id(),
        key_ids: state.vault.key_ids(),
        configured: state.vault.is_configured(),
        sealed: sealed.into_iter().map(|(key_id, secrets)| SealedView { key_id, secrets }).collect(),
    }))
}

/// Seal all secrets under a new key
///
/// While everything goes on. Where the key is configured, everything is sealed under that one. An interrupted rotation
/// is taken up by the next.
#[utoipa::path(post, path = "/api/v1/vault/rotate", tag = "operations", operation_id = "rotate_vault",
    responses((status = 200, body = RotationView, description = "what was done")))]
pub(super) async fn rotate(
    State(state): State<AdminState>,
    principal: Principal,
    body: Document,
) -> Result<Json<RotationView>, Problem> {
    Fields::of(body).finish()?;
    let rotated = vault::rotate(&state.vault, &*state.control, &principal.actor).await?;
    let unopened = rotated.unopened.into_iter().map(|one| UnopenedView {
        // Only credentials have sealed secrets.
        object_id: ObjectKind::Credential.print(one.object),
        field: one.field,
        problem: one.problem,
    });
    Ok(Json(RotationView {
        key_id: rotated.key_id,
        resealed: rotated.resealed,
        retired: rotated.retired,
        unopened_count: rotated.unopened_count,
        unopened: unopened.collect(),
    }))
}
