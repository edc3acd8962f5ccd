//! Stage *identify*: headers → caller. One keyed hash and one look-up; no database.

use std::sync::Arc;

use config::snapshot::{Anonymous, Snapshot, VirtualKey};
use domain::{CallError, Caller, CallerKind, ErrorKind, Scope, Secret};
use http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, VIA};
use http::{HeaderMap, HeaderName};
use vault::KeyHasher;

use crate::Door;

/// Who calls, and the key they did it with.
#[derive(Debug, Clone)]
pub struct Identity {
    pub caller: Arc<Caller>,
    pub key: Option<Arc<VirtualKey>>,
}

/// The last key seen on a connection: clients send the same one with every request, and then its hash need not be
/// computed again. Holds its snapshot and the generation of the stored keys, so that a changed configuration and a
/// revoked key forget it.
#[derive(Debug, Default)]
pub struct KeyMemo {
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    snapshot: Arc<Snapshot>,
    generation: u64,
    secret: Secret<String>,
    identity: Identity,
}

/// Identifies the caller by the rules of the design, section 3.4.
pub fn identify(
    snapshot: &Arc<Snapshot>,
    hasher: &KeyHasher,
    headers: &HeaderMap,
    door: &Door,
    now_ms: i64,
) -> Result<Identity, CallError> {
    let presented = presented_key(headers, door);
    if let Some(presented) = presented {
        // Read before the key is looked up: what changes in between makes the memory stale, never wrong.
        let generation = snapshot.keys.generation();
        if let Some(known) = door.memo.borrow().recall(snapshot, generation, presented) {
            return unexpired(known, now_ms);
        }
        if let Some(key) = snapshot.keys.get(&hasher.hash(presented.as_bytes())) {
            let identity = of_key(&key);
            let (snapshot, secret) = (Arc::clone(snapshot), presented.into());
            let seen = Seen { snapshot, generation, secret, identity: identity.clone() };
            door.memo.borrow_mut().seen = Some(seen);
            return unexpired(identity, now_ms);
        }
        if vault::looks_minted(presented) || snapshot.keys.resembles(presented) {
            return Err(unknown_key());
        }
    }
    match refusal(snapshot, headers, door) {
        None => Ok(Identity { caller: anonymous(), key: None }),
        Some(_) if presented.is_some() => Err(unknown_key()),
        Some(reason) => Err(CallError::new(ErrorKind::InvalidKey, reason)),
    }
}

/// The first key found, in this order. An empty one counts as none: some SDKs insist on sending the header.
pub fn presented_key<'a>(headers: &'a HeaderMap, door: &'a Door) -> Option<&'a str> {
    const PLAIN: [HeaderName; 3] = [
        HeaderName::from_static("x-api-key"),
        HeaderName::from_static("api-key"),
        HeaderName::from_static("x-goog-api-key"),
    ];
    let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let given = |text: &&str| !text.is_empty();
    let authorization = header(&AUTHORIZATION);
    header(&HeaderName::from_static("x-gatewright-key"))
        .filter(given)
        .or_else(|| authorization.and_then(bearer).filter(given))
        .or_else(|| PLAIN.iter().find_map(|name| header(name).filter(given)))
        .or_else(|| door.query_key.as_deref().filter(given))
        .or_else(|| authorization.and_then(access_key_id).filter(given))
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// boto3 sends no Bearer over plain http, so a key may come as the access-key id of a SigV4 signature.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>
fn access_key_id(authorization: &str) -> Option<&str> {
    let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let credential = fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))?;
    credential.split('/').next()
}

impl KeyMemo {
    fn recall(&self, snapshot: &Arc<Snapshot>, generation: u64, presented: &str) -> Option<Identity> {
        let seen = self.seen.as_ref()?;
        let current = Arc::ptr_eq(&seen.snapshot, snapshot) && seen.generation == generation;
        // Both are the connection's own bytes, so a comparison that stops early tells nobody anything new.
        (current && seen.secret.expose() == presented).then(|| seen.identity.clone())
    }
}

fn of_key(key: &Arc<VirtualKey>) -> Identity {
    let caller = Caller {
        kind: CallerKind::Key(key.id),
        name: Arc::clone(&key.name),
        scope: key.scope,
        labels: key.labels.clone(),
    };
    Identity { caller: Arc::new(caller), key: Some(Arc::clone(key)) }
}

fn unexpired(identity: Identity, now_ms: i64) -> Result<Identity, CallError> {
    let expires = identity.key.as_ref().and_then(|key| key.expires_at_ms);
    if expires.is_some_and(|expires| expires <= now_ms) {
        let message = format!("the key `{}` has expired; ask for a new one", identity.caller.name);
        return Err(CallError::new(ErrorKind::InvalidKey, message));
    }
    if let Some(key) = &identity.key {
        key.last_used.touch(now_ms);
    }
    Ok(identity)
}

fn anonymous() -> Arc<Caller> {
    Arc::new(Caller {
        kind: CallerKind::Anonymous,
        name: "anonymous".into(),
        scope: Scope::DEFAULT,
        labels: None,
    })
}

/// Says the same whatever is wrong with the key, so that nobody can feel their way towards one.
fn unknown_key() -> CallError {
    CallError::new(
        ErrorKind::InvalidKey,
        "the key is not known here; check that the whole key was copied, or ask for a new one",
    )
}

/// Why nobody may call without a key, or `None` where they may.
fn refusal(snapshot: &Snapshot, headers: &HeaderMap, door: &Door) -> Option<&'static str> {
    const NO_KEY: &str = "no key was sent; send a virtual key as `Authorization: Bearer`, `x-api-key` or \
                          `x-gatewright-key`";
    match snapshot.server.anonymous {
        Anonymous::Always => return None,
        Anonymous::Never => return Some(NO_KEY),
        Anonymous::LoopbackUntilFirstKey if !snapshot.keys.is_empty() => {
            return Some(
                "no key was sent; calls without one ended with the first virtual key (`server.anonymous: loopback` \
                 keeps them for this machine)",
            );
        }
        Anonymous::LoopbackUntilFirstKey | Anonymous::Loopback => {}
    }
    if !door.loopback || snapshot.server.public_url.is_some() {
        return Some(NO_KEY);
    }
    if was_forwarded(headers) {
        return Some(
            "no key was sent, and calls without one are only for this machine: this one came by a proxy",
        );
    }
    if !is_local(headers, &HOST) || (headers.contains_key(ORIGIN) && !is_local(headers, &ORIGIN)) {
        return Some(
            "no key was sent, and calls without one need a `Host` and `Origin` of this machine (`localhost`, \
             `127.0.0.1`, `[::1]`)",
        );
    }
    None
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED)
        || headers.contains_key(VIA)
        || headers.contains_key("x-real-ip")
        || headers.keys().any(|name| name.as_str().starts_with("x-forwarded-"))
}

/// Whether the one value of a header names this machine: a page of another site that a browser on this machine shows
/// must not call us, by whatever name it made the browser resolve.
fn is_local(headers: &HeaderMap, name: &HeaderName) -> bool {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let authority = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://")).unwrap_or(value);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use config::snapshot::{KeyChange, KeyEntry, KeyIndex, KeyShape, LastUsed, StoredKeys};
    use domain::{KeyId, ObjectId, Permissions};
    use http::HeaderValue;
    use vault::Environment;

    use super::*;

    const SECRET: &str = "a-key-that-is-stored";

    fn entry(expires_at_ms: Option<i64>) -> KeyEntry {
        let key = VirtualKey {
            id: KeyId(7),
            name: "ci".into(),
            scope: Scope::DEFAULT,
            endpoints: None,
            expires_at_ms,
            labels: None,
            permissions: Permissions::NONE,
            declared_at: None,
            last_used: LastUsed::default(),
        };
        KeyEntry {
            hash: hasher().hash(SECRET.as_bytes()),
            shape: KeyShape::new(*b"a-ke", 20),
            key: Some(Arc::new(key)),
        }
    }

    fn hasher() -> KeyHasher {
        KeyHasher::new(&[3; 32])
    }

    fn snapshot(stored: &Arc<StoredKeys>) -> Arc<Snapshot> {
        let listen: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let mut snapshot = config::without_file(&Environment::fixed([]), Some(listen)).unwrap().snapshot;
        snapshot.keys = KeyIndex::of_stored(stored);
        Arc::new(snapshot)
    }

    fn headers(key: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        headers.extend(key.map(|key| (HeaderName::from_static("x-api-key"), HeaderValue::from_static(key))));
        headers
    }

    /// One connection and one snapshot all along: what a call pinned does not keep a key alive.
    #[test]
    fn a_revoked_key_is_refused_at_its_next_call() {
        let stored = Arc::new(StoredKeys::default());
        let (snapshot, door) = (snapshot(&stored), Door { loopback: true, ..Door::default() });
        let ask = |key| identify(&snapshot, &hasher(), &headers(key), &door, 10_000);
        assert!(ask(None).unwrap().key.is_none(), "no key exists yet");
        stored.update([KeyChange { id: ObjectId(7), now: Some(entry(None)) }]);
        for _ in 0..2 {
            assert_eq!(&*ask(Some(SECRET)).unwrap().caller.name, "ci");
        }
        assert_eq!(stored.last_used_ms(ObjectId(7)), Some(10_000));
        assert!(ask(None).is_err(), "the first key has ended that");
        stored.update([KeyChange { id: ObjectId(7), now: Some(KeyEntry { key: None, ..entry(None) }) }]);
        assert!(ask(Some(SECRET)).is_err());
        stored.update([KeyChange { id: ObjectId(7), now: None }]);
        assert!(ask(Some(SECRET)).is_err());
        assert!(ask(None).is_err());
    }

    #[test]
    fn what_changed_of_a_key_counts_at_its_next_call() {
        let stored = Arc::new(StoredKeys::default());
        let (snapshot, door) = (snapshot(&stored), Door::default());
        stored.update([KeyChange { id: ObjectId(7), now: Some(entry(None)) }]);
        let ask = |now_ms| identify(&snapshot, &hasher(), &headers(Some(SECRET)), &door, now_ms);
        assert!(ask(10_000).is_ok());
        stored.update([KeyChange { id: ObjectId(7), now: Some(entry(Some(11_000))) }]);
        assert!(ask(10_999).is_ok());
        assert!(ask(11_000).unwrap_err().message.contains("expired"));
        assert_eq!(stored.last_used_ms(ObjectId(7)), Some(10_000), "an edited key was used when it was used");
    }

    /// A mistyped key is told from an SDK's dummy.
    #[test]
    fn what_resembles_a_stored_key_is_refused_where_anonymous_callers_are_let_in() {
        let stored = Arc::new(StoredKeys::default());
        let mut snapshot = snapshot(&stored);
        Arc::get_mut(&mut snapshot).unwrap().server.anonymous = Anonymous::Loopback;
        stored.update([KeyChange { id: ObjectId(7), now: Some(entry(None)) }]);
        let door = Door { loopback: true, ..Door::default() };
        let ask = |key| identify(&snapshot, &hasher(), &headers(Some(key)), &door, 0);
        assert!(ask("a-key-that-is-stoerd").is_err());
        assert!(ask("sk-an-sdk-s-dummy-of-another-length").unwrap().key.is_none());
    }
}
