//! `gatewright healthcheck`: is a gateway there and ready? For containers, which have no other program to ask with.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use upstream::{Client, Origin, Request, Tls};

use crate::api::block_on;
use crate::cli::Healthcheck;

/// Whoever asks more often than this wants an answer by then.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn run(options: &Healthcheck) -> Result<ExitCode> {
    let status = block_on(async {
        let asked = tokio::time::timeout(PATIENCE, ask(options)).await;
        asked.with_context(|| format!("{} did not answer within {PATIENCE:?}", options.url))?
    })?;
    if status != 200 {
        bail!("{} is not ready: it answered {status}", options.url);
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(options: &Healthcheck) -> Result<u16> {
    let url = url::Url::parse(&options.url).with_context(|| format!("`{}` is not a URL", options.url))?;
    let host = url.host_str().with_context(|| format!("`{}` names no host", options.url))?;
    let port = url.port_or_known_default().with_context(|| format!("`{}` names no port", options.url))?;
    let client = Client::new(Tls::new(options.ca_file.as_deref())?, None);
    let origin = Origin { tls: url.scheme() == "https", host: host.into(), port, allow_private: true };
    let request = Request {
        method: &Method::GET,
        path: &PathAndQuery::from_static("/readyz"),
        authority: &HeaderValue::from_str(&format!("{host}:{port}"))?,
        auth: None,
        headers: &HeaderMap::new(),
        body: &[],
    };
    let response = client.send(&origin, PATIENCE, &request).await?;
    Ok(response.status.as_u16())
}
