//! The flags of `gatewright price`: amounts in US dollars per million tokens.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct PriceFields {
    /// Tokens of the prompt
    #[arg(long, value_name = "USD")]
    pub(crate) input: Option<String>,
    /// Generated tokens, reasoning included
    #[arg(long, value_name = "USD")]
    pub(crate) output: Option<String>,
    /// Tokens read from the provider's prompt cache
    #[arg(long, value_name = "USD")]
    pub(crate) cache_read: Option<String>,
    /// Tokens written to the prompt cache
    #[arg(long, value_name = "USD")]
    pub(crate) cache_write: Option<String>,
    /// Tokens written to the prompt cache for one hour
    #[arg(long = "cache-write-1h", value_name = "USD")]
    pub(crate) cache_write_1h: Option<String>,
    /// Tokens of audio in the prompt
    #[arg(long, value_name = "USD")]
    pub(crate) audio_input: Option<String>,
    /// Generated tokens of audio
    #[arg(long, value_name = "USD")]
    pub(crate) audio_output: Option<String>,
}
