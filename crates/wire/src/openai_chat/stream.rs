//! Reads the chunks of a stream. <https://platform.openai.com/docs/api-reference/chat-streaming>
//!
//! The chunks do not say where a block ends, so it ends where the next of another kind begins; tool calls may
//! interleave, and stay open until their choice has finished.

use domain::{CallError, Dialect};

use super::choice_stream::ChoiceStream;
use super::usage::Counts;
use crate::failure::read_error;
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::ReplyEvent;
use crate::translate::broken_stream;

#[derive(Debug, Clone, Default)]
pub(crate) struct StreamDecoder {
    started: bool,
    choices: Vec<ChoiceStream>,
    counts: Counts,
}

/// More choices than anyone asks for; keeps a hostile stream from growing the list.
const CHOICES_MAX: usize = 256;

impl StreamDecoder {
    /// Reads the data of one event. What cannot be read is an error event.
    pub(crate) fn event(&mut self, data: &[u8], out: &mut Vec<ReplyEvent>) {
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            self.done(out);
            return;
        }
        let fail = |message: String| ReplyEvent::Error(broken_stream(message));
        let body = match Value::parse(data) {
            Ok(body) => body,
            Err(_) if data.is_empty() => return,
            Err(error) => {
                out.push(fail(format!(
                    "the provider's stream cannot be read: {} at byte {}",
                    error.reason, error.at
                )));
                return;
            }
        };
        let root = Path::Root;
        let Some(mut fields) = body.fields(&root) else {
            out.push(fail("the provider's stream cannot be read: a chunk is no object".to_owned()));
            return;
        };
        if fields.peek("error").is_some() {
            out.push(ReplyEvent::Error(read_error(Dialect::OpenaiChat, None, data)));
            return;
        }
        if let Err(error) = self.chunk(&mut fields, out) {
            out.push(fail(format!("the provider's stream cannot be read: {}", error.message)));
        }
    }

    fn chunk(&mut self, fields: &mut Fields<'_, '_>, out: &mut Vec<ReplyEvent>) -> Result<(), CallError> {
        if !std::mem::replace(&mut self.started, true) {
            out.push(ReplyEvent::Start {
                origin: Dialect::OpenaiChat,
                id: fields.text("id")?.unwrap_or_default(),
                model: fields.text("model")?.unwrap_or_default(),
                service_tier: fields.text("service_tier")?,
            });
        }
        let at = fields.at.member("choices");
        for (position, choice) in fields.items("choices")?.unwrap_or_default().into_iter().enumerate() {
            let item = at.item(position);
            let mut choice = choice.need_fields(&item)?;
            self.choice(&mut choice)?.read(&mut choice, out)?;
        }
        if let Some(report) = fields.object("usage")? {
            self.usage(report, out);
        }
        Ok(())
    }

    fn choice(&mut self, choice: &mut Fields<'_, '_>) -> Result<&mut ChoiceStream, CallError> {
        let index = choice.count("index")?.unwrap_or(0);
        let small = || wrong(&choice.at.member("index"), "a small number");
        let index = u32::try_from(index).map_err(|_| small())?;
        let place = match self.choices.iter().position(|known| known.index() == index) {
            Some(place) => place,
            None if self.choices.len() == CHOICES_MAX => return Err(small()),
            None => {
                self.choices.push(ChoiceStream::new(index));
                self.choices.len() - 1
            }
        };
        Ok(&mut self.choices[place])
    }

    fn usage(&mut self, report: Value<'_>, out: &mut Vec<ReplyEvent>) {
        if let Ok(report) = serde_json::from_str(report.raw()) {
            self.counts.absorb(&report);
            out.push(ReplyEvent::Usage(self.counts.usage()));
        }
    }

    /// The mark of the end is believed only where every choice has said why it stopped.
    fn done(&self, out: &mut Vec<ReplyEvent>) {
        let whole = !self.choices.is_empty() && self.choices.iter().all(ChoiceStream::is_finished);
        out.push(if whole {
            ReplyEvent::End
        } else {
            ReplyEvent::Error(broken_stream("the provider's stream ended before the reply was complete"))
        });
    }
}
