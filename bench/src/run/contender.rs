//! Who is measured: no proxy, nginx as a plain reverse proxy, and the gateway with a key, a price, the ledger and full
//! traces. Each writes its configuration into a directory of its own and says where it listens.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use tempfile::TempDir;

use super::process::{Process, free_port};

#[derive(Debug)]
pub(crate) enum Contender {
    Direct,
    Nginx { binary: PathBuf },
    Gatewright { binary: PathBuf },
}

/// A contender that has been started, and may not answer yet.
#[derive(Debug)]
pub(crate) struct Started {
    /// None where there is nothing between the load and the mock.
    pub(crate) process: Option<Process>,
    pub(crate) whole: SocketAddr,
    /// Where streams go: nginx needs other settings for them.
    pub(crate) streams: SocketAddr,
    /// Removed when the measurement is over, after the process.
    pub(crate) directory: TempDir,
}

impl Contender {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nginx { .. } => "nginx",
            Self::Gatewright { .. } => "gatewright",
        }
    }

    pub(crate) fn binary_bytes(&self) -> Option<u64> {
        match self {
            Self::Gatewright { binary } => fs::metadata(binary).ok().map(|file| file.len()),
            _ => None,
        }
    }

    pub(crate) fn start(&self, mock: SocketAddr, core: usize) -> anyhow::Result<Started> {
        let directory = TempDir::new()?;
        match self {
            Self::Direct => Ok(Started { process: None, whole: mock, streams: mock, directory }),
            Self::Nginx { binary } => {
                let (whole, streams) = (free_port()?, free_port()?);
                let command = nginx(binary, directory.path(), mock, whole, streams)?;
                Ok(Started { process: Some(Process::start(command, core)?), whole, streams, directory })
            }
            Self::Gatewright { binary } => {
                let listen = free_port()?;
                let command = gatewright(binary, directory.path(), mock, listen)?;
                Ok(Started {
                    process: Some(Process::start(command, core)?),
                    whole: listen,
                    streams: listen,
                    directory,
                })
            }
        }
    }
}

impl Started {
    /// What the contender wrote to standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join(LOG)).unwrap_or_default()
    }
}

fn nginx(
    binary: &Path,
    directory: &Path,
    mock: SocketAddr,
    whole: SocketAddr,
    streams: SocketAddr,
) -> anyhow::Result<Command> {
    // Workers of root become `nobody`, who may not enter a private directory.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let folder = directory.display();
    let config = format!(
        "{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream mock {{
    server {mock};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }}
  proxy_http_version 1.1;
  proxy_set_header Connection \"\";
  server {{
    listen {whole} backlog=4096;
    location / {{ proxy_pass http://mock; }}
  }}
  server {{
    listen {streams} backlog=4096;
    location / {{ proxy_pass http://mock; proxy_buffering off; }}
  }}
}}
"
    );
    let path = directory.join("nginx.conf");
    fs::write(&path, config)?;
    let mut command = Command::new(binary);
    command.arg("-p").arg(directory).arg("-c").arg(&path);
    quiet(&mut command, directory)?;
    Ok(command)
}

fn gatewright(
    binary: &Path,
    directory: &Path,
    mock: SocketAddr,
    listen: SocketAddr,
) -> anyhow::Result<Command> {
    let config = format!(
        "server: {{ executors: 1, anonymous: never }}
credentials:
  - {{ name: mock, provider: openai-compatible, base_url: \"http://{mock}/v1\", auth: none }}
endpoints:
  - {{ name: bench, targets: [ {{ credential: mock, model: gpt-bench }} ], capture: full }}
keys:
  - {{ name: bench, secret: bench-key-0123456789abcdef, endpoints: [bench] }}
prices:
  - {{ provider: openai-compatible, model: \"*\", input: 0.10, output: 0.40 }}
"
    );
    let path = directory.join("gatewright.yaml");
    fs::write(&path, config)?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(&path).arg("--data-dir").arg(directory.join("data"));
    command.args(["--listen", &listen.to_string()]);
    quiet(&mut command, directory)?;
    Ok(command)
}

fn quiet(command: &mut Command, directory: &Path) -> anyhow::Result<()> {
    let log = fs::File::create(directory.join(LOG)).context("cannot create a log file")?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Ok(())
}

const LOG: &str = "stderr.log";
