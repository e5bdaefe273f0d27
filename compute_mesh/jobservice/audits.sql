CREATE TABLE IF NOT EXISTS probes (
    job TEXT PRIMARY KEY,
    worker TEXT NOT NULL,
    day TEXT NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS probes_of_day ON probes (day);
CREATE TABLE IF NOT EXISTS bundles (
    verdict TEXT PRIMARY KEY,
    receipt TEXT NOT NULL,
    word TEXT NOT NULL,
    day TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
