//! How a reply can be spoilt, and how a test asks for it: by the queue, by model, by the model's suffix
//! (`gpt-4o~status=429+retry-after=2`) or by the header `x-mock-behaviour`. The latter two work from other processes.

use std::collections::{HashMap, HashSet, VecDeque};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong. Events are the events of a stream; of a whole reply they are pieces of 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing: the vendor's own answer.
    #[default]
    None,
    /// This status, with the vendor's error body unless one is given.
    Status { status: u16, body: Option<String> },
    /// The connection is reset before anything is said.
    Reset,
    /// The connection is closed properly before anything is said.
    Close,
    /// Nothing is said, for a minute.
    Hang,
    /// Silence for a minute after so many events.
    Stall(usize),
    /// One byte per write.
    Trickle,
    /// This long between two events.
    Pace(Duration),
    /// The connection is reset after so many events.
    Cut(usize),
    /// The body ends after so many events as if it were complete.
    End(usize),
    /// After so many events nothing but keep-alives, for a minute.
    Pings(usize),
    /// 200, and the error is the first event (the whole body of a whole reply).
    ErrorFirst,
    /// An error event after so many events, and then the end.
    ErrorAfter(usize),
    /// `content-length` is wrong by so many bytes; for a stream too, which then is not chunked.
    Length(i64),
    /// A body that stops being JSON half way.
    Garbage,
    /// A chunk whose size is no number.
    BadChunk,
    /// One line of so many bytes without an end.
    HugeLine(usize),
    /// 307 to another place.
    Redirect(String),
    /// This status with a page of HTML, as proxies between do.
    Html(u16),
    /// An error body of so many bytes.
    LargeError(usize),
    /// 400, and the message repeats the key it was called with.
    EchoKey,
    /// A stream without its closing event.
    NoDone,
    /// No usage anywhere.
    NoUsage,
    /// Events end in CR LF, begin with a byte order mark, and have comments between them.
    Framing,
    /// More data after the closing event.
    AfterDone,
}

/// A fault with its circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Behaviour {
    pub fault: Fault,
    /// Waited before the head is written.
    pub delay: Duration,
    /// Extra reply headers.
    pub headers: Vec<(String, String)>,
    /// Only so many requests get it; the others are answered normally.
    pub times: Option<u32>,
}

impl From<Fault> for Behaviour {
    fn from(fault: Fault) -> Self {
        Self { fault, ..Self::default() }
    }
}

impl Behaviour {
    /// An error status with the body this vendor sends for it.
    pub fn status(status: u16) -> Self {
        Fault::Status { status, body: None }.into()
    }

    pub fn delayed(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, text: &str) -> Self {
        if let Fault::Status { body, .. } = &mut self.fault {
            *body = Some(text.to_owned());
        }
        self
    }

    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn add(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse::<usize>().map_err(|_| format!("`{name}` needs a number, not `{value}`"));
        let count_or = |default: usize| if value.is_empty() { Ok(default) } else { number() };
        let status = |default: &str| {
            let text = if value.is_empty() { default } else { value };
            text.parse::<u16>().map_err(|_| format!("`{name}` needs a status, not `{value}`"))
        };
        self.fault = match name {
            "status" => Fault::Status { status: status("500")?, body: None },
            "reset" => Fault::Reset,
            "close" => Fault::Close,
            "hang" => Fault::Hang,
            "stall" => Fault::Stall(count_or(1)?),
            "trickle" => Fault::Trickle,
            "pace" => Fault::Pace(parse_duration(value)?),
            "cut" => Fault::Cut(count_or(1)?),
            "end" => Fault::End(count_or(1)?),
            "pings" => Fault::Pings(count_or(1)?),
            "error-first" => Fault::ErrorFirst,
            "error" => Fault::ErrorAfter(count_or(1)?),
            "length" => {
                Fault::Length(value.parse().map_err(|_| format!("`length` needs a number, not `{value}`"))?)
            }
            "garbage" => Fault::Garbage,
            "bad-chunk" => Fault::BadChunk,
            "huge-line" => Fault::HugeLine(number()?),
            "redirect" => Fault::Redirect(value.to_owned()),
            "html" => Fault::Html(status("502")?),
            "large-error" => Fault::LargeError(number()?),
            "echo-key" => Fault::EchoKey,
            "no-done" => Fault::NoDone,
            "no-usage" => Fault::NoUsage,
            "framing" => Fault::Framing,
            "after-done" => Fault::AfterDone,
            _ => return self.add_circumstance(name, value),
        };
        Ok(())
    }

    fn add_circumstance(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "slow" => self.delay = parse_duration(value)?,
            "times" => {
                let wrong = |_| format!("`times` needs a number, not `{value}`");
                self.times = Some(value.parse().map_err(wrong)?);
            }
            "retry-after" | "retry-after-ms" | "x-should-retry" => {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
            // Makes a model name its own, so that `times` of one test is not used up by another.
            "tag" => {}
            _ => return Err(format!("unknown mock behaviour `{name}`")),
        }
        Ok(())
    }
}

impl FromStr for Behaviour {
    type Err = String;

    /// `status=503+retry-after=2+times=1`
    fn from_str(text: &str) -> Result<Self, String> {
        let mut behaviour = Self::default();
        for word in text.split('+').filter(|word| !word.is_empty()) {
            behaviour.add(word)?;
        }
        Ok(behaviour)
    }
}

/// `300ms` or `2s`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration; write `300ms` or `2s`");
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        _ => Err(wrong()),
    }
}

/// The behaviours that tests have scripted and not yet used up.
#[derive(Debug, Default)]
pub(super) struct Behaviours(Mutex<Scripted>);

#[derive(Debug, Default)]
struct Scripted {
    queue: VecDeque<Behaviour>,
    by_model: HashMap<String, Behaviour>,
    /// How often the suffix of this model name has been obeyed.
    suffix_uses: HashMap<String, u32>,
    rejected_keys: HashSet<String>,
}

impl Behaviours {
    pub(super) fn enqueue(&self, behaviour: Behaviour) {
        self.lock().queue.push_back(behaviour);
    }

    pub(super) fn on_model(&self, model: &str, behaviour: Behaviour) {
        self.lock().by_model.insert(model.to_owned(), behaviour);
    }

    pub(super) fn reject_key(&self, key: &str) {
        self.lock().rejected_keys.insert(key.to_owned());
    }

    pub(super) fn is_rejected(&self, key: &str) -> bool {
        self.lock().rejected_keys.contains(key)
    }

    pub(super) fn clear(&self) {
        *self.lock() = Scripted::default();
    }

    /// What this request gets: its header, its model's suffix, its model, the queue; first wins.
    pub(super) fn take(&self, model: &str, header: Option<&str>) -> Result<Behaviour, String> {
        if let Some(text) = header {
            return text.parse();
        }
        let mut scripted = self.lock();
        if let Some((_, suffix)) = model.split_once(SUFFIX) {
            let behaviour: Behaviour = suffix.parse()?;
            let uses = scripted.suffix_uses.entry(model.to_owned()).or_default();
            *uses += 1;
            let spent = behaviour.times.is_some_and(|times| *uses > times);
            return Ok(if spent { Behaviour::default() } else { behaviour });
        }
        if let Some(behaviour) = scripted.by_model.get_mut(model) {
            match &mut behaviour.times {
                Some(0) => {}
                Some(times) => {
                    *times -= 1;
                    return Ok(behaviour.clone());
                }
                None => return Ok(behaviour.clone()),
            }
        }
        Ok(scripted.next_in_queue())
    }

    fn lock(&self) -> MutexGuard<'_, Scripted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scripted {
    fn next_in_queue(&mut self) -> Behaviour {
        let Some(first) = self.queue.front_mut() else {
            return Behaviour::default();
        };
        if let Some(times) = first.times.filter(|times| *times > 1) {
            first.times = Some(times - 1);
            return first.clone();
        }
        self.queue.pop_front().unwrap_or_default()
    }
}

/// Parts a model's name from the behaviour that is asked of it.
pub(super) const SUFFIX: char = '~';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_says_fault_and_circumstances() {
        let behaviour: Behaviour = "status=429+retry-after=2+times=1+slow=50ms".parse().unwrap();
        assert_eq!(behaviour.fault, Fault::Status { status: 429, body: None });
        assert_eq!(behaviour.headers, [("retry-after".to_owned(), "2".to_owned())]);
        assert_eq!((behaviour.times, behaviour.delay), (Some(1), Duration::from_millis(50)));
    }

    #[test]
    fn nonsense_is_named() {
        for (text, named) in
            [("stal=3", "`stal`"), ("pace=3", "`3`"), ("status=x", "`x`"), ("times=", "`times`")]
        {
            let error = text.parse::<Behaviour>().unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn times_runs_out_in_every_form() {
        let behaviours = Behaviours::default();
        behaviours.on_model("a", Behaviour::status(500).times(1));
        behaviours.enqueue(Behaviour::from(Fault::Hang).times(2));
        let faults: Vec<Fault> = ["a", "a", "b", "b", "c~reset+times=1", "c~reset+times=1"]
            .map(|model| behaviours.take(model, None).unwrap().fault)
            .into();
        let status = Fault::Status { status: 500, body: None };
        assert_eq!(faults, [status, Fault::Hang, Fault::Hang, Fault::None, Fault::Reset, Fault::None]);
    }
}
