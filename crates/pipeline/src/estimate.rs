//! Token counts where nobody reported any. Rough on purpose and marked as estimated wherever they appear.

use domain::{Capture, Dialect};
use wire::{Delta, ReplyEvent, StreamDecoder};

/// English prose and source code run at three to four bytes a token; four keeps an estimate below most bills rather
/// than above.
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens in so many bytes of text.
pub(crate) const fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

fn content_bytes(event: &ReplyEvent) -> u64 {
    match event {
        ReplyEvent::BlockDelta {
            delta: Delta::Text(text) | Delta::Thinking(text) | Delta::Arguments(text),
            ..
        } => text.len() as u64,
        _ => 0,
    }
}

/// Generated tokens in the part of a stream that was delivered: counts the text of its deltas, not their framing. Where
/// the capture was cut, the rest is taken to have been alike.
pub(crate) fn streamed_tokens(dialect: Dialect, delivered: &Capture) -> u64 {
    let mut events = Vec::new();
    StreamDecoder::new(dialect).push(&delivered.body, &mut events);
    let text: u64 = events.iter().map(content_bytes).sum();
    let kept = (delivered.body.len() as u64).max(1);
    let whole = u128::from(text) * u128::from(delivered.size) / u128::from(kept);
    tokens(u64::try_from(whole).unwrap_or(u64::MAX))
}
