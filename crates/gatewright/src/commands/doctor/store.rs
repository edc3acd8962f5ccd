//! Is every usage record safe, does the ledger keep up, was anything dropped.

use serde_json::Value;

use super::{Finding, ask};
use crate::api::Api;
use crate::output::{count, time};

const RECORDS: &str = "usage records";
const KIB: u64 = 1024;
/// A ledger that is further behind than this does not catch up between two bursts.
const LAG: u64 = 64 * 1024 * KIB;

pub(super) async fn look(api: &Api, findings: &mut Vec<Finding>) {
    if let Some(diagnostics) = ask(api, "/api/v1/diagnostics").await {
        findings.extend(judge(&diagnostics));
    }
}

fn judge(diagnostics: &Value) -> Vec<Finding> {
    let banners = diagnostics.get("banners").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    // What is wrong with the configuration is told in full elsewhere.
    let mut findings: Vec<Finding> =
        banners.iter().filter(|banner| text(banner, "about") != "configuration").map(banner).collect();
    let store = diagnostics.get("store").unwrap_or(&Value::Null);
    let number = |name: &str| store.get(name).and_then(Value::as_u64).unwrap_or(0);
    if store.get("money_is_safe") == Some(&Value::Bool(false)) {
        let help = "make room on the disk, or repair it, before the machine loses power";
        findings.push(Finding::fail(RECORDS, "one more failure would lose some", help));
    }
    let (lag, held, bound) =
        (number("journal_lag_bytes"), number("journal_held_bytes"), number("journal_bound_bytes"));
    if bound > 0 && held > bound / 5 * 4 {
        let text = format!("the journal is nearly full: {} of {} KiB", held / KIB, bound / KIB);
        findings.push(Finding::warn(RECORDS, text, "the ledger does not keep up; look at its disk"));
    } else if lag > LAG {
        let text = format!("the ledger is {} KiB behind the journal", lag / KIB);
        findings.push(Finding::warn(RECORDS, text, "nothing is lost; look at its disk if it stays so"));
    }
    if findings.is_empty() {
        let text = format!("all are safe; the ledger is {} KiB behind the journal", lag / KIB);
        findings.push(Finding::ok(RECORDS, text));
    }
    let dropped = number("dropped_calls");
    if dropped > 0 {
        let help = "the disk is too slow or too full for them; `capture: metadata` keeps less of each";
        let text = format!("{} dropped since the start", count(as_usize(dropped), "trace"));
        findings.push(Finding::warn("traces", text, help));
    }
    findings
}

fn banner(banner: &Value) -> Finding {
    let since = match text(banner, "since") {
        "" => String::new(),
        since => format!(" (since {})", time::full(since)),
    };
    let said = format!("{}: {}{since}", text(banner, "about"), text(banner, "message"));
    let help = "the gateway's log says more; make room on the disk, or repair it";
    if text(banner, "severity") == "error" {
        Finding::fail(RECORDS, said, help)
    } else {
        Finding::warn(RECORDS, said, help)
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Level;
    use super::*;

    fn levels(diagnostics: &Value) -> Vec<Level> {
        judge(diagnostics).iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn trouble_is_told_by_what_it_may_cost() {
        let well = json!({ "banners": [], "store": { "money_is_safe": true, "journal_lag_bytes": 2048 } });
        assert_eq!(judge(&well)[0].json()["text"], "all are safe; the ledger is 2 KiB behind the journal");
        assert_eq!(levels(&well), [Level::Ok]);
        let risky = json!({ "store": { "money_is_safe": false } });
        assert_eq!(levels(&risky), [Level::Fail]);
        let behind = json!({ "store": { "journal_lag_bytes": 999_999_999, "dropped_calls": 1 } });
        assert_eq!(levels(&behind), [Level::Warn, Level::Warn]);
        let full = json!({ "store": { "journal_held_bytes": 90, "journal_bound_bytes": 100 } });
        assert_eq!(levels(&full), [Level::Warn]);
        let banners = json!({ "banners": [
            { "severity": "error", "about": "journal", "message": "no space left", "since": "2026-11-22T21:00:00Z" },
            { "severity": "warning", "about": "ledger", "message": "locked" },
            { "severity": "error", "about": "configuration", "message": "said elsewhere" },
        ] });
        assert_eq!(levels(&banners), [Level::Fail, Level::Warn]);
    }
}
