-- The days there are files for. The bounds are set ahead, before a chunk is written, so a file never
-- reaches beyond them.
CREATE TABLE days (
    day         INTEGER PRIMARY KEY,  -- days since the Unix epoch
    first_chunk INTEGER NOT NULL,
    last_chunk  INTEGER NOT NULL
) STRICT;

-- The day of a trace whose id does not say it.
CREATE TABLE traces (
    trace BLOB PRIMARY KEY NOT NULL,
    day   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls that lie in another file than that of their own day, because their trace began then.
CREATE TABLE moved_calls (
    call BLOB PRIMARY KEY NOT NULL,
    day  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
