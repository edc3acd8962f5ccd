//! The two versions of the API. Under 2026-10-21 sampling parameters are refused even at their default values, and so
//! are documents in assistant messages and citations on user text; everything else is the same.

use crate::hub::{PartKind, Prompt, Role, Sampling};
use crate::note::Notes;
use crate::writer::Object;

/// What goes into the `anthropic-version` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnthropicVersion {
    V2023_06_01,
    V2026_10_21,
}

impl AnthropicVersion {
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2023_06_01 => "2023-06-01",
            Self::V2026_10_21 => "2026-10-21",
        }
    }
}

/// The sampling parameters that this dialect can say, and the version that lets them through.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) version: AnthropicVersion,
    sampling: Sampling,
    clamped_temperature: bool,
}

/// Chooses for a prompt: the old version where something needs it, else the new one. `forced` is what the target is
/// known to want; under the new version sampling parameters are then left out.
pub(crate) fn choose(
    prompt: &Prompt,
    same: bool,
    thinks: bool,
    forced: Option<AnthropicVersion>,
    notes: &mut Notes,
) -> Choice {
    let mut choice = Choice {
        version: AnthropicVersion::V2023_06_01,
        sampling: prompt.sampling.clone(),
        clamped_temperature: false,
    };
    if !same {
        choice.keep_expressible(prompt, thinks, notes);
    }
    choice.version = match forced {
        Some(version) => version,
        None if choice.samples() || needs_old_blocks(prompt) => AnthropicVersion::V2023_06_01,
        None => AnthropicVersion::V2026_10_21,
    };
    if choice.version == AnthropicVersion::V2026_10_21 {
        choice.drop_all(notes);
    }
    choice
}

impl Choice {
    fn keep_expressible(&mut self, prompt: &Prompt, thinks: bool, notes: &mut Notes) {
        let sampling = &mut self.sampling;
        for (name, value) in [
            ("frequency_penalty", sampling.frequency_penalty.take()),
            ("presence_penalty", sampling.presence_penalty.take()),
        ] {
            if value.is_some_and(|penalty| penalty.as_f64() != 0.0) {
                notes.dropped(name);
            }
        }
        if sampling.seed.take().is_some() {
            notes.dropped("seed");
        }
        // 1 is what holds without the parameter.
        let is_default = |number: &crate::hub::Number| number.as_f64() == 1.0;
        sampling.temperature.take_if(|number| is_default(number));
        sampling.top_p.take_if(|number| is_default(number));
        if thinks && sampling.temperature.take().is_some() {
            notes.dropped("temperature");
        }
        if thinks && sampling.top_p.take_if(|top_p| top_p.as_f64() < 0.95).is_some() {
            notes.dropped("top_p");
        }
        if thinks && sampling.top_k.take().is_some() {
            notes.dropped("top_k");
        }
        // Models of today refuse both at once.
        if sampling.temperature.is_some() && sampling.top_p.take().is_some() {
            notes.dropped("top_p");
        }
        if prompt.sampling.temperature.as_ref().is_some_and(|number| number.as_f64() > 1.0)
            && sampling.temperature.is_some()
        {
            notes.clamped("temperature");
            self.clamped_temperature = true;
        }
    }

    const fn samples(&self) -> bool {
        self.sampling.temperature.is_some() || self.sampling.top_p.is_some() || self.sampling.top_k.is_some()
    }

    fn drop_all(&mut self, notes: &mut Notes) {
        let sampling = &mut self.sampling;
        for (name, value) in [
            ("temperature", sampling.temperature.take()),
            ("top_p", sampling.top_p.take()),
            ("top_k", sampling.top_k.take()),
        ] {
            if value.is_some() {
                notes.dropped(name);
            }
        }
    }

    pub(crate) fn encode(&self, object: &mut Object<'_>) {
        if self.clamped_temperature {
            object.raw("temperature", "1");
        } else {
            object.optional_number("temperature", self.sampling.temperature.as_ref());
        }
        object.optional_number("top_p", self.sampling.top_p.as_ref());
        object.optional_number("top_k", self.sampling.top_k.as_ref());
    }
}

fn needs_old_blocks(prompt: &Prompt) -> bool {
    prompt.turns.iter().any(|turn| {
        turn.parts.iter().any(|part| match (&part.kind, turn.role) {
            (PartKind::Document { .. }, Role::Assistant) => true,
            (PartKind::Text { citations, .. }, Role::User) => !citations.is_empty(),
            _ => false,
        })
    })
}
