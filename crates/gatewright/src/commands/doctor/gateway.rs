//! What a running gateway says about itself.

use super::{Finding, Seen};
use crate::api::{Api, Problem};
use crate::cli::Doctor;

const ABOUT: &str = "gateway";

/// `None` where none runs.
pub(super) async fn look(options: &Doctor, findings: &mut Vec<Finding>) -> Option<Seen> {
    let api = match Api::new(&options.gateway) {
        Ok(api) => api,
        Err(error) => {
            findings.push(Finding::warn(
                ABOUT,
                "cannot be asked without an admin token",
                format!("{error:#}"),
            ));
            return None;
        }
    };
    let version = match api.get("/api/v1/version").await {
        Ok(version) => version,
        Err(error) if Problem::of(&error).is_some() => {
            let help = "name its data directory with `--data-dir`, or its token's file with `--token-file`";
            findings.push(Finding::fail(ABOUT, format!("{error:#}"), help));
            return Some(Seen::default());
        }
        Err(error) => {
            findings.push(Finding::warn(
                ABOUT,
                format!("none answers at {}", api.base()),
                format!("{error:#}"),
            ));
            return None;
        }
    };
    let version = version.get("version").and_then(serde_json::Value::as_str).unwrap_or("unknown");
    findings.push(Finding::ok(ABOUT, format!("version {version} answers at {}", api.base())));
    Some(Seen::default())
}
