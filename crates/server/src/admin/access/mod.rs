//! Who may use the admin API. A route is declared together with what it asks of its caller; there is no other way to
//! add one.
//!
//! Callers come with the admin token, a service key, or the cookie of a session. Whatever it was, a [`Principal`] is what
//! routes get to see.

mod cookie;
mod guard;
mod principal;
mod routes;
mod throttle;

pub(super) use cookie::{Cookie, SESSION_LIFE};
pub(super) use guard::{administrator, attempt};
pub(super) use principal::{Caller, Principal, Via};
pub(super) use routes::{Access, Declared, Routes};
pub(super) use throttle::Throttle;
