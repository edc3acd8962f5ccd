//! Stage *screen*: input guardrails. None can be configured yet, and so nothing is looked at: a body that no guardrail
//! reads is never parsed. The stage stands here so that the order is fixed: after *reserve*, since a caller without
//! access must not learn what a guardrail thinks, and before *recall*, since a blocked prompt must not be answered from
//! a cache.

use domain::CallError;

use crate::decode::Decoded;

pub(crate) const fn screen(_request: &Decoded<'_>) -> Result<(), CallError> {
    Ok(())
}
