//! W3C trace context: a call continues the trace of the application that makes it.
//! <https://www.w3.org/TR/trace-context/>

use domain::{SpanId, TraceId};
use http::HeaderMap;

/// The trace and span named by `traceparent`; a malformed header counts as none, as the specification wants.
pub(crate) fn parent(headers: &HeaderMap) -> Option<(TraceId, SpanId)> {
    parse(headers.get("traceparent")?.to_str().ok()?)
}

fn parse(text: &str) -> Option<(TraceId, SpanId)> {
    let mut fields = text.trim().splitn(5, '-');
    let (version, trace, span, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let lower_hex = |field: &str, digits| {
        field.len() == digits && field.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let sound = lower_hex(version, 2)
        && version != "ff"
        // Version 00 has four fields and no more.
        && (version != "00" || fields.next().is_none())
        && lower_hex(trace, 32)
        && lower_hex(span, 16)
        && lower_hex(flags, 2);
    sound.then(|| Some((trace.parse().ok()?, span.parse().ok()?))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_parent_is_read() {
        let (trace, span) = parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!((trace.to_string().as_str(), span.to_string().as_str()), (TRACE, SPAN));
        assert!(parse(&format!("01-{TRACE}-{SPAN}-01-later")).is_some());
    }

    #[test]
    fn a_malformed_parent_is_none() {
        let zero = "0".repeat(32);
        for text in [
            String::new(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-x"),
            format!("00-{zero}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}"),
        ] {
            assert_eq!(parse(&text), None, "{text}");
        }
    }
}
