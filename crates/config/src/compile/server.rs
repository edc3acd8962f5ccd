//! `server`, `egress` and `storage`, and the rules about who may be listened to.

use std::net::SocketAddr;

use domain::Secret;
use vault::Environment;

use crate::diagnostic::{At, Findings};
use crate::schema::SecretText;
use crate::schema::egress::Egress as WrittenEgress;
use crate::schema::server::{Anonymous as WrittenAnonymous, Server as WrittenServer};
use crate::schema::storage::Storage as WrittenStorage;
use crate::schema::value::{ProxyUrl, Switch, Whole};
use crate::snapshot::{Anonymous, Caps, Egress, Server, Storage};

const ADMIN_TOKEN_VARIABLE: &str = "GATEWRIGHT_ADMIN_TOKEN";
/// Shorter ones can be guessed.
const SHORTEST_ADMIN_TOKEN: usize = 16;

/// `listen` is what the command line says, which comes before the file.
pub(crate) fn server(
    written: &WrittenServer,
    listen: Option<SocketAddr>,
    environment: &Environment,
    findings: &mut Findings,
) -> Server {
    let anonymous = match written.anonymous.as_ref().map(|anonymous| anonymous.value) {
        None => Anonymous::LoopbackUntilFirstKey,
        Some(WrittenAnonymous::Loopback) => Anonymous::Loopback,
        Some(WrittenAnonymous::Never) => Anonymous::Never,
        Some(WrittenAnonymous::Always) => Anonymous::Always,
    };
    let (listen, at) = match listen {
        Some(address) => (address, At { path: "server.listen".to_owned(), ..At::default() }),
        None => (written.listen.value.0, written.listen.at.clone()),
    };
    check_listen(listen, &at, anonymous, written, findings);
    Server {
        listen,
        executors: written.executors.map_or_else(|| environment.cores(), Whole::as_usize),
        anonymous,
        public_url: written.public_url.as_ref().map(|url| url.value.url.clone()),
        admin_token: admin_token(written, environment, findings),
        caps: Caps {
            body_bytes: usize::try_from(written.caps.body.0).unwrap_or(usize::MAX),
            header_read: written.caps.header_read.0,
            body_read: written.caps.body_read.0,
            concurrency: written.caps.concurrency.as_usize(),
            drain: written.caps.drain.0,
        },
    }
}

/// Whoever opens the gateway to a network has to say who may call it, and how their keys are protected on the way.
fn check_listen(
    listen: SocketAddr,
    at: &At,
    anonymous: Anonymous,
    written: &WrittenServer,
    findings: &mut Findings,
) {
    if listen.ip().to_canonical().is_loopback() {
        return;
    }
    if !matches!(anonymous, Anonymous::Never | Anonymous::Always) {
        let message =
            format!("listening on `{listen}` opens the gateway to others, and nothing says who may call it");
        let help = "write `anonymous: never` (keys only) or `anonymous: always` under `server`";
        findings.error_with(at, message, help);
    }
    let https = written.public_url.as_ref().is_some_and(|url| url.value.https);
    if !https && !written.insecure_http {
        let message = format!("listening on `{listen}` would let keys and prompts travel unencrypted");
        let help = "write an https `public_url` under `server` where a proxy in front adds TLS, or \
                    `insecure_http: true` where the network is trusted";
        findings.error_with(at, message, help);
    }
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

pub(crate) fn egress(written: &WrittenEgress, environment: &Environment, findings: &mut Findings) -> Egress {
    let proxy = match written.proxy.as_ref().map(|proxy| &proxy.value) {
        Some(Switch::On(ProxyUrl(url))) => Some(url.clone()),
        Some(Switch::Off) => None,
        None => environment_proxy(environment, findings),
    };
    let no_proxy = match &written.no_proxy {
        Some(hosts) => hosts.iter().map(|host| host.0.to_string()).collect(),
        None => first_set(environment, &["NO_PROXY", "no_proxy"])
            .map(|(_, hosts)| {
                hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect()
            })
            .unwrap_or_default(),
    };
    Egress { proxy, no_proxy, ca_file: written.ca_file.as_ref().map(|path| path.value.0.clone()) }
}

fn environment_proxy(environment: &Environment, findings: &mut Findings) -> Option<String> {
    let (name, value) = first_set(environment, &["HTTPS_PROXY", "https_proxy"])?;
    // Every other program takes the address without a scheme as well.
    let url = if value.contains("://") { value } else { format!("http://{value}") };
    let proxy = ProxyUrl::parse(&url).map(|proxy| proxy.0);
    if proxy.is_none() {
        let message = format!("the variable `{name}` does not hold the URL of an http or https proxy");
        findings.error_with(&At::default(), message, "correct it, or write `egress: { proxy: off }`");
    }
    proxy
}

fn first_set<'n>(environment: &Environment, names: &[&'n str]) -> Option<(&'n str, String)> {
    names.iter().find_map(|name| Some((*name, environment.non_empty(name)?)))
}

pub(crate) fn storage(written: &WrittenStorage) -> Storage {
    Storage { data_dir: written.data_dir.as_ref().map(|path| path.0.clone()) }
}
