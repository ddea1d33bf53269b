-- instant
-- What an agent's day needs: time, snoozing through replies, drafts; fields and notes of people.
ALTER TABLE ticket ADD COLUMN time_spent_s INTEGER NOT NULL DEFAULT 0;  -- worked on it, in seconds
ALTER TABLE ticket ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;      -- how often it left phase 2 or 3 again
ALTER TABLE ticket ADD COLUMN snooze_keep INTEGER NOT NULL DEFAULT 0;   -- 1: sleeps on when the customer writes
CREATE TABLE draft (                            -- a reply or note not sent yet; one an agent and ticket
  ticket INTEGER NOT NULL REFERENCES ticket, agent TEXT NOT NULL,
  kind TEXT NOT NULL, status TEXT NOT NULL,     -- reply | note; status to set with it, '' for none
  body TEXT NOT NULL, seen INTEGER NOT NULL,    -- seen: last message of the thread when it was written
  at INTEGER NOT NULL, PRIMARY KEY (ticket, agent)) STRICT, WITHOUT ROWID;
ALTER TABLE customer ADD COLUMN notes TEXT NOT NULL DEFAULT '';
CREATE TABLE customer_field (                   -- what other systems know: contract=gold
  customer INTEGER NOT NULL REFERENCES customer, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (customer, name)) STRICT, WITHOUT ROWID;
ALTER TABLE organization ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE organization ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX organization_external ON organization(external_id) WHERE external_id IS NOT NULL;
CREATE INDEX org_domain_of ON org_domain(organization);
CREATE TABLE organization_field (
  organization INTEGER NOT NULL REFERENCES organization, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (organization, name)) STRICT, WITHOUT ROWID;
CREATE INDEX event_batch ON event(batch) WHERE batch IS NOT NULL;     -- undo of a bulk change; tkt-log --batch
