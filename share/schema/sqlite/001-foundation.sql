-- instant
-- The first schema. Instants: UTC milliseconds. TEXT keys into tkt.conf carry no foreign
-- key. '' and NEVER instead of NULL in every sorted column, because NULL order differs
-- between engines; NEVER = 9223372036854775807. AUTOINCREMENT only where rows can be purged.
CREATE TABLE migration (                            -- which scripts made this schema
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE meta (                                 -- the desk itself
  key TEXT PRIMARY KEY,                             -- desk: its id; test: 1 in a test desk; verified: by tkt-fsck
  value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE organization (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE org_domain (                           -- a new customer of this domain joins
  domain TEXT PRIMARY KEY, organization INTEGER NOT NULL REFERENCES organization) STRICT, WITHOUT ROWID;
CREATE TABLE customer (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, language TEXT, timezone TEXT,
  organization INTEGER REFERENCES organization, external_id TEXT UNIQUE,
  merged_into INTEGER REFERENCES customer, erased_at INTEGER) STRICT;
CREATE INDEX customer_org ON customer(organization) WHERE organization IS NOT NULL;
CREATE TABLE address (                              -- "who writes?" is one lookup in one b-tree
  kind TEXT NOT NULL, value TEXT NOT NULL,          -- email: lower case; phone: E.164; irc: net/account
  customer INTEGER NOT NULL REFERENCES customer,
  proven_at INTEGER,                                -- proven by token, DMARC or code; unproven never merges people
  suppressed_at INTEGER,                            -- hard bounce: do not send
  PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID;
CREATE INDEX address_customer ON address(customer);
CREATE TABLE ticket (                               -- all a list line needs, nothing more
  id INTEGER PRIMARY KEY AUTOINCREMENT,             -- the number people see
  subject TEXT NOT NULL, queue TEXT NOT NULL, status TEXT NOT NULL,
  phase INTEGER NOT NULL,                           -- 0 open 1 waiting 2 resolved 3 closed 4 merged 5 spam 6 deleted
  priority INTEGER NOT NULL,                        -- 0 low 1 normal 2 high 3 urgent
  kind TEXT NOT NULL, channel TEXT NOT NULL,
  mailbox TEXT NOT NULL DEFAULT '',                 -- From of answers; part of the reply token's MAC
  token_gen INTEGER NOT NULL DEFAULT 0,             -- also in the MAC: +1 revokes every token of this ticket
  assignee TEXT NOT NULL DEFAULT '',
  requester INTEGER NOT NULL REFERENCES customer,
  organization INTEGER REFERENCES organization,     -- as it was at creation: moving a person rewrites no tickets
  external_id TEXT UNIQUE, merged_into INTEGER REFERENCES ticket,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  customer_at INTEGER, agent_at INTEGER,            -- last public message of each side
  first_replied_at INTEGER, solved_at INTEGER, snoozed_until INTEGER,
  due_at INTEGER NOT NULL DEFAULT 9223372036854775807,   -- earliest open clock, copied here for lists and sla:
  warn_at INTEGER NOT NULL DEFAULT 9223372036854775807, due_target TEXT NOT NULL DEFAULT '',
  last_event INTEGER NOT NULL) STRICT;              -- the row's version
-- Where two indexes serve equally, SQLite takes the one made last: so these two, for lists that
-- include closed tickets of a rare queue or agent in a large store, stand before those of live tickets.
CREATE INDEX ticket_queue_all    ON ticket(queue, updated_at);
CREATE INDEX ticket_assignee_all ON ticket(assignee, updated_at) WHERE assignee <> '';
-- Live tickets are listed all day: these stay small for ever. The planner takes them only when the
-- statement says literally phase < 2, and that is what lib/query emits.
CREATE INDEX ticket_live     ON ticket(updated_at)           WHERE phase < 2;
CREATE INDEX ticket_queue    ON ticket(queue, updated_at)    WHERE phase < 2;
CREATE INDEX ticket_assignee ON ticket(assignee, updated_at) WHERE phase < 2;      -- also least-busy, capped by LIMIT
CREATE INDEX ticket_due      ON ticket(due_at)               WHERE phase < 2;
CREATE INDEX ticket_wake     ON ticket(snoozed_until)        WHERE snoozed_until IS NOT NULL;
CREATE INDEX ticket_solved   ON ticket(solved_at)            WHERE phase = 2;      -- autoclose reads its candidates only
CREATE INDEX ticket_hidden   ON ticket(updated_at)           WHERE phase >= 5;     -- quarantine list, purge
CREATE INDEX ticket_updated  ON ticket(updated_at);                                -- whole store, API paging
CREATE INDEX ticket_created  ON ticket(created_at);                                -- --sort created
CREATE INDEX ticket_customer ON ticket(requester);                                 -- rowid follows: newest first
CREATE INDEX ticket_org      ON ticket(organization) WHERE organization IS NOT NULL;
CREATE TABLE ticket_tag (tag TEXT NOT NULL, ticket INTEGER NOT NULL REFERENCES ticket,
  PRIMARY KEY (ticket, tag)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_tag_tag ON ticket_tag(tag);     -- + ticket, from the primary key
CREATE TABLE ticket_field (ticket INTEGER NOT NULL REFERENCES ticket, name TEXT NOT NULL, value TEXT NOT NULL,
  num REAL,                                         -- numbers and dates, for ordered terms
  PRIMARY KEY (ticket, name)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_field_value ON ticket_field(name, value);    -- every field is indexed: no DDL from tkt.conf
CREATE INDEX ticket_field_num   ON ticket_field(name, num) WHERE num IS NOT NULL;
CREATE TABLE ticket_person (ticket INTEGER NOT NULL REFERENCES ticket, role TEXT NOT NULL, -- cc | follower
  who TEXT NOT NULL, confirmed INTEGER NOT NULL,    -- address or agent; 0: gets nothing until an agent says so
  PRIMARY KEY (ticket, role, who)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_person_who ON ticket_person(who);            -- participant:
CREATE TABLE ticket_link (a INTEGER NOT NULL REFERENCES ticket, rel TEXT NOT NULL,
  b INTEGER NOT NULL REFERENCES ticket, PRIMARY KEY (a, rel, b)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_link_b ON ticket_link(b);
CREATE TABLE event (                                -- append only; one total order; one chain
  id INTEGER PRIMARY KEY, ticket INTEGER, customer INTEGER,       -- neither: the desk itself (config.applied, import)
  at INTEGER NOT NULL,                              -- when it was written: never decreases
  actor TEXT NOT NULL,                              -- agent:alice customer:7 rule:autoclose system
  cause INTEGER, batch INTEGER,                     -- event that led to it; first event of a bulk change (undo)
  action TEXT NOT NULL,
  changes TEXT,                                     -- canonical JSON with a random "n"; bodies by digest; NULL once erased
  digest BLOB NOT NULL,                             -- sha256 of all columns above, changes by their own sha256
  hash BLOB NOT NULL) STRICT;                       -- sha256(hash of the event before, digest)
CREATE INDEX event_ticket   ON event(ticket)   WHERE ticket IS NOT NULL;
CREATE INDEX event_customer ON event(customer) WHERE customer IS NOT NULL;
CREATE TABLE message (                              -- immutable but for erasure, so the search index is append-only too
  id INTEGER PRIMARY KEY REFERENCES event,          -- the event that added it: thread and log share one order
  ticket INTEGER NOT NULL REFERENCES ticket,
  kind TEXT NOT NULL, direction TEXT NOT NULL, channel TEXT NOT NULL,  -- reply note system(a new subject); in out
  class TEXT NOT NULL, author TEXT NOT NULL, author_address TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,                      -- when it was said (--received-at); may be before event.at
  subject TEXT, body TEXT NOT NULL, quoted TEXT NOT NULL DEFAULT '',   -- body <= 256 kB; HTML is read from raw
  raw BLOB, external_id TEXT, flags INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX message_ticket ON message(ticket);
CREATE INDEX message_raw ON message(raw) WHERE raw IS NOT NULL;  -- is this blob still named? (--gc)
CREATE TABLE attachment (message INTEGER NOT NULL REFERENCES message, part INTEGER NOT NULL, name TEXT NOT NULL,
  media_type TEXT NOT NULL, size INTEGER NOT NULL, content_id TEXT, sha256 BLOB NOT NULL,
  PRIMARY KEY (message, part)) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_sha ON attachment(sha256);
CREATE TABLE mail_id (                              -- mails seen and sent; the key decides duplicate races (M3)
  msgid TEXT NOT NULL, mailbox TEXT NOT NULL, body_sha BLOB NOT NULL,
  message INTEGER, ticket INTEGER, outcome TEXT NOT NULL,
  at INTEGER NOT NULL, raw BLOB NOT NULL, reason TEXT,
  PRIMARY KEY (msgid, mailbox, body_sha)) STRICT, WITHOUT ROWID;
CREATE INDEX mail_id_raw ON mail_id(raw);
CREATE INDEX mail_id_held ON mail_id(at) WHERE outcome = 'quarantined';
CREATE TABLE sla_clock (                            -- state of the fold after the last event: one step is O(1)
  ticket INTEGER NOT NULL REFERENCES ticket, target TEXT NOT NULL, cycle INTEGER NOT NULL,
  policy TEXT NOT NULL, version INTEGER NOT NULL, calendar TEXT NOT NULL, state TEXT NOT NULL, cause TEXT,
  goal_s INTEGER NOT NULL, started_at INTEGER NOT NULL, since INTEGER, elapsed_s INTEGER NOT NULL,
  due_at INTEGER, breached_at INTEGER, ended_at INTEGER,
  fire_at INTEGER,                                  -- next warning, breach or reminder
  PRIMARY KEY (ticket, target, cycle)) STRICT, WITHOUT ROWID;
CREATE INDEX sla_fire  ON sla_clock(fire_at)     WHERE fire_at IS NOT NULL;        -- tick
CREATE INDEX sla_open  ON sla_clock(due_at)      WHERE ended_at IS NULL;           -- check, bulk step after apply
CREATE INDEX sla_ended ON sla_clock(ended_at)    WHERE ended_at IS NOT NULL;       -- report
CREATE TABLE delivery (                             -- everything that leaves the desk
  event INTEGER NOT NULL REFERENCES event, n INTEGER NOT NULL,    -- shown as 900.1
  ticket INTEGER, via TEXT NOT NULL, target TEXT NOT NULL,        -- mail | irc:libera | hook:crm | run:pager
  text TEXT, state INTEGER NOT NULL,                -- 0 queued 1 leased 2 held 3 sent 4 failed 5 cancelled
  due_at INTEGER NOT NULL, lease_by TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT,
  PRIMARY KEY (event, n)) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery(via, due_at) WHERE state < 2;  -- a lease is due_at moved ahead: one index for both
CREATE TABLE version (                              -- applied configuration: all its parts at once
  id INTEGER NOT NULL, part TEXT NOT NULL,          -- desk | rules | source | later calendar:NAME
  at INTEGER NOT NULL, sha256 BLOB NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (id, part)) STRICT, WITHOUT ROWID;
CREATE TABLE agent_state (                          -- round robin: the event of the last assignment
  agent TEXT PRIMARY KEY, assigned INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (                               -- tkt-log --cursor: how far a reader has come
  name TEXT PRIMARY KEY, event INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5(subject, body, content='message', content_rowid='id',
  tokenize="unicode61 remove_diacritics 2");        -- no prefix= (doubles it); merged by the tick
INSERT INTO search (search, rank) VALUES ('automerge', 0);
