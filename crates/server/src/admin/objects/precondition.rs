//! What a client says about the state that it knows: `If-Match` and `If-None-Match`. The entity tag of an object is its
//! revision in quotes.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::super::problem::{Code, Problem};

/// What has to be so for a request to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::admin) enum Precondition {
    /// Anything goes.
    #[default]
    None,
    /// `If-Match: *`: it exists.
    Exists,
    /// `If-Match: "7"`: this was the last change.
    Revision(i64),
    /// `If-None-Match: *`: it does not exist.
    Absent,
}

impl Precondition {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let absent = match text(headers, &IF_NONE_MATCH)? {
            None => false,
            Some("*") => true,
            Some(_) => return Err(Problem::malformed("`if-none-match` is `*` here: create, never replace")),
        };
        let matched = match text(headers, &IF_MATCH)? {
            None => Self::None,
            Some("*") => Self::Exists,
            Some(tag) => Self::Revision(revision(tag).ok_or_else(|| {
                Problem::malformed("`if-match` is the revision of the object in quotes: `\"7\"`, or `*`")
            })?),
        };
        match (absent, matched) {
            (false, matched) => Ok(matched),
            (true, Self::None) => Ok(Self::Absent),
            (true, _) => {
                let detail =
                    "`if-match` and `if-none-match` contradict each other, so one of them does not hold";
                Err(Problem::new(Code::StaleRevision, detail))
            }
        }
    }

    /// The revision may stand in the body as well, where headers are hard to set.
    pub(super) fn or_body(self, revision: Option<i64>) -> Result<Self, Problem> {
        match (self, revision) {
            (Self::None, Some(revision)) => Ok(Self::Revision(revision)),
            (Self::Revision(header), Some(body)) if header != body => {
                let detail =
                    "`if-match` and `revision` name different revisions, so one of them is not the latest";
                Err(Problem::new(Code::StaleRevision, detail))
            }
            (given, _) => Ok(given),
        }
    }

    /// Refuses what is not in the state that was asked for; `found` is the revision of what is there.
    pub(in crate::admin) fn check(self, found: Option<i64>) -> Result<(), Problem> {
        let fine = match self {
            Self::None => true,
            Self::Exists => found.is_some(),
            Self::Revision(revision) => found == Some(revision),
            Self::Absent => found.is_none(),
        };
        if fine { Ok(()) } else { Err(stale(found)) }
    }
}

pub(super) fn stale(found: Option<i64>) -> Problem {
    match found {
        Some(revision) => {
            let detail =
                format!("this changed in the meantime, and is at revision {revision}; read it again");
            Problem::new(Code::StaleRevision, detail).with_revision(revision)
        }
        None => Problem::new(Code::StaleRevision, "this does not exist any more, or not yet"),
    }
}

/// The entity tag of a revision.
pub(super) fn tag(revision: i64) -> HeaderValue {
    // Digits and quotes are fit for a header.
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// With the quotes of an entity tag, or without, as people forget them.
fn revision(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"').map_or(Some(tag), |rest| rest.strip_suffix('"'))?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Problem::malformed(format!("`{name}` is no text")))?;
    Ok(Some(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(HeaderName, &str)]) -> Result<Precondition, Problem> {
        let headers = pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        Precondition::read(&headers)
    }

    #[test]
    fn headers_say_what_is_expected() {
        assert_eq!(read(&[]), Ok(Precondition::None));
        assert_eq!(read(&[(IF_MATCH, "\"7\"")]), Ok(Precondition::Revision(7)));
        assert_eq!(read(&[(IF_MATCH, tag(12).to_str().unwrap())]), Ok(Precondition::Revision(12)));
        assert_eq!(read(&[(IF_MATCH, "*")]), Ok(Precondition::Exists));
        assert_eq!(read(&[(IF_NONE_MATCH, "*")]), Ok(Precondition::Absent));
        for wrong in [
            "7\"",
            "\"7",
            "\"\"",
            "\"-7\"",
            "\"+7\"",
            "W/\"7\"",
            "\"7\", \"8\"",
            "\"99999999999999999999\"",
            "",
        ] {
            assert!(read(&[(IF_MATCH, wrong)]).is_err(), "{wrong}");
        }
        assert!(read(&[(IF_NONE_MATCH, "\"7\"")]).is_err());
        assert!(read(&[(IF_NONE_MATCH, "*"), (IF_MATCH, "*")]).is_err());
    }

    #[test]
    fn header_and_body_agree() {
        assert_eq!(Precondition::None.or_body(Some(3)), Ok(Precondition::Revision(3)));
        assert_eq!(Precondition::Revision(3).or_body(Some(3)), Ok(Precondition::Revision(3)));
        assert!(Precondition::Revision(3).or_body(Some(4)).is_err());
        assert_eq!(Precondition::Exists.or_body(None), Ok(Precondition::Exists));
    }

    #[test]
    fn a_stale_revision_is_told_the_new_one() {
        let problem = serde_json::to_value(Precondition::Revision(3).check(Some(5)).unwrap_err()).unwrap();
        assert_eq!((problem["status"].as_u64(), problem["revision"].as_i64()), (Some(412), Some(5)));
        assert!(Precondition::Absent.check(Some(5)).is_err() && Precondition::Absent.check(None).is_ok());
        assert!(
            Precondition::Exists.check(None).is_err() && Precondition::Revision(5).check(Some(5)).is_ok()
        );
    }
}
