//! Every family there is: its name, what it means, and where its values come from. The reference is made from this
//! table.

use self::Kind::{Counter, Gauge, Histogram, Info};
use super::process::Process;
use crate::health::Health;

/// One family of series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// Without unit and suffix.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: Option<&'static str>,
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
    pub(super) values: Values,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

/// Where the values of a family come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values {
    Calls,
    CallDuration,
    FirstToken,
    Attempts,
    AttemptDuration,
    Tokens,
    Cost,
    UnknownCost,
    Troubles,
    Build,
    Health(fn(&Health) -> u64),
    Process(fn(&Process) -> Option<f64>),
    /// Told by another part of the gateway; left out where nobody tells.
    Watched(Watched),
}

/// A value that another part of the gateway knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Watched {
    CallsInFlight,
    Connections,
    ConfigRevision,
    ConfigReloads,
    ConfigReloadsFailed,
    ConfigQuarantined,
    BreakersOpen,
}

impl Family {
    /// The name of its series, as they are scraped.
    pub(super) fn series(&self) -> String {
        let unit = self.unit.map(|unit| format!("_{unit}")).unwrap_or_default();
        let suffix = match self.kind {
            Counter => "_total",
            Info => "_info",
            Gauge | Histogram => "",
        };
        format!("{}{unit}{suffix}", self.name)
    }
}

const fn family(name: &'static str, kind: Kind, values: Values, help: &'static str) -> Family {
    Family { name, kind, unit: None, labels: &[], help, values }
}

impl Family {
    const fn of(mut self, labels: &'static [&'static str]) -> Self {
        self.labels = labels;
        self
    }

    const fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }
}

const CALLS: [Family; 4] = [
    family("gatewright_calls", Counter, Values::Calls, "Calls that have ended")
        .of(&["endpoint", "project", "status", "outcome"]),
    family(
        "gatewright_call_duration",
        Histogram,
        Values::CallDuration,
        "From the start of a call to its end",
    )
    .of(&["endpoint"])
    .in_unit("seconds"),
    family(
        "gatewright_time_to_first_token",
        Histogram,
        Values::FirstToken,
        "From the start of a call to the first content of its reply",
    )
    .of(&["endpoint"])
    .in_unit("seconds"),
    family(
        "gatewright_calls_in_flight",
        Gauge,
        Values::Watched(Watched::CallsInFlight),
        "Calls that are being served",
    ),
];

const ATTEMPTS: [Family; 5] = [
    family("gatewright_attempts", Counter, Values::Attempts, "Requests to providers that have ended")
        .of(&["endpoint", "provider", "model", "outcome"]),
    family(
        "gatewright_attempt_duration",
        Histogram,
        Values::AttemptDuration,
        "From the start of a request to a provider to its end",
    )
    .of(&["provider", "model"])
    .in_unit("seconds"),
    family("gatewright_tokens", Counter, Values::Tokens, "Tokens consumed, each counted under one kind")
        .of(&["endpoint", "provider", "model", "kind"]),
    family(
        "gatewright_cost",
        Counter,
        Values::Cost,
        "Cost of the attempts whose cost is known; summed exactly",
    )
    .of(&["endpoint", "provider", "model"])
    .in_unit("usd"),
    family(
        "gatewright_unknown_cost_attempts",
        Counter,
        Values::UnknownCost,
        "Attempts whose cost is not known: their model has no price",
    )
    .of(&["endpoint", "provider", "model"]),
];

const RECORDING: [Family; 12] = [
    family(
        "gatewright_money_at_risk",
        Gauge,
        Values::Health(|health| u64::from(!health.money_is_safe)),
        "1 while one more failure would lose usage records",
    ),
    family(
        "gatewright_trouble",
        Gauge,
        Values::Troubles,
        "1 while this part of the recorder cannot do its work",
    )
    .of(&["part"]),
    family(
        "gatewright_journal_lag",
        Gauge,
        Values::Health(|health| health.journal_lag_bytes),
        "Usage records that are in the journal and not in the ledger yet",
    )
    .in_unit("bytes"),
    family(
        "gatewright_journal_held",
        Gauge,
        Values::Health(|health| health.journal_held_bytes),
        "What the journal takes up on the disk, with the room set aside in open segments",
    )
    .in_unit("bytes"),
    family(
        "gatewright_journal_bound",
        Gauge,
        Values::Health(|health| health.journal_bound_bytes),
        "What the journal may take up",
    )
    .in_unit("bytes"),
    family(
        "gatewright_journal_sync_errors",
        Counter,
        Values::Health(|health| health.sync_errors),
        "Syncs of the journal that failed",
    ),
    family(
        "gatewright_usage_records_unsaved",
        Gauge,
        Values::Health(|health| health.unsaved_usage.try_into().unwrap_or(u64::MAX)),
        "Usage records that are only in memory, because the journal cannot be written",
    ),
    family(
        "gatewright_usage_records_lost",
        Counter,
        Values::Health(|health| health.lost_usage),
        "Usage records that had room neither on disk nor in memory; each is in the log",
    ),
    family(
        "gatewright_store_errors",
        Counter,
        Values::Health(|health| health.store_errors),
        "Writes to the ledger and the traces that failed and are tried again",
    ),
    family(
        "gatewright_databases_put_aside",
        Counter,
        Values::Health(|health| health.put_aside.len().try_into().unwrap_or(u64::MAX)),
        "Databases that were damaged and put aside for new ones",
    ),
    family(
        "gatewright_trace_queue",
        Gauge,
        Values::Health(|health| health.content_queued_bytes.try_into().unwrap_or(u64::MAX)),
        "Traces that wait to be written",
    )
    .in_unit("bytes"),
    family(
        "gatewright_traces_dropped",
        Counter,
        Values::Health(|health| health.dropped_calls),
        "Traces that were dropped because too much was waiting, or could not be written",
    ),
];

const GATEWAY: [Family; 7] = [
    family("gatewright_build", Info, Values::Build, "The version that runs").of(&["version"]),
    family(
        "gatewright_connections",
        Gauge,
        Values::Watched(Watched::Connections),
        "Connections of clients that are open",
    ),
    family(
        "gatewright_config_revision",
        Gauge,
        Values::Watched(Watched::ConfigRevision),
        "The stored change that the running configuration has come to",
    ),
    family(
        "gatewright_config_reloads",
        Counter,
        Values::Watched(Watched::ConfigReloads),
        "Configurations that were taken up",
    ),
    family(
        "gatewright_config_reloads_failed",
        Counter,
        Values::Watched(Watched::ConfigReloadsFailed),
        "Configurations that were refused; the one before keeps running",
    ),
    family(
        "gatewright_config_quarantined_objects",
        Gauge,
        Values::Watched(Watched::ConfigQuarantined),
        "Stored objects that are not valid and left out",
    ),
    family(
        "gatewright_breakers_open",
        Gauge,
        Values::Watched(Watched::BreakersOpen),
        "Targets that get no traffic because they failed",
    ),
];

const PROCESS: [Family; 5] = [
    family(
        "process_resident_memory",
        Gauge,
        Values::Process(|process| process.resident_bytes),
        "Resident memory",
    )
    .in_unit("bytes"),
    family("process_open_fds", Gauge, Values::Process(|process| process.open_files), "Open file descriptors"),
    family("process_max_fds", Gauge, Values::Process(|process| process.most_files), "How many there may be"),
    family("process_cpu", Counter, Values::Process(|process| process.cpu_seconds), "User and system time")
        .in_unit("seconds"),
    family(
        "process_start_time",
        Gauge,
        Values::Process(|process| process.started_at_seconds),
        "When the process started, since the Unix epoch",
    )
    .in_unit("seconds"),
];

/// All of them under their headings, in the order of the reference.
pub(super) const FAMILIES: [(&str, &[Family]); 5] = [
    ("Calls", &CALLS),
    ("Attempts, tokens and cost", &ATTEMPTS),
    ("What is written down", &RECORDING),
    ("The gateway", &GATEWAY),
    ("The process", &PROCESS),
];
