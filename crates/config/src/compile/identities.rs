//! Certificates that the configuration names: read and checked, so that a person learns of a wrong file from `check`
//! and not from clients. The snapshot keeps the paths; who uses them reads them, now and when they change.

use std::path::Path;

use jiff::Timestamp;
use runtime::identity::{certificates, not_after_ms};
use runtime::{IdentityBytes, IdentityFiles};
use vault::Environment;

use crate::diagnostic::{At, Findings};
use crate::schema::Located;
use crate::schema::value::FilePath;

/// Renewal by hand takes a person a while to arrange.
const SOON_MS: i64 = 30 * DAY_MS;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// A pair, wherever it is used.
pub(super) fn pair(
    cert: &Located<FilePath>,
    key: &Located<FilePath>,
    environment: &Environment,
    findings: &mut Findings,
) -> Option<IdentityFiles> {
    let files = IdentityFiles { cert: cert.value.0.clone(), key: key.value.0.clone() };
    let cert_bytes = read(&files.cert, &cert.at, environment, findings);
    let key_bytes = read(&files.key, &key.at, environment, findings);
    match IdentityBytes::new(cert_bytes?, key_bytes?).identity() {
        Ok(identity) => check_date(&files.cert, identity.expires_at_ms, &cert.at, environment, findings),
        Err(error) => {
            let (cert_path, key_path) = (files.cert.display(), files.key.display());
            let message = format!("`{cert_path}` and `{key_path}` cannot be used: {error}");
            findings.error(&cert.at, message);
        }
    }
    Some(files)
}

fn check_date(path: &Path, ends_ms: i64, at: &At, environment: &Environment, findings: &mut Findings) {
    let left_ms = ends_ms.saturating_sub(environment.now_ms());
    if left_ms > SOON_MS {
        return;
    }
    let path = path.display();
    let date =
        Timestamp::from_millisecond(ends_ms).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%d").to_string();
    if left_ms <= 0 {
        let message = format!("the certificate in `{path}` has expired on {date}");
        findings.error_with(at, message, "renew it");
    } else {
        let days = left_ms / DAY_MS;
        let message = format!("the certificate in `{path}` expires on {date}, in {days} days");
        findings.warning(at, message, "renew it; new files are taken without a restart");
    }
}

/// The file of certificates that are trusted besides the system's own.
pub(super) fn check_authorities(
    written: &Located<FilePath>,
    environment: &Environment,
    findings: &mut Findings,
) {
    let path = &written.value.0;
    let Some(content) = read(path, &written.at, environment, findings) else {
        return;
    };
    let path = path.display();
    match certificates(&content) {
        // A bundle may hold some that have ended; nobody is helped by those, and nobody hurt.
        Ok(all) if all.iter().all(|one| not_after_ms(one).is_none_or(|end| end <= environment.now_ms())) => {
            let message = format!("every certificate in `{path}` has expired");
            findings.error_with(&written.at, message, "put the current ones there");
        }
        Ok(_) => {}
        Err(error) => findings.error(&written.at, format!("`{path}` cannot be used: {error}")),
    }
}

fn read(path: &Path, at: &At, environment: &Environment, findings: &mut Findings) -> Option<Vec<u8>> {
    match environment.read(path) {
        Ok(content) => Some(content),
        Err(error) => {
            let reason = vault::file_reason(error.kind());
            findings.error(at, format!("cannot read `{}`: {reason}", path.display()));
            None
        }
    }
}
