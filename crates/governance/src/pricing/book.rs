//! Finding the price of a model. Configured entries shadow the catalogue; among either, an exact name comes before
//! the family of a dated name, and that before the longest matching prefix.

use std::collections::HashMap;
use std::sync::Arc;

use super::{PriceEntry, PriceSource};

/// All known prices, laid out for one look-up per call.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    configured: HashMap<Arc<str>, Models>,
    catalogue: HashMap<Arc<str>, Models>,
}

/// The prices of one provider.
#[derive(Debug, Clone, Default)]
struct Models {
    exact: HashMap<Arc<str>, PriceEntry>,
    /// Prefixes without their `*`, longest first.
    patterns: Vec<(Arc<str>, PriceEntry)>,
}

impl PriceBook {
    /// Of two entries for the same model from the same source, the later one counts.
    pub fn new(entries: impl IntoIterator<Item = PriceEntry>) -> Self {
        let mut book = Self::default();
        for entry in entries {
            let side = match entry.source {
                PriceSource::Configured => &mut book.configured,
                PriceSource::Catalogue => &mut book.catalogue,
            };
            side.entry(Arc::clone(&entry.provider)).or_default().add(entry);
        }
        book
    }

    pub fn price(&self, provider: &str, model: &str) -> Option<&PriceEntry> {
        [&self.configured, &self.catalogue].into_iter().find_map(|side| side.get(provider)?.find(model))
    }
}

impl Models {
    fn add(&mut self, entry: PriceEntry) {
        let Some(prefix) = entry.model.strip_suffix('*').map(Arc::<str>::from) else {
            self.exact.insert(Arc::clone(&entry.model), entry);
            return;
        };
        self.patterns.retain(|(existing, _)| *existing != prefix);
        let at = self.patterns.partition_point(|(existing, _)| existing.len() >= prefix.len());
        self.patterns.insert(at, (prefix, entry));
    }

    fn find(&self, model: &str) -> Option<&PriceEntry> {
        let named = || self.exact.get(model);
        let family = || self.exact.get(family(model)?);
        let pattern = || {
            let mut matching = self.patterns.iter().filter(|(prefix, _)| model.starts_with(&**prefix));
            matching.next().map(|(_, entry)| entry)
        };
        named().or_else(family).or_else(pattern)
    }
}

/// The family of a dated model: `gpt-5` of `gpt-5-2025-08-07`, `claude-sonnet-4-5` of `claude-sonnet-4-5-20250929` and
/// of `claude-sonnet-4-5@20250929`. Only whole dates count: a shorter suffix such as `-2512` or `-0613` is a version
/// with a price of its own. A dated model whose price differs from its family's has its own exact entry.
fn family(model: &str) -> Option<&str> {
    compact_date(model).or_else(|| spelled_date(model))
}

fn compact_date(model: &str) -> Option<&str> {
    let (rest, date) = model.split_at_checked(model.len().checked_sub(8)?)?;
    let family = rest.strip_suffix(['-', '@'])?;
    is_date(date.get(..4)?, date.get(4..6)?, date.get(6..)?).then_some(family)
}

fn spelled_date(model: &str) -> Option<&str> {
    let (rest, date) = model.split_at_checked(model.len().checked_sub(10)?)?;
    let family = rest.strip_suffix('-')?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && is_date(year, month, day)).then_some(family)
}

fn is_date(year: &str, month: &str, day: &str) -> bool {
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<u32>().ok()).flatten()
    };
    let within = |value: Option<u32>, low, high| value.is_some_and(|value| (low..=high).contains(&value));
    within(number(year, 4), 2020, 2099) && within(number(month, 2), 1, 12) && within(number(day, 2), 1, 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Rates;
    use super::*;

    fn book(entries: &[(PriceSource, &str, &str)]) -> PriceBook {
        PriceBook::new(
            entries.iter().map(|(source, provider, model)| {
                PriceEntry::new(*source, *provider, *model, Rates::default())
            }),
        )
    }

    #[test]
    fn the_most_precise_entry_of_the_nearest_source_counts() {
        use PriceSource::{Catalogue, Configured};
        let book = book(&[
            (Catalogue, "openai", "gpt-5"),
            (Catalogue, "openai", "gpt-4o"),
            (Catalogue, "openai", "gpt-4o-2024-05-13"),
            (Catalogue, "anthropic", "claude-sonnet-4-5"),
            (Configured, "openai", "gpt-5"),
            (Configured, "house", "*"),
            (Configured, "house", "big-*"),
            (Configured, "house", "big-one"),
            (Configured, "house", "big-o*"),
        ]);
        let table = [
            ("openai", "gpt-5", Some("configured:openai/gpt-5")),
            ("openai", "gpt-5-2025-08-07", Some("configured:openai/gpt-5")),
            ("openai", "gpt-4o", Some("catalogue:openai/gpt-4o")),
            ("openai", "gpt-4o-2024-05-13", Some("catalogue:openai/gpt-4o-2024-05-13")),
            ("openai", "gpt-4o-2024-08-06", Some("catalogue:openai/gpt-4o")),
            ("openai", "gpt-4o-mini", None),
            ("openai", "gpt-5-2512", None),
            ("openai", "gpt-5-2025-13-07", None),
            ("openai", "gpt-5-20250807-x", None),
            ("anthropic", "claude-sonnet-4-5-20250929", Some("catalogue:anthropic/claude-sonnet-4-5")),
            ("anthropic", "claude-sonnet-4-5@20250929", Some("catalogue:anthropic/claude-sonnet-4-5")),
            ("anthropic", "gpt-5", None),
            ("house", "big-one", Some("configured:house/big-one")),
            ("house", "big-one-20260101", Some("configured:house/big-one")),
            ("house", "big-other", Some("configured:house/big-o*")),
            ("house", "big-thing", Some("configured:house/big-*")),
            ("house", "small", Some("configured:house/*")),
            ("nobody", "small", None),
        ];
        for (provider, model, expected) in table {
            let found = book.price(provider, model).map(|entry| &*entry.id);
            assert_eq!(found, expected, "{provider}/{model}");
        }
    }

    #[test]
    fn the_later_of_two_equal_entries_counts() {
        let entry = |model: &str, id: &str| PriceEntry {
            id: id.into(),
            ..PriceEntry::new(PriceSource::Configured, "house", model, Rates::default())
        };
        let book = PriceBook::new([entry("a*", "1"), entry("a*", "2"), entry("b", "3"), entry("b", "4")]);
        assert_eq!(book.price("house", "a").map(|entry| &*entry.id), Some("2"));
        assert_eq!(book.price("house", "b").map(|entry| &*entry.id), Some("4"));
    }

    proptest! {
        #[test]
        fn any_model_name_can_be_looked_up(model in ".*") {
            let _ = family(&model);
            let book = book(&[(PriceSource::Catalogue, "p", "*")]);
            prop_assert!(book.price("p", &model).is_some());
        }
    }
}
