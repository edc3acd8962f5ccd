//! The file as a whole.

use super::Located;
use super::credentials::Credential;
use super::egress::Egress;
use super::endpoints::Endpoint;
use super::keys::Key;
use super::prices::Price;
use super::providers::Provider;
use super::server::Server;
use super::storage::Storage;

section! {
    /// The whole file. Keys that begin with `x-` are ignored: a place for anchors.
    File is "a configuration", later [
        "organizations", "teams", "projects", "users", "budgets", "limits", "guardrails", "policies", "mcp_servers",
        "vault", "exporters"
    ];
    /// Where the gateway listens, and who may call it.
    default server: Server = Server::default();
    /// How the gateway reaches providers.
    default egress: Egress = Egress::default();
    /// Where data goes.
    default storage: Storage = Storage::default();
    /// Ways into providers.
    default credentials: Vec<Located<Credential>> = Vec::new();
    /// The names that applications put into `model`.
    default endpoints: Vec<Located<Endpoint>> = Vec::new();
    /// What applications authenticate with.
    default keys: Vec<Located<Key>> = Vec::new();
    /// Prices that replace or complete the built-in ones.
    default prices: Vec<Located<Price>> = Vec::new();
    /// Providers of your own, in the form of the built-in catalogue.
    default providers: Vec<Provider> = Vec::new();
}
