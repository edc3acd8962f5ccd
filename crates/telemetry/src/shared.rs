//! What executors, the writer and whoever asks for the recorder's health share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use store::journal::Journal;
use tokio::sync::{Notify, watch};

use crate::Options;
use crate::health::{Health, Part};
use crate::lane::Lane;
use crate::troubles::Troubles;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    lanes: Mutex<Vec<Arc<Lane>>>,
    /// Something lies there since the writer last began to look.
    dirty: AtomicBool,
    /// Wakes the writer from having nothing to do.
    pub(crate) work: Notify,
    /// Ends its waiting for company.
    pub(crate) hurry: Notify,
    stopping: AtomicBool,
    flush_asked: AtomicU64,
    flush_done: watch::Sender<u64>,
    pub(crate) queued_bytes: AtomicUsize,
    pub(crate) dropped_calls: AtomicU64,
    pub(crate) lost_usage: AtomicU64,
    pub(crate) journal_lag: AtomicU64,
    pub(crate) sync_errors: AtomicU64,
    pub(crate) store_errors: AtomicU64,
    pub(crate) troubles: Troubles,
    put_aside: Mutex<Vec<PathBuf>>,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            lanes: Mutex::default(),
            dirty: AtomicBool::new(false),
            work: Notify::new(),
            hurry: Notify::new(),
            stopping: AtomicBool::new(false),
            flush_asked: AtomicU64::new(0),
            flush_done: watch::Sender::new(0),
            queued_bytes: AtomicUsize::new(0),
            dropped_calls: AtomicU64::new(0),
            lost_usage: AtomicU64::new(0),
            journal_lag: AtomicU64::new(0),
            sync_errors: AtomicU64::new(0),
            store_errors: AtomicU64::new(0),
            troubles: Troubles::default(),
            put_aside: Mutex::default(),
        }
    }

    pub(crate) fn add_lane(&self, lane: Arc<Lane>) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }

    pub(crate) fn lanes(&self) -> Vec<Arc<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go of the lanes whose executors have ended, which closes their journal segments.
    pub(crate) fn retire_lanes(&self) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|lane| Arc::strong_count(lane) > 1 || lane.money().unsaved() > 0);
    }

    /// Called after something was written. Sequentially consistent together with [`Shared::begin_round`]: either the
    /// writer's look comes after the write, or this sees that it has begun and wakes it again.
    pub(crate) fn touch(&self) {
        if !self.dirty.load(Ordering::SeqCst) && !self.dirty.swap(true, Ordering::SeqCst) {
            self.work.notify_one();
        }
    }

    /// Called before the writer looks. Returns what [`Shared::end_round`] wants to know.
    pub(crate) fn begin_round(&self) -> u64 {
        let asked = self.flush_asked.load(Ordering::SeqCst);
        self.dirty.store(false, Ordering::SeqCst);
        asked
    }

    pub(crate) fn end_round(&self, asked: u64) {
        self.flush_done.send_replace(asked);
    }

    /// Waits until a round that began after this call has ended, or there will be none any more.
    pub(crate) async fn flush(&self) {
        let mut done = self.flush_done.subscribe();
        let asked = self.flush_asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.touch();
        self.hurry.notify_one();
        // An error means that the writer is gone, and with it whatever could be waited for.
        let _ = done.wait_for(|done| *done >= asked).await;
    }

    /// Somebody waits for a round.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_stopping() || self.flush_asked.load(Ordering::SeqCst) > *self.flush_done.borrow()
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.work.notify_one();
        self.hurry.notify_one();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// The writer has ended, in order or by a panic: nobody is left waiting, and nothing more is queued.
    pub(crate) fn writer_is_gone(&self, panicked: bool) {
        if panicked {
            self.troubles.begin(Part::Writer, "its thread panicked".to_owned());
        } else {
            self.troubles.begin_quietly(Part::Writer, "it has been stopped".to_owned());
        }
        self.stopping.store(true, Ordering::SeqCst);
        self.end_round(u64::MAX);
    }

    /// A damaged database was put aside.
    pub(crate) fn was_put_aside(&self, file: PathBuf) {
        self.put_aside.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }

    pub(crate) fn unsaved_usage(&self) -> usize {
        self.lanes().iter().map(|lane| lane.money().unsaved()).sum()
    }

    pub(crate) fn health(&self, journal: &Journal) -> Health {
        let troubles = self.troubles.all();
        Health {
            money_is_safe: !troubles.iter().any(|trouble| trouble.part.holds_money()),
            content_queued_bytes: self.queued_bytes.load(Ordering::Relaxed),
            dropped_calls: self.dropped_calls.load(Ordering::Relaxed),
            journal_lag_bytes: self.journal_lag.load(Ordering::Relaxed),
            journal_held_bytes: journal.held_bytes(),
            journal_bound_bytes: journal.bound_bytes(),
            unsaved_usage: self.unsaved_usage(),
            lost_usage: self.lost_usage.load(Ordering::Relaxed),
            sync_errors: self.sync_errors.load(Ordering::Relaxed),
            store_errors: self.store_errors.load(Ordering::Relaxed),
            last_error: troubles.first().map(|trouble| trouble.error.clone()),
            troubles,
            put_aside: self.put_aside.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
