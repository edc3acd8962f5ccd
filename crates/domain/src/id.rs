//! Identifiers. Objects are 128 bit and print with a prefix that says what they are; calls and attempts are
//! UUIDv7 so that they sort by time; traces and spans are W3C trace context ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId {
    pub expected: &'static str,
}

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for NotAnId {}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u128);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:032x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix($prefix)
                    .and_then(|hex| parse_hex(hex, 32))
                    .map(Self)
                    .ok_or(NotAnId { expected: concat!("`", $prefix, "` and 32 hex digits") })
            }
        }
    };
}

object_id!(
    /// The tenant that everything belongs to.
    OrganizationId, "org-");
object_id!(TeamId, "tm-");
object_id!(ProjectId, "p-");
object_id!(
    /// A public model name that applications call.
    EndpointId, "e-");
object_id!(
    /// One provider + model + credential that an endpoint may send to.
    TargetId, "d-");
object_id!(CredentialId, "s-");
object_id!(
    /// A virtual key.
    KeyId, "k-");

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u128);

        impl $name {
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }

            /// The hyphenated form, without an allocation: it goes on every reply as a header.
            pub fn hyphenated(self) -> [u8; 36] {
                let mut text = [b'-'; 36];
                let bytes = self.to_bytes();
                let mut at = 0;
                for (index, byte) in bytes.into_iter().enumerate() {
                    if matches!(index, 4 | 6 | 8 | 10) {
                        at += 1;
                    }
                    text[at] = HEX[usize::from(byte >> 4)];
                    text[at + 1] = HEX[usize::from(byte & 15)];
                    at += 2;
                }
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&self.hyphenated()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let hex: String = text.chars().filter(|c| *c != '-').collect();
                parse_hex(&hex, 32).map(Self).ok_or(NotAnId { expected: "a UUID" })
            }
        }
    };
}

uuid_id!(
    /// One request to the gateway (UUIDv7): the unit of listing.
    CallId);
uuid_id!(
    /// One try at one target (UUIDv7): the key under which money is booked, exactly once.
    AttemptId);

/// A W3C trace id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceId(pub u128);

/// A W3C span id; never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpanId(pub u64);

impl TraceId {
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// 32 hex digits, without an allocation: it goes on every reply as a header.
    pub fn hex(self) -> [u8; 32] {
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.to_bytes()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        text
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TraceId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        // MLflow's clients write the same id as `tr-` and 32 hex digits.
        let hex = text.strip_prefix("tr-").unwrap_or(text);
        parse_hex(hex, 32).filter(|id| *id != 0).map(Self).ok_or(NotAnId { expected: "32 hex digits" })
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SpanId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        parse_hex(text, 16)
            .and_then(|id| u64::try_from(id).ok())
            .filter(|id| *id != 0)
            .map(Self)
            .ok_or(NotAnId { expected: "16 hex digits" })
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn parse_hex(text: &str, digits: usize) -> Option<u128> {
    let exact = text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    exact.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_prints_its_kind_and_reads_back() {
        let id = EndpointId(0x47a);
        assert_eq!(id.to_string(), "e-0000000000000000000000000000047a");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("k-0000000000000000000000000000047a".parse::<EndpointId>().is_err());
        assert!("e-+000000000000000000000000000047a".parse::<EndpointId>().is_err());
    }

    #[test]
    fn a_call_id_prints_as_a_uuid() {
        let id = CallId(0x0199_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(id.to_string(), "01990000-0000-7000-8000-000000000001");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_trace_id_is_never_zero_and_takes_mlflows_prefix() {
        assert!("00000000000000000000000000000000".parse::<TraceId>().is_err());
        let id = TraceId(7);
        assert_eq!(format!("tr-{id}").parse(), Ok(id));
        assert_eq!(std::str::from_utf8(&id.hex()).unwrap(), id.to_string());
    }
}
