-- instant
-- What leaves the desk: kinds of deliveries and when they went; rules that wait for time,
-- presence, replies to be sent later.
ALTER TABLE delivery ADD COLUMN kind TEXT NOT NULL DEFAULT 'reply'; -- reply ack update notice hook run
ALTER TABLE delivery ADD COLUMN rule TEXT NOT NULL DEFAULT '';      -- the rule that asked for it
ALTER TABLE delivery ADD COLUMN sent_at INTEGER;
CREATE INDEX delivery_ticket ON delivery(ticket) WHERE state < 3;   -- what of a ticket waits
CREATE INDEX delivery_acks ON delivery(target, due_at) WHERE kind = 'ack'; -- M35: three a sender and day
CREATE INDEX delivery_ack_of ON delivery(ticket) WHERE kind = 'ack';       -- M35: one a ticket
CREATE INDEX delivery_failed ON delivery(due_at) WHERE state = 4;   -- mail-queue list --state failed
CREATE INDEX ticket_waiting ON ticket(queue, priority DESC, created_at)          -- nobody has it: drained in
  WHERE phase = 0 AND assignee = '';                                         -- this order
CREATE TABLE fired (                                -- a rule on = time fires again only after somebody
  ticket INTEGER NOT NULL, rule TEXT NOT NULL,      -- else changed the ticket
  last_event INTEGER NOT NULL,                      -- the ticket's, when it was done
  PRIMARY KEY (ticket, rule)) STRICT, WITHOUT ROWID;
ALTER TABLE agent_state ADD COLUMN status TEXT NOT NULL DEFAULT 'online';  -- online away offline
ALTER TABLE agent_state ADD COLUMN since INTEGER;   -- when that began
ALTER TABLE agent_state ADD COLUMN until INTEGER;   -- online again at this instant
ALTER TABLE draft ADD COLUMN send_at INTEGER;       -- tkt-reply --at: sent by itself then
CREATE INDEX draft_send ON draft(send_at) WHERE send_at IS NOT NULL;
