//! `prices`

use std::collections::HashMap;
use std::sync::Arc;

use governance::pricing::{LongContext, PriceBook, PriceEntry, PriceSource, Rates, catalogue as built_in};

use crate::catalogue::Catalogue;
use crate::diagnostic::Findings;
use crate::schema::Located;
use crate::schema::prices::{LongContext as WrittenLongContext, Price as Written};

pub(crate) fn compile(
    written: &[Located<Written>],
    catalogue: &Catalogue,
    findings: &mut Findings,
) -> PriceBook {
    let mut seen: HashMap<(Arc<str>, Arc<str>), u32> = HashMap::new();
    let mut entries = Vec::with_capacity(written.len());
    for Located { value: one, at } in written {
        if let Some(provider) = &one.provider {
            catalogue.expect(provider, findings);
        }
        let (Some(provider), Some(model)) = (&one.provider, &one.model) else {
            continue;
        };
        let (provider, pattern) = (&provider.value.0, &model.value.0);
        if pattern.find('*').is_some_and(|star| star + 1 != pattern.len()) {
            findings.error_with(
                &model.at,
                "a `*` stands only at the end",
                "write the beginning of the name and one `*`",
            );
        }
        if let Some(line) = seen.insert((Arc::clone(provider), Arc::clone(pattern)), at.line) {
            let message = format!("`{provider}/{pattern}` has a price in line {line} already");
            findings.error_with(&model.at, message, "remove one of them");
        }
        let Some(rates) = rates(one) else { continue };
        let mut entry =
            PriceEntry::new(PriceSource::Configured, Arc::clone(provider), Arc::clone(pattern), rates);
        entry.long_context = one.long_context.as_ref().and_then(long_context);
        entries.push(entry);
    }
    PriceBook::new(entries.into_iter().chain(built_in()))
}

/// The prices where there is no file.
pub(crate) fn catalogue_only() -> PriceBook {
    PriceBook::new(built_in())
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
