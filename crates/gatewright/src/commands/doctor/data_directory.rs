//! The data directory: is it there, who may read it, and is there room.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;

const ABOUT: &str = "data directory";
const SECRETS: &[&str] = &["pepper", "admin-token", "vault-key"];
const MIB: u64 = 1024 * 1024;
/// Less room than this is a reason to look.
const LITTLE: u64 = 1024 * MIB;
/// Less than this, and the next busy hour fills it.
const TOO_LITTLE: u64 = 128 * MIB;

pub(super) fn look(path: &Path, findings: &mut Vec<Finding>) {
    let shown = path.display();
    let Ok(metadata) = fs::metadata(path) else {
        let help = "`gatewright serve` makes it at the first start; name another with `--data-dir`";
        findings.push(Finding::warn(ABOUT, format!("{shown} is not there yet"), help));
        return;
    };
    if !metadata.is_dir() {
        let help = "name another with `--data-dir`";
        findings.push(Finding::fail(ABOUT, format!("{shown} is not a directory"), help));
        return;
    }
    let mode = metadata.permissions().mode() & 0o777;
    findings.push(permissions(path, mode, 0o700, 0o002));
    for name in SECRETS {
        let file = path.join(name);
        if let Ok(metadata) = fs::metadata(&file) {
            let found = permissions(&file, metadata.permissions().mode() & 0o777, 0o600, 0o007);
            // Files that are as they should be need no line each.
            if found.level != super::Level::Ok {
                findings.push(found);
            }
        }
    }
    findings.push(room(path));
}

/// `refused` are the permissions with which the gateway does not start.
fn permissions(path: &Path, mode: u32, wanted: u32, refused: u32) -> Finding {
    let shown = path.display();
    let help = format!("chmod {wanted:o} {shown}");
    if mode & refused != 0 {
        Finding::fail(ABOUT, format!("{shown} is open to every user of this machine (mode {mode:o})"), help)
    } else if mode & 0o077 != 0 {
        Finding::warn(ABOUT, format!("{shown} can be read by other users (mode {mode:o})"), help)
    } else {
        Finding::ok(ABOUT, format!("{shown}, for its owner alone (mode {mode:o})"))
    }
}

fn room(path: &Path) -> Finding {
    const ABOUT: &str = "disk space";
    let Ok(disk) = rustix::fs::statvfs(path) else {
        let help = "look at the file system that it is on";
        return Finding::warn(ABOUT, format!("cannot be measured at {}", path.display()), help);
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let whole = disk.f_blocks.saturating_mul(disk.f_frsize);
    let text = format!("{} free of {}", bytes(free), bytes(whole));
    let help = "make room, or move the data directory; usage and traces grow in it";
    match free {
        ..TOO_LITTLE => Finding::fail(ABOUT, text, help),
        TOO_LITTLE..LITTLE => Finding::warn(ABOUT, text, help),
        _ => Finding::ok(ABOUT, text),
    }
}

fn bytes(number: u64) -> String {
    match number / MIB {
        mebibytes @ 0..10_240 => format!("{mebibytes} MiB"),
        mebibytes => format!("{} GiB", mebibytes / 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn permissions_are_judged_as_the_gateway_judges_them() {
        let table = [(0o700, Level::Ok), (0o750, Level::Warn), (0o777, Level::Fail), (0o702, Level::Fail)];
        for (mode, level) in table {
            assert_eq!(permissions(Path::new("/data"), mode, 0o700, 0o002).level, level, "{mode:o}");
        }
        assert_eq!(permissions(Path::new("/data/pepper"), 0o604, 0o600, 0o007).level, Level::Fail);
    }

    #[test]
    fn room_is_measured_where_the_directory_is() {
        let directory = tempfile::tempdir().unwrap();
        let mut findings = Vec::new();
        look(directory.path(), &mut findings);
        assert!(findings.iter().any(|finding| finding.json()["about"] == "disk space"));
        findings.clear();
        look(&directory.path().join("missing"), &mut findings);
        assert_eq!(findings.len(), 1);
    }
}
