//! A whole reply of ordinary size: all of it is here, so its cost is known before the first byte leaves.

use std::sync::Arc;

use bytes::Bytes;
use domain::{CallError, Dialect, EndReason, Outcome, Usage, UsageSource};
use http::HeaderMap;
use wire::{Note, ReplyContext};

use crate::attempt::Opened;
use crate::decode::Decoded;
use crate::egress::{Reply, ReplyBody};
use crate::estimate;
use crate::headers::{self, OurHeaders};
use crate::settle::{Books, Ending};

/// Makes the reply, with the books closed. `Err` is a reply that cannot be told in the caller's dialect.
pub(crate) fn whole(books: &mut Books, opened: Opened, request: &Decoded<'_>) -> Result<Reply, CallError> {
    let Opened { target, dialect: spoken, status, headers: provider, held, mut notes, .. } = opened;
    let upstream_body = held.into_iter().next().unwrap_or_default();
    let usage = wire::reply_usage(spoken, request.api, &upstream_body);
    let body = if spoken == request.dialect {
        upstream_body
    } else {
        translate(books, request, spoken, &target.model, &upstream_body, &mut notes)?
    };
    books.keep_reply(&body);
    books.first_token();
    let (usage, usage_source) = match usage {
        Some(usage) => (usage, UsageSource::Reported),
        None => (estimated(books, &body), UsageSource::Estimated),
    };
    books.end_attempt(Ending {
        reason: EndReason::Complete,
        outcome: Outcome::Succeeded,
        message: None,
        usage,
        usage_source,
    });
    let mut headers = HeaderMap::with_capacity(16);
    headers::content_type(&mut headers, request.dialect, false);
    headers::copy_inbound(&provider, &mut headers);
    headers::cost(&mut headers, books.cost());
    headers::simulated(&mut headers, &target);
    if let Some((call, trace)) = books.read(|record| (record.call, record.trace)) {
        let (target, attempts) = (Some(&*target.label), books.attempts());
        let caller = request.dialect;
        OurHeaders { caller, call, trace: Some(trace), target, attempts, notes: &notes }.write(&mut headers);
    }
    books.note(&notes);
    books.close(status.as_u16(), Outcome::Succeeded, None);
    Ok(Reply { status, headers, body: ReplyBody::Whole(body) })
}

fn translate(
    books: &Books,
    request: &Decoded<'_>,
    spoken: Dialect,
    model: &Arc<str>,
    body: &Bytes,
    notes: &mut Vec<Note>,
) -> Result<Bytes, CallError> {
    let reply = wire::decode_reply(spoken, body)?;
    let id = books.read(|record| record.call.to_string()).unwrap_or_default();
    let mut context = ReplyContext::new(&id, model, books.started.unix_ms() / 1_000);
    context.legacy_functions = request.prompt().is_ok_and(wire::Prompt::uses_legacy_functions);
    let encoded = wire::encode_reply(request.dialect, &reply, &context);
    notes.extend(encoded.notes);
    Ok(encoded.body.into())
}

fn estimated(books: &Books, body: &[u8]) -> Usage {
    let input = books.read(|record| estimate::tokens(record.request.size)).unwrap_or(0);
    Usage { input, output: estimate::tokens(body.len() as u64), ..Usage::default() }
}
