//! Stage *reserve*: caller → what the call may do. Access is decided here, once; money is set aside per attempt, since
//! each target has its own price.

use std::sync::Arc;

use config::Resolved;
use config::snapshot::{Endpoint, Snapshot};
use domain::{AttemptId, CallError, ErrorKind, Scope};
use governance::access::{self, Grant, Refusal};
use governance::ledger::{Amount, Reservation, ReservationRequest};

use crate::Pipeline;
use crate::identify::Identity;
use crate::settle::Books;

/// Finds the endpoint that the caller named, and checks that it may use it.
pub fn admit(
    snapshot: &Snapshot,
    identity: &Identity,
    model: &str,
    now_ms: i64,
) -> Result<Arc<Endpoint>, CallError> {
    let Resolved::Endpoint(endpoint) = snapshot.resolve(identity.caller.scope.project, model) else {
        return Err(unknown(snapshot, identity, model));
    };
    let grant = Grant {
        scope: &identity.caller.scope,
        endpoints: identity.key.as_ref().and_then(|key| key.endpoints.as_deref()),
        expires_at_ms: identity.key.as_ref().and_then(|key| key.expires_at_ms),
    };
    // What belongs to the default project is everybody's; and a name is only found in one's own project besides, which
    // may have moved to another team since the key was made ready.
    let shared = endpoint.scope == Scope::DEFAULT || endpoint.scope.project == grant.scope.project;
    let scope = if shared { grant.scope } else { &endpoint.scope };
    match access::admit(&grant, &endpoint.name, scope, now_ms) {
        Ok(()) => Ok(endpoint),
        Err(Refusal::OtherProject) => Err(unknown(snapshot, identity, model)),
        Err(refusal) => {
            let allowed = allowed(snapshot, identity);
            let message = format!("`{}` may not use `{model}`: {refusal}{allowed}", identity.caller.name);
            Err(CallError::new(refusal.error_kind(), message).param("model"))
        }
    }
}

/// Sets the upper bound of one attempt aside.
pub(crate) fn reserve(
    pipeline: &Pipeline,
    books: &Books,
    attempt: AttemptId,
) -> Result<Reservation, CallError> {
    let request = books.read(|record| ReservationRequest {
        attempt,
        scope: record.caller.scope,
        key: record.caller.key(),
        endpoint: record.endpoint.unwrap_or(domain::EndpointId(0)),
        upper_bound: Amount::default(),
        now_ms: record.started_at_us / 1_000,
    });
    let request =
        request.ok_or_else(|| CallError::new(ErrorKind::Internal, "the books were closed too early"))?;
    pipeline.ledger.reserve(&request).map_err(|refusal| {
        CallError::new(refusal.reason.error_kind(), refusal.to_string()).retry_after(refusal.retry_after)
    })
}

fn unknown(snapshot: &Snapshot, identity: &Identity, model: &str) -> CallError {
    /// A model name is the caller's own text; a long one does not belong into an error.
    const SHOWN: usize = 80;
    let shown: String = model.chars().take(SHOWN).collect();
    let allowed = allowed(snapshot, identity);
    CallError::new(ErrorKind::UnknownModel, format!("there is no model `{shown}`{allowed}")).param("model")
}

/// What this caller may use instead: names help with a typo, and are no secret to somebody who may call them.
fn allowed(snapshot: &Snapshot, identity: &Identity) -> String {
    const LISTED: usize = 20;
    let visible = snapshot.visible_to(identity.key.as_deref());
    if visible.is_empty() {
        return "; no model is open to you, ask who runs this gateway".to_owned();
    }
    let mut text = "; you may use ".to_owned();
    for (index, endpoint) in visible.iter().take(LISTED).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.push_str(&endpoint.name);
        text.push('`');
    }
    if visible.len() > LISTED {
        text.push_str(&format!(" and {} more (`GET /v1/models` lists them)", visible.len() - LISTED));
    }
    text
}
