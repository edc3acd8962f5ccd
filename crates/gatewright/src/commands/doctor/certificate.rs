//! Certificates: can they be used, and for how long still.

use std::path::Path;

use jiff::Timestamp;
use runtime::IdentityFiles;

use super::Finding;
use crate::compose;
use crate::output::time;

const ABOUT: &str = "certificate";
const DAY_MS: i64 = 86_400_000;
/// Whoever renews certificates does it a month before; what is closer has been forgotten.
const SOON_MS: i64 = 21 * DAY_MS;

/// The pair that a configuration file names, where it names one.
pub(super) fn of_file(path: &Path, findings: &mut Vec<Finding>) {
    let hasher = vault::KeyHasher::new(&[0; 32]);
    // What is wrong with the file is told by the gateway that runs with it.
    if let Ok(Ok(compiled)) = compose::read_file(path, &hasher)
        && let Some(files) = &compiled.snapshot.server.tls
    {
        look(files, findings);
    }
}

/// The pair that a configuration names.
pub(super) fn look(files: &IdentityFiles, findings: &mut Vec<Finding>) {
    let shown = files.cert.display().to_string();
    let identity = files.read().and_then(|bytes| bytes.identity());
    findings.push(match identity {
        Ok(identity) => judge(&shown, identity.expires_at_ms, Timestamp::now().as_millisecond()),
        Err(error) => Finding::fail(ABOUT, format!("{shown}: {error}"), "correct `server.tls`, or the files"),
    });
}

pub(super) fn judge(shown: &str, expires_at_ms: i64, now_ms: i64) -> Finding {
    let end = Timestamp::from_millisecond(expires_at_ms).map(|end| end.to_string()).unwrap_or_default();
    let help = "renew it; the gateway takes the new files by itself";
    match expires_at_ms.saturating_sub(now_ms) {
        ..=0 => Finding::fail(ABOUT, format!("{shown} ended {}", time::relative(&end)), help),
        1..SOON_MS => Finding::warn(ABOUT, format!("{shown} ends {}", time::relative(&end)), help),
        _ => Finding::ok(ABOUT, format!("{shown} ends {}", time::relative(&end))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn an_end_that_is_near_is_told_in_time() {
        for (left, level) in [(-1, Level::Fail), (1, Level::Warn), (20, Level::Warn), (60, Level::Ok)] {
            assert_eq!(judge("cert.pem", left * DAY_MS, 0).level, level, "{left} days");
        }
    }
}
