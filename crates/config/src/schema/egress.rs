//! `egress:`

use super::Located;
use super::value::{FilePath, ProxyUrl, Switch, Text};

section! {
    /// How the gateway reaches providers.
    Egress is "`egress`", later [];
    /// The proxy that outbound calls go through; `off` for none. Unless written, `HTTPS_PROXY` counts.
    optional proxy: Located<Switch<ProxyUrl>>;
    /// Hosts, suffixes such as `.internal`, addresses and networks that are reached without the proxy, each with a port
    /// or for all of them; `*` for everything. Unless written, `NO_PROXY` counts.
    optional no_proxy: Vec<Text>;
    /// Certificates (PEM) that are trusted besides those of the system.
    optional ca_file: Located<FilePath>;
    /// The certificate (PEM) that the gateway shows to servers that ask for one.
    optional client_cert: Located<FilePath>;
    /// The private key (PEM) of `client_cert`, without a passphrase.
    optional client_key: Located<FilePath>;
}
