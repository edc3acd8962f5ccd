//! `/api/v1/configuration`: everything that is configured, as a whole.

mod apply;
mod plan;
mod read;

pub(super) use apply::{__path_apply, __path_diff, apply, diff};
pub(super) use read::{__path_export, __path_reload, __path_running, export, reload, running};
