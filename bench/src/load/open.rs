//! Open loop: requests are due at a fixed rate whatever the server does. A request that has to wait for a free
//! connection has been waiting for the server, so its latency counts from the moment it was due.

use std::collections::VecDeque;

use mio::{Events, Poll, Token};

use super::connection::{Connection, Progress};
use super::{Options, Report};
use crate::clock::{self, SECOND, Timer};

struct Open {
    poll: Poll,
    pool: Vec<Connection>,
    /// When the request that a connection carries was due.
    due: Vec<u64>,
    idle: VecDeque<usize>,
    backlog: VecDeque<u64>,
    request: Vec<u8>,
}

pub(crate) fn run(options: &Options, rate: u64, connections: usize) -> anyhow::Result<Report> {
    let poll = Poll::new()?;
    let mut pool = Vec::with_capacity(connections);
    for at in 0..connections {
        pool.push(Connection::open(options.target, poll.registry(), Token(at))?);
    }
    let mut timer = Timer::new(poll.registry(), TIMER)?;
    let request = options.request(false);
    let due = vec![0; connections];
    let mut open =
        Open { poll, pool, due, idle: (0..connections).collect(), backlog: VecDeque::new(), request };
    let mut window = options.window();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 256 << 10];
    let interval = SECOND / rate.max(1);
    let mut next = clock::now();
    loop {
        let now = clock::now();
        if window.is_over(now) {
            return Ok(window.close());
        }
        while next <= now {
            open.send(next);
            next += interval;
        }
        timer.set(next.min(window.ends()))?;
        open.poll.poll(&mut events, None)?;
        for event in events.iter().filter(|event| event.token() != TIMER) {
            let at = event.token().0;
            match open.pool[at].advance(&open.request, &mut buffer) {
                Progress::Waiting => continue,
                Progress::Complete => {
                    // An idle connection is polled too when its socket becomes writable.
                    if std::mem::take(&mut open.pool[at].reply.is_complete) {
                        window.errors += u64::from(open.pool[at].reply.status != 200);
                        window.count(clock::now().saturating_sub(open.due[at]));
                        open.finished(at);
                    }
                }
                Progress::Closed => {
                    window.reconnects += 1;
                    open.reopen(at)?;
                }
            }
        }
    }
}

impl Open {
    fn send(&mut self, due: u64) {
        let Some(at) = self.idle.pop_front() else {
            return self.backlog.push_back(due);
        };
        self.due[at] = due;
        // A connection that breaks here says so again when it is polled.
        drop(self.pool[at].send(&self.request));
    }

    fn finished(&mut self, at: usize) {
        self.idle.push_back(at);
        if let Some(due) = self.backlog.pop_front() {
            self.send(due);
        }
    }

    fn reopen(&mut self, at: usize) -> anyhow::Result<()> {
        let was_idle = self.idle.contains(&at);
        self.pool[at].reopen(self.poll.registry())?;
        if !was_idle {
            let request = std::mem::take(&mut self.request);
            drop(self.pool[at].send(&request));
            self.request = request;
        }
        Ok(())
    }
}

const TIMER: Token = Token(usize::MAX - 2);
