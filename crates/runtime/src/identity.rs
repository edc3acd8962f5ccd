//! Certificates and private keys in PEM files: who we are to a TLS peer, and whom we trust. Reads and checks them;
//! what is done with them is decided by whoever accepts or opens connections.

mod validity;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, io};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::CertifiedKey;

/// Where an identity is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate and what its issuer gave with it, leaf first.
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// The content of both files, to tell whether they have changed.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityBytes {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for IdentityBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityBytes")
    }
}

/// A certificate chain and the key that belongs to it.
#[derive(Debug, Clone)]
pub struct Identity {
    pub certified: Arc<CertifiedKey>,
    /// When the first certificate of the chain ends, in milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
}

/// Why a pair cannot be used; says what to do, and never what is in the key.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("cannot read `{path}`: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the certificate file holds no certificate; it wants PEM (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate,
    #[error(
        "the key file holds no private key that can be used; it wants PEM (`-----BEGIN PRIVATE KEY-----`) without a \
         passphrase"
    )]
    NoKey,
    #[error("the certificate file is damaged: {0}")]
    BadCertificate(String),
    #[error(
        "the key file is damaged or of an unknown kind; RSA, ECDSA (P-256, P-384, P-521) and Ed25519 keys work"
    )]
    BadKey,
    #[error("the key does not belong to the certificate; the leaf certificate comes first in its file")]
    Mismatch,
}

impl IdentityFiles {
    /// Reads both files.
    pub fn read(&self) -> Result<IdentityBytes, IdentityError> {
        Ok(IdentityBytes { cert: read(&self.cert)?, key: read(&self.key)? })
    }
}

impl IdentityBytes {
    pub fn new(cert: Vec<u8>, key: Vec<u8>) -> Self {
        Self { cert, key }
    }

    /// Reads and checks what the files hold; dates are left to the caller, who knows what time it is.
    pub fn identity(&self) -> Result<Identity, IdentityError> {
        let chain = certificates(&self.cert)?;
        let ends = chain.iter().map(|certificate| validity::not_after_ms(certificate));
        let expires_at_ms =
            ends.min().flatten().ok_or_else(|| IdentityError::BadCertificate("it has no end date".into()))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| match error {
            pem::Error::NoItemsFound => IdentityError::NoKey,
            _ => IdentityError::BadKey,
        })?;
        let certified =
            CertifiedKey::from_der(chain, key, &crypto_provider()).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => IdentityError::Mismatch,
                rustls::Error::InvalidCertificate(_) => IdentityError::BadCertificate(error.to_string()),
                _ => IdentityError::BadKey,
            })?;
        Ok(Identity { certified: Arc::new(certified), expires_at_ms })
    }
}

/// The certificates of a PEM file; at least one.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| IdentityError::BadCertificate(error.to_string()))?;
    if all.is_empty() {
        return Err(IdentityError::NoCertificate);
    }
    Ok(all)
}

/// When the certificate ends, in milliseconds since the Unix epoch; `None` for what is no certificate.
pub fn not_after_ms(certificate: &CertificateDer<'_>) -> Option<i64> {
    validity::not_after_ms(certificate)
}

/// The one provider of cryptography.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A bundle of all public roots has a quarter of this.
const LARGEST_FILE: u64 = 1024 * 1024;

fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    read_pem_file(path).map_err(|source| IdentityError::Unreadable { path: path.to_owned(), source })
}

/// Reads a file of certificates or keys; one that is too large for either is refused, so that a device or a log named
/// by mistake does not fill the memory.
pub fn read_pem_file(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;

    let mut content = Vec::new();
    fs::File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn pair(not_after: (i32, u8, u8)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1990, 1, 1);
        params.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn identity(cert: &str, key: &str) -> Result<Identity, IdentityError> {
        IdentityBytes::new(cert.into(), key.into()).identity()
    }

    #[test]
    fn the_first_end_of_a_chain_is_its_end() {
        let day = 24 * 3_600 * 1_000;
        // 2049 and 2050: the last year of one notation of dates, and the first of the other.
        for (date, days) in [((2027, 3, 1), 20_878), ((2049, 12, 31), 29_219), ((2050, 1, 1), 29_220)] {
            let (cert, key) = pair(date);
            assert_eq!(identity(&cert, &key).unwrap().expires_at_ms, days * day, "{date:?}");
        }
        let ((leaf, key), (issuer, _)) = (pair((2050, 1, 1)), pair((2027, 3, 1)));
        assert_eq!(identity(&format!("{leaf}\n{issuer}"), &key).unwrap().expires_at_ms, 20_878 * day);
    }

    #[test]
    fn what_is_no_pair_says_what_is_wrong_and_nothing_of_the_key() {
        let ((cert, key), (_, other)) = (pair((2050, 1, 1)), pair((2050, 1, 1)));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let damaged = cert.replacen("MII", "MI!", 1);
        let cut = key.lines().take(2).collect::<Vec<_>>().join("\n");
        let cases = [
            (cert.as_str(), other.as_str(), "does not belong"),
            (key.as_str(), key.as_str(), "no certificate"),
            ("", key.as_str(), "no certificate"),
            (cert.as_str(), cert.as_str(), "no private key"),
            (cert.as_str(), encrypted.as_str(), "without a passphrase"),
            (cert.as_str(), "", "no private key"),
            (cert.as_str(), cut.as_str(), "key file"),
            (damaged.as_str(), key.as_str(), "the certificate file"),
        ];
        for (cert, key, expected) in cases {
            let error = identity(cert, key).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let bytes = IdentityBytes::new(cert.into_bytes(), key.into_bytes());
        assert_eq!(format!("{bytes:?}"), "IdentityBytes");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let files = IdentityFiles { cert: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
        let error = files.read().unwrap_err().to_string();
        assert!(error.contains("`/nowhere/cert.pem`"), "{error}");
        assert_eq!(read_pem_file(Path::new("/dev/zero")).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
