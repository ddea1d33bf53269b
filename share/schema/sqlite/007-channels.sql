-- instant
-- Talks on channels other than mail.
CREATE TABLE conversation (
  via TEXT NOT NULL, key TEXT NOT NULL,           -- the bridge and its driver: irc:libera; what the channel calls the talk
  kind TEXT NOT NULL, address TEXT NOT NULL,      -- who it is with, as in address
  ticket INTEGER NOT NULL REFERENCES ticket,
  heard_at INTEGER NOT NULL,                      -- last line, of either side
  closed_at INTEGER,                              -- NULL: open
  PRIMARY KEY (via, key)) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_ticket ON conversation(ticket, heard_at);
CREATE INDEX conversation_quiet  ON conversation(via, heard_at) WHERE closed_at IS NULL;
CREATE INDEX conversation_with   ON conversation(kind, address);
CREATE TABLE heard (                              -- what channels said already: the same id again is nothing new
  via TEXT NOT NULL, id TEXT NOT NULL,
  ticket INTEGER NOT NULL REFERENCES ticket,
  message INTEGER NOT NULL,                       -- the one it became, or that told of it
  at INTEGER NOT NULL,
  PRIMARY KEY (via, id)) STRICT, WITHOUT ROWID;
CREATE INDEX heard_at     ON heard(at);           -- forgotten after some weeks
CREATE INDEX heard_ticket ON heard(ticket);
CREATE TABLE channel_place (                      -- how far a bridge has read, in the words of its server
  via TEXT PRIMARY KEY, place TEXT NOT NULL) STRICT, WITHOUT ROWID;
