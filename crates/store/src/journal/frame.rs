//! How a record lies in a segment: length, checksum, payload. A reader can tell a whole frame from the torn end of a
//! file, and finds the next whole one behind damage.

use std::ops::Range;

/// Length and checksum, four little-endian bytes each.
pub(super) const HEADER: usize = 8;

/// A record is some hundred bytes; what claims more than this is damage.
pub(super) const MAX_PAYLOAD: usize = 1 << 20;

pub(super) const MAX_FRAME: usize = HEADER + MAX_PAYLOAD;

/// Fills in the header of a frame whose payload begins at `HEADER`. `None` if the payload is too long.
pub(super) fn seal(frame: &mut [u8]) -> Option<()> {
    let (header, payload) = frame.split_first_chunk_mut::<HEADER>()?;
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD)?;
    header[..4].copy_from_slice(&length.to_le_bytes());
    header[4..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    Some(())
}

/// What lies at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    Frame {
        payload: Range<usize>,
    },
    /// The beginning of a frame.
    Incomplete,
    /// No frame begins here.
    Damaged,
}

pub(super) fn look(bytes: &[u8]) -> Look {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
        return Look::Incomplete;
    };
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *header;
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    if length == 0 || length > MAX_PAYLOAD {
        return Look::Damaged;
    }
    match rest.get(..length) {
        None => Look::Incomplete,
        Some(payload) if crc32fast::hash(payload) == u32::from_le_bytes([c0, c1, c2, c3]) => {
            Look::Frame { payload: HEADER..HEADER + length }
        }
        Some(_) => Look::Damaged,
    }
}

/// Nothing was written here: the room of a segment behind its last frame.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// How far whole frames reach from the beginning.
pub(super) fn whole(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Look::Frame { payload } = look(&bytes[at..]) {
        at += payload.end;
    }
    at
}

/// Where the next whole frame begins, behind the first byte.
pub(super) fn resync(bytes: &[u8]) -> Option<usize> {
    (1..bytes.len().saturating_sub(HEADER)).find(|&at| matches!(look(&bytes[at..]), Look::Frame { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(payload);
        seal(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_frame_is_incomplete_until_its_last_byte() {
        let bytes = frame(b"usage");
        for cut in 0..bytes.len() {
            assert_eq!(look(&bytes[..cut]), Look::Incomplete, "cut at {cut}");
        }
        assert_eq!(look(&bytes), Look::Frame { payload: HEADER..bytes.len() });
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let bytes = frame(b"usage");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(look(&flipped), Look::Frame { .. }), "bit {bit}");
        }
    }

    #[test]
    fn the_next_frame_is_found_behind_damage() {
        let mut bytes = b"rubbish".to_vec();
        bytes.extend(frame(b"usage"));
        assert_eq!(resync(&bytes), Some(7));
        assert_eq!(resync(b"nothing but rubbish"), None);
        assert_eq!(look(&[0; 64]), Look::Damaged);
    }

    #[test]
    fn whole_frames_end_where_the_first_other_thing_begins() {
        let mut bytes = frame(b"usage");
        bytes.extend(frame(b"more"));
        for rest in [&b""[..], b"\x05", &[0; 100], b"rubbish that is longer than a header"] {
            assert_eq!(whole(&[&bytes, rest].concat()), bytes.len());
        }
    }
}
