//! The openai-chat dialect: <https://platform.openai.com/docs/api-reference/chat>.

mod choice_stream;
mod choice_stream_encode;
mod citations;
pub(crate) mod error;
pub(crate) mod locate;
mod parts;
mod pieces;
mod reasoning;
mod reply;
mod reply_encode;
mod request;
mod request_encode;
mod stop;
mod stream;
mod stream_encode;
mod tools;
mod turns;
mod turns_foreign;
mod turns_same;
pub(crate) mod usage;
pub(crate) mod watch;

pub(crate) use reply::decode_reply;
pub(crate) use reply_encode::encode_reply;
pub(crate) use request::decode_request;
pub(crate) use request_encode::encode_request;
pub(crate) use stream::StreamDecoder;
pub(crate) use stream_encode::StreamEncoder;
