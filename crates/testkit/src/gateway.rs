//! Runs the real gateway binary on a free port with a temporary data directory, so that a test sees what a user sees:
//! its start, its signals, its exit status, its log, and what survives when it is killed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Client;

/// A running gateway. Dropping it kills the process and removes its directory.
#[derive(Debug)]
pub struct Gateway {
    // The process goes before its directory does.
    running: Option<Running>,
    setup: Setup,
    url: String,
    log: watch::Sender<String>,
    directory: TempDir,
}

/// What a gateway is started with; kept for restarts.
#[derive(Debug, Clone)]
pub struct Setup {
    binary: PathBuf,
    config: Option<String>,
    listen: String,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
}

/// A gateway that did not come up.
#[derive(Debug)]
pub struct NotStarted {
    pub status: Option<ExitStatus>,
    pub log: String,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Reads stdout and stderr for as long as the process lives.
    readers: JoinSet<()>,
}

impl Setup {
    /// `binary` is what `env!("CARGO_BIN_EXE_gatewright")` says.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            config: None,
            listen: "127.0.0.1:0".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The text of `gatewright.yaml`; without it the gateway starts without a configuration.
    pub fn config(mut self, text: impl Into<String>) -> Self {
        self.config = Some(text.into());
        self
    }

    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// One more argument of `serve`.
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub async fn start(self) -> Gateway {
        match self.try_start().await {
            Ok(gateway) => gateway,
            Err(failed) => {
                panic!("the gateway did not start ({:?}); its log:\n{}", failed.status, failed.log)
            }
        }
    }

    /// For tests of a start that must fail.
    pub async fn try_start(self) -> Result<Gateway, NotStarted> {
        let directory = TempDir::new().expect("a temporary directory can be made");
        let log = watch::Sender::new(String::new());
        let mut gateway = Gateway { running: None, setup: self, url: String::new(), log, directory };
        gateway.launch().await?;
        Ok(gateway)
    }
}

impl Gateway {
    /// Starts the binary with this configuration.
    pub async fn start(binary: impl Into<PathBuf>, config: impl Into<String>) -> Self {
        Setup::new(binary).config(config).start().await
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn config_file(&self) -> PathBuf {
        self.directory.path().join("gatewright.yaml")
    }

    /// Replaces the configuration file in one step, as an editor or a deployment does.
    pub fn write_config(&mut self, text: &str) {
        self.setup.config = Some(text.to_owned());
        let fresh = self.directory.path().join("gatewright.yaml.new");
        std::fs::write(&fresh, text).expect("the temporary directory is writable");
        std::fs::rename(&fresh, self.config_file()).expect("the temporary directory is writable");
    }

    /// What the admin API wants as bearer.
    pub fn admin_token(&self) -> String {
        let path = self.data_dir().join("admin-token");
        let token = std::fs::read_to_string(&path);
        token.unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display())).trim().to_owned()
    }

    pub fn process_id(&self) -> Option<u32> {
        self.running.as_ref()?.child.id()
    }

    /// Everything written to stderr so far, over all restarts.
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until the log contains the text.
    pub async fn wait_for_log(&self, text: &str, timeout: Duration) {
        let mut log = self.log.subscribe();
        let found = tokio::time::timeout(timeout, log.wait_for(|log| log.contains(text))).await.is_ok();
        assert!(found, "`{text}` did not appear within {timeout:?} in the log:\n{}", self.log());
    }

    /// Asks the gateway to stop, without waiting for it.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks the gateway to stop and waits until it has.
    pub async fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait().await
    }

    /// Kills the process where it stands, and reaps it.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait().await;
    }

    /// Waits until the process has ended by itself.
    pub async fn wait(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the gateway is not running");
        let waited = tokio::time::timeout(PATIENCE, running.child.wait()).await;
        // What it wrote last is read before the log is looked at.
        drop(
            tokio::time::timeout(PATIENCE, async { while running.readers.join_next().await.is_some() {} })
                .await,
        );
        match waited {
            Ok(status) => status.expect("a child process can be waited for"),
            Err(_) => panic!("the gateway did not end within {PATIENCE:?}; its log:\n{}", self.log()),
        }
    }

    /// Starts again on the same data directory and configuration; the port changes.
    pub async fn restart(&mut self) {
        if self.running.is_some() {
            self.stop().await;
        }
        if let Err(failed) = self.launch().await {
            panic!("the gateway did not start again ({:?}); its log:\n{}", failed.status, failed.log);
        }
    }

    async fn launch(&mut self) -> Result<(), NotStarted> {
        let mut command = self.command();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", self.setup.binary.display()));
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let address = watch::Sender::new(String::new());
        let mut announced = address.subscribe();
        let mut readers = JoinSet::new();
        readers.spawn(read_address(stdout, address));
        readers.spawn(read_log(stderr, self.log.clone()));
        let announcement = tokio::time::timeout(PATIENCE, announced.wait_for(|url| !url.is_empty())).await;
        if let Ok(Ok(url)) = announcement {
            self.url.clone_from(&url);
            self.running = Some(Running { child, readers });
            return Ok(());
        }
        // Standard output has ended without an address, or nothing was said for too long.
        drop(child.start_kill());
        let status = child.wait().await.ok();
        drop(tokio::time::timeout(PATIENCE, async { while readers.join_next().await.is_some() {} }).await);
        Err(NotStarted { status, log: self.log() })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.setup.binary);
        // The developer's own provider keys and proxies must not decide a test.
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
        command.envs(self.setup.environment.iter().map(|(name, value)| (name, value)));
        command.arg("serve").args(["--listen", &self.setup.listen]).arg("--data-dir").arg(self.data_dir());
        if let Some(config) = &self.setup.config {
            std::fs::write(self.config_file(), config).expect("the temporary directory is writable");
            command.arg("--config").arg(self.config_file());
        }
        command.args(&self.setup.arguments).current_dir(self.directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    fn signal(&self, signal: Signal) {
        let id = self.process_id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // A process that has just ended by itself is as good as one that got the signal.
        let _already_ended = kill_process(id.expect("the gateway is not running"), signal);
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// Finds the one line that says where the gateway listens, and reads on so that the pipe never fills.
async fn read_address(stdout: impl AsyncRead + Unpin, address: watch::Sender<String>) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.strip_prefix("listening on ").filter(|url| url.starts_with("http")) {
            address.send_replace(url.trim().to_owned());
        }
    }
}

async fn read_log(stderr: impl AsyncRead + Unpin, log: watch::Sender<String>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.send_modify(|log| {
            log.push_str(&line);
            log.push('\n');
        });
    }
}

/// How long a start or a stop may take, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the gateway inherits from the test's environment.
const KEPT: &[&str] = &["PATH", "HOME", "TMPDIR", "RUST_LOG", "RUST_BACKTRACE", "LLVM_PROFILE_FILE"];
