//! What the gateway refused, as problem details say it, and as a person reads it: the sentence, then each field with
//! what to do. <https://www.rfc-editor.org/rfc/rfc9457>

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use crate::output::harmless;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    detail: String,
    fields: Vec<Field>,
    used_by: Vec<String>,
}

/// One field that is wrong.
#[derive(Debug)]
struct Field {
    pointer: String,
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(crate) fn read(status: StatusCode, body: &[u8], base: &str) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let detail = text("detail")
            .or_else(|| text("title"))
            .map_or_else(|| format!("{base} answered {status} without a reason; is it a gateway?"), harmless);
        Self {
            status: status.as_u16(),
            detail,
            fields: list(&body, "errors").iter().map(Field::read).collect(),
            used_by: list(&body, "used_by").iter().map(user).collect(),
        }
    }

    /// The refusal that an error is, if it is one.
    pub(crate) fn of(error: &anyhow::Error) -> Option<&Self> {
        error.downcast_ref()
    }
}

impl Field {
    fn read(error: &Value) -> Self {
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(harmless);
        Self {
            // A place in a file is no pointer, and stands in the message already.
            pointer: text("pointer")
                .filter(|pointer| pointer.starts_with('/'))
                .map(|pointer| path(&pointer))
                .unwrap_or_default(),
            message: text("message").or_else(|| text("detail")).unwrap_or_default(),
            help: text("help").filter(|help| !help.is_empty()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For programs that show one sentence only, the detail repeats the first field.
        match self.fields.as_slice() {
            [only] if self.detail == only.message => write!(f, "{only}")?,
            [first, _, ..] if self.detail.starts_with(&first.message) => {
                write!(f, "{} fields are not right:", self.fields.len())?;
                self.fields.iter().try_for_each(|field| write!(f, "\n  {field}"))?;
            }
            fields => {
                f.write_str(&self.detail)?;
                fields.iter().try_for_each(|field| write!(f, "\n  {field}"))?;
            }
        }
        for user in &self.used_by {
            if !self.detail.contains(user.as_str()) {
                write!(f, "\n  used by {user}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// `/targets/0/credential` as the file's diagnostics write it: `targets[0].credential`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.trim_start_matches('#').split('/').filter(|part| !part.is_empty()) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
    }
    path
}

/// `endpoint chat`, from a text or an object that says so.
fn user(user: &Value) -> String {
    let text = |name: &str| user.get(name).and_then(Value::as_str).map(harmless);
    match user {
        Value::String(text) => harmless(text),
        _ => format!("{} `{}`", text("kind").unwrap_or_default(), text("name").unwrap_or_default()),
    }
}

fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> String {
        Problem::read(StatusCode::from_u16(status).unwrap(), body.as_bytes(), "http://gw").to_string()
    }

    #[test]
    fn fields_are_named_with_their_places() {
        let body = r#"{"status": 422, "title": "invalid", "detail": "the endpoint is not valid", "errors": [
            {"pointer": "/targets/0/credential", "message": "there is no credential `opnai`", "help": "did you mean `openai`?"},
            {"pointer": "", "message": "`name` is missing"}]}"#;
        let expected = "the endpoint is not valid\n  targets[0].credential: there is no credential `opnai`; did you mean \
                        `openai`?\n  `name` is missing";
        assert_eq!(said(422, body), expected);
    }

    #[test]
    fn what_the_detail_repeats_is_said_once() {
        let one = r#"{"detail": "expected a number", "errors": [{"pointer": "/input", "message": "expected a number"}]}"#;
        assert_eq!(said(422, one), "input: expected a number");
        let two = r#"{"detail": "wrong (and 1 more, see `errors`)", "errors": [
            {"pointer": "/a", "message": "wrong"}, {"pointer": "/b", "message": "missing"}]}"#;
        assert_eq!(said(422, two), "2 fields are not right:\n  a: wrong\n  b: missing");
    }

    #[test]
    fn users_are_named() {
        let body =
            r#"{"detail": "the credential is in use", "used_by": [{"kind": "endpoint", "name": "chat"}]}"#;
        assert_eq!(said(409, body), "the credential is in use\n  used by endpoint `chat`");
    }

    #[test]
    fn an_answer_that_is_no_problem_still_is_a_sentence() {
        assert_eq!(
            said(502, "<html>"),
            "http://gw answered 502 Bad Gateway without a reason; is it a gateway?"
        );
    }
}
