//! The `usage` object of openai-chat and embeddings. `prompt_tokens` includes cached, cache-written and audio tokens,
//! `completion_tokens` includes reasoning and audio.
//! <https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage>

use domain::Usage;
use serde_json::{Value, json};

use crate::usage::{Report, absorb, take};

/// A report in OpenAI's own terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    audio_prompt: Option<u64>,
    reasoning: Option<u64>,
    audio_completion: Option<u64>,
}

impl Report for Counts {
    fn slot(&mut self, group: &str, name: &str) -> Option<&mut Option<u64>> {
        match (group, name) {
            ("", "prompt_tokens") => Some(&mut self.prompt),
            ("", "completion_tokens") => Some(&mut self.completion),
            ("", "total_tokens") => Some(&mut self.total),
            // The second is DeepSeek's name for the same.
            ("prompt_tokens_details", "cached_tokens") | ("", "prompt_cache_hit_tokens") => {
                Some(&mut self.cached)
            }
            ("prompt_tokens_details", "cache_write_tokens") => Some(&mut self.cache_write),
            ("prompt_tokens_details", "audio_tokens") => Some(&mut self.audio_prompt),
            ("completion_tokens_details", "reasoning_tokens") => Some(&mut self.reasoning),
            ("completion_tokens_details", "audio_tokens") => Some(&mut self.audio_completion),
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
        let completion = self.completion.unwrap_or(0);
        // Some embedding servers report the total alone.
        let mut prompt =
            self.prompt.unwrap_or_else(|| self.total.map_or(0, |total| total.saturating_sub(completion)));
        let reasoning = self.reasoning.unwrap_or(0);
        // xAI and Gemini's OpenAI endpoint count reasoning beside the completion, which their total gives away.
        let beside = reasoning > 0 && self.total == Some(prompt + completion + reasoning);
        let mut generated = if beside { completion + reasoning } else { completion };
        Usage {
            cache_read: take(&mut prompt, self.cached),
            cache_write: take(&mut prompt, self.cache_write),
            cache_write_1h: 0,
            audio_input: take(&mut prompt, self.audio_prompt),
            input: prompt,
            reasoning: take(&mut generated, self.reasoning),
            audio_output: take(&mut generated, self.audio_completion),
            output: generated,
        }
    }
}

pub(crate) fn read_usage(report: &Value) -> Usage {
    let mut counts = Counts::default();
    counts.absorb(report);
    counts.usage()
}

/// The object as OpenAI's clients expect it. The one-hour cache bucket is added to the cache-written tokens.
pub(crate) fn write_usage(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input_total(),
        "completion_tokens": usage.output_total(),
        "total_tokens": usage.total(),
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write.saturating_add(usage.cache_write_1h),
            "audio_tokens": usage.audio_input,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.audio_output,
        },
    })
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
            r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
                "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":5},
                "completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":4}}"#,
            Usage {
                input: 25,
                cache_read: 60,
                cache_write: 10,
                audio_input: 5,
                output: 16,
                reasoning: 30,
                audio_output: 4,
                ..Usage::default()
            },
        );
    }

    #[test]
    fn parts_larger_than_their_whole_are_cut_to_it() {
        check(
            r#"{"prompt_tokens":10,"completion_tokens":5,
                "prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":30}}"#,
            Usage { cache_read: 10, reasoning: 5, ..Usage::default() },
        );
    }

    #[test]
    fn reasoning_beside_the_completion_is_told_by_the_total() {
        check(
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,
                "completion_tokens_details":{"reasoning_tokens":30}}"#,
            Usage { input: 10, output: 5, reasoning: 30, ..Usage::default() },
        );
    }

    #[test]
    fn null_details_are_no_details() {
        check(
            r#"{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":null,"completion_tokens_details":[]}"#,
            Usage { input: 3, output: 2, ..Usage::default() },
        );
    }

    #[test]
    fn a_token_that_a_later_report_files_elsewhere_is_counted_once() {
        let mut counts = Counts::default();
        counts.absorb(&json!({"prompt_tokens": 9, "completion_tokens": 49}));
        counts
            .absorb(&json!({"completion_tokens": 50, "completion_tokens_details": {"reasoning_tokens": 30}}));
        assert_eq!(counts.usage(), Usage { input: 9, output: 20, reasoning: 30, ..Usage::default() });
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            (input, cache_read, cache_write) in (0_u64..1000, 0_u64..1000, 0_u64..1000),
            (audio_input, output, reasoning, audio_output) in (0_u64..1000, 0_u64..1000, 0_u64..1000, 0_u64..1000),
        ) {
            let usage = Usage {
                input, cache_read, cache_write, cache_write_1h: 0, audio_input, output, reasoning, audio_output,
            };
            prop_assert_eq!(read_usage(&write_usage(&usage)), usage);
        }
    }
}
