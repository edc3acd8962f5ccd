//! `/api/v1/configuration`: everything that is configured, as a whole.

mod apply;
mod plan;

pub(super) use apply::{__path_apply, __path_diff, apply, diff};
