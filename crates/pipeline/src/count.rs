//! Counts of tokens. A provider that offers them is asked like any other call; where the target has no such thing, the
//! prompt is estimated here and the reply says so.

use std::sync::Arc;

use config::snapshot::Target;
use domain::{Api, CallError, Outcome, PicoUsd};
use http::{HeaderMap, StatusCode};
use wire::{Loss, Note};

use crate::decode::Decoded;
use crate::egress::{Reply, ReplyBody};
use crate::estimate;
use crate::headers::{self, OurHeaders};
use crate::plan::Plan;
use crate::settle::Books;

/// The estimate, where the drawn target does not count. Otherwise the plan keeps the targets that do: a fallback that
/// cannot count is no fallback for a count.
pub(crate) fn count(
    books: &mut Books,
    request: &Decoded<'_>,
    plan: &mut Plan,
) -> Result<Option<Reply>, CallError> {
    if request.api != Api::CountTokens {
        return Ok(None);
    }
    let counts = |target: &Target| target.carriage(request.dialect, request.api).is_some();
    match plan.targets.first() {
        Some(drawn) if !counts(drawn) => {
            let drawn = Arc::clone(drawn);
            estimated(books, request, &drawn).map(Some)
        }
        _ => {
            plan.targets.retain(|target| counts(target));
            Ok(None)
        }
    }
}

fn estimated(books: &mut Books, request: &Decoded<'_>, target: &Target) -> Result<Reply, CallError> {
    let tokens = estimate::prompt_tokens(request.prompt()?);
    let body = format!("{{\"input_tokens\":{tokens}}}");
    let spoken = target.carriage(request.dialect, Api::Chat).map_or(request.dialect, |way| way.dialect);
    let notes = [Note { field: "input_tokens".to_owned(), what: Loss::Estimated, target: spoken }];
    books.keep_reply(body.as_bytes());
    books.note(&notes);
    books.write(|record| record.cost = Some(PicoUsd::ZERO));
    let mut headers = HeaderMap::with_capacity(10);
    headers::content_type(&mut headers, request.dialect, false);
    headers::cost(&mut headers, books.cost());
    if let Some((call, trace)) = books.read(|record| (record.call, record.trace)) {
        let (caller, target) = (request.dialect, Some(&*target.label));
        OurHeaders { caller, call, trace: Some(trace), target, attempts: 0, notes: &notes }
            .write(&mut headers);
    }
    books.close(StatusCode::OK.as_u16(), Outcome::Succeeded, None);
    Ok(Reply { status: StatusCode::OK, headers, body: ReplyBody::Whole(body.into()) })
}
