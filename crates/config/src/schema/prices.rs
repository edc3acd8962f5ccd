//! `prices:`

use super::Located;
use super::value::{Amount, Name, Text, Whole};

section! {
    /// What one model costs, in US dollars per million tokens.
    Price is "a price", later [];
    /// A provider of the built-in catalogue or of `providers`.
    required provider: Located<Name>;
    /// The provider's own name of the model; a `*` at the end stands for any rest.
    required model: Located<Text>;
    /// Tokens of the prompt.
    required input: Amount;
    /// Generated tokens, reasoning included.
    required output: Amount;
    /// Tokens read from the provider's prompt cache; unless written, they cost what others of the prompt do.
    optional cache_read: Amount;
    /// Tokens written to the prompt cache.
    optional cache_write: Amount;
    /// Tokens written to the prompt cache for one hour.
    optional cache_write_1h: Amount;
    /// Tokens of audio in the prompt.
    optional audio_input: Amount;
    /// Generated tokens of audio.
    optional audio_output: Amount;
    /// Other prices for the whole call where the prompt is long.
    optional long_context: LongContext;
}

section! {
    /// Prices of calls with a long prompt.
    LongContext is "`long_context`", later [];
    /// They hold for prompts of more tokens than this.
    required above: Whole<1, 100_000_000>;
    /// Tokens of the prompt.
    required input: Amount;
    /// Generated tokens, reasoning included.
    required output: Amount;
    /// Tokens read from the provider's prompt cache.
    optional cache_read: Amount;
    /// Tokens written to the prompt cache.
    optional cache_write: Amount;
    /// Tokens written to the prompt cache for one hour.
    optional cache_write_1h: Amount;
    /// Tokens of audio in the prompt.
    optional audio_input: Amount;
    /// Generated tokens of audio.
    optional audio_output: Amount;
}
