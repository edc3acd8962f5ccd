-- The tenants become objects like everything that is configured, and changes and audit know them by their ids. No
-- version wrote to any of these tables before. The default team and project are built in and have no row.
DROP TABLE audit;
DROP TABLE changes;
DROP TABLE projects;
DROP TABLE teams;
DROP TABLE organizations;

CREATE TABLE objects (
    kind          TEXT NOT NULL,
    id            BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    name          TEXT NOT NULL,
    organization  BLOB NOT NULL CHECK (length(organization) = 16),
    team          BLOB NOT NULL CHECK (length(team) = 16),
    project       BLOB NOT NULL CHECK (length(project) = 16),
    -- Where the name is unique: the project, or zeros for teams and projects themselves.
    namespace     BLOB NOT NULL CHECK (length(namespace) = 16),
    revision      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    body          TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX objects_by_name ON objects (organization, kind, namespace, name);
CREATE INDEX objects_in_order ON objects (organization, kind, name, id);
CREATE INDEX objects_by_project ON objects (project);
CREATE INDEX objects_by_team ON objects (team);

CREATE TABLE secrets (
    object BLOB NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    field  TEXT NOT NULL,
    sealed BLOB NOT NULL,
    -- The master key that wraps the data key of the secret.
    key_id TEXT NOT NULL,
    tail   TEXT NOT NULL,
    PRIMARY KEY (object, field)
) STRICT, WITHOUT ROWID;

CREATE INDEX secrets_by_key ON secrets (key_id);

-- Master keys that were given up when nothing was sealed under them any more. Nothing may be from then on.
CREATE TABLE retired_vault_keys (
    key_id TEXT PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

-- Deferred: one transaction may delete an object before what refers to it.
CREATE TABLE object_references (
    object    BLOB NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    refers_to BLOB NOT NULL REFERENCES objects (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (object, refers_to)
) STRICT, WITHOUT ROWID;

CREATE INDEX references_to_object ON object_references (refers_to);

-- Every secret that ever belonged to a key. A retired one outlives its key: it can never be used again. They lie in the
-- order of the keys, which is the order in which a start reads them.
CREATE TABLE key_hashes (
    key           BLOB NOT NULL CHECK (length(key) = 16),
    hash          BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    prefix        BLOB NOT NULL CHECK (length(prefix) = 4),
    length        INTEGER NOT NULL,
    revoked_at_ms INTEGER,
    retired_at_ms INTEGER,
    PRIMARY KEY (key, hash)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX hash_of_key ON key_hashes (key) WHERE retired_at_ms IS NULL;
CREATE INDEX retired_hashes ON key_hashes (hash) WHERE retired_at_ms IS NOT NULL;

-- What changed, in order. Whoever holds a compiled configuration follows this table.
CREATE TABLE changes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    id      BLOB NOT NULL,
    deleted INTEGER NOT NULL
) STRICT;

-- Who did what. `kind` and `id` are empty where it was done to no object.
CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms        INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    address      TEXT,
    action       TEXT NOT NULL,
    kind         TEXT,
    id           BLOB,
    name         TEXT NOT NULL,
    organization BLOB NOT NULL,
    team         BLOB NOT NULL,
    project      BLOB NOT NULL,
    revision     INTEGER,
    detail       TEXT NOT NULL
) STRICT;

CREATE INDEX audit_of_object ON audit (id) WHERE id IS NOT NULL;

-- Not joined to objects: keys that are declared in the file are used too.
CREATE TABLE key_uses (
    key          BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 16),
    last_used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash          BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    actor         TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
    hash          BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `objects` are the ids that the request wrote, one after the other. The answer is there once it was remembered.
CREATE TABLE idempotency (
    caller       TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    at_ms        INTEGER NOT NULL,
    objects      BLOB NOT NULL,
    status       INTEGER,
    body         BLOB,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (at_ms);
