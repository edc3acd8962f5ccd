//! What a provider says a call consumed, read into [`Usage`] whatever its counting rules are.
//!
//! Providers repeat themselves: streamed reports are cumulative, and a later one may leave fields out. Reports are
//! therefore merged field by field in the provider's own terms, and only the merged report is cut into disjoint
//! buckets; merging the buckets instead would count a token twice when a later report files it elsewhere.

use domain::{Api, Dialect, Usage};
use memchr::memmem;
use serde_json::Value;

use crate::json::{self, Kind, NotJson, Scanner};
use crate::{anthropic, openai_chat};

/// The usage that a whole reply reports, if it reports any. Looked for at its end first, where every server puts it: the
/// text before need not be read for it.
pub fn reply_usage(dialect: Dialect, api: Api, body: &[u8]) -> Option<Usage> {
    const END: usize = 4 * 1024;
    if !reports_usage(dialect, api) {
        return None;
    }
    trailing_usage(dialect, api, &body[body.len().saturating_sub(END)..]).or_else(|| {
        let mut counts = UsageCounts::new(dialect);
        counts.absorb(body, &["usage"]);
        counts.usage()
    })
}

/// The usage that a whole reply reports, told from its last bytes alone. Found where usage is among the last members of
/// the reply.
pub fn trailing_usage(dialect: Dialect, api: Api, tail: &[u8]) -> Option<Usage> {
    if !reports_usage(dialect, api) {
        return None;
    }
    memmem::rfind_iter(tail, b"\"usage\"").find_map(|at| {
        let mut scanner = Scanner::starting_at(tail, at);
        scanner.key().ok()?;
        let report = scanner.skip().ok()?;
        // Only members of the reply itself are followed by nothing but other members and the brace that closes it.
        scanner.rest_of_object(|_, _| Ok(())).ok()?;
        scanner.end().ok()?;
        let mut counts = UsageCounts::new(dialect);
        counts.absorb_at(tail, report.start);
        counts.usage()
    })
}

const fn reports_usage(dialect: Dialect, api: Api) -> bool {
    match (dialect, api) {
        (Dialect::OpenaiChat, Api::Chat | Api::Embeddings) | (Dialect::AnthropicMessages, Api::Chat) => true,
        // A count of tokens is an answer, and not what the call consumed.
        (Dialect::AnthropicMessages, Api::Embeddings) | (_, Api::CountTokens) => false,
    }
}

/// The merged reports of one reply.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UsageCounts {
    OpenaiChat(Option<openai_chat::usage::Counts>),
    AnthropicMessages(Option<anthropic::usage::Counts>),
}

impl UsageCounts {
    pub(crate) const fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenaiChat => Self::OpenaiChat(None),
            Dialect::AnthropicMessages => Self::AnthropicMessages(None),
        }
    }

    /// Merges the usage object at `path` of a JSON document, where there is one.
    pub(crate) fn absorb(&mut self, document: &[u8], path: &[&str]) {
        if let Some(range) = json::find(document, path) {
            self.absorb_at(document, range.start);
        }
    }

    /// Merges the report that begins at `at`, if it is an object.
    fn absorb_at(&mut self, document: &[u8], at: usize) {
        if document.get(at) != Some(&b'{') {
            return;
        }
        let mut scanner = Scanner::starting_at(document, at);
        // A defect ends the report, and what it said before is still true.
        let _ = match self {
            Self::OpenaiChat(counts) => scan_report(counts.get_or_insert_default(), document, &mut scanner),
            Self::AnthropicMessages(counts) => {
                scan_report(counts.get_or_insert_default(), document, &mut scanner)
            }
        };
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        match self {
            Self::OpenaiChat(counts) => counts.map(openai_chat::usage::Counts::usage),
            Self::AnthropicMessages(counts) => counts.map(anthropic::usage::Counts::usage),
        }
    }
}

/// A report in a dialect's own terms.
pub(crate) trait Report {
    /// Where the count `name` is kept, a member of the object `group` or, where that is empty, of the report itself.
    fn slot(&mut self, group: &str, name: &str) -> Option<&mut Option<u64>>;
}

/// Merges a report: they are cumulative, so the larger count is the newer one.
pub(crate) fn absorb(counts: &mut impl Report, report: &Value) {
    let Some(members) = report.as_object() else { return };
    for (name, value) in members {
        match value {
            Value::Number(number) => keep_larger(counts.slot("", name), &number.to_string()),
            Value::Object(details) => {
                for (detail, value) in details {
                    if let Value::Number(number) = value {
                        keep_larger(counts.slot(name, detail), &number.to_string());
                    }
                }
            }
            _ => {}
        }
    }
}

/// The same without a tree: a reply that passes through is read for its usage on every call.
fn scan_report(counts: &mut impl Report, document: &[u8], scanner: &mut Scanner<'_>) -> Result<(), NotJson> {
    let text = |range| std::str::from_utf8(document.get(range).unwrap_or_default()).unwrap_or_default();
    scanner.object(|scanner, key| {
        let name = text(key.inner());
        match scanner.kind()? {
            Kind::Number => keep_larger(counts.slot("", name), text(scanner.skip()?)),
            Kind::Object => scanner.object(|scanner, key| {
                if scanner.kind()? == Kind::Number {
                    keep_larger(counts.slot(name, text(key.inner())), text(scanner.skip()?));
                }
                Ok::<_, NotJson>(())
            })?,
            _ => {}
        }
        Ok(())
    })
}

fn keep_larger(slot: Option<&mut Option<u64>>, number: &str) {
    if let Some(known) = slot {
        *known = (*known).max(read_count(number));
    }
}

/// A token count as a provider may write it: negative ones are nothing, fractions count in full, and no call has
/// more than [`MAX_TOKENS`].
fn read_count(number: &str) -> Option<u64> {
    if let Ok(count) = number.parse::<u64>() {
        return Some(count.min(MAX_TOKENS));
    }
    let count = number.parse::<f64>().ok()?.ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float saturates"
    )]
    Some((count as u64).min(MAX_TOKENS))
}

/// Takes up to `wanted` tokens out of `rest`: a part never exceeds its whole.
pub(crate) fn take(rest: &mut u64, wanted: Option<u64>) -> u64 {
    let taken = wanted.unwrap_or(0).min(*rest);
    *rest -= taken;
    taken
}

/// More than any call can have; keeps a hostile number from becoming a bill.
pub(crate) const MAX_TOKENS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usage_of_the_reply_itself_counts() {
        let body = br#"{"content":[{"type":"tool_use","input":{"usage":{"input_tokens":9}}}],
            "note":"\"usage\":{}", "usage" : {"input_tokens": 3, "output_tokens": 4}}"#;
        let usage = reply_usage(Dialect::AnthropicMessages, Api::Chat, body).unwrap();
        assert_eq!(usage, Usage { input: 3, output: 4, ..Usage::default() });
    }

    #[test]
    fn a_report_reads_the_same_with_and_without_a_tree() {
        for report in [
            r#"{"prompt_tokens":5,"completion_tokens":1e1,"prompt_tokens_details":{"cached_tokens":2,"x":[1]},"y":null}"#,
            r#"{"prompt_tokens":-3,"completion_tokens":2.5,"completion_tokens_details":{"reasoning_tokens":"1"}}"#,
            r#"{"prompt_tokens":{"prompt_tokens":3},"total_tokens":99999999999999999999,"cached_tokens":4}"#,
        ] {
            let body = format!("{{\"usage\":{report}}}");
            let scanned = reply_usage(Dialect::OpenaiChat, Api::Chat, body.as_bytes());
            let tree = openai_chat::usage::read_usage(&serde_json::from_str(report).unwrap());
            assert_eq!(scanned, Some(tree), "{report}");
        }
    }

    #[test]
    fn embeddings_report_their_prompt() {
        let body = br#"{"object":"list","data":[{"embedding":[0.1,-2e-3]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
        let usage = reply_usage(Dialect::OpenaiChat, Api::Embeddings, body).unwrap();
        assert_eq!(usage, Usage { input: 8, ..Usage::default() });
    }

    #[test]
    fn no_report_is_not_a_report_of_nothing() {
        for body in ["{}", "{\"usage\":null}", "[]", "", "{\"usage\":7}", "<html>", "{\"usage\":{\"prompt"] {
            assert_eq!(reply_usage(Dialect::OpenaiChat, Api::Chat, body.as_bytes()), None, "{body}");
        }
        let nothing = reply_usage(Dialect::OpenaiChat, Api::Chat, br#"{"usage":{}}"#);
        assert_eq!(nothing, Some(Usage::default()));
    }

    #[test]
    fn the_end_of_a_reply_is_enough() {
        let reply = br#"{"data":[{"usage":{"prompt_tokens":1}},{"b64":"AA\"usage\":{}"}],
            "usage":{"prompt_tokens":8,"x":{"usage":{"prompt_tokens":5}}}, "model":"m" } "#;
        let usage = |tail: &[u8]| trailing_usage(Dialect::OpenaiChat, Api::Embeddings, tail);
        let expected = Some(Usage { input: 8, ..Usage::default() });
        let from = memmem::rfind(reply, b"\"usage\":{\"prompt_tokens\":8").unwrap();
        for start in 0..=from {
            assert_eq!(usage(&reply[start..]), expected, "from {start}");
        }
        assert_eq!(usage(&reply[from + 1..]), None);
        assert_eq!(usage(&reply[..reply.len() - 3]), None);
    }

    #[test]
    fn usage_is_found_wherever_it_stands() {
        let text = "x".repeat(10_000);
        for reply in [
            format!(r#"{{"usage":{{"prompt_tokens":8}},"text":"{text}"}}"#),
            format!(r#"{{"text":"{text}","usage":{{"prompt_tokens":8}}}}"#),
            format!(r#"{{"text":"{text}","usage":{{"prompt_tokens":8,"{text}":1}}}}"#),
            format!(
                r#"{{"text":"\"usage\":{{\"prompt_tokens\":5}}}}{text}","usage":{{"prompt_tokens":8}},"z":{{}}}}"#
            ),
            format!(
                r#"{{"usage":{{"prompt_tokens":8}},"text":"{text}","z":{{"usage":{{"prompt_tokens":5}}}}}}"#
            ),
        ] {
            let usage = reply_usage(Dialect::OpenaiChat, Api::Chat, reply.as_bytes());
            assert_eq!(usage, Some(Usage { input: 8, ..Usage::default() }), "{}", &reply[..40]);
        }
    }

    #[test]
    fn absurd_numbers_are_clamped() {
        for (number, expected) in [
            ("-5", 0),
            ("-0.5", 0),
            ("1.2", 2),
            ("1e99", MAX_TOKENS),
            ("18446744073709551615", MAX_TOKENS),
            ("99999999999999999999999", MAX_TOKENS),
            ("\"7\"", 0),
            ("null", 0),
        ] {
            let body = format!("{{\"usage\":{{\"prompt_tokens\":{number}}}}}");
            let usage = reply_usage(Dialect::OpenaiChat, Api::Chat, body.as_bytes()).unwrap();
            assert_eq!(usage, Usage { input: expected, ..Usage::default() }, "{number}");
        }
    }
}
