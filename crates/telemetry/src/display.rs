//! A captured reply as a person reads it.

use domain::{Capture, Dialect};
use wire::{ReplyContext, StreamDecoder, encode_reply, fold};

/// The reply as one JSON body of the caller's dialect; a stream is put together. `None` where nothing was kept, or
/// what was kept is no complete stream: then the bytes themselves are the best there is.
pub fn display_reply(dialect: Dialect, streamed: bool, capture: &Capture) -> Option<Vec<u8>> {
    if capture.body.is_empty() {
        return None;
    }
    if !streamed {
        return Some(capture.body.clone());
    }
    let mut events = Vec::new();
    let mut decoder = StreamDecoder::new(dialect);
    decoder.push(&capture.body, &mut events);
    decoder.finish(&mut events);
    let reply = fold(&events).ok()?;
    // The encoder puts its dialect's own prefix before the id.
    let id =
        ["chatcmpl-", "msg_"].iter().find_map(|prefix| reply.id.strip_prefix(prefix)).unwrap_or(&reply.id);
    Some(encode_reply(dialect, &reply, &ReplyContext::new(id, &reply.model, 0)).body)
}
