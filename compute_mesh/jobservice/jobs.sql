CREATE TABLE IF NOT EXISTS jobs (
    job TEXT PRIMARY KEY,
    idempotency TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    node TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    made TEXT NOT NULL,
    deadline TEXT NOT NULL,
    receipt TEXT NOT NULL DEFAULT '',
    kept INTEGER NOT NULL,
    wrapped_key BLOB,
    manifest BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS parts (
    job TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (job, name)
) STRICT;
CREATE TABLE IF NOT EXISTS papers (
    digest TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS papers_of_job ON papers (job);
CREATE TABLE IF NOT EXISTS given (
    submitter TEXT NOT NULL,
    idempotency TEXT NOT NULL,
    job TEXT NOT NULL,
    deadline TEXT NOT NULL,
    PRIMARY KEY (submitter, idempotency)
) STRICT;
CREATE TABLE IF NOT EXISTS worked (
    day TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (day)
) STRICT;
