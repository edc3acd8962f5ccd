//! The anthropic-messages dialect: <https://docs.anthropic.com/en/api/messages>.

mod blocks;
mod blocks_same;
pub(crate) mod error;
pub(crate) mod locate;
mod media;
mod reply;
mod reply_encode;
mod request;
mod request_encode;
mod stop;
mod stream;
mod stream_encode;
mod thinking;
pub(crate) mod thread;
mod tools;
mod turns;
mod turns_foreign;
pub(crate) mod usage;
mod version;
pub(crate) mod watch;

pub(crate) use reply::decode_reply;
pub(crate) use reply_encode::encode_reply;
pub(crate) use request::decode_request;
pub(crate) use request_encode::encode_request;
pub(crate) use stream::StreamDecoder;
pub(crate) use stream_encode::StreamEncoder;
pub use version::AnthropicVersion;
