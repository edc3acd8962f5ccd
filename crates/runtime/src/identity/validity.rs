//! The end date of a certificate, read from its DER. The TLS library checks dates and does not tell them, and a person
//! wants to know before the day.
//! <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter` in milliseconds since the Unix epoch; `None` for what is no certificate.
pub(super) fn not_after_ms(certificate: &[u8]) -> Option<i64> {
    let certificate = Reader(certificate).expect(SEQUENCE)?;
    let mut fields = Reader(Reader(certificate).expect(SEQUENCE)?);
    if fields.peek() == Some(VERSION) {
        fields.next()?;
    }
    fields.expect(INTEGER)?; // the serial number
    fields.expect(SEQUENCE)?; // the algorithm of the signature
    fields.expect(SEQUENCE)?; // the issuer
    let mut validity = Reader(fields.expect(SEQUENCE)?);
    validity.next()?; // notBefore
    match validity.next()? {
        (UTC_TIME, text) => {
            let year: i64 = number(text.get(..2)?)?;
            // Two digits stand for 1950 to 2049.
            date_ms(if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        (GENERALIZED_TIME, text) => date_ms(number(text.get(..4)?)?, text.get(4..)?),
        _ => None,
    }
}

/// `MMDDHHMMSSZ` of a year.
fn date_ms(year: i64, rest: &[u8]) -> Option<i64> {
    let part = |at: usize| number(rest.get(at..at + 2)?);
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    if rest.get(10..) != Some(b"Z") || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 in the proleptic Gregorian calendar, counted in years that begin in March.
    let (shifted, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * from_march + 2) / 5 + day - 1;
    let seconds = (days - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(seconds * 1_000)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

/// Elements one after the other: a tag, a length, as many bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, short], rest) = self.0.split_first_chunk()?;
        let (length, rest) = if short < 0x80 {
            (usize::from(short), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            if digits.len() > 3 {
                return None;
            }
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        assert_eq!(date_ms(1970, b"0101000000Z"), Some(0));
        assert_eq!(date_ms(2000, b"0229235959Z"), Some(951_868_799_000));
        assert_eq!(date_ms(2100, b"0301000000Z"), Some(4_107_542_400_000));
        for wrong in ["", "0101000000", "0101000000+0100", "1301000000Z", "0x01000000Z", "0100000000Z"] {
            assert_eq!(date_ms(2000, wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for bytes in
            [&b""[..], b"0", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x02\x30\x00", b"\x30\x83\x01"]
        {
            assert_eq!(not_after_ms(bytes), None, "{bytes:?}");
        }
    }
}
