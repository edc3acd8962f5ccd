//! What a call consumed, in buckets that never overlap.

use serde::{Deserialize, Serialize};

/// Token counts of one attempt. The buckets are disjoint whatever the provider's own counting rules are, so that
/// a cost is a plain sum: OpenAI's `prompt_tokens` includes cached tokens and Anthropic's `input_tokens` does not;
/// here `input` never does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to the provider's prompt cache, audio excluded.
    pub input: u64,
    /// Prompt tokens read from the provider's prompt cache.
    pub cache_read: u64,
    /// Prompt tokens written to the prompt cache with the default (five minutes) time to live.
    pub cache_write: u64,
    /// Prompt tokens written to the prompt cache with a time to live of one hour.
    pub cache_write_1h: u64,
    /// Prompt tokens of audio.
    pub audio_input: u64,
    /// Generated tokens that are neither reasoning nor audio.
    pub output: u64,
    /// Generated reasoning ("thinking") tokens.
    pub reasoning: u64,
    /// Generated tokens of audio.
    pub audio_output: u64,
}

impl Usage {
    /// All tokens of the prompt, however they were billed.
    pub const fn input_total(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_1h)
            .saturating_add(self.audio_input)
    }

    /// All generated tokens, reasoning included.
    pub const fn output_total(&self) -> u64 {
        self.output.saturating_add(self.reasoning).saturating_add(self.audio_output)
    }

    pub const fn total(&self) -> u64 {
        self.input_total().saturating_add(self.output_total())
    }

    /// The larger of both in every bucket: streamed usage is cumulative, so a later report replaces an earlier one
    /// and a report that leaves a bucket out takes nothing away. Never a sum.
    pub fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cache_read: self.cache_read.max(other.cache_read),
            cache_write: self.cache_write.max(other.cache_write),
            cache_write_1h: self.cache_write_1h.max(other.cache_write_1h),
            audio_input: self.audio_input.max(other.audio_input),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
            audio_output: self.audio_output.max(other.audio_output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_count_every_bucket_once() {
        let usage = Usage {
            input: 1,
            cache_read: 10,
            cache_write: 100,
            cache_write_1h: 1_000,
            audio_input: 10_000,
            output: 2,
            reasoning: 20,
            audio_output: 200,
        };
        assert_eq!((usage.input_total(), usage.output_total(), usage.total()), (11_111, 222, 11_333));
    }

    #[test]
    fn a_later_report_never_takes_away_and_never_adds_up() {
        let first = Usage { input: 9, output: 1, ..Usage::default() };
        let last = Usage { output: 5, ..Usage::default() };
        assert_eq!(first.max(last), Usage { input: 9, output: 5, ..Usage::default() });
    }
}
