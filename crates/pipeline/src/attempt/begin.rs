//! One try at one target, up to the point where its reply may be shown to the client.

use std::sync::Arc;

use bytes::Bytes;
use config::snapshot::{Carriage, Target};
use domain::RelayMode;
use governance::ledger::Reservation;
use http::{HeaderMap, Method};
use tokio::time::Instant;
use upstream::{Origin, Response};

use super::{Errand, Opened, collect};
use crate::classify::{self, Failed};
use crate::encode::{Encoded, encode};
use crate::relay::Limits;
use crate::reserve;
use crate::settle::Books;

pub(super) async fn begin(
    books: &mut Books,
    errand: &Errand<'_>,
    target: &Arc<Target>,
) -> Result<Opened, Box<Failed>> {
    let request = errand.request;
    let carriage =
        target.carriage(request.dialect, request.api).ok_or_else(|| not_offered(errand, target))?;
    let encoded = encode(errand.ingress, request, errand.endpoint, target, carriage)
        .map_err(Failed::not_expressible)?;
    let reservation = reserve(books)?;
    open_attempt(books, errand, target, carriage, reservation);
    let limits = limits(books, errand);
    let Encoded { body, headers, notes, strip_usage } = encoded;
    let outcome = tokio::time::timeout_at(limits.total_at, async {
        let response = send(books, errand, target, carriage, &headers, &body).await?;
        let response = accept(books, target, carriage, response).await?;
        let editors = books.pipeline().editors.as_deref();
        let reply = collect::Begun { editors, errand, target, carriage, strip_usage, limits };
        if request.streamed() { Box::pin(reply.stream(response)).await } else { reply.whole(response).await }
    });
    let limit = errand.endpoint.timeouts.total;
    let mut opened = outcome.await.map_err(|_| classify::total_deadline(target, limit))??;
    opened.notes = notes;
    Ok(opened)
}

fn not_offered(errand: &Errand<'_>, target: &Target) -> Box<Failed> {
    let message =
        format!("`{}` does not offer {}; choose another model", target.label, errand.request.api.name());
    let error = domain::CallError::new(domain::ErrorKind::InvalidRequest, message).param("model");
    Failed::not_expressible(error)
}

fn reserve(books: &Books) -> Result<Reservation, Box<Failed>> {
    let attempt = books.next_attempt();
    let mut reservation =
        reserve::reserve(books.pipeline(), books, attempt).map_err(Failed::not_expressible)?;
    // From here on the provider may charge.
    reservation.mark_sent();
    Ok(reservation)
}

fn open_attempt(
    books: &mut Books,
    errand: &Errand<'_>,
    target: &Arc<Target>,
    carriage: &Carriage,
    reservation: Reservation,
) {
    let same = carriage.dialect == errand.request.dialect;
    let relay = if same { RelayMode::Raw } else { RelayMode::Translate };
    books.open_attempt(target, carriage.dialect, relay, reservation);
}

fn limits(books: &Books, errand: &Errand<'_>) -> Limits {
    let timeouts = &errand.endpoint.timeouts;
    Limits {
        first_token: timeouts.first_token,
        first_token_at: Instant::now() + timeouts.first_token,
        idle: timeouts.idle,
        total: timeouts.total,
        total_at: Instant::from_std(books.started.instant) + timeouts.total,
    }
}

async fn send(
    books: &Books,
    errand: &Errand<'_>,
    target: &Target,
    carriage: &Carriage,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Box<Failed>> {
    let client = &books.pipeline().client;
    let api = errand.request.api;
    if let Some(simulator) = &target.credential.simulator {
        let behaviour = upstream::Behaviour {
            first_token: simulator.first_token,
            between: simulator.between,
            fail_every: simulator.fail_every,
            fail_status: simulator.fail_status,
        };
        return Ok(Box::pin(client.simulate(behaviour, carriage.dialect, api, body)).await);
    }
    let origin = Origin {
        tls: carriage.tls,
        host: Arc::clone(&carriage.host),
        port: carriage.port,
        allow_private: target.credential.allow_private,
    };
    let Some(path) = carriage.path(api) else {
        return Err(not_offered(errand, target));
    };
    let message = upstream::Request {
        method: &Method::POST,
        path,
        authority: &carriage.authority,
        auth: carriage.auth.as_ref(),
        headers,
        body: std::slice::from_ref(body),
    };
    let mut sent = std::pin::pin!(client.send(&origin, errand.endpoint.timeouts.connect, &message));
    if !errand.request.streamed() {
        return sent.await.map_err(|error| classify::send_error(target, &error));
    }
    let limit = errand.endpoint.timeouts.first_token;
    match tokio::time::timeout(limit, sent.as_mut()).await {
        Ok(sent) => sent.map_err(|error| classify::send_error(target, &error)),
        Err(_) => Err(classify::first_token_deadline(target, limit)),
    }
}

/// Success goes on; anything else is read and judged. Redirects are errors: following one would carry the credential
/// to wherever it points.
async fn accept(
    books: &mut Books,
    target: &Target,
    carriage: &Carriage,
    response: Response,
) -> Result<Response, Box<Failed>> {
    let status = response.status;
    books.attempt_head(status.as_u16(), classify::request_id(carriage.dialect, &response.headers));
    if status.is_success() {
        return Ok(response);
    }
    if status.is_redirection() {
        return Err(classify::broken(target, "it redirects; check the `base_url` of its credential"));
    }
    let Response { headers, mut body, .. } = response;
    let body = Box::pin(collect::error_body(&mut body)).await;
    Err(classify::error_reply(target, carriage, status, &headers, &body))
}
