//! Edit mode: the client speaks the provider's dialect, and somebody wants to change text on its way. Only the ranges
//! that the dialect names as text are touched; every other byte of an event is kept.

use bytes::{Bytes, BytesMut};
use config::snapshot::Endpoint;
use domain::Dialect;
use wire::{Channel, Seen, SseTooLong, StreamWatch};

/// Changes the text of a reply. Gets each piece of text in order, with the channel (choice, block, tool argument) that
/// it belongs to.
pub trait TextEditor: std::fmt::Debug {
    /// The text to send instead, or `None` to leave the piece as it is.
    fn edit(&mut self, channel: &Channel, text: &str) -> Option<String>;
}

/// Decides which replies are edited: the port through which guardrails reach the relay.
pub trait Editors: std::fmt::Debug {
    fn editor(&self, endpoint: &Endpoint) -> Option<Box<dyn TextEditor>>;
}

/// A same-dialect stream under an editor.
#[derive(Debug)]
pub(crate) struct Edit {
    dialect: Dialect,
    watch: StreamWatch,
    editor: Box<dyn TextEditor>,
    /// The beginning of an event whose end has not come.
    partial: BytesMut,
}

impl Edit {
    pub(crate) fn new(dialect: Dialect, strip_usage: bool, editor: Box<dyn TextEditor>) -> Self {
        Self { dialect, watch: StreamWatch::new(dialect, strip_usage), editor, partial: BytesMut::new() }
    }

    pub(crate) fn seen(&self) -> &Seen {
        self.watch.seen()
    }

    pub(crate) fn mid_event(&self) -> bool {
        self.watch.mid_event()
    }

    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<Bytes, SseTooLong> {
        let forwarded = self.watch.push(chunk)?;
        self.partial.extend_from_slice(&forwarded);
        let mut out = BytesMut::new();
        // An event line ends with a line feed in every framing that providers use; a lone carriage return stays in the
        // partial event until the feed comes.
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line = self.partial.split_to(end + 1);
            self.edit_line(&line, &mut out);
        }
        Ok(out.freeze())
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        let rest = self.watch.finish();
        self.partial.extend_from_slice(&rest);
        let line = self.partial.split();
        let mut out = BytesMut::new();
        self.edit_line(&line, &mut out);
        out.freeze()
    }

    fn edit_line(&mut self, line: &[u8], out: &mut BytesMut) {
        let Some(data) = line.strip_prefix(b"data:") else {
            out.extend_from_slice(line);
            return;
        };
        let mut edits = Vec::new();
        for located in wire::locate(self.dialect, data) {
            let Some(text) = wire::text_at(data, &located) else { continue };
            if let Some(changed) = self.editor.edit(&located.channel, &text) {
                edits.push((located.range, changed, located.escape));
            }
        }
        if edits.is_empty() {
            out.extend_from_slice(line);
            return;
        }
        let edits: Vec<_> =
            edits.iter().map(|(range, text, escape)| (range.clone(), text.as_str(), *escape)).collect();
        out.extend_from_slice(b"data:");
        out.extend_from_slice(&wire::splice(data, &edits));
    }
}
