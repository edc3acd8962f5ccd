//! The providers that can be named: the built-in ones (`providers.yaml`) and those of the file. Providers are data.

use std::sync::{Arc, LazyLock};

use domain::Dialect;
use vault::Environment;

use crate::diagnostic::Findings;
use crate::schema::auth::Auth;
use crate::schema::providers::{ApiName, Provider as WrittenProvider};
use crate::schema::value::{BaseUrl, Name, Text};
use crate::schema::{Field, Located, Reading, nearest};
use crate::tree;

/// The provider that answers by itself, without a network.
pub(crate) const SIMULATOR: &str = "simulator";

/// Providers of the design whose dialects no version speaks yet.
const LATER: [&str; 8] = ["azure", "bedrock", "cohere", "foundry", "gemini", "google", "vertex", "voyage"];

#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) name: Arc<str>,
    /// Most native first; without a URL where each credential brings one.
    pub(crate) dialects: Vec<(Dialect, Option<BaseUrl>)>,
    pub(crate) auth: Auth,
    /// Whether `openai-chat` comes with an embeddings API.
    pub(crate) embeddings: bool,
    pub(crate) chat: bool,
    /// A person wrote its URL into the file.
    pub(crate) own: bool,
    pub(crate) key_variable: Option<Arc<str>>,
    pub(crate) base_url_variable: Option<Arc<str>>,
}

/// Why a name is no provider.
pub(crate) enum NoProvider {
    Later,
    /// With the name that was probably meant.
    Unknown(Option<Arc<str>>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    providers: Vec<Provider>,
    /// Of the file, wrong themselves: what refers to them is not wrong as well.
    broken: Vec<Arc<str>>,
}

section! {
    /// The built-in catalogue.
    CatalogueFile is "the catalogue", later [];
    /// Providers.
    default providers: Vec<WrittenProvider> = Vec::new();
    /// Environment variables.
    default variables: Vec<Variables> = Vec::new();
}

section! {
    /// Environment variables of one provider.
    Variables is "variables", later [];
    /// Whose.
    required provider: Name;
    /// That of the key.
    required key: Text;
    /// That of another base URL.
    optional base_url: Text;
}

impl Catalogue {
    pub(crate) fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read_built_in().0);
        &BUILT_IN
    }

    fn read_built_in() -> (Self, Findings) {
        let mut findings = Findings::new("providers.yaml");
        let environment = Environment::fixed([]);
        let (node, _) = tree::parse(include_str!("providers.yaml"));
        let file =
            CatalogueFile::read(&node, &mut Reading::new(&environment, &mut findings)).unwrap_or_default();
        let mut catalogue = Self::default();
        for provider in &file.providers {
            catalogue.add(provider, false, &mut findings);
        }
        for variables in file.variables {
            let of = |provider: &&mut Provider| {
                variables.provider.as_ref().is_some_and(|name| name.0 == provider.name)
            };
            if let Some(provider) = catalogue.providers.iter_mut().find(of) {
                provider.key_variable = variables.key.map(|text| text.0);
                provider.base_url_variable = variables.base_url.map(|text| text.0);
            }
        }
        (catalogue, findings)
    }

    /// The built-in providers, and those of the file before them.
    pub(crate) fn with(own: &[WrittenProvider], findings: &mut Findings) -> Self {
        let mut catalogue = Self::built_in().clone();
        for provider in own {
            let Some(name) = &provider.name else { continue };
            if catalogue.find(&name.value.0).is_ok() || catalogue.broken.contains(&name.value.0) {
                let text = &name.value.0;
                let of_file = catalogue.providers.iter().any(|known| known.own && known.name == *text);
                let (message, help) = if of_file || catalogue.broken.contains(text) {
                    (format!("a provider `{text}` was declared before"), "give one of them another name")
                } else {
                    (
                        format!("`{text}` is a built-in provider"),
                        "choose another name, or write `base_url` in a credential of the built-in one",
                    )
                };
                findings.error_with(&name.at, message, help);
                continue;
            }
            catalogue.add(provider, true, findings);
        }
        catalogue
    }

    fn add(&mut self, written: &WrittenProvider, own: bool, findings: &mut Findings) {
        let Some(Located { value: Name(name), .. }) = &written.name else {
            return;
        };
        let Some(dialects) = written.dialects.as_ref().filter(|dialects| !dialects.value.0.is_empty()) else {
            self.broken.push(Arc::clone(name));
            return;
        };
        let mut seen: Vec<Dialect> = Vec::new();
        for (dialect, _) in &dialects.value.0 {
            let dialect = Dialect::from(*dialect);
            if seen.contains(&dialect) {
                findings.error(&dialects.at, format!("the dialect `{dialect}` is listed twice"));
            }
            seen.push(dialect);
        }
        self.providers.push(Provider {
            name: Arc::clone(name),
            dialects: dialects
                .value
                .0
                .iter()
                .map(|(dialect, url)| ((*dialect).into(), url.clone()))
                .collect(),
            auth: written.auth.clone(),
            embeddings: written.apis.contains(&ApiName::Embeddings),
            chat: written.apis.contains(&ApiName::Chat),
            own,
            key_variable: None,
            base_url_variable: None,
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter()
    }

    /// The provider of a name; `None` for the simulator and for one that was declared wrongly, which are known but have
    /// nothing to offer here.
    pub(crate) fn find(&self, name: &str) -> Result<Option<&Provider>, NoProvider> {
        if name == SIMULATOR || self.broken.iter().any(|broken| **broken == *name) {
            return Ok(None);
        }
        if let Some(provider) = self.providers.iter().find(|provider| *provider.name == *name) {
            return Ok(Some(provider));
        }
        if LATER.contains(&name) {
            return Err(NoProvider::Later);
        }
        let known = self.providers.iter().map(|provider| &*provider.name).chain([SIMULATOR]);
        Err(NoProvider::Unknown(nearest(name, known).map(Arc::from)))
    }

    /// Like `find`, reporting a name that is no provider.
    pub(crate) fn expect(&self, name: &Located<Name>, findings: &mut Findings) -> Option<&Provider> {
        let text = &name.value.0;
        match self.find(text) {
            Ok(provider) => return provider,
            Err(NoProvider::Later) => {
                let message = format!("the provider `{text}` is not available in this version");
                findings.error_with(&name.at, message, "remove it");
            }
            Err(NoProvider::Unknown(Some(near))) => {
                let message = format!("there is no provider `{text}`");
                findings.error_with(&name.at, message, format!("did you mean `{near}`?"));
            }
            Err(NoProvider::Unknown(None)) => {
                let message = format!("there is no provider `{text}`");
                let help = "use `openai-compatible` or `anthropic-compatible` with a `base_url`, or declare it under \
                            `providers`";
                findings.error_with(&name.at, message, help);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_sound() {
        let (_, problems) = tree::parse(include_str!("providers.yaml"));
        assert!(problems.is_empty(), "{problems:?}");
        let (catalogue, findings) = Catalogue::read_built_in();
        assert_eq!(findings.into_sorted(), []);
        assert!(catalogue.broken.is_empty() && catalogue.providers.len() > 15);
        let with_variable = catalogue.iter().filter(|provider| provider.key_variable.is_some()).count();
        assert_eq!(with_variable, 13, "every entry of `variables` belongs to a provider");
    }

    /// Keys would go over the network unencrypted.
    #[test]
    fn built_in_urls_are_https_or_local() {
        for provider in Catalogue::built_in().iter() {
            for (_, url) in &provider.dialects {
                assert!(url.as_ref().is_none_or(|url| url.tls || url.loopback), "{}", provider.name);
            }
        }
    }
}
