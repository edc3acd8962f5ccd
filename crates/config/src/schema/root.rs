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
use super::targets::NamedTarget;
use super::tenants::{Project, Team};
use super::value::Many;
use super::vault::Vault;

section! {
    /// The whole file. Keys that begin with `x-` are ignored: a place for anchors.
    File is "a configuration", later [
        "organizations", "users", "budgets", "limits", "guardrails", "policies", "mcp_servers", "exporters"
    ];
    /// Where the gateway listens, and who may call it.
    default server: Server = Server::default();
    /// How the gateway reaches providers.
    default egress: Egress = Egress::default();
    /// Where data goes.
    default storage: Storage = Storage::default();
    /// What stored secrets are encrypted with.
    optional vault: Vault;
    /// What projects belong to.
    default teams: Many<Located<Team>> = Many::none();
    /// What keys, endpoints and credentials belong to.
    default projects: Many<Located<Project>> = Many::none();
    /// Ways into providers.
    default credentials: Many<Located<Credential>> = Many::none();
    /// Models behind credentials, for several endpoints to use.
    default targets: Many<Located<NamedTarget>> = Many::none();
    /// The names that applications put into `model`.
    default endpoints: Many<Located<Endpoint>> = Many::none();
    /// What applications authenticate with.
    default keys: Many<Located<Key>> = Many::none();
    /// Prices that replace or complete the built-in ones.
    default prices: Many<Located<Price>> = Many::none();
    /// Providers of your own, in the form of the built-in catalogue.
    default providers: Many<Provider> = Many::none();
}
