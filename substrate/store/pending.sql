-- Archives that wait for a person. What wraps the keys of batches is HOME/pending.key, which is in no backup.
CREATE TABLE IF NOT EXISTS pending_batches (
    batch       TEXT PRIMARY KEY,          -- HMAC of the archive and its form under the home's key
    state       TEXT NOT NULL,             -- taking, waiting, confirming
    taken       TEXT NOT NULL,
    expires     TEXT NOT NULL,
    wrapped_key BLOB NOT NULL              -- the batch's key under HOME/pending.key
) STRICT;
CREATE TABLE IF NOT EXISTS pending_items (
    item   INTEGER PRIMARY KEY,
    batch  TEXT NOT NULL,
    line   INTEGER NOT NULL,
    status TEXT NOT NULL,                  -- ready, held, already, refused
    reason TEXT NOT NULL,                  -- a short code; never a text
    sealed BLOB NOT NULL,                  -- what would be signed and kept, under the batch's key
    UNIQUE (batch, line)
) STRICT;
CREATE TABLE IF NOT EXISTS inbox_refusals (
    folder TEXT NOT NULL,
    name   TEXT NOT NULL,                  -- of a file that still lies there; the entry goes when the file goes
    mark   TEXT NOT NULL,                  -- inode, size and time of the bytes that were refused
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    time   TEXT NOT NULL,
    PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
