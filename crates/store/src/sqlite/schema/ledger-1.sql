-- Short numbers for what repeats on many rows. A row here is never changed: a new name is a new row.
CREATE TABLE tenants (
    id     INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL,  -- organization, team, project
    object BLOB NOT NULL CHECK (length(object) = 16),
    UNIQUE (kind, object)
) STRICT;

CREATE TABLE callers (
    id   INTEGER PRIMARY KEY,
    key  BLOB NOT NULL,  -- empty for a caller without one
    name TEXT NOT NULL,
    UNIQUE (key, name)
) STRICT;

-- Where an attempt went and how it ended. The small numbers are those of `codec/code.rs`.
CREATE TABLE usage_labels (
    id            INTEGER PRIMARY KEY,
    endpoint      BLOB NOT NULL,
    endpoint_name TEXT NOT NULL,
    target        BLOB NOT NULL,
    credential    BLOB NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    api           INTEGER NOT NULL,
    usage_source  INTEGER NOT NULL,
    cost_source   INTEGER NOT NULL,
    price         TEXT NOT NULL,  -- empty where none was applied
    outcome       INTEGER NOT NULL,
    UNIQUE (endpoint, endpoint_name, target, credential, provider, model, api, usage_source, cost_source, price,
            outcome)
) STRICT;

-- One attempt that reached a provider: immutable, and there once. Attempt ids are ordered by time, so rows are
-- added at the right edge of the only tree.
CREATE TABLE usage_records (
    attempt        BLOB PRIMARY KEY NOT NULL,
    call           BLOB NOT NULL,
    trace          BLOB,  -- NULL where it is the call's own id
    settled_at_ms  INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL,
    organization   INTEGER NOT NULL REFERENCES tenants (id),
    team           INTEGER NOT NULL REFERENCES tenants (id),
    project        INTEGER NOT NULL REFERENCES tenants (id),
    caller         INTEGER NOT NULL REFERENCES callers (id),
    label          INTEGER NOT NULL REFERENCES usage_labels (id),
    first          INTEGER NOT NULL,  -- 1 for the first attempt of its call: what a call is counted by
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write    INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    audio_input    INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    audio_output   INTEGER NOT NULL,
    cost           INTEGER  -- in pico-dollars; NULL is unknown, which is not free
) STRICT, WITHOUT ROWID;

-- The sums of every hour, kept in the transaction that adds the records. Whole hours of a report come from here.
CREATE TABLE usage_hours (
    hour           INTEGER NOT NULL,  -- hours since the Unix epoch, of `settled_at_ms`
    organization   INTEGER NOT NULL,
    team           INTEGER NOT NULL,
    project        INTEGER NOT NULL,
    caller         INTEGER NOT NULL,
    label          INTEGER NOT NULL,
    calls          INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write    INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    audio_input    INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    audio_output   INTEGER NOT NULL,
    -- The exact sum of costs is micro * 1,000,000 + pico. Two columns, so that no sum reaches the end of 64 bits.
    cost_micro     INTEGER NOT NULL,
    cost_pico      INTEGER NOT NULL,
    unknown_cost   INTEGER NOT NULL,
    PRIMARY KEY (hour, organization, team, project, caller, label)
) STRICT, WITHOUT ROWID;

-- Between which attempts the records of an hour lie, so that part of an hour is summed without an index on time.
CREATE TABLE usage_spans (
    hour          INTEGER PRIMARY KEY,
    first_attempt BLOB NOT NULL,
    last_attempt  BLOB NOT NULL
) STRICT;

-- How far each journal segment has been taken in: written with the rows, so that a crash repeats or loses nothing.
CREATE TABLE journal_positions (
    segment  TEXT PRIMARY KEY NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
