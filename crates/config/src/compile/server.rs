//! `server` and `storage`, and the rules about who may be listened to.

use std::net::SocketAddr;

use domain::{Network, Secret};
use vault::Environment;

use super::identities;
use super::variables::Variables;
use crate::diagnostic::{At, Findings};
use crate::schema::server::{Anonymous as WrittenAnonymous, Server as WrittenServer};
use crate::schema::storage::Storage as WrittenStorage;
use crate::schema::value::{NetworkText, PublicUrl, Whole};
use crate::schema::{Located, SecretText};
use crate::snapshot::{Anonymous, Caps, Server, Storage};

const ADMIN_TOKEN_VARIABLE: &str = "GATEWRIGHT_ADMIN_TOKEN";
/// Shorter ones can be guessed.
const SHORTEST_ADMIN_TOKEN: usize = 16;

/// `listen` is what the command line says, which comes before the file; what the file leaves out, variables may say.
pub(crate) fn server(
    written: &WrittenServer,
    listen: Option<SocketAddr>,
    environment: &Environment,
    findings: &mut Findings,
) -> Server {
    let variables = Variables { environment };
    let (listen, at) = match (listen, &written.listen) {
        (Some(address), _) => (address, At { path: "server.listen".to_owned(), ..At::default() }),
        (None, written) if written.at.line > 0 => (written.value.0, written.at.clone()),
        (None, default) => (variables.listen(findings).unwrap_or(default.value.0), At::default()),
    };
    let anonymous = match &written.anonymous {
        Some(written) => Some(written.value),
        None => variables.anonymous(findings),
    };
    let anonymous = match anonymous {
        None => Anonymous::LoopbackUntilFirstKey,
        Some(WrittenAnonymous::Loopback) => Anonymous::Loopback,
        Some(WrittenAnonymous::Never) => Anonymous::Never,
        Some(WrittenAnonymous::Always) => Anonymous::Always,
    };
    let public_url = match &written.public_url {
        Some(written) => Some(written.value.clone()),
        None => variables.public_url(findings),
    };
    let encrypted = written.tls.is_some()
        || public_url.as_ref().is_some_and(|url| url.https)
        || written.insecure_http.or_else(|| variables.insecure_http(findings)).unwrap_or(false);
    check_listen(listen, &at, anonymous, encrypted, findings);
    Server {
        listen,
        executors: written.executors.map_or_else(|| environment.cores(), Whole::as_usize),
        anonymous,
        public_url: public_url.map(|PublicUrl { url, .. }| url),
        admin_token: admin_token(written, environment, findings),
        tls: written
            .tls
            .as_ref()
            .and_then(|tls| identities::pair(tls.cert.as_ref()?, tls.key.as_ref()?, environment, findings)),
        trusted_proxies: trusted(written.trusted_proxies.as_deref().unwrap_or_default(), findings),
        caps: Caps {
            body_bytes: usize::try_from(written.caps.body.0).unwrap_or(usize::MAX),
            header_read: written.caps.header_read.0,
            body_read: written.caps.body_read.0,
            concurrency: written.caps.concurrency.as_usize(),
            lame_duck: match written.caps.lame_duck {
                Some(written) => written.0,
                None => variables.lame_duck(findings).unwrap_or_default(),
            },
            drain: written.caps.drain.0,
        },
    }
}

/// Whoever opens the gateway to a network has to say who may call it, and how their keys are protected on the way.
fn check_listen(listen: SocketAddr, at: &At, anonymous: Anonymous, encrypted: bool, findings: &mut Findings) {
    if listen.ip().to_canonical().is_loopback() {
        return;
    }
    if !matches!(anonymous, Anonymous::Never | Anonymous::Always) {
        let message =
            format!("listening on `{listen}` opens the gateway to others, and nothing says who may call it");
        let help = "write `anonymous: never` (keys only) or `anonymous: always` under `server`";
        findings.error_with(at, message, help);
    }
    if !encrypted {
        let message = format!("listening on `{listen}` would let keys and prompts travel unencrypted");
        let help = "write `tls` under `server`, or an https `public_url` where a proxy in front adds it, or \
                    `insecure_http: true` where the network is trusted";
        findings.error_with(at, message, help);
    }
}

fn trusted(written: &[Located<NetworkText>], findings: &mut Findings) -> Vec<Network> {
    for Located { value: NetworkText(network), at } in written {
        if network.is_everything() {
            let message = format!("`{network}` lets every caller choose the address it is known by");
            findings.warning(at, message, "name the addresses or networks of the proxies");
        }
    }
    written.iter().map(|network| network.value.0).collect()
}

fn admin_token(
    written: &WrittenServer,
    environment: &Environment,
    findings: &mut Findings,
) -> Option<Secret<String>> {
    let (token, at) = match &written.admin_token {
        Some(token) => {
            let SecretText(secret) = &token.value;
            (secret.clone(), token.at.clone())
        }
        None => (environment.non_empty(ADMIN_TOKEN_VARIABLE).map(Secret::new)?, At::default()),
    };
    let text = token.expose();
    let from = if at.line == 0 {
        format!("the variable `{ADMIN_TOKEN_VARIABLE}`")
    } else {
        "the admin token".to_owned()
    };
    if text.len() < SHORTEST_ADMIN_TOKEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("{from} is not {SHORTEST_ADMIN_TOKEN} or more visible ASCII characters");
        findings.error_with(&at, message, "make one with `openssl rand -hex 32`");
    }
    if vault::looks_minted(text) {
        let message = format!("{from} begins with `gw_`, as virtual keys do, and would be refused");
        findings.error_with(&at, message, "choose another");
    }
    Some(token)
}

pub(crate) fn storage(written: &WrittenStorage) -> Storage {
    Storage { data_dir: written.data_dir.as_ref().map(|path| path.0.clone()) }
}
