//! What a scalar is by the core schema of YAML 1.2, with `on` and `off` as booleans besides.

/// A scalar as written.
#[derive(Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// In quotes, or a block: text whatever it looks like.
    pub(crate) quoted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean(bool),
    Number,
    Text,
}

impl Scalar {
    pub(crate) fn kind(&self) -> Kind {
        if self.quoted {
            return Kind::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
            "true" | "True" | "TRUE" | "on" | "On" | "ON" => Kind::Boolean(true),
            "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Kind::Boolean(false),
            text if is_number(text) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

fn is_number(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_kinds_of_the_core_schema() {
        let check = |kind: Kind, texts: &[&str]| {
            for text in texts {
                assert_eq!(Scalar { text: (*text).to_owned(), quoted: false }.kind(), kind, "{text}");
                assert_eq!(Scalar { text: (*text).to_owned(), quoted: true }.kind(), Kind::Text, "{text}");
            }
        };
        check(Kind::Null, &["", "~", "null"]);
        check(Kind::Boolean(false), &["off", "false", "FALSE"]);
        check(Kind::Boolean(true), &["on", "true"]);
        check(
            Kind::Number,
            &["0", "-1", "+1.5", ".5", "1.", "1e3", "1.5E-3", "0x1f", "0o17", "-.inf", ".nan"],
        );
        check(
            Kind::Text,
            &["5s", "5xx", "2027-01-01", "127.0.0.1:1", ".", "e3", "1e", "0x", "yes", "-", "1.2.3"],
        );
    }
}
