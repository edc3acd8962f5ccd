CREATE TABLE organizations (
    id   BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE teams (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organization BLOB NOT NULL REFERENCES organizations (id),
    name         TEXT NOT NULL,
    UNIQUE (organization, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organization BLOB NOT NULL REFERENCES organizations (id),
    team         BLOB NOT NULL REFERENCES teams (id),
    name         TEXT NOT NULL,
    UNIQUE (team, name)
) STRICT, WITHOUT ROWID;

-- The ids of the tenant that exists from the first start are fixed: rows written by any version agree.
INSERT INTO organizations (id, name) VALUES (x'00000000000000000000000000000001', 'default');
INSERT INTO teams (id, organization, name)
    VALUES (x'00000000000000000000000000000001', x'00000000000000000000000000000001', 'default');
INSERT INTO projects (id, organization, team, name)
    VALUES (x'00000000000000000000000000000001', x'00000000000000000000000000000001',
            x'00000000000000000000000000000001', 'default');

-- What changed, in order. Whoever holds a compiled configuration follows this table.
CREATE TABLE changes (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL,
    id           TEXT NOT NULL,
    deleted      INTEGER NOT NULL,
    organization BLOB NOT NULL,
    team         BLOB NOT NULL,
    project      BLOB NOT NULL
) STRICT;

-- Who changed it.
CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY REFERENCES changes (seq),
    at_ms        INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    action       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    id           TEXT NOT NULL,
    organization BLOB NOT NULL,
    team         BLOB NOT NULL,
    project      BLOB NOT NULL
) STRICT;
