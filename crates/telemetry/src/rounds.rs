//! One round of the writer: take away what the executors left, and put it into the store.
//!
//! A store that cannot write never stops traffic: usage records wait in the journal, call records in the bounded
//! buffers, and each part is tried again with growing patience.

use std::sync::Arc;
use std::time::Duration;

use store::journal::JournalReader;
use store::sqlite::Stores;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::content::ContentRounds;
use crate::health::Part;
use crate::money::MoneyRounds;
use crate::pause::FIRST_PAUSE;
use crate::shared::Shared;

pub(crate) struct Rounds {
    pub(crate) shared: Arc<Shared>,
    stores: Stores,
    money: MoneyRounds,
    content: ContentRounds,
}

impl Rounds {
    pub(crate) fn new(shared: Arc<Shared>, stores: Stores, reader: JournalReader) -> Self {
        Self { shared, stores, money: MoneyRounds::new(reader), content: ContentRounds::default() }
    }

    /// How long records may gather before the next round.
    pub(crate) fn patience(&self) -> Duration {
        let options = &self.shared.options;
        if self.money.is_busy() { options.busy_interval.max(options.interval) } else { options.interval }
    }

    /// Writes what there is, gathered since `began`. `insist` tries what is pausing, too.
    pub(crate) async fn round(&mut self, began: Instant, insist: bool) {
        let Self { shared, stores, money, content } = self;
        let shared = &**shared;
        let done = Notify::new();
        let money = async {
            money.write(shared, stores, began, insist).await;
            done.notify_one();
        };
        let content = async {
            content.write(shared, stores, insist).await;
            // A ledger that takes long must not fill the other lane's buffers.
            loop {
                tokio::select! {
                    biased;
                    () = done.notified() => return,
                    () = shared.hurry.notified() => {}
                }
                content.write(shared, stores, false).await;
            }
        };
        tokio::join!(money, content);
    }

    pub(crate) async fn write_content(&mut self, insist: bool) {
        self.content.write(&self.shared, &self.stores, insist).await;
    }

    /// When something that failed is to be tried again.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        let journal = self.shared.troubles.is_in(Part::Journal).then(|| Instant::now() + FIRST_PAUSE);
        self.money.pause.until.into_iter().chain(self.content.pause.until).chain(journal).min()
    }

    /// The last rounds.
    pub(crate) async fn finish(mut self) {
        let deadline = Instant::now() + self.shared.options.shutdown;
        loop {
            self.round(Instant::now(), true).await;
            if self.content.is_empty() || Instant::now() >= deadline {
                break;
            }
            sleep(FIRST_PAUSE).await;
        }
        self.content.give_up(&self.shared);
        self.money.finish(&self.shared, &self.stores).await;
        if let Err(error) = self.stores.close().await {
            tracing::warn!(%error, "the store could not be closed in order; the next start repairs it");
        }
    }
}
