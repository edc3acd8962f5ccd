//! `prices`

use std::collections::HashMap;
use std::sync::Arc;

use governance::pricing::{LongContext, PriceBook, PriceEntry, PriceSource, Rates, catalogue as built_in};

use super::world::{Origin, Subject, World};
use crate::catalogue::Catalogue;
use crate::diagnostic::Findings;
use crate::schema::Located;
use crate::schema::prices::{LongContext as WrittenLongContext, Price as Written};

/// Configured prices, those of the file first.
#[derive(Debug, Default)]
pub(super) struct Prices {
    entries: Vec<PriceEntry>,
    /// By provider and pattern.
    pub(super) known: HashMap<(Arc<str>, Arc<str>), Origin>,
}

impl Prices {
    pub(super) fn declare(&mut self, written: &[Located<Written>], world: &World, findings: &mut Findings) {
        for Located { value: one, at } in written {
            let subject = Subject::declared(at);
            let entry = price(one, &world.catalogue, findings);
            let (Some(provider), Some(model)) = (&one.provider, &one.model) else { continue };
            let key = (Arc::clone(&provider.value.0), Arc::clone(&model.value.0));
            if let Some(first) = self.known.get(&key) {
                let message = format!("`{}/{}` has a price in {} already", key.0, key.1, first.place());
                findings.error_with(&model.at, message, "remove one of them");
                continue;
            }
            self.add(key, subject.origin(findings), entry);
        }
    }

    pub(super) fn add(&mut self, key: (Arc<str>, Arc<str>), origin: Origin, entry: Option<PriceEntry>) {
        self.known.insert(key, origin);
        self.entries.extend(entry);
    }

    pub(super) fn book(self) -> PriceBook {
        PriceBook::new(self.entries.into_iter().chain(built_in()))
    }
}

pub(super) fn price(written: &Written, catalogue: &Catalogue, findings: &mut Findings) -> Option<PriceEntry> {
    if let Some(provider) = &written.provider {
        catalogue.expect(provider, findings);
    }
    let (provider, model) = (written.provider.as_ref()?, written.model.as_ref()?);
    let (provider, pattern) = (&provider.value.0, &model.value.0);
    if pattern.find('*').is_some_and(|star| star + 1 != pattern.len()) {
        findings.error_with(
            &model.at,
            "a `*` stands only at the end",
            "write the beginning of the name and one `*`",
        );
    }
    let rates = rates(written)?;
    let mut entry =
        PriceEntry::new(PriceSource::Configured, Arc::clone(provider), Arc::clone(pattern), rates);
    entry.long_context = written.long_context.as_ref().and_then(long_context);
    Some(entry)
}

fn rates(written: &Written) -> Option<Rates> {
    Some(Rates {
        input: written.input?.0,
        output: written.output?.0,
        cache_read: written.cache_read.map(|price| price.0),
        cache_write: written.cache_write.map(|price| price.0),
        cache_write_1h: written.cache_write_1h.map(|price| price.0),
        audio_input: written.audio_input.map(|price| price.0),
        audio_output: written.audio_output.map(|price| price.0),
    })
}

fn long_context(written: &WrittenLongContext) -> Option<LongContext> {
    Some(LongContext {
        above: written.above?.0,
        rates: Rates {
            input: written.input?.0,
            output: written.output?.0,
            cache_read: written.cache_read.map(|price| price.0),
            cache_write: written.cache_write.map(|price| price.0),
            cache_write_1h: written.cache_write_1h.map(|price| price.0),
            audio_input: written.audio_input.map(|price| price.0),
            audio_output: written.audio_output.map(|price| price.0),
        },
    })
}
