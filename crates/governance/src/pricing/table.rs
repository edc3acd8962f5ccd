//! Current list prices. Facts taken from two catalogues and kept where both agree
//! (`docs/decisions/0001-prices-where-two-catalogues-agree.md` names the exceptions):
//!
//! - `litellm` 1.109.1 (PyPI), `model_prices_and_context_window_backup.json`, MIT licence
//! - `genai-prices` 0.2.3 (PyPI), `data.py`, MIT licence
//!
//! As of 2026-11-22. A model they disagree on is left out: its cost is unknown until somebody configures a price, which
//! is better than a wrong one. Prices of batches, priorities and regions are not here.

use super::catalogue::{Row, rates, row};

#[rustfmt::skip] // One line per model, so that a change of price is a change of one line.
pub(super) const ROWS: &[Row] = &[
    // openai
    row("openai", "gpt-6.1-sol", rates(2_000_000, 10_000_000).cached(100_000).written(2_500_000)).above(272_000, rates(4_000_000, 15_000_000).cached(200_000).written(5_000_000)),
    row("openai", "gpt-6.1-terra", rates(1_000_000, 5_000_000).cached(50_000).written(1_250_000)).above(272_000, rates(2_000_000, 7_500_000).cached(100_000).written(2_500_000)),
    row("openai", "gpt-6-astra", rates(10_000_000, 50_000_000).cached(1_000_000).written(12_500_000)).above(272_000, rates(20_000_000, 75_000_000).cached(2_000_000).written(25_000_000)),
    row("openai", "gpt-6-sol", rates(2_000_000, 10_000_000).cached(200_000).written(2_500_000)).above(272_000, rates(4_000_000, 15_000_000).cached(400_000).written(5_000_000)),
    row("openai", "gpt-6-luna", rates(100_000, 500_000).cached(10_000).written(125_000)).above(272_000, rates(200_000, 750_000).cached(20_000).written(250_000)),
    row("openai", "gpt-5.6", rates(4_000_000, 20_000_000).cached(400_000).written(5_000_000)).above(272_000, rates(8_000_000, 30_000_000).cached(800_000).written(10_000_000)),
    row("openai", "gpt-5.6-sol", rates(4_000_000, 20_000_000).cached(400_000).written(5_000_000)).above(272_000, rates(8_000_000, 30_000_000).cached(800_000).written(10_000_000)),
    row("openai", "gpt-5.6-terra", rates(2_000_000, 12_000_000).cached(200_000).written(2_500_000)).above(272_000, rates(4_000_000, 18_000_000).cached(400_000).written(5_000_000)),
    row("openai", "gpt-5.6-luna", rates(200_000, 1_200_000).cached(20_000).written(250_000)).above(272_000, rates(400_000, 1_800_000).cached(40_000).written(500_000)),
    row("openai", "gpt-5.5", rates(5_000_000, 30_000_000).cached(500_000)).above(272_000, rates(10_000_000, 45_000_000).cached(1_000_000)),
    row("openai", "gpt-5.5-pro", rates(30_000_000, 180_000_000)).above(272_000, rates(60_000_000, 270_000_000)),
    row("openai", "gpt-5.4", rates(2_500_000, 15_000_000).cached(250_000)).above(272_000, rates(5_000_000, 22_500_000).cached(500_000)),
    row("openai", "gpt-5.4-pro", rates(30_000_000, 180_000_000)).above(272_000, rates(60_000_000, 270_000_000)),
    row("openai", "gpt-5.4-mini", rates(750_000, 4_500_000).cached(75_000)),
    row("openai", "gpt-5.4-nano", rates(200_000, 1_250_000).cached(20_000)),
    row("openai", "gpt-5.3-codex", rates(1_750_000, 14_000_000).cached(175_000)),
    row("openai", "gpt-5.2", rates(1_750_000, 14_000_000).cached(175_000)),
    row("openai", "gpt-5.1", rates(1_250_000, 10_000_000).cached(125_000)),
    row("openai", "gpt-5", rates(1_250_000, 10_000_000).cached(125_000)),
    row("openai", "gpt-5-mini", rates(250_000, 2_000_000).cached(25_000)),
    row("openai", "gpt-5-nano", rates(50_000, 400_000).cached(5_000)),
    row("openai", "gpt-5-pro", rates(15_000_000, 120_000_000)),
    row("openai", "gpt-4.1", rates(2_000_000, 8_000_000).cached(500_000)),
    row("openai", "gpt-4.1-mini", rates(400_000, 1_600_000).cached(100_000)),
    row("openai", "gpt-4.1-nano", rates(100_000, 400_000).cached(25_000)),
    row("openai", "gpt-4o", rates(2_500_000, 10_000_000).cached(1_250_000)),
    row("openai", "gpt-4o-2024-05-13", rates(5_000_000, 15_000_000)),
    row("openai", "gpt-4o-mini", rates(150_000, 600_000).cached(75_000)),
    row("openai", "gpt-audio", rates(2_500_000, 10_000_000).heard(32_000_000).spoken(64_000_000)),
    row("openai", "gpt-audio-mini", rates(600_000, 2_400_000).heard(10_000_000).spoken(20_000_000)),
    row("openai", "o1", rates(15_000_000, 60_000_000).cached(7_500_000)),
    row("openai", "o3", rates(2_000_000, 8_000_000).cached(500_000)),
    row("openai", "o3-mini", rates(1_100_000, 4_400_000).cached(550_000)),
    row("openai", "o3-pro", rates(20_000_000, 80_000_000)),
    row("openai", "o4-mini", rates(1_100_000, 4_400_000).cached(275_000)),
    row("openai", "text-embedding-3-large", rates(130_000, 0)),
    row("openai", "text-embedding-3-small", rates(20_000, 0)),
    row("openai", "text-embedding-ada-002", rates(100_000, 0)),
    // anthropic
    row("anthropic", "claude-fable-5-1", rates(10_000_000, 50_000_000).cached(250_000).written(12_500_000).written_1h(20_000_000)),
    row("anthropic", "claude-fable-5", rates(10_000_000, 50_000_000).cached(1_000_000).written(12_500_000).written_1h(20_000_000)),
    row("anthropic", "claude-opus-5-5", rates(4_000_000, 20_000_000).cached(200_000).written(5_000_000).written_1h(8_000_000)),
    row("anthropic", "claude-opus-5", rates(5_000_000, 25_000_000).cached(500_000).written(6_250_000).written_1h(10_000_000)),
    row("anthropic", "claude-opus-4-8", rates(5_000_000, 25_000_000).cached(500_000).written(6_250_000).written_1h(10_000_000)),
    row("anthropic", "claude-opus-4-7", rates(5_000_000, 25_000_000).cached(500_000).written(6_250_000).written_1h(10_000_000)),
    row("anthropic", "claude-opus-4-6", rates(5_000_000, 25_000_000).cached(500_000).written(6_250_000).written_1h(10_000_000)),
    row("anthropic", "claude-opus-4-5", rates(5_000_000, 25_000_000).cached(500_000).written(6_250_000).written_1h(10_000_000)),
    row("anthropic", "claude-sonnet-5-5", rates(2_000_000, 10_000_000).cached(100_000).written(2_500_000).written_1h(4_000_000)),
    row("anthropic", "claude-sonnet-5", rates(2_000_000, 10_000_000).cached(200_000).written(2_500_000).written_1h(4_000_000)),
    row("anthropic", "claude-sonnet-4-6", rates(3_000_000, 15_000_000).cached(300_000).written(3_750_000).written_1h(6_000_000)),
    row("anthropic", "claude-sonnet-4-5", rates(3_000_000, 15_000_000).cached(300_000).written(3_750_000).written_1h(6_000_000)).above(200_000, rates(6_000_000, 22_500_000).cached(600_000).written(7_500_000).written_1h(12_000_000)),
    row("anthropic", "claude-haiku-5-5", rates(100_000, 500_000).cached(10_000).written(125_000).written_1h(200_000)).above(100_000, rates(500_000, 2_500_000).cached(50_000).written(625_000).written_1h(1_000_000)),
    row("anthropic", "claude-haiku-4-5", rates(1_000_000, 5_000_000).cached(100_000).written(1_250_000).written_1h(2_000_000)),
    // gemini
    row("gemini", "gemini-4-argon", rates(2_000_000, 10_000_000).cached(100_000)),
    row("gemini", "gemini-3.8-flash", rates(750_000, 3_750_000).cached(75_000)),
    row("gemini", "gemini-3.7-flash", rates(750_000, 3_750_000).cached(75_000)),
    row("gemini", "gemini-3.6-flash", rates(750_000, 3_750_000).cached(75_000)),
    row("gemini", "gemini-3.5-flash", rates(1_500_000, 9_000_000).cached(150_000).heard(1_500_000)),
    row("gemini", "gemini-3.5-flash-lite", rates(300_000, 2_500_000).cached(30_000)),
    row("gemini", "gemini-3.1-pro-preview", rates(2_000_000, 12_000_000).cached(200_000)).above(200_000, rates(4_000_000, 18_000_000).cached(400_000)),
    row("gemini", "gemini-3.1-flash-lite", rates(250_000, 1_500_000).cached(25_000).heard(500_000)),
    row("gemini", "gemini-3-flash-preview", rates(500_000, 3_000_000).cached(50_000).heard(1_000_000)),
    row("gemini", "gemini-2.5-pro", rates(1_250_000, 10_000_000).cached(125_000)).above(200_000, rates(2_500_000, 15_000_000).cached(250_000)),
    row("gemini", "gemini-2.5-flash", rates(300_000, 2_500_000).cached(30_000).heard(1_000_000)),
    row("gemini", "gemini-2.5-flash-lite", rates(100_000, 400_000).cached(10_000).heard(300_000)),
    row("gemini", "gemini-embedding-001", rates(150_000, 0)),
    // mistral
    row("mistral", "mistral-large-2512", rates(500_000, 1_500_000).cached(50_000)),
    row("mistral", "mistral-medium-latest", rates(1_500_000, 7_500_000).cached(150_000)),
    row("mistral", "mistral-medium-2604", rates(1_500_000, 7_500_000).cached(150_000)),
    row("mistral", "mistral-small-latest", rates(150_000, 600_000).cached(15_000)),
    row("mistral", "mistral-small-2603", rates(150_000, 600_000).cached(15_000)),
    row("mistral", "ministral-8b-latest", rates(150_000, 150_000).cached(15_000)),
    row("mistral", "mistral-embed", rates(100_000, 0)),
    // deepseek: the price of peak hours; other hours cost half, which an entry cannot say yet, so costs are at most this
    row("deepseek", "deepseek-v4-pro", rates(1_320_000, 3_960_000).cached(44_000)),
    row("deepseek", "deepseek-v4-flash", rates(300_000, 1_200_000).cached(6_000)),
    row("deepseek", "deepseek-flash", rates(300_000, 1_200_000).cached(6_000)),
    // xai: a long prompt begins at 200,000 tokens, elsewhere it begins above
    row("xai", "grok-4.7", rates(2_000_000, 6_000_000).cached(500_000)).above(199_999, rates(4_000_000, 12_000_000).cached(1_000_000)),
    row("xai", "grok-4.6", rates(2_000_000, 6_000_000).cached(500_000)).above(199_999, rates(4_000_000, 12_000_000).cached(1_000_000)),
    row("xai", "grok-4.5", rates(2_000_000, 6_000_000).cached(300_000)).above(199_999, rates(4_000_000, 12_000_000).cached(600_000)),
    row("xai", "grok-4.3", rates(1_250_000, 2_500_000).cached(200_000)).above(199_999, rates(2_500_000, 5_000_000).cached(400_000)),
    row("xai", "grok-4.20", rates(1_250_000, 2_500_000).cached(200_000)).above(199_999, rates(2_500_000, 5_000_000).cached(400_000)),
    // groq
    row("groq", "openai/gpt-oss-120b", rates(150_000, 600_000).cached(75_000)),
    row("groq", "openai/gpt-oss-20b", rates(75_000, 300_000).cached(37_500)),
    row("groq", "qwen/qwen3.8-27b", rates(800_000, 4_000_000)),
    // the built-in provider of `demo`: free, and saying so
    row("simulator", "*", rates(0, 0).cached(0).written(0).written_1h(0).heard(0).spoken(0)),
];
