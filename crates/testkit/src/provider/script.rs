//! The deterministic model behind both vendors. What it says is a function of the conversation alone:
//! - `call NAME {json}` (several: parallel) or a forced tool choice → tool calls; `say X then call …` adds a text
//! - tool results in the last turn → `results: …`
//! - a JSON schema → its smallest instance; JSON mode → `{"echo": …}`
//! - `write N words` → N words; `refuse …` → a refusal; anything else → `echo: …` and what images were seen
//!
//! A token is four characters, and a streamed text is cut into tokens, so counts and streams agree.

use serde_json::{Value, json};

use super::schema;

/// What a vendor module understood of its request.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The texts of the last user turn, one a line.
    pub(super) text: String,
    /// What each image or document of the last user turn is: a media type or `url`.
    pub(super) attachments: Vec<String>,
    /// The texts of the tool results the conversation ends with.
    pub(super) results: Vec<String>,
    pub(super) tools: Vec<Tool>,
    pub(super) choice: Choice,
    pub(super) one_call_only: bool,
    pub(super) schema: Option<Value>,
    pub(super) json_mode: bool,
    pub(super) thinks: bool,
    pub(super) most_tokens: Option<u64>,
    pub(super) stops: Vec<String>,
    pub(super) prompt_tokens: u64,
}

#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) schema: Value,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Choice {
    #[default]
    Auto,
    Nothing,
    Any,
    Named(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    End,
    Length,
    Sequence(String),
    Calls,
    Refusal,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) thinking: Option<String>,
    /// The text, or the refusal's explanation.
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    pub(super) stop: Stop,
    pub(super) thinking_tokens: u64,
    /// Thinking included.
    pub(super) output_tokens: u64,
}

impl Conversation {
    pub(super) fn answer(&self) -> Answer {
        let calls = self.calls();
        let (text, stop) = if !calls.is_empty() {
            (self.preface(), Stop::Calls)
        } else if self.text.starts_with("refuse") && self.results.is_empty() {
            ("I cannot help with that.".to_owned(), Stop::Refusal)
        } else {
            (self.say(), Stop::End)
        };
        let thinking = self.thinks.then(|| format!("Thinking about: {}", self.text));
        let thinking_tokens = thinking.as_deref().map_or(0, tokens);
        let (text, stop) = self.within_limits(text, stop, thinking_tokens);
        let spoken = calls.iter().map(|call| tokens(&call.name) + tokens(&call.arguments.to_string()));
        let output_tokens = thinking_tokens + tokens(&text) + spoken.sum::<u64>();
        Answer { thinking, text, calls, stop, thinking_tokens, output_tokens }
    }

    fn calls(&self) -> Vec<Call> {
        if !self.results.is_empty() || self.tools.is_empty() || self.choice == Choice::Nothing {
            return Vec::new();
        }
        let mut calls = self.asked_calls();
        if let Choice::Named(name) = &self.choice {
            calls.retain(|call| call.name == *name);
        }
        if calls.is_empty() {
            calls.extend(self.forced_call());
        }
        if self.one_call_only {
            calls.truncate(1);
        }
        calls
    }

    fn asked_calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find("call ") {
            rest = &rest[at + "call ".len()..];
            let end =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).unwrap_or(rest.len());
            let Some(tool) = self.tools.iter().find(|tool| tool.name == rest[..end]) else {
                continue;
            };
            rest = &rest[end..];
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            let arguments = match values.next() {
                Some(Ok(Value::Object(arguments))) => {
                    let used = values.byte_offset();
                    rest = &rest[used..];
                    Value::Object(arguments)
                }
                _ => schema::minimal_instance(&tool.schema),
            };
            calls.push(Call { name: tool.name.clone(), arguments: object(arguments) });
        }
        calls
    }

    fn forced_call(&self) -> Option<Call> {
        let tool = match &self.choice {
            Choice::Any => self.tools.first()?,
            Choice::Named(name) => self.tools.iter().find(|tool| tool.name == *name)?,
            Choice::Auto | Choice::Nothing => return None,
        };
        Some(Call { name: tool.name.clone(), arguments: object(schema::minimal_instance(&tool.schema)) })
    }

    fn preface(&self) -> String {
        let said = self.text.strip_prefix("say ").and_then(|rest| rest.split_once(" then call "));
        said.map(|(preface, _)| preface.to_owned()).unwrap_or_default()
    }

    fn say(&self) -> String {
        if let Some(schema) = &self.schema {
            return schema::minimal_instance(schema).to_string();
        }
        if self.json_mode {
            return json!({ "echo": self.text }).to_string();
        }
        if !self.results.is_empty() {
            return format!("results: {}", self.results.join("; "));
        }
        if let Some(count) = self.text.strip_prefix("write ").and_then(|rest| rest.strip_suffix(" words")) {
            let count = count.parse::<usize>().unwrap_or(0).min(MOST_WORDS);
            return (1..=count).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        }
        let seen = self.attachments.join(", ");
        if seen.is_empty() {
            format!("echo: {}", self.text)
        } else {
            format!("echo: {} [saw {seen}]", self.text)
        }
    }

    fn within_limits(&self, mut text: String, mut stop: Stop, thinking_tokens: u64) -> (String, Stop) {
        let first = self.stops.iter().filter_map(|word| Some((text.find(word.as_str())?, word))).min();
        if let Some((at, word)) = first.filter(|_| stop == Stop::End) {
            stop = Stop::Sequence(word.clone());
            text.truncate(at);
        }
        let left = self.most_tokens.map(|most| most.saturating_sub(thinking_tokens));
        if let Some(left) = left.filter(|left| tokens(&text) > *left && stop != Stop::Calls) {
            let kept = usize::try_from(left).unwrap_or(usize::MAX);
            return (pieces(&text)[..kept].concat(), Stop::Length);
        }
        (text, stop)
    }
}

/// Tool arguments are objects, whatever the tool's schema says.
fn object(value: Value) -> Value {
    if value.is_object() { value } else { json!({}) }
}

/// How many tokens a text has: one for four characters.
pub(super) fn tokens(text: &str) -> u64 {
    text.chars().count().div_ceil(TOKEN_CHARS) as u64
}

/// The text token by token.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(TOKEN_CHARS).map(|chunk| chunk.iter().collect()).collect()
}

/// The tokens of every string in a request's messages, system and tools.
pub(super) fn prompt_tokens(values: &[&Value]) -> u64 {
    values.iter().map(|value| strings(value)).sum::<usize>().div_ceil(TOKEN_CHARS).max(1) as u64
}

fn strings(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.iter().map(strings).sum(),
        Value::Object(members) => members.values().map(strings).sum(),
        _ => 0,
    }
}

/// A stable 64 bit digest (FNV-1a), for signatures and embeddings that must not change between runs.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

const TOKEN_CHARS: usize = 4;
const MOST_WORDS: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn with_tools(text: &str, choice: Choice) -> Answer {
        let schema =
            json!({"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}});
        let tools = ["weather", "clock"].map(|name| Tool { name: name.into(), schema: schema.clone() });
        Conversation { text: text.into(), tools: tools.into(), choice, ..Conversation::default() }.answer()
    }

    #[test]
    fn calls_are_asked_for_in_words() {
        let answer = with_tools(r#"say hm then call weather {"city":"Paris"} and call clock"#, Choice::Auto);
        let arguments: Vec<String> = answer.calls.iter().map(|call| call.arguments.to_string()).collect();
        assert_eq!(arguments, [r#"{"city":"Paris"}"#, r#"{"city":"mock"}"#]);
        assert_eq!((answer.text.as_str(), answer.stop), ("hm", Stop::Calls));
    }

    #[test]
    fn a_choice_decides() {
        assert_eq!(with_tools("call weather", Choice::Nothing).calls, []);
        assert_eq!(with_tools("hello", Choice::Any).calls[0].name, "weather");
        assert_eq!(with_tools("call weather", Choice::Named("clock".into())).calls[0].name, "clock");
        assert_eq!(with_tools("do not recall weather reports", Choice::Auto).calls.len(), 1);
    }

    #[test]
    fn limits_cut_the_text_and_say_so() {
        let base = |text: &str| Conversation { text: text.into(), ..Conversation::default() };
        let short = Conversation { most_tokens: Some(2), ..base("hello world") }.answer();
        assert_eq!((short.text.as_str(), short.stop, short.output_tokens), ("echo: he", Stop::Length, 2));
        let stopped = Conversation { stops: vec!["wor".into()], ..base("hello world") }.answer();
        assert_eq!((stopped.text.as_str(), stopped.stop), ("echo: hello ", Stop::Sequence("wor".into())));
    }
}
