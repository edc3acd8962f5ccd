//! How much of a payload a trace keeps.

use domain::{Capture, CaptureMode};

/// What is kept of `body`: at most `cap` bytes of it, and nothing but its size unless `mode` is full.
///
/// Redaction by structure does not exist yet, so a redacted payload is left out as a whole.
pub fn capture(mode: CaptureMode, body: &[u8], cap: usize) -> Capture {
    let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
    match mode {
        CaptureMode::Full => Capture { body: body[..body.len().min(cap)].to_vec(), size },
        CaptureMode::Redacted | CaptureMode::Metadata => Capture { body: Vec::new(), size },
        CaptureMode::None => Capture::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_keeps_what_it_says() {
        let kept = |mode, cap| {
            let capture = capture(mode, b"secret", cap);
            (String::from_utf8(capture.body).unwrap(), capture.size)
        };
        assert_eq!(kept(CaptureMode::Full, 100), ("secret".to_owned(), 6));
        assert_eq!(kept(CaptureMode::Full, 3), ("sec".to_owned(), 6));
        assert_eq!(kept(CaptureMode::Redacted, 100), (String::new(), 6));
        assert_eq!(kept(CaptureMode::Metadata, 100), (String::new(), 6));
        assert_eq!(kept(CaptureMode::None, 100), (String::new(), 0));
    }
}
