//! `egress`: how the gateway reaches providers.

use runtime::IdentityFiles;
use vault::Environment;

use super::identities;
use crate::diagnostic::{At, Findings};
use crate::schema::egress::Egress as Written;
use crate::schema::value::{ProxyUrl, Switch};
use crate::snapshot::Egress;

pub(crate) fn egress(written: &Written, environment: &Environment, findings: &mut Findings) -> Egress {
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
    if let Some(path) = &written.ca_file {
        identities::check_authorities(path, environment, findings);
    }
    Egress {
        proxy,
        no_proxy,
        ca_file: written.ca_file.as_ref().map(|path| path.value.0.clone()),
        client: client(written, environment, findings),
    }
}

fn client(written: &Written, environment: &Environment, findings: &mut Findings) -> Option<IdentityFiles> {
    match (&written.client_cert, &written.client_key) {
        (Some(cert), Some(key)) => identities::pair(cert, key, environment, findings),
        (None, None) => None,
        (Some(alone), None) => {
            findings.error_with(&alone.at, "`client_cert` needs its key", "write `client_key` beside it");
            None
        }
        (None, Some(alone)) => {
            let message = "`client_key` needs its certificate";
            findings.error_with(&alone.at, message, "write `client_cert` beside it");
            None
        }
    }
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
