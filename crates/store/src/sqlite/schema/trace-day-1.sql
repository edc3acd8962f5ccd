-- Calls of one project that were written together. `heads` holds what a list needs of each of them, and where the
-- rest lies in the `.bodies` file of the day; `links` holds eight bytes of the trace of each call that belongs to one
-- it did not begin.
CREATE TABLE chunks (
    chunk         INTEGER PRIMARY KEY,  -- when it was written, in microseconds since the Unix epoch; unique over all days
    organization  BLOB NOT NULL,
    team          BLOB NOT NULL,
    project       BLOB NOT NULL,
    calls         INTEGER NOT NULL,
    first_call    BLOB NOT NULL,
    last_call     BLOB NOT NULL,
    first_started INTEGER NOT NULL,  -- microseconds since the Unix epoch
    last_started  INTEGER NOT NULL,
    links         BLOB NOT NULL,
    heads         BLOB NOT NULL
) STRICT;
