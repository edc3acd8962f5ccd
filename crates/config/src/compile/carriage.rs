//! How a dialect is carried to a provider: which address, which paths, which header.

use std::sync::Arc;

use domain::{Dialect, Secret};
use http::header::AUTHORIZATION;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use url::form_urlencoded;

use crate::schema::auth::Auth;
use crate::schema::value::BaseUrl;
use crate::snapshot::Carriage;

pub(crate) struct CarriageParts<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) url: &'a BaseUrl,
    pub(crate) chat: bool,
    pub(crate) embeddings: bool,
    pub(crate) auth: &'a Auth,
    pub(crate) key: Option<&'a Secret<String>>,
}

/// `None` where a part cannot stand in the head of a request, which reading has ruled out.
pub(crate) fn carriage(parts: &CarriageParts<'_>) -> Option<Carriage> {
    let base = parts.url.path.as_str();
    let query = query(parts);
    // Parsed once here, since every call to the provider carries one.
    let path = |offered: bool, rest: &str| {
        offered.then(|| PathAndQuery::try_from(format!("{base}{rest}{query}"))).transpose().ok()
    };
    let (chat_path, embeddings_path, count_tokens_path) = match parts.dialect {
        Dialect::OpenaiChat => {
            (path(parts.chat, "/chat/completions")?, path(parts.embeddings, "/embeddings")?, None)
        }
        Dialect::AnthropicMessages => {
            (path(true, "/v1/messages")?, None, path(true, "/v1/messages/count_tokens")?)
        }
    };
    Some(Carriage {
        dialect: parts.dialect,
        tls: parts.url.tls,
        host: Arc::clone(&parts.url.host),
        port: parts.url.port,
        authority: HeaderValue::from_str(&parts.url.authority).ok()?,
        chat_path,
        embeddings_path,
        count_tokens_path,
        auth: match (parts.auth, parts.key) {
            (Auth::None | Auth::Query { .. }, _) | (_, None) => None,
            (auth, Some(key)) => Some(auth_header(auth, key)?),
        },
        query_auth: match (parts.auth, parts.key) {
            (Auth::Query { .. }, Some(key)) => Some(sensitive(key.expose())?),
            _ => None,
        },
    })
}

/// `?name=value` where the key travels in the URL, nothing otherwise.
fn query(parts: &CarriageParts<'_>) -> String {
    match (parts.auth, parts.key) {
        (Auth::Query { name }, Some(key)) => {
            let value: String = form_urlencoded::byte_serialize(key.expose().as_bytes()).collect();
            format!("?{name}={value}")
        }
        _ => String::new(),
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn auth_header(auth: &Auth, key: &Secret<String>) -> Option<(HeaderName, HeaderValue)> {
    let key = key.expose();
    let (name, value) = match auth {
        Auth::XApiKey => (HeaderName::from_static("x-api-key"), sensitive(key)),
        Auth::Header { name, prefix: None } => (name.clone(), sensitive(key)),
        Auth::Header { name, prefix: Some(prefix) } => (name.clone(), sensitive(&format!("{prefix} {key}"))),
        Auth::Bearer | Auth::Query { .. } | Auth::None => {
            (AUTHORIZATION, sensitive(&format!("Bearer {key}")))
        }
    };
    Some((name, value?))
}
