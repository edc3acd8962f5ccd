//! The one TLS client configuration: the system's roots, a file of one's own, and a certificate for servers that ask.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime::identity::{certificates, crypto_provider, read_pem_file};
use runtime::{Identity, IdentityError};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};

/// A TLS client shared by all executors, so that sessions are resumed whoever made them.
#[derive(Debug, Clone)]
pub struct Tls {
    pub(crate) config: Arc<ClientConfig>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read `{path}`: {source}; `egress.ca_file` takes a PEM file")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{path}` cannot be used: {source}; `egress.ca_file` takes a PEM file")]
    CaFile { path: PathBuf, source: IdentityError },
    #[error("`{path}` holds a certificate that cannot be trusted: {source}")]
    Root { path: PathBuf, source: rustls::Error },
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// The content of a file of authorities, and its path for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorities {
    path: PathBuf,
    pem: Vec<u8>,
}

impl Authorities {
    pub(crate) fn read(path: &Path) -> Result<Self, TlsError> {
        let path = path.to_owned();
        match read_pem_file(&path) {
            Ok(pem) => Ok(Self { path, pem }),
            Err(source) => Err(TlsError::Unreadable { path, source }),
        }
    }
}

impl Tls {
    /// Trusts the system's authorities and those of a file.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let authorities = ca_file.map(Authorities::read).transpose()?;
        Self::with(authorities.as_ref(), None)
    }

    pub(crate) fn with(
        authorities: Option<&Authorities>,
        identity: Option<Identity>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        let (_, unusable) = roots.add_parsable_certificates(system.certs);
        if !system.errors.is_empty() || unusable > 0 {
            tracing::warn!(errors = ?system.errors, unusable, "some of the system's certificates cannot be used");
        }
        if let Some(Authorities { path, pem }) = authorities {
            let all = certificates(pem).map_err(|source| TlsError::CaFile { path: path.clone(), source })?;
            for certificate in all {
                roots.add(certificate).map_err(|source| TlsError::Root { path: path.clone(), source })?;
            }
        }
        let config = ClientConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(Identity { certified, .. }) => {
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config) })
    }
}
