//! Closed loop: every connection sends its next request as soon as it has the answer to the last.

use mio::{Events, Poll, Token};

use super::connection::{Connection, Progress};
use super::{Options, Report};
use crate::clock;

pub(crate) fn run(options: &Options, connections: usize) -> anyhow::Result<Report> {
    let request = options.request(false);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 256 << 10];
    let mut window = options.window();
    let mut pool = Vec::with_capacity(connections);
    for at in 0..connections {
        let mut connection = Connection::open(options.target, poll.registry(), Token(at))?;
        connection.send(&request)?;
        pool.push((connection, clock::now()));
    }
    loop {
        poll.poll(&mut events, Some(TICK))?;
        let mut now = clock::now();
        if window.is_over(now) {
            return Ok(window.close());
        }
        for event in &events {
            let (connection, sent_at) = &mut pool[event.token().0];
            match connection.advance(&request, &mut buffer) {
                Progress::Waiting => continue,
                Progress::Complete => {
                    now = clock::now();
                    window.errors += u64::from(connection.reply.status != 200);
                    window.count(now - *sent_at);
                }
                Progress::Closed => {
                    window.reconnects += 1;
                    connection.reopen(poll.registry())?;
                }
            }
            *sent_at = now;
            // A connection that breaks here says so again when it is polled.
            drop(connection.send(&request));
        }
    }
}

/// The window is looked at this often even when nothing happens.
const TICK: std::time::Duration = std::time::Duration::from_millis(20);
