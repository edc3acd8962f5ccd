//! Stage *attempt*: plan → an upstream reply that may be shown. Tries targets until one answers; nothing has reached the
//! client yet, so whatever goes wrong here can still be tried again elsewhere.

mod begin;
mod collect;

use std::sync::Arc;

use bytes::Bytes;
use config::snapshot::{Endpoint, Target};
use domain::{CallError, Dialect};
use governance::retry::{Attempts, Next, decide};
use http::{HeaderMap, HeaderValue, StatusCode};
use upstream::Body;

use crate::Ingress;
use crate::classify;
use crate::decode::Decoded;
use crate::plan::Plan;
use crate::relay::{Flow, Limits};
use crate::settle::{Books, Ending};

/// A reply that has begun well.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) target: Arc<Target>,
    /// The dialect it is in.
    pub(crate) dialect: Dialect,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// What the client gets first. A whole reply of ordinary size is all in here.
    pub(crate) held: Vec<Bytes>,
    /// How the rest travels; `None` where there is no rest.
    pub(crate) flow: Option<Flow>,
    pub(crate) notes: Vec<wire::Note>,
    pub(crate) limits: Limits,
    /// What authenticated us.
    pub(crate) auth: Option<HeaderValue>,
}

/// What a try needs to know of the call.
pub(crate) struct Errand<'a> {
    pub(crate) ingress: &'a Ingress,
    pub(crate) request: &'a Decoded<'a>,
    pub(crate) endpoint: &'a Endpoint,
}

pub(crate) async fn attempt(
    books: &mut Books,
    errand: &Errand<'_>,
    plan: &Plan,
) -> Result<Opened, CallError> {
    let endpoint = errand.endpoint;
    let mut last = None;
    let mut attempts_total = 0;
    for (index, target) in plan.targets.iter().enumerate() {
        for tries_on_target in 1.. {
            let failed = match begin::begin(books, errand, target).await {
                Ok(opened) => return Ok(opened),
                Err(failed) => failed,
            };
            let prompt_bytes = if failed.billable { errand.request.body.len() } else { 0 };
            books.end_attempt(Ending::failed(failed.reason, &failed.error, prompt_bytes));
            attempts_total += 1;
            let so_far = Attempts {
                tries_on_target,
                attempts_total,
                max_attempts: endpoint.max_attempts,
                targets_left: plan.targets.len() - index - 1,
                elapsed: books.started.elapsed(),
                total_deadline: endpoint.timeouts.total,
            };
            let jitter = books.pipeline().ids.borrow_mut().fraction();
            let next = decide(&endpoint.retry, &endpoint.fallback_on, so_far, &failed.failure, jitter);
            let error = failed.error;
            match next {
                Next::RetrySame { after } => tokio::time::sleep(after).await,
                Next::NextTarget => {
                    last = Some(error);
                    break;
                }
                Next::GiveUp => return Err(error),
            }
        }
    }
    Err(last.unwrap_or_else(|| classify::no_target(&endpoint.name)))
}
