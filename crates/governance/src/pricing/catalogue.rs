//! The built-in catalogue as price entries. Its facts are in `table`.

use domain::UnitPrice;

use super::table::ROWS;
use super::{LongContext, PriceEntry, PriceSource, Rates};

/// The built-in prices, and those of the simulator, whose calls cost a named nothing.
pub fn catalogue() -> impl Iterator<Item = PriceEntry> {
    ROWS.iter().map(Row::entry)
}

/// One line of the table.
pub(super) struct Row {
    provider: &'static str,
    model: &'static str,
    rates: Rates,
    long_context: Option<LongContext>,
}

pub(super) const fn row(provider: &'static str, model: &'static str, rates: Rates) -> Row {
    Row { provider, model, rates, long_context: None }
}

/// Prices in pico-dollars per token: `1_250_000` is $1.25 per million tokens.
pub(super) const fn rates(input: u64, output: u64) -> Rates {
    Rates {
        input: per_token(input),
        output: per_token(output),
        cache_read: None,
        cache_write: None,
        cache_write_1h: None,
        audio_input: None,
        audio_output: None,
    }
}

const fn per_token(pico_usd: u64) -> UnitPrice {
    UnitPrice(pico_usd as i128 * 1_000_000)
}

impl Rates {
    pub(super) const fn cached(mut self, read: u64) -> Self {
        self.cache_read = Some(per_token(read));
        self
    }

    pub(super) const fn written(mut self, five_minutes: u64) -> Self {
        self.cache_write = Some(per_token(five_minutes));
        self
    }

    pub(super) const fn written_1h(mut self, one_hour: u64) -> Self {
        self.cache_write_1h = Some(per_token(one_hour));
        self
    }

    pub(super) const fn heard(mut self, audio_input: u64) -> Self {
        self.audio_input = Some(per_token(audio_input));
        self
    }

    pub(super) const fn spoken(mut self, audio_output: u64) -> Self {
        self.audio_output = Some(per_token(audio_output));
        self
    }
}

impl Row {
    pub(super) const fn above(mut self, tokens: u64, rates: Rates) -> Self {
        self.long_context = Some(LongContext { above: tokens, rates });
        self
    }

    fn entry(&self) -> PriceEntry {
        let entry = PriceEntry::new(PriceSource::Catalogue, self.provider, self.model, self.rates);
        PriceEntry { long_context: self.long_context, ..entry }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::{PicoUsd, Usage};

    use super::super::{PriceBook, cost};
    use super::*;

    #[test]
    fn every_model_stands_once_with_a_price_in_the_range_of_its_kind() {
        let mut seen = HashSet::new();
        for entry in catalogue() {
            assert!(seen.insert(entry.id.clone()), "{} twice", entry.id);
            if &*entry.provider == "simulator" {
                continue;
            }
            let low = UnitPrice::parse("0.01").unwrap();
            let high = UnitPrice::parse("200").unwrap();
            assert!((low..=high).contains(&entry.rates.input), "{}", entry.id);
            assert!(
                entry.rates.output == UnitPrice(0) || entry.rates.output >= entry.rates.input,
                "{}",
                entry.id
            );
            assert!(entry.rates.cache_read.is_none_or(|read| read < entry.rates.input), "{}", entry.id);
            assert!(entry.rates.cache_write.is_none_or(|write| write > entry.rates.input), "{}", entry.id);
            let long = entry.long_context.map(|long| long.rates);
            assert!(long.is_none_or(|long| long.input > entry.rates.input), "{}", entry.id);
        }
        assert!(seen.len() > 50, "only {} models", seen.len());
    }

    #[test]
    fn well_known_bills_come_out_right() {
        let book = PriceBook::new(catalogue());
        let usage =
            Usage { input: 1_000, cache_read: 1_000, output: 900, reasoning: 100, ..Usage::default() };
        let table = [
            // $1.25, $0.125 and $10 per million tokens
            ("openai", "gpt-5-2025-08-07", "0.011375"),
            // $3, $0.30 and $15
            ("anthropic", "claude-sonnet-4-5-20250929", "0.0183"),
            // $0.30, $0.03 and $2.50
            ("gemini", "gemini-2.5-flash", "0.00283"),
        ];
        for (provider, model, expected) in table {
            let entry = book.price(provider, model).unwrap();
            assert_eq!(cost(entry, &usage).unwrap().to_string(), expected, "{provider}/{model}");
        }
    }

    #[test]
    fn the_simulator_costs_a_named_nothing() {
        let book = PriceBook::new(catalogue());
        let entry = book.price("simulator", "anything").unwrap();
        let all = Usage {
            input: 1,
            cache_read: 1,
            cache_write: 1,
            cache_write_1h: 1,
            audio_input: 1,
            output: 1,
            reasoning: 1,
            audio_output: 1,
        };
        assert_eq!(cost(entry, &all), Some(PicoUsd::ZERO));
        assert_eq!(&*entry.id, "catalogue:simulator/*");
    }
}
