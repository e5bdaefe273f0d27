-- What the desk keeps for a while and nobody signs: invitations to a conversation, reports by people who are named in a
-- text, flags. Each under a key of its own, which HOME/pending.key wraps: what a backup holds of it nothing can open.
CREATE TABLE IF NOT EXISTS boxes (
    box         TEXT PRIMARY KEY,          -- random, or the HMAC of an invitation's code under the home's key
    kind        TEXT NOT NULL,             -- invitation, report, flag
    subject     TEXT NOT NULL,             -- the contribution it is about, or ''
    made        TEXT NOT NULL,
    expires     TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS boxes_by_subject ON boxes (subject) WHERE subject != '';
-- What was refused at the desk behind the login, and who logged in. Never a text, a name that was typed, or a code.
CREATE TABLE IF NOT EXISTS desk_events (
    event   INTEGER PRIMARY KEY,
    time    TEXT NOT NULL,
    account TEXT NOT NULL,                 -- of a known account, or ''
    what    TEXT NOT NULL,                 -- a short code
    subject TEXT NOT NULL                  -- a contribution that exists, or ''
) STRICT;
