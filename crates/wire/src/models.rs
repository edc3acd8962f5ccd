//! `GET /v1/models` and `GET /v1/models/{id}`, as OpenAI's and Anthropic's clients read them.
//! <https://platform.openai.com/docs/api-reference/models>, <https://docs.anthropic.com/en/api/models-list>

use domain::Dialect;

use crate::json;

/// One model that the caller may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelEntry<'a> {
    pub id: &'a str,
    pub owned_by: &'a str,
    /// Seconds since the Unix epoch.
    pub created_s: i64,
}

/// The list of models. It is always whole: there are no further pages.
pub fn write_models(dialect: Dialect, models: &[ModelEntry<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + models.len() * 128);
    match dialect {
        Dialect::OpenaiChat => {
            out.extend_from_slice(b"{\"object\":\"list\",\"data\":");
            list(dialect, models, &mut out);
        }
        Dialect::AnthropicMessages => {
            out.extend_from_slice(b"{\"data\":");
            list(dialect, models, &mut out);
            out.extend_from_slice(b",\"has_more\":false,\"first_id\":");
            id_or_null(models.first(), &mut out);
            out.extend_from_slice(b",\"last_id\":");
            id_or_null(models.last(), &mut out);
        }
    }
    out.push(b'}');
    out
}

/// One model.
pub fn write_model(dialect: Dialect, model: &ModelEntry<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    entry(dialect, model, &mut out);
    out
}

fn list(dialect: Dialect, models: &[ModelEntry<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, model) in models.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        entry(dialect, model, out);
    }
    out.push(b']');
}

fn entry(dialect: Dialect, model: &ModelEntry<'_>, out: &mut Vec<u8>) {
    match dialect {
        Dialect::OpenaiChat => {
            out.extend_from_slice(b"{\"id\":");
            json::string_into(out, model.id);
            out.extend_from_slice(b",\"object\":\"model\",\"created\":");
            out.extend_from_slice(model.created_s.to_string().as_bytes());
            out.extend_from_slice(b",\"owned_by\":");
            json::string_into(out, model.owned_by);
        }
        Dialect::AnthropicMessages => {
            out.extend_from_slice(b"{\"type\":\"model\",\"id\":");
            json::string_into(out, model.id);
            out.extend_from_slice(b",\"display_name\":");
            json::string_into(out, model.id);
            out.extend_from_slice(b",\"created_at\":");
            json::string_into(out, &rfc3339(model.created_s));
            // Required in the API of today, and what can be called is active.
            out.extend_from_slice(b",\"lifecycle\":\"active\"");
        }
    }
    out.push(b'}');
}

fn id_or_null(model: Option<&ModelEntry<'_>>, out: &mut Vec<u8>) {
    match model {
        Some(model) => json::string_into(out, model.id),
        None => out.extend_from_slice(b"null"),
    }
}

/// A second of UTC as RFC 3339 writes it. Years are counted from March, so that the leap day is the last one, and in
/// spans of 400 years, after which the calendar repeats.
fn rfc3339(seconds: i64) -> String {
    const DAYS_TO_MARCH_0000: i64 = 719_468;
    const DAYS_IN_400_YEARS: i64 = 146_097;
    // Outside of four-digit years there is no RFC 3339.
    let seconds = seconds.clamp(-62_167_219_200, 253_402_300_799);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let days = days + DAYS_TO_MARCH_0000;
    let (era, day_of_era) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MODELS: [ModelEntry<'_>; 2] = [
        ModelEntry { id: "prod-chat", owned_by: "gatewright", created_s: 1_700_000_000 },
        ModelEntry { id: "openai/gpt-\"5\"", owned_by: "openai", created_s: 0 },
    ];

    fn parsed(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn openai_clients_get_a_list_object() {
        assert_eq!(
            parsed(&write_models(Dialect::OpenaiChat, &MODELS)),
            json!({"object": "list", "data": [
                {"id": "prod-chat", "object": "model", "created": 1_700_000_000, "owned_by": "gatewright"},
                {"id": "openai/gpt-\"5\"", "object": "model", "created": 0, "owned_by": "openai"},
            ]})
        );
    }

    #[test]
    fn anthropic_clients_get_a_page() {
        assert_eq!(
            parsed(&write_models(Dialect::AnthropicMessages, &MODELS)),
            json!({
                "data": [
                    {"type": "model", "id": "prod-chat", "display_name": "prod-chat", "created_at": "2023-11-14T22:13:20Z",
                     "lifecycle": "active"},
                    {"type": "model", "id": "openai/gpt-\"5\"", "display_name": "openai/gpt-\"5\"",
                     "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active"},
                ],
                "has_more": false, "first_id": "prod-chat", "last_id": "openai/gpt-\"5\"",
            })
        );
        assert_eq!(
            parsed(&write_models(Dialect::AnthropicMessages, &[])),
            json!({"data": [], "has_more": false, "first_id": null, "last_id": null})
        );
    }

    #[test]
    fn one_model_is_the_entry_alone() {
        for (dialect, list) in [(Dialect::OpenaiChat, "data"), (Dialect::AnthropicMessages, "data")] {
            let listed = &parsed(&write_models(dialect, &MODELS))[list][0];
            assert_eq!(&parsed(&write_model(dialect, &MODELS[0])), listed);
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (seconds, expected) in [
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_795_305_600, "2026-11-22T00:00:00Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }
}
