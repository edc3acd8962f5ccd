//! What the body of an error says, by the names that dialects, their imitators and proxies have for it, as short plain
//! text.

use serde_json::Value;

use crate::failure::MAX_MESSAGE;

/// What a body says, by the names that are in use for it.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) message: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) code: Option<String>,
    /// Servers that imitate a dialect put the HTTP status into `code`, which is all an error event has of it.
    pub(crate) status: Option<u16>,
}

impl Said {
    pub(crate) fn read(body: &[u8]) -> Self {
        let start = body.trim_ascii_start();
        match (start.first(), serde_json::from_slice::<Value>(body)) {
            (_, Ok(Value::String(message))) => Self { message: Some(message), ..Self::default() },
            (_, Ok(value)) => Self::from_value(&value),
            // Half of a JSON document says nothing to a person.
            (None | Some(b'{' | b'['), Err(_)) => Self::default(),
            (Some(_), Err(_)) => Self { message: text(start), ..Self::default() },
        }
    }

    fn from_value(value: &Value) -> Self {
        let root = value.get(0).unwrap_or(value);
        let error = match root.get("error") {
            Some(error) if error.is_object() => error,
            _ => root,
        };
        let first = |names: &[&str]| names.iter().find_map(|name| error.get(name).and_then(short_text));
        let detail = || error.get("details")?.get("error_code").and_then(short_text);
        let code = first(&["code"]).or_else(detail);
        Self {
            message: ["message", "Message", "error", "detail", "error_description", "msg", "errors"]
                .iter()
                .find_map(|name| error.get(name).and_then(message_in)),
            kind: first(&["type", "error_type", "status", "__type"]).filter(|kind| kind != "error"),
            status: code
                .as_deref()
                .and_then(|code| code.parse().ok())
                .filter(|code| (400..600).contains(code)),
            code,
        }
    }
}

/// A message that may be a text, an object around one, or a list of either.
fn message_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Object(inner) => {
            ["message", "msg", "detail"].iter().find_map(|name| inner.get(*name)?.as_str()).map(str::to_owned)
        }
        Value::Array(items) => {
            let messages: Vec<_> =
                items.iter().take(4).filter(|item| !item.is_array()).filter_map(message_in).collect();
            (!messages.is_empty()).then(|| messages.join("; "))
        }
        _ => None,
    }
}

/// A type or code: short, or it is not one.
fn short_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if (1..=128).contains(&text.len()) && !text.contains(char::is_control) => {
            Some(text.clone())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The beginning of a body as text, unless it is binary.
fn text(body: &[u8]) -> Option<String> {
    const ENOUGH: usize = 64 * 1024;
    let body = &body[..body.len().min(ENOUGH)];
    match std::str::from_utf8(body) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&body[..error.valid_up_to()]).ok().map(str::to_owned)
        }
        Err(_) => None,
    }
}

/// One line of plain text; of an HTML page, its title. `None` where nothing is left.
pub(crate) fn plain_message(text: &str) -> Option<String> {
    let lower = text.trim_start().to_ascii_lowercase();
    let is_page = lower.starts_with('<') || lower.contains("<html") || lower.contains("<!doctype");
    let text = if is_page { title(&lower, text.trim_start())? } else { text };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MAX_MESSAGE {
            break;
        }
    }
    cut(&mut line, MAX_MESSAGE);
    (!line.is_empty()).then_some(line)
}

/// The title of a page, if it holds no markup itself. `lower` is the page in lower case.
fn title<'a>(lower: &str, page: &'a str) -> Option<&'a str> {
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    page.get(start..end).filter(|title| !title.contains('<'))
}

/// Cuts a text to at most `limit` bytes, and shows that it was cut.
pub(crate) fn cut(text: &mut String, limit: usize) {
    const MARK: &str = "…";
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit - MARK.len()));
        text.push_str(MARK);
    }
}
