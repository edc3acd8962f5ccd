//! Stage *plan*: endpoint → the targets to try, in order. Pure but for the counter that the draw goes by.

use std::sync::Arc;

use config::snapshot::{Endpoint, Target};
use domain::Api;

use crate::Pipeline;

/// The drawn target, then the fallbacks.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) targets: smallvec::SmallVec<[Arc<Target>; 4]>,
}

pub(crate) fn plan(pipeline: &Pipeline, endpoint: &Endpoint, api: Api) -> Plan {
    let drawn = match endpoint.targets.len() {
        1 => 0,
        _ => endpoint.shares.draw(next_draw(pipeline, endpoint, api)),
    };
    let order = governance::plan::order(&endpoint.targets, drawn, &endpoint.fallbacks, |target| target.id);
    Plan { targets: order.cloned().collect() }
}

/// Counts draws per endpoint and executor, outside the snapshot: a reload does not start the shares anew. Executors
/// begin at different places, or the first calls of all of them would go to the heaviest target.
fn next_draw(pipeline: &Pipeline, endpoint: &Endpoint, api: Api) -> u64 {
    let mut draws = pipeline.draws.borrow_mut();
    let count = draws.entry(endpoint.id).or_insert(pipeline.options.first_draw);
    let sequence = *count;
    // Tokens are counted for the target that the next call will have; the count takes nobody's turn.
    if api != Api::CountTokens {
        *count = count.wrapping_add(1);
    }
    sequence
}
