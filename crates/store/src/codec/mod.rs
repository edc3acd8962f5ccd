//! The byte forms of records. They are mirrors of the domain's types rather than the types themselves: a journal, a
//! trace file or a buffer may be read by a later version, so each form carries a version and is never changed, only
//! followed by a new one. Texts and payloads are borrowed on both ways; the hot path copies each byte once.

mod blob;
mod call;
mod code;
mod decision;
mod detail;
mod id;
mod kind;
mod labels;
mod reservation;
mod usage;

pub(crate) use blob::Blob;
pub(crate) use call::Head;
pub use call::{CallFrame, Frames};
pub(crate) use code::Code;
pub use decision::{decode_decision, encode_decision};
pub(crate) use kind::Kind;
pub(crate) use labels::LabelsV1;
pub use reservation::{decode_reservation, encode_reservation};
pub(crate) use usage::{CallerPart, LabelV1};
pub use usage::{UsageFrame, encode_usage};

use serde::{Deserialize, Serialize};

/// Bytes that are no record of a form known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {expected}")]
pub struct CodecError {
    pub expected: &'static str,
}

impl CodecError {
    pub(crate) const fn new(expected: &'static str) -> Self {
        Self { expected }
    }
}

/// Appends `value` to `into`. On an error `into` is as it was.
pub(crate) fn append<T: Serialize>(value: &T, into: &mut Vec<u8>) -> Result<(), CodecError> {
    let before = into.len();
    let written = postcard::serialize_with_flavor(value, AppendTo(into));
    written.map_err(|_| {
        into.truncate(before);
        CodecError::new("value with a byte form")
    })
}

/// Reads one value that fills `bytes` exactly.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], expected: &'static str) -> Result<T, CodecError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(CodecError::new(expected)),
    }
}

/// Lets the encoder write at the end of a buffer that lives on.
struct AppendTo<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for AppendTo<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Usage buckets in their stored order.
pub(crate) type Buckets = [u64; 8];

pub(crate) const fn to_buckets(usage: &domain::Usage) -> Buckets {
    [
        usage.input,
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_1h,
        usage.audio_input,
        usage.output,
        usage.reasoning,
        usage.audio_output,
    ]
}

pub(crate) const fn from_buckets(buckets: Buckets) -> domain::Usage {
    let [input, cache_read, cache_write, cache_write_1h, audio_input, output, reasoning, audio_output] =
        buckets;
    domain::Usage {
        input,
        cache_read,
        cache_write,
        cache_write_1h,
        audio_input,
        output,
        reasoning,
        audio_output,
    }
}
