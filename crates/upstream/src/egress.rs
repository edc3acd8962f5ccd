//! How requests leave: TLS and proxy, shared by all executors and replaced as a whole while they run. A connection
//! made under older settings is not used for another request.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use runtime::{IdentityBytes, IdentityError, IdentityFiles, Trouble};

use crate::tls::Authorities;
use crate::{Proxy, ProxyError, Tls, TlsError};

/// What a person decides about it.
#[derive(Clone, Default)]
pub struct EgressOptions {
    /// The URL of a proxy; may hold a password.
    pub proxy: Option<String>,
    /// What is reached without it.
    pub no_proxy: Vec<String>,
    /// Certificates that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// What servers that ask for a certificate are shown.
    pub client: Option<IdentityFiles>,
}

impl std::fmt::Debug for EgressOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EgressOptions").field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("`egress.client_cert`: {0}")]
    Client(#[from] IdentityError),
    #[error("`egress.proxy`: {0}")]
    Proxy(#[from] ProxyError),
}

/// The settings in use.
#[derive(Debug)]
pub struct Egress {
    settings: ArcSwap<Settings>,
    /// Goes up with every change, so that a pool can see by one load that its connections are old.
    generation: AtomicU64,
    trouble: Trouble,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) tls: Tls,
    pub(crate) proxy: Option<Arc<Proxy>>,
    /// What they were made of; `None` where that was nothing that changes.
    source: Option<Source>,
}

/// Everything that decides, with the content of the files.
#[derive(PartialEq, Eq)]
struct Source {
    proxy: Option<String>,
    no_proxy: Vec<String>,
    authorities: Option<Authorities>,
    client: Option<IdentityBytes>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}

impl Egress {
    pub fn start(options: &EgressOptions) -> Result<Self, EgressError> {
        Ok(Self::holding(Source::read(options)?.settings()?))
    }

    /// Settings that never change.
    pub(crate) fn fixed(tls: Tls, proxy: Option<Arc<Proxy>>) -> Self {
        Self::holding(Settings { tls, proxy, source: None })
    }

    fn holding(settings: Settings) -> Self {
        let settings = ArcSwap::from_pointee(settings);
        Self { settings, generation: AtomicU64::new(0), trouble: Trouble::default() }
    }

    /// Takes what the options and the files they name say now. True where something has changed; what cannot be used
    /// leaves everything as it was.
    pub fn refresh(&self, options: &EgressOptions) -> bool {
        match self.renewed(options) {
            Ok(None) => {
                self.trouble.over();
                false
            }
            Ok(Some(settings)) => {
                self.trouble.over();
                self.settings.store(Arc::new(settings));
                self.generation.fetch_add(1, Ordering::Release);
                tracing::info!("outbound connections follow new settings");
                true
            }
            Err(error) => {
                let reason = error.to_string();
                if self.trouble.seen(&reason) {
                    tracing::error!(reason, "the new `egress` cannot be used; the one before stays");
                }
                false
            }
        }
    }

    /// Why the newest settings are not in use.
    pub fn problem(&self) -> Option<String> {
        self.trouble.reason()
    }

    fn renewed(&self, options: &EgressOptions) -> Result<Option<Settings>, EgressError> {
        let source = Source::read(options)?;
        if self.settings.load().source.as_ref() == Some(&source) {
            return Ok(None);
        }
        source.settings().map(Some)
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

impl Source {
    fn read(options: &EgressOptions) -> Result<Self, EgressError> {
        Ok(Self {
            proxy: options.proxy.clone(),
            no_proxy: options.no_proxy.clone(),
            authorities: options.ca_file.as_deref().map(Authorities::read).transpose()?,
            client: options.client.as_ref().map(IdentityFiles::read).transpose()?,
        })
    }

    fn settings(self) -> Result<Settings, EgressError> {
        let identity = self.client.as_ref().map(IdentityBytes::identity).transpose()?;
        let tls = Tls::with(self.authorities.as_ref(), identity)?;
        let proxy = self.proxy.as_ref().map(|url| Proxy::new(url, &self.no_proxy)).transpose()?;
        Ok(Settings { tls, proxy: proxy.map(Arc::new), source: Some(self) })
    }
}
