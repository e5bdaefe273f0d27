-- One file for ledger and vault, so that an acceptance is one transaction.
CREATE TABLE IF NOT EXISTS documents (
    seq     INTEGER PRIMARY KEY,           -- arrival; never enters a view
    digest  TEXT NOT NULL UNIQUE,          -- SHA-256 of the canonical bytes
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,                 -- the contribution it is about, or ''
    signer  TEXT NOT NULL,
    code    TEXT NOT NULL,                 -- the withdrawal key that a consent fact names, or ''
    timed   INTEGER NOT NULL,              -- 1 when it states an end or a hold
    body    BLOB NOT NULL                  -- canonical bytes; public documents only
) STRICT;
CREATE INDEX IF NOT EXISTS documents_with_times ON documents (subject) WHERE timed = 1;
CREATE INDEX IF NOT EXISTS documents_by_subject ON documents (subject, digest);
CREATE INDEX IF NOT EXISTS documents_by_code ON documents (code) WHERE code != '';
CREATE INDEX IF NOT EXISTS documents_by_kind ON documents (kind);
CREATE TABLE IF NOT EXISTS logs (
    log    INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    own    INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    peaks  BLOB NOT NULL                   -- roots of the complete subtrees, largest first, 32 bytes each
) STRICT;
CREATE TABLE IF NOT EXISTS leaves (
    log    INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    class  INTEGER NOT NULL,               -- 0 public, 1 private
    digest TEXT NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS leaves_by_digest ON leaves (digest);
CREATE TABLE IF NOT EXISTS nodes (
    log   INTEGER NOT NULL,
    level INTEGER NOT NULL,                -- from 1; leaf hashes follow from the leaves
    idx   INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (log, level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (
    log        INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    root       BLOB NOT NULL,
    checkpoint TEXT NOT NULL,
    PRIMARY KEY (log, size, root)          -- two roots for one size are a fork: both are kept
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    item         INTEGER PRIMARY KEY,
    contribution TEXT NOT NULL UNIQUE,
    row          TEXT NOT NULL,
    federated    INTEGER NOT NULL,
    wrapped_key  BLOB NOT NULL,            -- the item's key under the home's vault key
    sealed_text  BLOB NOT NULL             -- salt and kept bytes under the item's key
) STRICT;
CREATE TABLE IF NOT EXISTS sealed (
    seq          INTEGER PRIMARY KEY,
    contribution TEXT NOT NULL,
    kind         TEXT NOT NULL,
    digest       TEXT NOT NULL UNIQUE,
    body         BLOB NOT NULL             -- a private document under the item's key
) STRICT;
CREATE INDEX IF NOT EXISTS sealed_by_contribution ON sealed (contribution);
CREATE TABLE IF NOT EXISTS batches (
    batch  TEXT PRIMARY KEY,               -- HMAC of the source under the home's key
    secret BLOB                            -- sealed under the vault key; gives the withdrawal codes; gone once the run has ended well
) STRICT;
CREATE TABLE IF NOT EXISTS intake (
    batch        TEXT NOT NULL,
    line         INTEGER NOT NULL,
    status       TEXT NOT NULL,            -- accepted, held, refused
    reason       TEXT NOT NULL,
    detail       TEXT NOT NULL,            -- what is wrong with a refused row, without its text
    contribution TEXT NOT NULL,            -- '' when refused
    content      TEXT NOT NULL,            -- HMAC of the completed row under the home's key; '' when refused
    PRIMARY KEY (batch, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS intake_by_content ON intake (content) WHERE content != '';
CREATE INDEX IF NOT EXISTS intake_by_contribution ON intake (contribution) WHERE contribution != '';
CREATE TABLE IF NOT EXISTS exports (
    export  INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    path    TEXT NOT NULL,
    time    TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS recorded (
    name  TEXT PRIMARY KEY,                -- a derived view; digest of what it holds, for which cut and time
    value TEXT NOT NULL
) STRICT;
