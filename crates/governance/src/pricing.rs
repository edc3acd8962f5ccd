//! What a call costs: prices per million tokens, found by provider and model, applied to disjoint token counts.
//! Whole numbers only, one rounding per line item. What is not known stays unknown; it never becomes zero.

mod book;
mod catalogue;
mod table;

use std::sync::Arc;

use domain::{PicoUsd, UnitPrice, Usage};

pub use book::PriceBook;
pub use catalogue::catalogue;

/// The prices of one model, or of all models that begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceEntry {
    /// What usage records name: `catalogue:openai/gpt-5`, `configured:house-llm/*`.
    pub id: Arc<str>,
    pub provider: Arc<str>,
    /// A model, or a prefix that ends in `*`.
    pub model: Arc<str>,
    pub rates: Rates,
    /// Other rates for the whole call where the prompt is long.
    pub long_context: Option<LongContext>,
    pub source: PriceSource,
}

/// Prices per million tokens of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub input: UnitPrice,
    /// Reasoning included: every vendor bills it as output.
    pub output: UnitPrice,
    /// Absent: the vendor gives no discount and bills cached tokens like others of the prompt.
    pub cache_read: Option<UnitPrice>,
    pub cache_write: Option<UnitPrice>,
    pub cache_write_1h: Option<UnitPrice>,
    pub audio_input: Option<UnitPrice>,
    pub audio_output: Option<UnitPrice>,
}

/// Rates that replace the ordinary ones where the whole prompt is longer than `above` tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongContext {
    pub above: u64,
    pub rates: Rates,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceSource {
    Configured,
    Catalogue,
}

impl PriceSource {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Catalogue => "catalogue",
        }
    }
}

impl PriceEntry {
    pub fn new(
        source: PriceSource,
        provider: impl Into<Arc<str>>,
        model: impl Into<Arc<str>>,
        rates: Rates,
    ) -> Self {
        let (provider, model) = (provider.into(), model.into());
        let id = format!("{}:{provider}/{model}", source.name()).into();
        Self { id, provider, model, rates, long_context: None, source }
    }

    /// The rates of a call with this much prompt: a long prompt changes the price of the whole call.
    pub fn rates(&self, usage: &Usage) -> &Rates {
        match &self.long_context {
            Some(long) if usage.input_total() > long.above => &long.rates,
            _ => &self.rates,
        }
    }
}

/// What `usage` costs at the prices of `entry`; `None` where tokens were used whose price is not known.
///
/// Tokens written to a prompt cache and audio tokens have a price of their own wherever a provider reports them
/// apart, so a missing one is unknown. Cached tokens are different: many servers report them and bill them in full.
pub fn cost(entry: &PriceEntry, usage: &Usage) -> Option<PicoUsd> {
    let rates = entry.rates(usage);
    let lines = [
        (usage.input, Some(rates.input)),
        (usage.cache_read, rates.cache_read.or(Some(rates.input))),
        (usage.cache_write, rates.cache_write),
        (usage.cache_write_1h, rates.cache_write_1h),
        (usage.audio_input, rates.audio_input),
        (usage.output, Some(rates.output)),
        (usage.reasoning, Some(rates.output)),
        (usage.audio_output, rates.audio_output),
    ];
    lines
        .into_iter()
        .filter(|(tokens, _)| *tokens > 0)
        .try_fold(PicoUsd::ZERO, |sum, (tokens, price)| sum.checked_add(price?.cost(tokens)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> UnitPrice {
        UnitPrice::parse(text).unwrap()
    }

    fn entry() -> PriceEntry {
        let rates = Rates {
            input: usd("3"),
            output: usd("15"),
            cache_read: Some(usd("0.3")),
            cache_write: Some(usd("3.75")),
            cache_write_1h: Some(usd("6")),
            ..Rates::default()
        };
        PriceEntry::new(PriceSource::Configured, "anthropic", "claude-sonnet-4-5", rates)
    }

    fn usage() -> Usage {
        Usage {
            input: 100,
            cache_read: 2_000,
            cache_write: 300,
            cache_write_1h: 40,
            output: 50,
            reasoning: 7,
            ..Usage::default()
        }
    }

    #[test]
    fn a_bill_is_the_sum_of_its_lines() {
        // 100 × 3 + 2,000 × 0.3 + 300 × 3.75 + 40 × 6 + 57 × 15 dollars per million.
        assert_eq!(cost(&entry(), &usage()).unwrap().to_string(), "0.00312");
        assert_eq!(cost(&entry(), &Usage::default()), Some(PicoUsd::ZERO));
    }

    #[test]
    fn a_missing_price_is_unknown_and_not_free() {
        let mut bare = entry();
        bare.rates = Rates { input: usd("3"), output: usd("15"), ..Rates::default() };
        for used in [
            Usage { cache_write: 1, ..Usage::default() },
            Usage { cache_write_1h: 1, ..Usage::default() },
            Usage { audio_input: 1, ..Usage::default() },
            Usage { audio_output: 1, ..Usage::default() },
        ] {
            assert_eq!(cost(&bare, &used), None, "{used:?}");
        }
        let cached = Usage { cache_read: 10, ..Usage::default() };
        let fresh = Usage { input: 10, ..Usage::default() };
        assert_eq!(cost(&bare, &cached), cost(&bare, &fresh));
    }

    #[test]
    fn a_long_prompt_changes_the_price_of_the_whole_call() {
        let mut entry = entry();
        let rates = Rates { input: usd("6"), output: usd("30"), ..Rates::default() };
        entry.long_context = Some(LongContext { above: 200_000, rates });
        let short = Usage { cache_read: 200_000, output: 1, ..Usage::default() };
        let long = Usage { cache_read: 200_000, input: 1, output: 1, ..Usage::default() };
        assert_eq!(cost(&entry, &short).unwrap().to_string(), "0.060015");
        // No cached price is given for long prompts, so cached tokens count in full.
        assert_eq!(cost(&entry, &long).unwrap().to_string(), "1.200036");
    }

    proptest! {
        /// With prices of whole pico-dollars per token there is nothing to round, so two halves of a bill make one.
        #[test]
        fn splitting_a_bill_changes_nothing(first in 0_u64..1 << 40, second in 0_u64..1 << 40) {
            let at = |tokens| cost(&entry(), &Usage { output: tokens, ..Usage::default() }).unwrap();
            prop_assert_eq!(at(first) + at(second), at(first + second));
        }

        #[test]
        fn a_bill_never_panics_and_is_never_negative(input in any::<u64>(), output in any::<u64>(), price in any::<u64>()) {
            let mut entry = entry();
            entry.rates.input = UnitPrice(i128::from(price));
            let cost = cost(&entry, &Usage { input, output, ..Usage::default() });
            prop_assert!(cost.is_some_and(|cost| cost >= PicoUsd::ZERO));
        }
    }
}
