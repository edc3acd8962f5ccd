//! Prices from their flags. A price is named by what it is the price of.

use anyhow::{Context, Result};
use domain::ObjectKind;
use serde_json::{Map, Value};

use crate::cli::{Nowhere, ObjectFields, PriceFields};
use crate::commands::Inputs;

impl ObjectFields for PriceFields {
    const KIND: ObjectKind = ObjectKind::Price;
    type Place = Nowhere;
    const EXAMPLE_NAME: &'static str = "openai/gpt-5";
    const EXAMPLE_CREATE: &'static str = "--input 1.25 --output 10";
    const EXAMPLE_SET: &'static str = "--input 1.25 --output 10 --cache-read 0.125";

    async fn document(&self, name: &str, for_new: bool, _: &mut Inputs<'_>) -> Result<Map<String, Value>> {
        let mut document = Map::new();
        if for_new {
            let (provider, model) = name.split_once('/').with_context(|| {
                format!("`{name}` is no model; write `provider/model`, such as `openai/gpt-5`")
            })?;
            document.insert("provider".to_owned(), provider.into());
            document.insert("model".to_owned(), model.into());
        }
        let amounts = [
            ("input", &self.input),
            ("output", &self.output),
            ("cache_read", &self.cache_read),
            ("cache_write", &self.cache_write),
            ("cache_write_1h", &self.cache_write_1h),
            ("audio_input", &self.audio_input),
            ("audio_output", &self.audio_output),
        ];
        for (name, amount) in amounts {
            super::insert(&mut document, name, amount.as_deref().map(amount_or_text));
        }
        Ok(document)
    }
}

/// A number as it was written; what is none goes on as it is, and is refused with a reason.
fn amount_or_text(text: &str) -> Value {
    text.parse::<serde_json::Number>().map_or_else(|_| text.into(), Value::Number)
}
