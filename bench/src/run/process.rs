//! Processes of a run: started on their core, watched until they answer, and always stopped again.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use rustix::time::Timespec;

use crate::clock::{self, SECOND};
use crate::load::Report;
use crate::machine;

/// A child process that ends with its owner.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command on one core. Affinity is inherited, so a thread goes there first and starts it from there:
    /// what the process does at its start is measured on its own core too.
    pub(crate) fn start(mut command: Command, core: usize) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let child = std::thread::scope(|scope| {
            let starter = scope.spawn(|| {
                if machine::cores() > 1 || core == 0 {
                    machine::pin(core)?;
                }
                command.spawn().with_context(|| format!("cannot run `{}`", program.display()))
            });
            starter.join().unwrap_or_else(|_| bail!("the thread that starts a process has panicked"))
        })?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Reads standard output up to the address that the process announces.
    fn announced_address(&mut self) -> anyhow::Result<SocketAddr> {
        let stdout = self.child.stdout.take().context("standard output is not piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        address
            .and_then(|address| address.parse().ok())
            .with_context(|| format!("`{}` announces no address", line.trim()))
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // One that has ended in the meantime needs no signal.
            let _already_ended = kill_process(id, signal);
        }
    }

    /// Waits for the end, at most so long.
    fn wait(&mut self, seconds: i64) -> bool {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let Some(Ok(handle)) = id.map(|id| pidfd_open(id, PidfdFlags::empty())) else {
            return self.has_ended();
        };
        let mut handles = [PollFd::new(&handle, PollFlags::IN)];
        let ended = poll(&mut handles, Some(&Timespec { tv_sec: seconds, tv_nsec: 0 }));
        matches!(ended, Ok(1..)) && self.has_ended()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        self.signal(Signal::TERM);
        if !self.wait(PATIENCE) {
            self.signal(Signal::KILL);
            self.wait(PATIENCE);
        }
    }
}

/// The mock and the load generator, both on one core that is not the server's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rig {
    pub(crate) core: usize,
    pub(crate) interval_us: u64,
}

impl Rig {
    pub(crate) fn start_mock(self) -> anyhow::Result<(Process, SocketAddr)> {
        let mut command = Command::new(this_program()?);
        command.arg("mock").args(["--interval-us", &self.interval_us.to_string()]).stdout(Stdio::piped());
        let mut mock = Process::start(command, self.core())?;
        let address = mock.announced_address()?;
        Ok((mock, address))
    }

    /// Runs the load generator to its end and reads what it found.
    pub(crate) fn load<S: AsRef<OsStr>>(
        self,
        target: SocketAddr,
        watch: Option<u32>,
        arguments: &[S],
    ) -> anyhow::Result<Report> {
        let mut command = Command::new(this_program()?);
        command.arg("load").args(arguments);
        command.args(["--target", &target.to_string(), "--core", &self.core().to_string()]);
        if let Some(process) = watch {
            command.args(["--watch", &process.to_string()]);
        }
        let mut process = Process::start(
            {
                command.stdout(Stdio::piped());
                command
            },
            self.core(),
        )?;
        let mut text = String::new();
        process.child.stdout.take().context("standard output is not piped")?.read_to_string(&mut text)?;
        if !process.wait(PATIENCE) {
            bail!("the load generator did not end");
        }
        serde_json::from_str(&text).with_context(|| format!("the load generator printed `{}`", text.trim()))
    }

    fn core(self) -> usize {
        self.core.min(machine::cores() - 1)
    }
}

fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find the path of this program")
}

/// A port of loopback that nobody listens on right now.
pub(crate) fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Tries until a request is answered with 200, without pausing, and says when that was.
pub(crate) fn first_answer(process: &mut Process, target: SocketAddr, request: &[u8]) -> anyhow::Result<u64> {
    let begins = clock::now();
    let mut last = String::new();
    while clock::now() < begins + START_PATIENCE * SECOND {
        if process.has_ended() {
            bail!("the process ended before it answered");
        }
        match try_once(target, request) {
            Ok(head) if head.starts_with("HTTP/1.1 200") => return Ok(clock::now()),
            Ok(head) => last = head,
            Err(_) => std::thread::yield_now(),
        }
    }
    bail!("no 200 within {START_PATIENCE} s; the last answer was `{}`", last.trim())
}

fn try_once(target: SocketAddr, request: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(target)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(request)?;
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..read]).into_owned())
}

/// Seconds.
const PATIENCE: i64 = 10;
const START_PATIENCE: u64 = 20;
