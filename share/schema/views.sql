-- What tkt-sql answers questions over (tkt-store(7)): temporary views, so that they cost the
-- store nothing and change with the program. Instants are text, and milliseconds (_ms) where
-- one wants to reckon.

CREATE TEMP VIEW tickets AS SELECT
  t.id, t.subject, t.queue, t.status,
  CASE t.phase
    WHEN 0 THEN 'open'
    WHEN 1 THEN 'waiting'
    WHEN 2 THEN 'resolved'
    WHEN 3 THEN 'closed'
    WHEN 4 THEN 'merged'
    WHEN 5 THEN 'spam'
    ELSE 'deleted' END AS phase,
  CASE t.priority
    WHEN 0 THEN 'low'
    WHEN 1 THEN 'normal'
    WHEN 2 THEN 'high'
    ELSE 'urgent' END AS priority,
  t.kind, t.channel, t.mailbox, nullif(t.assignee, '') AS assignee, t.requester AS customer,
  t.organization, t.external_id, t.merged_into,
  strftime('%Y-%m-%dT%H:%M:%SZ', t.created_at / 1000, 'unixepoch') AS created_at,
  t.created_at AS created_ms,
  strftime('%Y-%m-%dT%H:%M:%SZ', t.updated_at / 1000, 'unixepoch') AS updated_at,
  t.updated_at AS updated_ms,
  strftime('%Y-%m-%dT%H:%M:%SZ', t.first_replied_at / 1000, 'unixepoch') AS first_replied_at,
  t.first_replied_at AS first_replied_ms,
  strftime('%Y-%m-%dT%H:%M:%SZ', t.solved_at / 1000, 'unixepoch') AS solved_at,
  t.solved_at AS solved_ms,
  strftime('%Y-%m-%dT%H:%M:%SZ', t.snoozed_until / 1000, 'unixepoch') AS snoozed_until,
  t.time_spent_s, t.reopened, t.last_event
FROM main.ticket t;

CREATE TEMP VIEW messages AS SELECT
  m.id, m.ticket, m.kind, m.direction, m.channel, m.class, m.author, m.author_address,
  strftime('%Y-%m-%dT%H:%M:%SZ', m.created_at / 1000, 'unixepoch') AS created_at,
  m.created_at AS created_ms, m.subject, m.body, m.external_id
FROM main.message m;

CREATE TEMP VIEW attachments AS SELECT
  message, part, name, media_type, size, lower(hex(sha256)) AS sha256
FROM main.attachment;

CREATE TEMP VIEW events AS SELECT
  e.id, e.ticket, e.customer, strftime('%Y-%m-%dT%H:%M:%SZ', e.at / 1000, 'unixepoch') AS at,
  e.at AS at_ms, e.actor, e.action, e.cause, e.batch, e.changes
FROM main.event e;

CREATE TEMP VIEW tags AS SELECT
  ticket, tag
FROM main.ticket_tag;

CREATE TEMP VIEW fields AS SELECT
  ticket, name, value, num
FROM main.ticket_field;

CREATE TEMP VIEW participants AS SELECT
  ticket, role, who, confirmed
FROM main.ticket_person;

CREATE TEMP VIEW links AS SELECT
  a AS ticket, rel, b AS other
FROM main.ticket_link;

CREATE TEMP VIEW customers AS SELECT
  c.id, c.name, c.language, c.timezone, c.organization, c.external_id, c.notes, c.merged_into,
  strftime('%Y-%m-%dT%H:%M:%SZ', c.erased_at / 1000, 'unixepoch') AS erased_at
FROM main.customer c;

CREATE TEMP VIEW addresses AS SELECT
  customer, kind, value,
  strftime('%Y-%m-%dT%H:%M:%SZ', proven_at / 1000, 'unixepoch') AS proven_at,
  strftime('%Y-%m-%dT%H:%M:%SZ', suppressed_at / 1000, 'unixepoch') AS suppressed_at
FROM main.address;

CREATE TEMP VIEW customer_fields AS SELECT
  customer, name, value
FROM main.customer_field;

CREATE TEMP VIEW organizations AS SELECT
  id, name, notes, external_id
FROM main.organization;

CREATE TEMP VIEW organization_fields AS SELECT
  organization, name, value
FROM main.organization_field;

CREATE TEMP VIEW deliveries AS SELECT
  event AS message, n, ticket, via, kind, target, nullif(rule, '') AS rule,
  CASE state
    WHEN 0 THEN 'queued'
    WHEN 1 THEN 'leased'
    WHEN 2 THEN 'held'
    WHEN 3 THEN 'sent'
    WHEN 4 THEN 'failed'
    ELSE 'cancelled' END AS state,
  strftime('%Y-%m-%dT%H:%M:%SZ', due_at / 1000, 'unixepoch') AS due_at,
  strftime('%Y-%m-%dT%H:%M:%SZ', sent_at / 1000, 'unixepoch') AS sent_at, attempts, last_error
FROM main.delivery;

CREATE TEMP VIEW clocks AS SELECT
  c.ticket, c.target, c.cycle, c.policy, c.calendar, c.state, nullif(c.cause, '') AS cause,
  nullif(c.ended_by, '') AS ended_by, c.goal_s, c.elapsed_s,
  strftime('%Y-%m-%dT%H:%M:%SZ', c.started_at / 1000, 'unixepoch') AS started_at,
  strftime('%Y-%m-%dT%H:%M:%SZ', c.due_at / 1000, 'unixepoch') AS due_at, c.due_at AS due_ms,
  strftime('%Y-%m-%dT%H:%M:%SZ', c.breached_at / 1000, 'unixepoch') AS breached_at,
  c.breached_at AS breached_ms,
  strftime('%Y-%m-%dT%H:%M:%SZ', c.ended_at / 1000, 'unixepoch') AS ended_at,
  c.ended_at AS ended_ms
FROM main.sla_clock c;
