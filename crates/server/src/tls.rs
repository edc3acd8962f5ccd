//! The gateway's own certificate: which one is in use, and taking a new one when its files change. A pair that cannot be
//! used never replaces one that can.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use runtime::{Identity, IdentityBytes, IdentityError, IdentityFiles, Trouble, identity};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsAcceptor;

/// What the listeners serve HTTPS with; shared by all executors. Without a certificate they serve HTTP.
#[derive(Debug, Default)]
pub struct InboundTls {
    current: ArcSwapOption<Current>,
    trouble: Trouble,
}

#[derive(Debug)]
struct Current {
    files: IdentityFiles,
    bytes: IdentityBytes,
    config: Arc<ServerConfig>,
    expires_at_ms: i64,
}

/// The certificate in use, for diagnostics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    pub path: PathBuf,
    /// Milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// Why newer files are not in use.
    pub problem: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

impl InboundTls {
    pub fn start(files: Option<&IdentityFiles>) -> Result<Self, TlsError> {
        let tls = Self::default();
        if let Some(files) = files {
            let bytes = files.read()?;
            tls.current.store(Some(Arc::new(Current::new(files, bytes)?)));
        }
        Ok(tls)
    }

    /// Looks at the files again and takes what they hold now. True where something has changed.
    pub fn refresh(&self, wanted: Option<&IdentityFiles>) -> bool {
        let Some(files) = wanted else {
            return self.current.swap(None).is_some();
        };
        let current = self.current.load();
        match renewed(files, current.as_deref()) {
            Ok(None) => {
                self.trouble.over();
                false
            }
            Ok(Some(renewed)) => {
                self.trouble.over();
                let expires_at_ms = renewed.expires_at_ms;
                self.current.store(Some(Arc::new(renewed)));
                tracing::info!(cert = %files.cert.display(), expires_at_ms, "serving with a new certificate");
                true
            }
            Err(error) => {
                let reason = error.to_string();
                if self.trouble.seen(&reason) {
                    let cert = files.cert.display().to_string();
                    tracing::error!(
                        cert,
                        reason,
                        "the new certificate cannot be used; serving on with the one before"
                    );
                }
                false
            }
        }
    }

    /// `None` where the gateway serves plain HTTP.
    pub fn status(&self) -> Option<CertificateStatus> {
        let current = self.current.load();
        let current = current.as_deref()?;
        let (path, expires_at_ms) = (current.files.cert.clone(), current.expires_at_ms);
        Some(CertificateStatus { path, expires_at_ms, problem: self.trouble.reason() })
    }

    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.current.load().as_ref().map(|current| TlsAcceptor::from(Arc::clone(&current.config)))
    }
}

/// What is to be used from now on; `None` where that is what is in use already.
fn renewed(files: &IdentityFiles, current: Option<&Current>) -> Result<Option<Current>, TlsError> {
    let bytes = files.read()?;
    if current.is_some_and(|current| current.bytes == bytes) {
        return Ok(None);
    }
    Current::new(files, bytes).map(Some)
}

impl Current {
    fn new(files: &IdentityFiles, bytes: IdentityBytes) -> Result<Self, TlsError> {
        let Identity { certified, expires_at_ms } = bytes.identity()?;
        let mut config = ServerConfig::builder_with_provider(identity::crypto_provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        // Tickets hold a session themselves, so that it is resumed whichever executor the client meets next time.
        config.ticketer = Ticketer::new()?;
        Ok(Self { files: files.clone(), bytes, config: Arc::new(config), expires_at_ms })
    }
}

/// HTTP/2, as a TLS handshake names it.
pub(crate) const H2: &[u8] = b"h2";

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn write(files: &IdentityFiles, year: i32) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        fs::write(&files.cert, params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
    }

    fn year(tls: &InboundTls) -> i64 {
        1970 + tls.status().unwrap().expires_at_ms / 31_556_952_000
    }

    #[test]
    fn new_files_are_taken_and_broken_ones_are_not() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = |name| directory.path().join(name);
        let files = IdentityFiles { cert: path("cert.pem"), key: path("key.pem") };
        assert!(InboundTls::start(Some(&files)).is_err(), "there is nothing yet");
        write(&files, 2040);
        let tls = InboundTls::start(Some(&files)).unwrap();
        assert_eq!((year(&tls), tls.refresh(Some(&files))), (2040, false));

        fs::write(&files.key, "-----BEGIN").unwrap();
        assert!(!tls.refresh(Some(&files)));
        let status = tls.status().unwrap();
        assert!(status.problem.unwrap().contains("key file"), "it says why");
        assert_eq!(year(&tls), 2040, "the old one is still in use");
        assert!(tls.acceptor().is_some());

        write(&files, 2050);
        assert!(tls.refresh(Some(&files)));
        assert_eq!((year(&tls), tls.status().unwrap().problem), (2050, None));

        fs::remove_file(&files.cert).unwrap();
        assert!(!tls.refresh(Some(&files)));
        assert_eq!(year(&tls), 2050);

        assert!(tls.refresh(None));
        assert!(tls.status().is_none() && tls.acceptor().is_none());
    }
}
