//! The reference of the metrics, made from their table.

use super::families::{FAMILIES, Kind};
use super::histogram::BOUNDS_US;

/// `docs/reference/metrics.md`.
pub fn metrics_markdown() -> String {
    let mut text = String::from(
        "# Metrics\n\nThis document is generated from the table in `crates/telemetry/src/metrics/families.rs`; change \
         that and run\n`cargo xtask docs`.\n\n`GET /metrics` answers in the OpenMetrics text format. It wants the \
         permission `metrics:read`.\n\nEndpoints and projects, and endpoints, providers and models, are counted by \
         name up to 1,000 combinations each;\nwhat comes after is counted under `other`. A call whose model is unknown \
         has an empty `endpoint`. A family that nobody\nhas a value for is left out.\n",
    );
    for (heading, families) in FAMILIES {
        text += &format!("\n## {heading}\n\n| name | type | labels | meaning |\n|---|---|---|---|\n");
        for family in families {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
                Kind::Info => "info",
            };
            let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
            let (name, labels) = (family.series(), labels.join(", "));
            text += &format!("| `{name}` | {kind} | {labels} | {} |\n", family.help);
        }
    }
    let bounds: Vec<String> = BOUNDS_US
        .iter()
        .map(|us| format!("{}", std::time::Duration::from_micros(*us).as_secs_f64()))
        .collect();
    text += "\n## Values of labels\n\n| label | values |\n|---|---|\n";
    text += "| `status` | `2xx`, `4xx`, `5xx`: what the caller saw; 499 where it left before there was a status |\n";
    text += "| `outcome` | `succeeded`, `cancelled`, or the code of the error (`provider_timeout`, `budget_exceeded`, …) |\n";
    text += "| `kind` | `input`, `cache_read`, `cache_write`, `cache_write_1h`, `audio_input`, `output`, `reasoning`, `audio_output`; each token is counted once |\n";
    text += "| `part` | `writer`, `journal`, `sync`, `ledger`, `content`; the first three hold money |\n";
    text += "| `project` | the id, as the admin API prints it |\n";
    text += &format!("| `le` | {} seconds and `+Inf` |\n", bounds.join(", "));
    text
}
