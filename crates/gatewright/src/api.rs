//! The command line's side of the admin API.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use http::header::AUTHORIZATION;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use upstream::{Client, Origin, Request, Tls};

use crate::cli::Gateway;
use crate::paths;

/// A gateway that runs somewhere.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    origin: Origin,
    host: HeaderValue,
    authorization: (HeaderName, HeaderValue),
    base: String,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Api {
    pub(crate) fn new(gateway: &Gateway) -> Result<Self> {
        let url = url::Url::parse(&gateway.url).with_context(|| format!("`{}` is not a URL", gateway.url))?;
        let host = url.host_str().with_context(|| format!("`{}` names no host", gateway.url))?;
        let port = url.port_or_known_default().context("the URL must begin with `http://` or `https://`")?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token(gateway)?))
            .context("the admin token has characters that no token has")?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: Client::new(Tls::new(None)?, None),
            origin: Origin { tls: url.scheme() == "https", host: host.into(), port, allow_private: true },
            host: HeaderValue::from_str(&format!("{host}:{port}"))?,
            authorization: (AUTHORIZATION, authorization),
            base: gateway.url.trim_end_matches('/').to_owned(),
        })
    }

    /// Gets a resource; `path` begins with `/api/v1/`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        let path: PathAndQuery = path.parse().with_context(|| format!("`{path}` is no path"))?;
        let request = Request {
            method: &Method::GET,
            path: &path,
            authority: &self.host,
            auth: Some(&self.authorization),
            headers: &HeaderMap::new(),
            body: &[],
        };
        let exchange = async {
            let mut response =
                self.client.send(&self.origin, Duration::from_secs(5), &request).await.map_err(|error| {
                    anyhow!("{error}; is a gateway running at {}? (`gatewright serve`)", self.base)
                })?;
            let mut body = Vec::new();
            while let Some(chunk) = response.body.chunk().await {
                body.extend_from_slice(&chunk?);
            }
            Ok::<_, anyhow::Error>((response.status, body))
        };
        let (status, body) = tokio::time::timeout(PATIENCE, exchange)
            .await
            .with_context(|| format!("{} did not answer within {PATIENCE:?}", self.base))??;
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if !status.is_success() {
            let detail = answer.get("detail").and_then(Value::as_str).unwrap_or("no reason given");
            bail!("{} answered {status}: {detail}", self.base);
        }
        Ok(answer)
    }
}

/// Runs a command against a gateway.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default())?;
    runtime.block_on(command)
}

fn token(gateway: &Gateway) -> Result<String> {
    if let Some(token) = gateway.token.as_ref().filter(|token| !token.is_empty()) {
        return Ok(token.clone());
    }
    let path: PathBuf = paths::data_dir(gateway.data_dir.clone())?.join("admin-token");
    let token = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "there is no admin token in `{}`; name the gateway's data directory with `--data-dir`, or set \
             `GATEWRIGHT_ADMIN_TOKEN`",
            path.display()
        )
    })?;
    Ok(token.trim().to_owned())
}
