-- instant
-- What mail-ingest knows of each mail beyond its outcome, and keys of other systems.
ALTER TABLE mail_id ADD COLUMN class TEXT;      -- human, auto-reply, dsn, ...
ALTER TABLE mail_id ADD COLUMN rule TEXT;       -- the rule that decided: M15.2
ALTER TABLE mail_id ADD COLUMN evidence TEXT;   -- what made it this class
CREATE TABLE mail_key (                         -- a key of another system in its mails (M15.4)
  source TEXT NOT NULL, key TEXT NOT NULL,      -- foreign block of tkt.conf, what its pattern captured
  ticket INTEGER NOT NULL REFERENCES ticket,
  PRIMARY KEY (source, key, ticket)) STRICT, WITHOUT ROWID;
