//! A certificate authority of one's own, and certificates as one wishes: valid, expired, for another name.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use runtime::IdentityFiles;

/// Signs certificates that nobody trusts who was not told to.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    pub cert: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority for tests");
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a key signs itself");
        Self { issuer }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for these names and addresses, valid for longer than any test runs.
    pub fn issue(&self, names: &[&str]) -> Pair {
        self.issue_until(names, 2090)
    }

    /// The same, valid until the first day of a year.
    pub fn issue_until(&self, names: &[&str], year: i32) -> Pair {
        let key = key();
        let certificate = params(names, year).signed_by(&key, &self.issuer).expect("a key signs");
        Pair { cert: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Pair {
    /// A certificate that vouches for itself.
    pub fn self_signed(names: &[&str]) -> Self {
        let key = key();
        let certificate = params(names, 2090).self_signed(&key).expect("a key signs itself");
        Self { cert: certificate.pem(), key: key.serialize_pem() }
    }

    /// Writes `cert.pem` and `key.pem` into a directory, or what was there before them.
    pub fn write(&self, directory: &Path) -> IdentityFiles {
        let files = IdentityFiles { cert: directory.join("cert.pem"), key: directory.join("key.pem") };
        std::fs::write(&files.cert, &self.cert).expect("the temporary directory is writable");
        std::fs::write(&files.key, &self.key).expect("the temporary directory is writable");
        files
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}

fn params(names: &[&str], year: i32) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("these are names or addresses");
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(year, 1, 1);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params
}
