//! The openai-chat dialect: <https://platform.openai.com/docs/api-reference/chat>.

pub(crate) mod error;
pub(crate) mod locate;
pub(crate) mod usage;
pub(crate) mod watch;
