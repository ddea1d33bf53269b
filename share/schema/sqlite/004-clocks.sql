-- instant
-- SLA clocks (tkt-sla(7)). Nothing ran before this: the table of 001 is empty and made anew, with
-- what its state needs to be a step and not a fold.
DROP TABLE sla_clock;
CREATE TABLE sla_clock (                            -- a clock after its ticket's last event
  ticket INTEGER NOT NULL REFERENCES ticket, target TEXT NOT NULL, cycle INTEGER NOT NULL,
  policy TEXT NOT NULL, version INTEGER NOT NULL,   -- under which it counts: says what the calendar is
  calendar TEXT NOT NULL, state TEXT NOT NULL,      -- running paused met breached void
  cause TEXT NOT NULL, ended_by TEXT NOT NULL,      -- of a breach: '' change late_policy; of its end: reply resolved ...
  target_s INTEGER NOT NULL, goal_s INTEGER NOT NULL,    -- the policy's seconds; those that count (min_remaining)
  started_at INTEGER NOT NULL, since INTEGER, elapsed_s INTEGER NOT NULL,    -- counts from `since`; before it: elapsed_s
  due_at INTEGER, warn_at INTEGER, breached_at INTEGER, ended_at INTEGER,
  fire_at INTEGER,                                  -- next warning, breach or reminder to be logged
  warned TEXT NOT NULL, told_at INTEGER, reminded_at INTEGER,                -- what was logged
  PRIMARY KEY (ticket, target, cycle)) STRICT, WITHOUT ROWID;
CREATE INDEX sla_fire  ON sla_clock(fire_at)     WHERE fire_at IS NOT NULL;  -- tick
CREATE INDEX sla_due   ON sla_clock(due_at)      WHERE ended_at IS NULL;     -- check: breached
CREATE INDEX sla_warn  ON sla_clock(warn_at)     WHERE ended_at IS NULL AND warn_at IS NOT NULL; -- check: warnings
CREATE INDEX sla_ended ON sla_clock(ended_at)    WHERE ended_at IS NOT NULL; -- report
CREATE TABLE sla_ticket (                           -- what the clocks of a ticket go by
  ticket INTEGER PRIMARY KEY REFERENCES ticket,
  version INTEGER NOT NULL, policy TEXT NOT NULL,   -- evaluated up to this version; the policy that matches, or ''
  first_asked_at INTEGER, asked_at INTEGER,         -- a customer's first public message; the oldest unanswered
  replied_at INTEGER, update_from INTEGER,          -- an agent's last; the same unless solved since
  last_at INTEGER NOT NULL) STRICT;                 -- instant of the last step: an earlier event folds anew
ALTER TABLE version ADD COLUMN event INTEGER;       -- config.applied: its place in the order of events
