-- instant
-- Talks that a bot holds: nobody's ticket until a person is wanted.
CREATE TABLE bot_talk (
  via TEXT NOT NULL, key TEXT NOT NULL,           -- as in conversation
  kind TEXT NOT NULL, address TEXT NOT NULL,      -- who it is with, as in address
  name TEXT NOT NULL,                             -- as they call themselves
  bot TEXT NOT NULL,                              -- of tkt.conf
  state TEXT NOT NULL,                            -- JSON: what was said, and what the bot waits for
  waits INTEGER NOT NULL,                         -- 1: they asked something, and have no answer
  heard_at INTEGER NOT NULL,
  last_id TEXT,                                   -- what was said last, by the channel's id
  PRIMARY KEY (via, key)) STRICT, WITHOUT ROWID;
CREATE INDEX bot_talk_quiet ON bot_talk(via, heard_at);
CREATE INDEX bot_talk_with  ON bot_talk(kind, address);
CREATE TABLE bot_heard (                          -- what bots were told already, as in heard
  via TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (via, id)) STRICT, WITHOUT ROWID;
CREATE INDEX bot_heard_at ON bot_heard(at);
