//! The anthropic-messages dialect: <https://docs.anthropic.com/en/api/messages>.

pub(crate) mod error;
pub(crate) mod locate;
pub(crate) mod usage;
pub(crate) mod watch;
