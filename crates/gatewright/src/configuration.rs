//! The running configuration at start: what is written is judged first and alone, because the store cannot be opened
//! before it is known; then it is compiled together with what is stored.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use config::{Compiled, Diagnostic, Live, LiveError, Origins, Source};
use store::ControlStore;
use vault::{Environment, KeyHasher, Vault, VaultKeys};

use crate::cli::Serve;
use crate::{output, paths};

/// The command line decides, then the configuration, then the environment.
pub(crate) fn data_dir(options: &Serve) -> Result<PathBuf> {
    if options.data_dir.is_some() {
        return paths::data_dir(options.data_dir.clone());
    }
    // The directory holds the pepper, and the pepper is needed to compile: so the file is read for this one value first.
    let written = match &options.config {
        Some(path) => {
            Source::read(path).ok().and_then(|source| config::data_dir(&source, &Environment::process()))
        }
        None => None,
    };
    paths::data_dir(written)
}

/// What is written, without what is stored; `None` if it cannot be used, and then every problem was told.
pub(crate) fn written(options: &Serve, hasher: &KeyHasher) -> Result<Option<Compiled>> {
    let environment = Environment::process();
    let compiled = match &options.config {
        Some(path) => match Source::read(path) {
            Ok(source) => config::compile(&source.listen(options.listen), &environment, hasher),
            Err(problem) => Err(vec![problem]),
        },
        None => config::without_file(&environment, options.listen),
    };
    compiled.map(Some).or_else(|problems| refuse(&problems).map(|()| None))
}

/// The keys of the vault that are written, if any: else the data directory has its own.
pub(crate) fn vault_keys(options: &Serve) -> Option<VaultKeys> {
    let source = Source::read(options.config.as_ref()?).ok()?;
    config::vault_keys(&source, &Environment::process())
}

/// What is written and what is stored; `None` if it cannot be used, and then every problem was told.
pub(crate) async fn live(
    options: &Serve,
    hasher: &Arc<KeyHasher>,
    vault: &Arc<Vault>,
    control: Arc<dyn ControlStore>,
) -> Result<Option<Arc<Live>>> {
    // What is declared can be served all the same; each secret that does not open is told of with its object.
    if let Err(error) = vault::check(vault, &*control).await {
        tracing::error!("{error}");
    }
    let origins = Origins {
        path: options.config.clone(),
        listen: options.listen,
        environment: Box::new(Environment::process),
        hasher: Arc::clone(hasher),
        vault: Arc::clone(vault),
        control,
    };
    match Live::start(origins).await {
        Ok(live) => {
            tell(&live);
            Ok(Some(Arc::new(live)))
        }
        Err(LiveError::Invalid(problems)) => refuse(&problems).map(|()| None),
        Err(error) => Err(error.into()),
    }
}

/// What a person who starts the gateway should know about its configuration.
fn tell(live: &Live) {
    let status = live.status();
    for warning in &status.warnings {
        output::error(&warning.to_string());
    }
    for object in &status.quarantined {
        let problems: Vec<_> = object.problems.iter().map(|problem| problem.message.as_str()).collect();
        tracing::error!(
            kind = object.kind.name(),
            name = object.name,
            problems = problems.join("; "),
            "a stored object cannot be used and was set aside"
        );
    }
}

fn refuse(problems: &[Diagnostic]) -> Result<()> {
    for problem in problems {
        output::error(&problem.to_string());
    }
    if problems.is_empty() {
        bail!("the configuration cannot be used");
    }
    Ok(())
}
