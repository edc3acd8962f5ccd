//! The content lane of a round: the executors' buffers are exchanged for empty ones and written as they are.

use std::sync::atomic::Ordering;

use store::Frames;
use store::sqlite::Stores;

use crate::health::Part;
use crate::pause::Pause;
use crate::shared::Shared;

/// Memory that an emptied buffer keeps.
const KEPT_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(crate) struct ContentRounds {
    /// Taken from the executors and not written yet.
    held: Vec<Frames>,
    /// Emptied buffers, to be exchanged for full ones.
    spare: Vec<Frames>,
    pub(crate) pause: Pause,
}

impl ContentRounds {
    pub(crate) async fn write(&mut self, shared: &Shared, stores: &Stores, insist: bool) {
        if !insist && self.pause.is_on() {
            return;
        }
        // While something is held, the executors' buffers wait, and the bound on them holds.
        if self.held.is_empty() {
            self.take(shared);
        }
        while !self.held.is_empty() {
            match stores.traces.append(&self.held).await {
                Ok(appended) => {
                    let dropped = u64::try_from(appended.dropped).unwrap_or(0);
                    shared.dropped_calls.fetch_add(dropped, Ordering::Relaxed);
                    self.release(shared);
                    self.pause.end();
                    shared.troubles.end(Part::Content);
                    if insist {
                        self.take(shared);
                    }
                }
                Err(error) => {
                    self.pause.begin();
                    shared.store_errors.fetch_add(1, Ordering::Relaxed);
                    shared.troubles.begin(Part::Content, error.to_string());
                    return;
                }
            }
        }
    }

    /// Exchanges the executors' buffers for empty ones.
    fn take(&mut self, shared: &Shared) {
        for lane in shared.lanes() {
            let mut content = lane.content();
            if !content.is_empty() {
                self.held.push(std::mem::replace(&mut *content, self.spare.pop().unwrap_or_default()));
            }
        }
    }

    /// Empties what was held.
    fn release(&mut self, shared: &Shared) {
        for mut frames in self.held.drain(..) {
            shared.queued_bytes.fetch_sub(frames.len_bytes(), Ordering::Relaxed);
            frames.clear(KEPT_BYTES);
            self.spare.push(frames);
        }
    }

    /// Nothing waits to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn give_up(&mut self, shared: &Shared) {
        self.take(shared);
        let calls: usize = self.held.iter().map(Frames::count).sum();
        if calls > 0 {
            shared.dropped_calls.fetch_add(u64::try_from(calls).unwrap_or(0), Ordering::Relaxed);
            tracing::error!(calls, "the traces of the last calls could not be written and are lost");
        }
        self.release(shared);
    }
}
