-- instant
-- One-time codes under way: somebody who writes from one address shows that another, a
-- mail address, is theirs, too. The code itself is nowhere: a key of the desk makes it.
CREATE TABLE proof (
  kind TEXT NOT NULL, address TEXT NOT NULL,      -- who asked, as in address; one code at a time
  email TEXT NOT NULL,                            -- where the code went
  event INTEGER NOT NULL REFERENCES event,        -- that tells of it
  asked_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,                         -- wrong codes so far; spent when there were too many
  PRIMARY KEY (kind, address)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX proof_event ON proof(event);
CREATE INDEX proof_email ON proof(email, asked_at);
CREATE INDEX proof_asked ON proof(asked_at);      -- forgotten after a day
