/* generate: fills a desk's store with tickets, fast and always the same.
 * generate DESK COUNT [SEED]: COUNT more tickets, in a sample desk. The rows are what the
 * pipeline would write (event, chain, message, index), without rules. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "ticket/ticket.h"

enum { BATCH = 5000 };

static uint64_t state;
static unsigned live; /* of a thousand */

static unsigned
rnd(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % n;
}

static const char *const syllables[] = {"ba", "ce", "di", "fo", "gu", "ha", "je", "ki",
    "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi", "yo", "zu"};

static void
word(char *to, unsigned n)
{
	char *p = to;

	for (int i = 0; i < 3; i++, n /= 20)
		p = stpcpy(p, syllables[n % 20]);
}

/* 8,000 words, common ones more often; "oneword" in 1 %, "twenty" in 20 % of bodies. */
static char *
text(void *ctx, int words)
{
	char *s = talloc_strdup(ctx, ""), w[8];

	for (int i = 0; i < words; i++) {
		unsigned r = rnd(8000);

		word(w, (unsigned)(r * (unsigned long)r / 8000));
		s = talloc_asprintf_append_buffer(s, "%s%s",
		    i % 12 == 11 ? "\n"
		    : i		 ? " "
				 : "",
		    w);
	}
	return s;
}

static enum rc
add_customer(struct store *s, struct chain *c, void *ctx, const struct person_address *a,
    struct person *p, struct err *err)
{
	struct event e = {
	    .actor = "system", .action = "customer.created", .at = c->at + 1000};
	json_t *changes;
	enum rc rc = customer_add(s, a, p, err);

	if (rc != RC_OK)
		return rc;
	e.customer = p->id;
	changes = json_pack("{s:[n,s],s:[[],[o]],s:[n,n]}", "name", a->name, "addresses",
	    json_sprintf("%s:%s", a->kind, a->value), "organization");
	e.changes = event_changes(ctx, changes);
	json_decref(changes);
	return event_append(s, c, &e, err);
}

static enum rc
add(struct store *s, struct chain *c, void *ctx, int64_t n, struct err *err)
{
	static const char *const queues[] = {"inbox", "billing", "hardware"};
	static const char *const agents[] = {"", "alice", "bob", "carol"};
	static const char *const statuses[] = {
	    "new", "open", "pending", "solved", "closed"};
	struct ticket *t = ticket_new(ctx);
	struct message m = {
	    .kind = "reply", .direction = "in", .channel = "email", .class = "human"};
	struct event e = {.actor = "system", .action = "ticket.created"};
	struct person p = {0};
	struct person_address a = {.name = "", .kind = "email"};
	json_t *changes;
	enum rc rc = RC_OK;

	a.value = talloc_asprintf(ctx, "c%lld@example.com", (long long)(n / 4));
	if (n % 4 == 0)
		rc = add_customer(s, c, ctx, &a, &p, err);
	else
		rc = customer_find(s, a.kind, a.value, &p.id, err);
	if (rc != RC_OK)
		return rc;
	t->subject = text(ctx, 6);
	t->queue = queues[rnd(3)];
	/* One in thirty is live, as on an old desk; of a small one every other. */
	t->status = statuses[rnd(1000) < live ? rnd(3) : 3 + (rnd(20) > 0)];
	t->phase = status_phase(t->status);
	t->priority = rnd(4);
	t->kind = "question";
	t->channel = "email";
	t->mailbox = "support";
	t->assignee = agents[rnd(4)];
	t->requester = p.id;
	t->created_at = c->at + 1000;
	t->updated_at = t->created_at;
	t->customer_at = t->created_at;
	if (t->phase >= PHASE_RESOLVED)
		t->solved_at = t->created_at;
	if (rnd(10) == 0)
		ticket_add_tag(ctx, t, rnd(2) ? "money" : "vip");
	m.author = talloc_asprintf(ctx, "customer:%lld", (long long)p.id);
	m.author_address = a.value;
	m.created_at = t->created_at;
	m.subject = t->subject;
	m.body = talloc_asprintf(ctx, "%s%s%s", text(ctx, 200),
	    rnd(100) == 0 ? " oneword" : "", rnd(5) == 0 ? " twenty" : "");
	m.quoted = "";
	t->last_event = c->id + 1;
	rc = ticket_store(s, NULL, t, err);
	if (rc != RC_OK)
		return rc;
	e.ticket = t->id;
	e.at = t->created_at;
	changes = ticket_diff(NULL, t);
	json_object_set_new(changes, "message", message_digest(&m));
	e.changes = event_changes(ctx, changes);
	json_decref(changes);
	rc = event_append(s, c, &e, err);
	m.id = e.id;
	m.ticket = t->id;
	return rc == RC_OK ? message_store(s, &m, err) : rc;
}

int
main(int argc, char **argv)
{
	struct err err = {0};
	struct store *s = NULL;
	struct chain c;
	int64_t count = argc > 2 ? atoll(argv[2]) : 0, done = 0;
	enum rc rc;

	if (count <= 0 || sodium_init() < 0) {
		fprintf(stderr, "usage: generate DESK COUNT [SEED]\n");
		return 64;
	}
	live = count < 10000 ? 500 : 30;
	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	rc = store_open(NULL, argv[1], STORE_WRITE, &s, &err);
	while (rc == RC_OK && done < count) {
		rc = store_write(s, &err);
		if (rc == RC_OK)
			rc = chain_end(s, &c, &err);
		for (int i = 0; rc == RC_OK && i < BATCH && done < count; i++, done++) {
			void *ctx = talloc_new(NULL);

			rc = add(s, &c, ctx, done, &err);
			talloc_free(ctx);
		}
		if (rc == RC_OK)
			rc = store_commit(s, &err);
	}
	for (bool merged = rc != RC_OK; !merged && rc == RC_OK;) {
		rc = store_write(s, &err);
		if (rc == RC_OK)
			rc = store_index_merge(s, &merged, &err);
		if (rc == RC_OK)
			rc = store_commit(s, &err);
	}
	talloc_free(s);
	if (rc != RC_OK)
		fprintf(stderr, "generate: %s\n", err.text);
	return err_status(rc);
}
