//! What a caller's `model` means.

use std::sync::Arc;

use domain::{ProjectId, Scope};

use crate::compile::direct_endpoint;
use crate::snapshot::{Endpoint, Snapshot, VirtualKey};

/// The longest model name of a provider that is passed on; any vendor's are far shorter.
const LONGEST_MODEL: usize = 256;

/// What a caller's `model` means.
#[derive(Debug, Clone)]
pub enum Resolved {
    Endpoint(Arc<Endpoint>),
    Unknown,
}

impl Snapshot {
    /// An endpoint by its name or alias, else `provider/model` where that provider has exactly one credential. Whether
    /// the caller may use it is not decided here. A name means what it means in the caller's own project, and then in the
    /// project `default`.
    pub fn resolve(&self, project: ProjectId, model: &str) -> Resolved {
        if let Some(endpoint) = self.endpoints.get(project, model) {
            return Resolved::Endpoint(Arc::clone(endpoint));
        }
        self.direct(project, model)
            .map_or(Resolved::Unknown, |endpoint| Resolved::Endpoint(Arc::new(endpoint)))
    }

    fn direct(&self, project: ProjectId, name: &str) -> Option<Endpoint> {
        let (provider, model) = name.split_once('/')?;
        let sound = !model.is_empty() && model.len() <= LONGEST_MODEL && !model.chars().any(char::is_control);
        match self.by_provider.get(project, provider)?.as_slice() {
            [only] if sound => direct_endpoint(only, model),
            _ => None,
        }
    }

    /// The endpoints that a key may use, or an anonymous caller where there is none, in the order of their names. What
    /// is not listed here must look as if it did not exist.
    pub fn visible_to(&self, key: Option<&VirtualKey>) -> Vec<&Arc<Endpoint>> {
        let listed = key.and_then(|key| key.endpoints.as_ref());
        let project = key.map_or(Scope::DEFAULT, |key| key.scope).project;
        let mut visible: Vec<&Arc<Endpoint>> = self
            .endpoints
            .visible(project)
            // Aliases are other keys of the same map.
            .filter(|(name, endpoint)| **name == endpoint.name)
            .map(|(_, endpoint)| endpoint)
            .filter(|endpoint| listed.is_none_or(|listed| listed.contains(&endpoint.name)))
            .collect();
        visible.sort_by(|one, other| one.name.cmp(&other.name));
        visible
    }

    /// The providers that a caller in this project can name as `provider/model`, in order.
    pub fn direct_providers(&self, project: ProjectId) -> Vec<&Arc<str>> {
        let single = self.by_provider.visible(project).filter(|(_, credentials)| credentials.len() == 1);
        let mut providers: Vec<_> = single.map(|(provider, _)| provider).collect();
        providers.sort();
        providers
    }
}
