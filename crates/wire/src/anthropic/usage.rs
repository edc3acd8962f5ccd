//! The `usage` object of anthropic-messages. `input_tokens` excludes what was read from or written to the cache,
//! `output_tokens` includes thinking. <https://docs.anthropic.com/en/api/messages>

use domain::Usage;
use serde_json::{Value, json};

use crate::usage::{Report, absorb, take};

/// A report in Anthropic's own terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_creation: Option<u64>,
    cache_creation_5m: Option<u64>,
    cache_creation_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl Report for Counts {
    fn slot(&mut self, group: &str, name: &str) -> Option<&mut Option<u64>> {
        match (group, name) {
            ("", "input_tokens") => Some(&mut self.input),
            ("", "cache_read_input_tokens") => Some(&mut self.cache_read),
            ("", "cache_creation_input_tokens") => Some(&mut self.cache_creation),
            ("cache_creation", "ephemeral_5m_input_tokens") => Some(&mut self.cache_creation_5m),
            ("cache_creation", "ephemeral_1h_input_tokens") => Some(&mut self.cache_creation_1h),
            ("", "output_tokens") => Some(&mut self.output),
            ("output_tokens_details", "thinking_tokens") => Some(&mut self.thinking),
            _ => None,
        }
    }
}

impl Counts {
    /// Merges a report.
    pub(crate) fn absorb(&mut self, report: &Value) {
        absorb(self, report);
    }

    pub(crate) fn usage(self) -> Usage {
        // The sum and its parts should agree; where they do not, the larger is believed, since it was the dearer one.
        let parts = self.cache_creation_5m.unwrap_or(0) + self.cache_creation_1h.unwrap_or(0);
        let mut written = self.cache_creation.unwrap_or(0).max(parts);
        let mut generated = self.output.unwrap_or(0);
        Usage {
            input: self.input.unwrap_or(0),
            cache_read: self.cache_read.unwrap_or(0),
            cache_write_1h: take(&mut written, self.cache_creation_1h),
            cache_write: written,
            audio_input: 0,
            reasoning: take(&mut generated, self.thinking),
            output: generated,
            audio_output: 0,
        }
    }
}

pub(crate) fn read_usage(report: &Value) -> Usage {
    let mut counts = Counts::default();
    counts.absorb(report);
    counts.usage()
}

/// The object as Anthropic's clients expect it. Audio has no name there and is added to the plain buckets.
pub(crate) fn write_usage(usage: &Usage) -> Value {
    let mut report = json!({
        "input_tokens": usage.input.saturating_add(usage.audio_input),
        "cache_creation_input_tokens": usage.cache_write.saturating_add(usage.cache_write_1h),
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output_total(),
    });
    if usage.reasoning > 0 {
        report["output_tokens_details"] = json!({ "thinking_tokens": usage.reasoning });
    }
    report
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(report: &str, expected: Usage) {
        assert_eq!(read_usage(&serde_json::from_str(report).unwrap()), expected, "{report}");
    }

    #[test]
    fn buckets_are_disjoint() {
        check(
            r#"{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":30,
                "cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},
                "output_tokens":50,"output_tokens_details":{"thinking_tokens":40},"service_tier":"standard"}"#,
            Usage {
                input: 10,
                cache_read: 100,
                cache_write: 20,
                cache_write_1h: 10,
                output: 10,
                reasoning: 40,
                ..Usage::default()
            },
        );
    }

    #[test]
    fn cache_writes_without_their_parts_are_the_default_kind() {
        check(
            r#"{"input_tokens":1,"cache_creation_input_tokens":30,"cache_creation":null}"#,
            Usage { input: 1, cache_write: 30, ..Usage::default() },
        );
    }

    #[test]
    fn inconsistent_numbers_never_underflow() {
        check(
            r#"{"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":10},
                "output_tokens":3,"output_tokens_details":{"thinking_tokens":40}}"#,
            Usage { cache_write_1h: 10, reasoning: 3, ..Usage::default() },
        );
    }

    #[test]
    fn a_later_report_replaces_what_it_names_only() {
        let mut counts = Counts::default();
        counts.absorb(&json!({"input_tokens": 7, "cache_read_input_tokens": 90, "output_tokens": 1}));
        counts.absorb(&json!({"output_tokens": 30}));
        counts.absorb(&json!({"output_tokens": 60, "output_tokens_details": {"thinking_tokens": 40}}));
        assert_eq!(
            counts.usage(),
            Usage { input: 7, cache_read: 90, output: 20, reasoning: 40, ..Usage::default() }
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            (input, cache_read, cache_write) in (0_u64..1000, 0_u64..1000, 0_u64..1000),
            (cache_write_1h, output, reasoning) in (0_u64..1000, 0_u64..1000, 0_u64..1000),
        ) {
            let usage =
                Usage { input, cache_read, cache_write, cache_write_1h, output, reasoning, ..Usage::default() };
            prop_assert_eq!(read_usage(&write_usage(&usage)), usage);
        }
    }
}
