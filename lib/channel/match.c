/* Which ticket does a mail belong to? Tokens, ids, keys; never likeness. */
#include "channel/match.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/text.h"

enum { MERGES_MAX = 100 };

struct matching {
	void *ctx;
	const struct mail *m;
	const struct decide_want *w;
	const struct world *world;
	struct match *r;
};

/* Takes ticket `id` as the answer, or where it was merged to. RC_NONE when it is gone. */
static enum rc
take(struct matching *k, int64_t id, const char *rule, const char *why, struct err *err)
{
	struct ticket *t = NULL;
	enum rc rc = k->world->ticket(k->world->arg, k->ctx, id, &t, err);

	for (int i = 0; rc == RC_OK && t->merged_into != 0 && i < MERGES_MAX; i++)
		rc = k->world->ticket(k->world->arg, k->ctx, t->merged_into, &t, err);
	if (rc == RC_OK && t->phase >= PHASE_MERGED)
		return RC_NONE; /* spam, deleted: as if it were not there */
	if (rc != RC_OK)
		return rc;
	k->r->t = t;
	k->r->rule = rule;
	k->r->why = why;
	return RC_OK;
}

/* ---- (1) tokens ---- */

static const struct agent *
agent_of(const struct config *c, const char *address)
{
	for (size_t i = 0; address != NULL && i < c->nagents; i++) {
		if (strcasecmp(c->agents[i].email, address) == 0)
			return &c->agents[i];
	}
	return NULL;
}

static enum rc
by_token(struct matching *k, const char *address, struct err *err)
{
	const struct config *c = k->w->config;
	const struct agent *agent = agent_of(c, k->m->from.value);

	for (size_t i = 0; address != NULL && i < c->nmailboxes; i++) {
		const struct mailbox *box = &c->mailboxes[i];
		struct ticket *t = NULL;
		struct token token;
		bool right;
		enum rc rc;

		if (!token_read(box, address, &token) || token.kind == 'd')
			continue;
		/* The token is of the ticket it names, whatever became of that. */
		rc = k->world->ticket(k->world->arg, k->ctx, token.id, &t, err);
		if (rc != RC_OK && rc != RC_NONE)
			return rc;
		if (rc == RC_NONE)
			continue;
		right = token.kind == 't'
			    ? token_of_ticket(k->w->keys, box, t, &token)
			    : agent != NULL &&
				  token_of_agent(k->w->keys, box, t, agent->name, &token);
		if (!right)
			continue;
		k->r->proof = true;
		k->r->agent = token.kind == 'a' ? agent : NULL;
		return take(k, token.id, "M15.1",
		    talloc_asprintf(k->ctx, "%s's token in %s",
			token.kind == 'a' ? "the agent" : "the ticket", address),
		    err);
	}
	return RC_NONE;
}

static enum rc
by_tokens(struct matching *k, struct err *err)
{
	enum rc rc = by_token(k, k->w->recipient, err);

	for (size_t i = 0; rc == RC_NONE && i < k->m->nrecipients; i++)
		rc = by_token(k, k->m->recipients[i], err);
	return rc;
}

/* ---- (2) Message-IDs of ours, (3) those of others ---- */

static enum rc
by_own_id(struct matching *k, struct err *err)
{
	enum rc rc = RC_NONE;

	for (size_t i = 0; rc == RC_NONE && i < k->m->nreferences; i++) {
		int64_t ticket, message;

		if (!token_message_id(k->w->keys, k->m->references[i], &ticket, &message))
			continue;
		rc = take(k, ticket, "M15.2",
		    talloc_asprintf(k->ctx, "our id %s", k->m->references[i]), err);
		k->r->proof = rc == RC_OK;
	}
	return rc;
}

static enum rc
by_thread(struct matching *k, struct err *err)
{
	enum rc rc = RC_NONE;

	for (size_t i = 0; rc == RC_NONE && i < k->m->nreferences; i++) {
		int64_t ticket = 0;

		rc = k->world->thread(k->world->arg, k->m->references[i],
		    k->w->mailbox->name, k->w->mailbox->queue, &ticket, err);
		if (rc == RC_OK)
			rc = take(k, ticket, "M15.3",
			    talloc_asprintf(k->ctx, "%s came to this mailbox before",
				k->m->references[i]),
			    err);
	}
	return rc;
}

/* ---- (4) keys of other systems ---- */

/* The group of the pattern in the text, or NULL. */
static char *
capture(void *ctx, const char *pattern, const char *text)
{
	char *found = pattern_group(ctx, pattern, text, false);

	return found ? text_clean(ctx, found, strlen(found), TEXT_LINE, VALUE_MAX) : NULL;
}

static enum rc
by_foreign(struct matching *k, struct err *err)
{
	const struct config *c = k->w->config;

	for (size_t i = 0; k->m->from.value != NULL && i < c->nforeign; i++) {
		const struct foreign *f = &c->foreign[i];
		const char *value = mail_header(k->m, f->header);
		char *key;
		int64_t ticket = 0;
		enum rc rc;

		if (value == NULL || !text_glob(f->from, k->m->from.value))
			continue;
		key = capture(k->ctx, f->key, mail_decode(k->ctx, value, VALUE_MAX));
		if (key == NULL)
			continue;
		k->r->foreign = f;
		k->r->foreign_key = key;
		rc = k->world->foreign(k->world->arg, f->name, key, &ticket, err);
		if (rc == RC_OK)
			rc = take(k, ticket, "M15.4",
			    talloc_asprintf(k->ctx, "%s's key \"%s\"", f->name, key),
			    err);
		return rc;
	}
	return RC_NONE;
}

/* ---- (5) "[Acme Support #42]" ---- */

static enum rc
by_subject(struct matching *k, struct err *err)
{
	size_t n = strlen(k->w->config->name);
	enum rc rc = RC_NONE;

	for (const char *p = k->m->subject; rc == RC_NONE && (p = strchr(p, '[')) != NULL;
	     p++) {
		const char *s = p + 1;
		char number[24];
		size_t digits;
		int64_t id;

		if (n == 0 || strncasecmp(s, k->w->config->name, n) != 0)
			continue;
		s += n + strspn(s + n, " ");
		if (*s != '#')
			continue;
		digits = strspn(++s, "0123456789");
		if (digits == 0 || digits >= sizeof(number) || s[digits] != ']')
			continue;
		memcpy(number, s, digits);
		number[digits] = '\0';
		if (text_number(number, &id))
			rc = take(k, id, "M15.5",
			    talloc_asprintf(k->ctx, "\"[%s #%s]\" in the subject",
				k->w->config->name, number),
			    err);
	}
	return rc;
}

enum rc
mail_match(void *ctx, const struct mail *m, const struct decide_want *w,
    const struct world *world, struct match *match, struct err *err)
{
	static enum rc (*const ways[])(struct matching * k, struct err * err) = {
	    by_tokens, by_own_id, by_thread, by_foreign, by_subject};
	struct matching k = {ctx, m, w, world, match};
	enum rc rc = RC_NONE;

	*match = (struct match){.rule = "M15", .why = "no token, id or key of a ticket"};
	for (size_t i = 0; rc == RC_NONE && i < sizeof(ways) / sizeof(ways[0]); i++)
		rc = ways[i](&k, err);
	return rc == RC_NONE ? RC_OK : rc;
}
