-- What is written on a key is part of who called: a caller with other labels is another row. SQLite cannot change
-- what is unique, so the table is made again.
CREATE TABLE callers_2 (
    id     INTEGER PRIMARY KEY,
    key    BLOB NOT NULL,  -- empty for a caller without one
    name   TEXT NOT NULL,
    labels TEXT NOT NULL,  -- {"tags":[…],"metadata":{…}}, empty where there are none
    UNIQUE (key, name, labels)
) STRICT;

INSERT INTO callers_2 (id, key, name, labels) SELECT id, key, name, '' FROM callers;
DROP TABLE callers;
ALTER TABLE callers_2 RENAME TO callers;
