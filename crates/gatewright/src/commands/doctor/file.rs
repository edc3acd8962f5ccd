//! The configuration file, where no gateway runs that could say what it thinks of it.

use std::net::TcpListener;

use config::Severity;

use super::{Finding, certificate};
use crate::cli::Doctor;
use crate::compose;

const ABOUT: &str = "configuration";

pub(super) fn look(options: &Doctor, findings: &mut Vec<Finding>) {
    let Some(path) = &options.config else {
        findings.push(Finding::ok(ABOUT, "no file was named; `--config` has one looked at"));
        return;
    };
    // Hashes are only compared with each other here, so the pepper does not matter.
    let hasher = vault::KeyHasher::new(&[0; 32]);
    let compiled = match compose::read_file(path, &hasher) {
        Ok(compiled) => compiled,
        Err(error) => {
            findings.push(Finding::fail(ABOUT, format!("{error:#}"), "name another file with `--config`"));
            return;
        }
    };
    let problems = match &compiled {
        Ok(compiled) => &compiled.warnings,
        Err(problems) => problems,
    };
    for problem in problems {
        let text = format!("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.message);
        let help = problem.help.clone().unwrap_or_else(|| "correct the file".to_owned());
        findings.push(match problem.severity {
            Severity::Error => Finding::fail(ABOUT, text, help),
            Severity::Warning => Finding::warn(ABOUT, text, help),
        });
    }
    if let Ok(compiled) = &compiled {
        let snapshot = &compiled.snapshot;
        if problems.is_empty() {
            let text = format!("{}: {} endpoints", path.display(), snapshot.visible_to(None).len());
            findings.push(Finding::ok(ABOUT, text));
        }
        findings.push(listen(snapshot.server.listen));
        if let Some(files) = &snapshot.server.tls {
            certificate::look(files, findings);
        }
    }
}

/// Whether the address is free: a gateway that does not answer may be another program.
fn listen(address: std::net::SocketAddr) -> Finding {
    const ABOUT: &str = "listen";
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(ABOUT, format!("{address} is free")),
        Err(error) => {
            let help =
                "stop what listens there, or choose another address with `--listen` or `server.listen`";
            Finding::fail(ABOUT, format!("{address} cannot be used: {error}"), help)
        }
    }
}
