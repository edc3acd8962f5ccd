//! Streams: so many at a time, each connection one after the other. They begin spread over a short time, so that
//! events come evenly as from many callers and not in step.

use std::time::Duration;

use anyhow::bail;
use mio::{Events, Poll, Token};

use super::connection::{Connection, Progress};
use super::{Options, Report};
use crate::clock::{self, SECOND, Timer};

pub(crate) fn run(
    options: &Options,
    streams: usize,
    waves: usize,
    events_each: usize,
) -> anyhow::Result<Report> {
    let request = options.request(true);
    let mut poll = Poll::new()?;
    let mut timer = Timer::new(poll.registry(), TIMER)?;
    let mut pool = Vec::with_capacity(streams);
    for at in 0..streams {
        pool.push((Connection::open(options.target, poll.registry(), Token(at))?, 0_u64, waves));
    }
    let mut window = options.window();
    window.open();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 256 << 10];
    let begins = clock::now();
    let mut started = 0;
    while window.counted() < streams * waves {
        let now = clock::now();
        if now > begins + LONGEST * SECOND {
            bail!("{} of {} streams ended within {LONGEST} s", window.counted(), streams * waves);
        }
        while started < streams && begins + started as u64 * APART <= now {
            let (connection, sent_at, _) = &mut pool[started];
            *sent_at = now;
            connection.send(&request)?;
            started += 1;
        }
        if started < streams {
            timer.set(begins + started as u64 * APART)?;
        }
        poll.poll(&mut events, Some(TICK))?;
        for event in events.iter().filter(|event| event.token() != TIMER) {
            let (connection, sent_at, left) = &mut pool[event.token().0];
            match connection.advance(&request, &mut buffer) {
                Progress::Waiting => continue,
                Progress::Closed if *left == 0 => continue,
                Progress::Closed => bail!("the server closed a connection in the middle of a stream"),
                Progress::Complete if !std::mem::take(&mut connection.reply.is_complete) => continue,
                Progress::Complete => {}
            }
            let reply = &connection.reply;
            window.errors += u64::from(reply.status != 200 || reply.events != events_each as u64);
            window.events += reply.events;
            window.count(reply.first_byte.unwrap_or(*sent_at).saturating_sub(*sent_at));
            *left -= 1;
            if *left > 0 {
                *sent_at = clock::now();
                connection.send(&request)?;
            }
        }
    }
    Ok(window.close())
}

/// Nanoseconds between the beginnings of two streams.
const APART: u64 = 1_000_000;
/// Seconds after which a run is given up.
const LONGEST: u64 = 120;
const TICK: Duration = Duration::from_millis(100);
const TIMER: Token = Token(usize::MAX - 2);
