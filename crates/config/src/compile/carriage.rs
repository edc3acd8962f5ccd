//! How a dialect is carried to a provider: which address, which paths, which header.

use std::sync::Arc;

use domain::{Dialect, Secret};
use http::header::AUTHORIZATION;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};

use crate::schema::credentials::Auth;
use crate::schema::value::BaseUrl;
use crate::snapshot::Carriage;

pub(crate) struct CarriageParts<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) url: &'a BaseUrl,
    pub(crate) chat: bool,
    pub(crate) embeddings: bool,
    pub(crate) auth: Auth,
    pub(crate) key: Option<&'a Secret<String>>,
}

/// `None` where a part cannot stand in the head of a request, which reading has ruled out.
pub(crate) fn carriage(parts: &CarriageParts<'_>) -> Option<Carriage> {
    let base = parts.url.path.as_str();
    // Parsed once here, since every call to the provider carries one.
    let path = |offered: bool, rest: &str| {
        offered.then(|| PathAndQuery::try_from(format!("{base}{rest}"))).transpose().ok()
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
        auth: match parts.key {
            Some(key) if parts.auth != Auth::None => Some(auth_header(parts.auth, key)?),
            _ => None,
        },
    })
}

fn auth_header(auth: Auth, key: &Secret<String>) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = match auth {
        Auth::XApiKey => (HeaderName::from_static("x-api-key"), HeaderValue::from_str(key.expose())),
        Auth::Bearer | Auth::None => {
            (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", key.expose())))
        }
    };
    let mut value = value.ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
