//! The three ways a streamed reply can travel, behind one face. A flow takes a read of the provider's bytes and gives
//! what the client gets for it; on the way it sees usage, content, the end and errors.

use bytes::{Buf, Bytes, BytesMut};
use domain::{Api, Dialect, Usage};
use wire::{Note, ProviderFailure, ReplyEvent, StreamDecoder, StreamEncoder, StreamWatch};

use super::edit::Edit;

/// How the provider's stream becomes the client's.
#[derive(Debug)]
pub(crate) enum Flow {
    /// Same dialect: bytes as they came.
    Raw(Box<StreamWatch>),
    /// Same dialect: the text ranges of each event pass an editor, every other byte is kept.
    Edit(Box<Edit>),
    /// Another dialect.
    Translate(Box<Translation>),
    /// One document too large to be held: its bytes as they came, its usage from their end.
    Opaque(Tail),
}

/// What a flow has seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) usage: Option<Usage>,
    /// Events that carried text, thinking or a tool call: only they keep the idle deadline away.
    pub(crate) content_events: u64,
    /// Nothing can follow.
    pub(crate) terminal: bool,
    /// If the provider closes now, the reply is complete.
    pub(crate) finished: bool,
    pub(crate) error: Option<ProviderFailure>,
}

impl Flow {
    pub(crate) fn opaque(dialect: Dialect, api: Api, beginning: &[u8]) -> Self {
        let mut tail = Tail { dialect, api, bytes: BytesMut::new(), progress: Progress::default() };
        tail.push(beginning);
        Self::Opaque(tail)
    }

    /// What to send to the client for one read of the provider's stream; may be empty.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<Bytes, wire::SseTooLong> {
        match self {
            Self::Raw(watch) => watch.push(chunk),
            Self::Edit(edit) => edit.push(chunk),
            Self::Translate(translation) => Ok(translation.push(&chunk)),
            Self::Opaque(tail) => {
                tail.push(&chunk);
                Ok(chunk)
            }
        }
    }

    /// What is left when the provider's stream has ended.
    pub(crate) fn finish(&mut self) -> Bytes {
        match self {
            Self::Raw(watch) => watch.finish(),
            Self::Edit(edit) => edit.finish(),
            Self::Translate(translation) => translation.finish(),
            Self::Opaque(tail) => tail.finish(),
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let seen = match self {
            Self::Raw(watch) => watch.seen(),
            Self::Edit(edit) => edit.seen(),
            Self::Translate(translation) => return translation.progress.clone(),
            Self::Opaque(tail) => return tail.progress.clone(),
        };
        Progress {
            usage: seen.usage,
            content_events: seen.content_events,
            terminal: seen.terminal,
            finished: seen.finished,
            error: seen.error.clone(),
        }
    }

    /// Whether the client has the beginning of an event and not its end.
    pub(crate) fn mid_event(&self) -> bool {
        match self {
            Self::Raw(watch) => watch.mid_event(),
            Self::Edit(edit) => edit.mid_event(),
            Self::Translate(_) | Self::Opaque(_) => false,
        }
    }

    /// What the reply lost on its way to the client's dialect.
    pub(crate) fn notes(&self) -> &[Note] {
        match self {
            Self::Raw(_) | Self::Edit(_) | Self::Opaque(_) => &[],
            Self::Translate(translation) => translation.encoder.notes(),
        }
    }
}

/// The end of a document that flows by: providers write usage last.
#[derive(Debug)]
pub(crate) struct Tail {
    dialect: Dialect,
    api: Api,
    bytes: BytesMut,
    progress: Progress,
}

impl Tail {
    const KEPT: usize = 4 * 1024;

    fn push(&mut self, chunk: &[u8]) {
        self.progress.content_events += 1;
        let fresh = &chunk[chunk.len().saturating_sub(Self::KEPT)..];
        let excess = (self.bytes.len() + fresh.len()).saturating_sub(Self::KEPT);
        self.bytes.advance(excess.min(self.bytes.len()));
        self.bytes.extend_from_slice(fresh);
    }

    /// The document is complete when its body is: the connection checks the length.
    fn finish(&mut self) -> Bytes {
        self.progress.usage = wire::trailing_usage(self.dialect, self.api, &self.bytes);
        (self.progress.terminal, self.progress.finished) = (true, true);
        Bytes::new()
    }
}

/// Provider's dialect → hub → client's dialect.
#[derive(Debug)]
pub(crate) struct Translation {
    decoder: StreamDecoder,
    encoder: StreamEncoder,
    /// Reused between reads.
    events: Vec<ReplyEvent>,
    progress: Progress,
}

impl Translation {
    pub(crate) fn new(from: Dialect, encoder: StreamEncoder) -> Self {
        Self { decoder: StreamDecoder::new(from), encoder, events: Vec::new(), progress: Progress::default() }
    }

    fn push(&mut self, chunk: &[u8]) -> Bytes {
        self.decoder.push(chunk, &mut self.events);
        self.encode()
    }

    fn finish(&mut self) -> Bytes {
        self.decoder.finish(&mut self.events);
        self.encode()
    }

    fn encode(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        for event in self.events.drain(..) {
            let progress = &mut self.progress;
            match &event {
                ReplyEvent::Usage(usage) => {
                    // Cumulative already: merged in the provider's own terms, where nothing is counted twice.
                    progress.usage = Some(*usage);
                }
                ReplyEvent::Error(failure) => progress.error = Some(failure.clone()),
                ReplyEvent::End => (progress.terminal, progress.finished) = (true, true),
                other => progress.content_events += u64::from(other.is_content()),
            }
            // The end of a failed stream is written by whoever closes the books, once, in the caller's error form.
            if !matches!(event, ReplyEvent::Error(_)) {
                self.encoder.push(&event, &mut out);
            }
        }
        out.freeze()
    }
}
