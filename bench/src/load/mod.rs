//! The load generator: closed loop (as fast as the server answers), open loop (at a rate, whatever the server does),
//! and streams. One thread, one event loop; it prints one JSON object.

mod closed;
mod connection;
mod open;
mod report;
mod streams;

use std::io::{self, Write};
use std::net::SocketAddr;

use clap::Subcommand;

use crate::machine;

pub(crate) use report::{Report, Window};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The server to load
    #[arg(long, global = true, default_value = "127.0.0.1:4242")]
    target: SocketAddr,
    /// The core to stay on
    #[arg(long, global = true)]
    core: Option<usize>,
    /// The process whose CPU time is measured over the window
    #[arg(long, global = true)]
    watch: Option<u32>,
    /// Sent as bearer
    #[arg(long, global = true, default_value = "bench-key-0123456789abcdef")]
    key: String,
    /// Sent as model
    #[arg(long, global = true, default_value = "bench")]
    model: String,
    /// Bytes of prompt in each request
    #[arg(long, global = true, default_value_t = 400)]
    prompt_bytes: usize,
    /// Seconds that are measured
    #[arg(long, global = true, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds before that are not
    #[arg(long, global = true, default_value_t = 1.0)]
    warm_up: f64,
    #[command(subcommand)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Shape {
    /// Every connection sends its next request when it has the answer to the last
    Closed {
        #[arg(long, default_value_t = 64)]
        connections: usize,
    },
    /// Requests at a fixed rate; latency counts from when a request should have been sent
    Open {
        #[arg(long, default_value_t = 2000)]
        rate: u64,
        #[arg(long, default_value_t = 64)]
        connections: usize,
    },
    /// Concurrent streams, each followed by the next on its connection
    Streams {
        #[arg(long, default_value_t = 200)]
        streams: usize,
        /// Streams one after the other on each connection
        #[arg(long, default_value_t = 3)]
        waves: usize,
        /// Events that each stream must have
        #[arg(long, default_value_t = 100)]
        events: usize,
    },
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(core) = options.core {
        machine::pin(core)?;
    }
    let report = match options.shape {
        Shape::Closed { connections } => closed::run(options, connections)?,
        Shape::Open { rate, connections } => open::run(options, rate, connections)?,
        Shape::Streams { streams, waves, events } => streams::run(options, streams, waves, events)?,
    };
    writeln!(io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(())
}

impl Options {
    /// The request that is sent over and over.
    fn request(&self, stream: bool) -> Vec<u8> {
        let prompt = "Tell me more about foxes and dogs. ".repeat(self.prompt_bytes / 35 + 1);
        let prompt = &prompt[..self.prompt_bytes.max(1)];
        let streaming = if stream { r#""stream":true,"stream_options":{"include_usage":true},"# } else { "" };
        let body = format!(
            r#"{{"model":"{}",{streaming}"messages":[{{"role":"system","content":"You are a helpful assistant."}},{{"role":"user","content":"{prompt}"}}]}}"#,
            self.model
        );
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nuser-agent: bench\r\n\
             accept: application/json\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.target,
            self.key,
            body.len()
        );
        [head, body].concat().into_bytes()
    }

    fn window(&self) -> Window {
        Window::new(self.warm_up, self.seconds, self.watch, self.core)
    }
}
