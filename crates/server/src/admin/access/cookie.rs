//! The cookie of a session: what it looks like, and from whom a request with it may come.

use std::time::Duration;

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use domain::Secret;

use super::super::problem::{Code, Problem};

/// What a browser holds while somebody is logged in.
#[derive(Debug)]
pub(in crate::admin) struct Cookie;

/// A working day; then one logs in again.
pub(in crate::admin) const SESSION_LIFE: Duration = Duration::from_hours(12);

const NAME: &str = "gatewright_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Cookie {
    /// The value that a browser sent.
    pub(in crate::admin) fn read(headers: &HeaderMap) -> Option<&str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == NAME)
            .map(|(_, value)| value)
    }

    /// `set-cookie` for a new session. No script reads it, and no other site's request carries it.
    pub(in crate::admin) fn set(value: &Secret<String>, secure: bool) -> Option<HeaderValue> {
        let seconds = SESSION_LIFE.as_secs();
        header(&format!("{NAME}={}; {}; Max-Age={seconds}", value.expose(), attributes(secure)))
    }

    /// `set-cookie` that ends one.
    pub(in crate::admin) fn clear(secure: bool) -> Option<HeaderValue> {
        header(&format!("{NAME}=; {}; Max-Age=0", attributes(secure)))
    }

    /// Refuses a request that changes something and was not made by a page of ours. The cookie is `SameSite=Strict`
    /// already; this holds where a browser thinks that another port or a sibling domain is the same site.
    pub(in crate::admin) fn check_origin(
        method: &Method,
        headers: &HeaderMap,
        public_origin: Option<&str>,
    ) -> Result<(), Problem> {
        if method.is_safe() || is_same_origin(headers, public_origin) {
            return Ok(());
        }
        let detail = "a session may change something only from the gateway's own pages; programs use the admin token \
                      or a service key as `Authorization: Bearer`";
        Err(Problem::new(Code::CrossSite, detail))
    }
}

fn attributes(secure: bool) -> &'static str {
    if secure { "Path=/; HttpOnly; SameSite=Strict; Secure" } else { "Path=/; HttpOnly; SameSite=Strict" }
}

fn header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Browsers say it themselves; older ones send `Origin` with every request that changes something.
fn is_same_origin(headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), host) = (text(ORIGIN), text(HOST)) else { return false };
    if public_origin.is_some_and(|public| public.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn it_is_found_among_others() {
        let sent =
            headers(&[("cookie", "a=b; gatewright_sessions=x"), ("cookie", " gatewright_session=v=1 ; c=d")]);
        assert_eq!(Cookie::read(&sent), Some("v=1"));
        assert_eq!(Cookie::read(&headers(&[("cookie", "gatewright_session")])), None);
    }

    #[test]
    fn what_is_set_is_for_nobody_else() {
        let value = Cookie::set(&"v".into(), true).unwrap();
        assert_eq!(value, "gatewright_session=v; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=43200");
        assert!(value.is_sensitive());
        assert!(!Cookie::clear(false).unwrap().to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn only_our_own_pages_change_something() {
        let public = Some("https://ai.example.com");
        let same: [&[(&'static str, &str)]; 4] = [
            &[("sec-fetch-site", "same-origin"), ("origin", "https://elsewhere.example")],
            &[("origin", "http://localhost:4242"), ("host", "localhost:4242")],
            &[("origin", "https://AI.example.com"), ("host", "10.0.0.1:4242")],
            &[("origin", "https://gw.internal"), ("host", "gw.internal")],
        ];
        let other: [&[(&'static str, &str)]; 7] = [
            &[],
            &[("host", "localhost:4242")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://ai.example.com")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null"), ("host", "null")],
            &[("origin", "http://localhost:4243"), ("host", "localhost:4242")],
            &[("origin", "http://evil.example"), ("host", "localhost:4242")],
        ];
        for sent in same {
            assert!(Cookie::check_origin(&Method::POST, &headers(sent), public).is_ok(), "{sent:?}");
        }
        for sent in other {
            assert!(Cookie::check_origin(&Method::DELETE, &headers(sent), public).is_err(), "{sent:?}");
            assert!(Cookie::check_origin(&Method::GET, &headers(sent), public).is_ok(), "{sent:?}");
        }
    }
}
