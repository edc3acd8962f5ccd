//! Finds the golden cases, and translates the way the pipeline does.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use domain::Dialect;
use serde::Deserialize;
use wire::{
    EncodeOptions, Prompt, Reply, ReplyContext, ReplyEvent, StreamDecoder, StreamEncoder, Translated,
    decode_request, encode_request,
};

/// One folder of `golden/<from>--<to>/`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The client's dialect.
    pub(crate) from: Dialect,
    /// The provider's.
    pub(crate) to: Dialect,
    pub(crate) settings: Settings,
}

/// `case.json`: what the case needs beyond its bodies.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The model's name at the provider.
    pub(crate) model: Option<String>,
    pub(crate) max_output_tokens: Option<u64>,
    /// The provider's HTTP status, where it answers with an error.
    pub(crate) status: Option<u16>,
}

pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for pair in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")) {
        let name = file_name(&pair);
        let (from, to) = name.split_once("--").unwrap_or_else(|| panic!("`{name}` is no pair of dialects"));
        for folder in folders(&pair) {
            let settings = fs::read(folder.join("case.json"))
                .map(|json| {
                    serde_json::from_slice(&json).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
                })
                .unwrap_or_default();
            cases.push(Case {
                name: format!("{name}/{}", file_name(&folder)),
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
                folder,
                settings,
            });
        }
    }
    assert!(cases.len() >= 40, "the goldens are not where they should be: found {}", cases.len());
    cases
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).unwrap_or_else(|error| panic!("{parent:?}: {error}"));
    let mut folders: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

impl Case {
    pub(crate) fn read(&self, file: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(file)).ok()
    }

    pub(crate) fn request(&self) -> Vec<u8> {
        self.read("request.json").unwrap_or_else(|| panic!("{}: has no request.json", self.name))
    }

    pub(crate) fn provider_reply(&self) -> Option<Vec<u8>> {
        self.read(&format!("reply.{}.json", self.to))
    }

    pub(crate) fn provider_stream(&self) -> Option<Vec<u8>> {
        self.read(&format!("stream.{}.sse", self.to))
    }

    pub(crate) fn prompt(&self) -> Prompt {
        decode_request(self.from, &self.request()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub(crate) fn encode(&self, prompt: &Prompt) -> Translated {
        let default = match self.to {
            Dialect::OpenaiChat => "gpt-5.6",
            Dialect::AnthropicMessages => "claude-opus-5",
        };
        let same = (self.from == self.to).then(|| prompt.model.clone());
        let model = self.settings.model.clone().or(same).unwrap_or_else(|| default.to_owned());
        let options = EncodeOptions {
            max_output_tokens: self.settings.max_output_tokens,
            ..EncodeOptions::new(&model)
        };
        encode_request(self.to, prompt, &options).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Runs `check` with what the pipeline would tell about the reply.
    pub(crate) fn with_context<T>(&self, check: impl FnOnce(&ReplyContext<'_>) -> T) -> T {
        let prompt = self.prompt();
        let mut context = ReplyContext::new("019aa3f0c4d27c6e", &prompt.model, 1_763_800_000);
        context.include_usage = prompt.include_usage;
        context.legacy_functions = prompt.uses_legacy_functions();
        check(&context)
    }

    /// The stream that the client sees, and the notes on it.
    pub(crate) fn translate_stream(&self, events: &[ReplyEvent]) -> (Vec<u8>, Vec<String>) {
        self.with_context(|context| {
            let mut encoder = StreamEncoder::new(self.from, context);
            let mut out = BytesMut::new();
            events.iter().for_each(|event| encoder.push(event, &mut out));
            (out.to_vec(), encoder.notes().iter().map(wire::Note::short).collect())
        })
    }
}

/// The events of a stream that comes in these chunks and is then closed.
pub(crate) fn decode_stream<'a>(
    dialect: Dialect,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<ReplyEvent> {
    let mut decoder = StreamDecoder::new(dialect);
    let mut events = Vec::new();
    chunks.into_iter().for_each(|chunk| decoder.push(chunk, &mut events));
    decoder.finish(&mut events);
    events
}

/// A reply without what differs between a stream and a whole for good reasons: ids of the reply, what rides along,
/// parts that say nothing, and how text is cut into parts.
pub(crate) fn essence(mut reply: Reply) -> Reply {
    use wire::{Extra, PartKind, StopReason, TurnSpelling};
    reply.origin = Dialect::OpenaiChat;
    reply.id.clear();
    reply.usage_written = None;
    reply.extra = Extra::default();
    for choice in &mut reply.choices {
        choice.extra = Extra::default();
        choice.message_extra = Extra::default();
        choice.spelling = TurnSpelling::default();
        choice.stop_details = choice.stop_details.as_ref().map(compact);
        choice.stop.get_or_insert(StopReason::EndTurn);
        choice.parts.retain(|part| !matches!(&part.kind, PartKind::Text { text, .. } if text.is_empty()));
        for part in &mut choice.parts {
            part.extra = Extra::default();
            match &mut part.kind {
                PartKind::Native { json, .. } => *json = compact(json),
                PartKind::Text { citations, .. } => {
                    citations.iter_mut().for_each(|citation| citation.written = compact(&citation.written));
                }
                PartKind::ToolCall(call) => call.arguments = compact_text(&call.arguments),
                PartKind::Thinking { signature, .. } => {
                    signature.take_if(|proof| proof.is_empty());
                }
                _ => {}
            }
        }
    }
    reply
}

fn compact(json: &wire::Json) -> wire::Json {
    wire::Json::parse(&compact_text(json.as_str())).unwrap()
}

/// The same JSON without space, where it is JSON; arguments that are nothing are `{}`.
fn compact_text(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => value.to_string(),
        Err(_) if text.is_empty() => "{}".to_owned(),
        Err(_) => text.to_owned(),
    }
}
