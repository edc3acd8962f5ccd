//! The command line's side of the admin API: one request, one answer, and a refusal as something a person can read.

mod problem;
mod token;

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use domain::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use upstream::{Client, Origin, Request, Tls};

use crate::cli::Gateway;
use crate::output;

pub(crate) use problem::Problem;
pub(crate) use token::data_dir;

/// A gateway that runs somewhere.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    origin: Origin,
    host: HeaderValue,
    authorization: (HeaderName, HeaderValue),
    base: String,
    prefix: String,
    patience: Duration,
    local: bool,
}

/// Nobody answers where the gateway should be.
#[derive(Debug)]
pub(crate) struct Unreachable {
    base: String,
    reason: String,
}

/// How long an ordinary answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// No answer is larger; a server that is no gateway must not fill the memory.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

impl Api {
    pub(crate) fn new(gateway: &Gateway) -> Result<Self> {
        let url = url::Url::parse(&gateway.url).with_context(|| format!("`{}` is not a URL", gateway.url))?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => bail!("`{}` must begin with `http://` or `https://`", gateway.url),
        };
        let host = url.host_str().with_context(|| format!("`{}` names no host", gateway.url))?;
        let port = url.port_or_known_default().with_context(|| format!("`{}` names no port", gateway.url))?;
        let local = is_this_machine(&url);
        if !tls && !local {
            output::error(&format!("warning: the admin token goes to `{host}` unencrypted; use `https://`"));
        }
        let token = token::find(gateway)?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .ok()
            .context("the admin token has characters that no token has")?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: Client::new(Tls::new(gateway.ca_file.as_deref())?, None),
            origin: Origin { tls, host: host.into(), port, allow_private: true },
            host: HeaderValue::from_str(&format!("{host}:{port}"))?,
            authorization: (AUTHORIZATION, authorization),
            base: gateway.url.trim_end_matches('/').to_owned(),
            prefix: url.path().trim_end_matches('/').to_owned(),
            patience: PATIENCE,
            local,
        })
    }

    /// For requests that work through a lot.
    #[must_use]
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The URL that the person gave.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Gets a resource; every `path` begins with `/api/v1/`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, None).await
    }

    /// Gets a text that is no JSON.
    pub(crate) async fn get_text(&self, path: &str) -> Result<String> {
        let body = self.exchange(Method::GET, path, None, None).await?;
        String::from_utf8(body).ok().with_context(|| format!("{} did not answer with a text", self.base))
    }

    /// The status of an answer to somebody who shows no token.
    pub(crate) async fn status_without_token(&self, path: &str) -> Result<u16> {
        let path: PathAndQuery = format!("{}{path}", self.prefix).parse()?;
        let request = Request {
            method: &Method::GET,
            path: &path,
            authority: &self.host,
            auth: None,
            headers: &HeaderMap::new(),
            body: &[],
        };
        let (status, _) = tokio::time::timeout(self.patience, self.receive(&request)).await??;
        Ok(status.as_u16())
    }

    /// Whether the gateway is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.local
    }

    /// Gets a resource that may be missing.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if Problem::of(&error).is_some_and(|problem| problem.status == 404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body), None).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value, revision: Option<i64>) -> Result<Value> {
        self.send(Method::PUT, path, Some(body), revision).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value, revision: Option<i64>) -> Result<Value> {
        self.send(Method::PATCH, path, Some(body), revision).await
    }

    pub(crate) async fn delete(&self, path: &str, revision: Option<i64>) -> Result<Value> {
        self.send(Method::DELETE, path, None, revision).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        revision: Option<i64>,
    ) -> Result<Value> {
        let answer = self.exchange(method, path, body, revision).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer)
            .ok()
            .with_context(|| format!("{} did not answer with JSON; is it a gateway?", self.base))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        revision: Option<i64>,
    ) -> Result<Vec<u8>> {
        let path = format!("{}{path}", self.prefix);
        let path: PathAndQuery = path.parse().with_context(|| format!("`{path}` is no path"))?;
        let written = body.map(serde_json::to_vec).transpose()?.map(Bytes::from);
        let mut headers = HeaderMap::new();
        if written.is_some() {
            let json = if method == Method::PATCH { MERGE_PATCH } else { JSON };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(json));
        }
        if let Some(revision) = revision {
            headers.insert(IF_MATCH, HeaderValue::from_str(&format!("\"{revision}\""))?);
        }
        let request = Request {
            method: &method,
            path: &path,
            authority: &self.host,
            auth: Some(&self.authorization),
            headers: &headers,
            body: written.as_slice(),
        };
        let (status, answer) = tokio::time::timeout(self.patience, self.receive(&request))
            .await
            .with_context(|| format!("{} did not answer within {:?}", self.base, self.patience))??;
        if status.is_success() { Ok(answer) } else { Err(Problem::read(status, &answer, &self.base).into()) }
    }

    async fn receive(&self, request: &Request<'_>) -> Result<(StatusCode, Vec<u8>)> {
        let sent = self.client.send(&self.origin, CONNECT, request).await;
        let mut response =
            sent.map_err(|error| Unreachable { base: self.base.clone(), reason: error.to_string() })?;
        let mut body = Vec::new();
        while let Some(chunk) = response.body.chunk().await {
            body.extend_from_slice(&chunk.context("the answer broke off")?);
            if body.len() > LARGEST_ANSWER {
                bail!("{} answers with more than 256 MiB; is it a gateway?", self.base);
            }
        }
        Ok((response.status, body))
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no gateway answers at {} ({}); start one with `gatewright serve`, or say with `--url` where it listens",
            self.base, self.reason
        )
    }
}

impl std::error::Error for Unreachable {}

/// RFC 7396.
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

/// Runs a command against a gateway.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default())?;
    runtime.block_on(command)
}

/// For a path segment or a query value.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// A secret on its way into a document that is sent.
pub(crate) fn exposed(secret: &Secret<String>) -> Value {
    Value::String(secret.expose().clone())
}

fn is_this_machine(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}
