//! What a running gateway says about itself.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{Finding, Seen, access, certificate, objects, process, running, store};
use crate::api::{Api, Problem, data_dir};
use crate::cli::Doctor;

const ABOUT: &str = "gateway";
const PATIENCE: Duration = Duration::from_secs(2);

/// `None` where none runs.
pub(super) async fn look(options: &Doctor, findings: &mut Vec<Finding>) -> Option<Seen> {
    let url = options.gateway.url.as_str();
    let api = match Api::new(&options.gateway) {
        Ok(api) => api,
        Err(error) if somebody_listens(url) => {
            let text = format!("one may run at {url}, but there is no token to ask it with");
            findings.push(Finding::fail(ABOUT, text, format!("{error:#}")));
            return None;
        }
        Err(_) => {
            findings.push(none(url));
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
        Err(_) => {
            findings.push(none(url));
            return None;
        }
    };
    let version = version.get("version").and_then(Value::as_str).unwrap_or("unknown");
    let text = format!("version {version} answers at {}", api.base());
    findings.push(if version == env!("CARGO_PKG_VERSION") {
        Finding::ok(ABOUT, text)
    } else {
        Finding::warn(ABOUT, text, "this command is of another version; use the gateway's own")
    });
    process::look(&api, findings).await;
    let file = running::look(&api, findings).await;
    if let Some(file) = file.filter(|file| api.is_local() && file.is_file()) {
        certificate::of_file(&file, findings);
    }
    objects::look(&api, findings).await;
    access::look(&api, findings).await;
    store::look(&api, findings).await;
    Some(Seen { data_dir: data_dir(&options.gateway).filter(|_| api.is_local()) })
}

fn none(url: &str) -> Finding {
    let help = "start it with `gatewright serve`, or say with `--url` where it listens";
    Finding::warn(ABOUT, format!("none runs at {url}"), help)
}

/// Whether anything takes connections there.
fn somebody_listens(url: &str) -> bool {
    let addresses = url::Url::parse(url).ok().and_then(|url| url.socket_addrs(|| None).ok());
    addresses.into_iter().flatten().any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}
