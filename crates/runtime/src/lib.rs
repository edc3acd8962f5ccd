//! The ground the rest runs on: single-threaded executors, tracked tasks, orderly shutdown, listeners, ids and time.
//!
//! A connection lives and dies on one executor, with its upstream connections and its share of every counter, so that
//! the hot path never wakes another thread. Nothing here knows what a call is.

mod clock;
mod executor;
pub mod identity;
mod ids;
mod listener;
mod shutdown;
mod tasks;
mod trouble;

pub use clock::{Clock, Moment};
pub use executor::{ExecutorContext, Executors, StartError};
pub use identity::{Identity, IdentityBytes, IdentityError, IdentityFiles};
pub use ids::IdSource;
pub use listener::{ListenError, Listeners};
pub use shutdown::Shutdown;
pub use tasks::Tasks;
pub use trouble::Trouble;
