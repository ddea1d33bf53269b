/* Which policies were in force when. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "policy/sla.h"

SQL(sql_sla_epochs, "SELECT id, at, event, sha256 FROM version WHERE part = 'sla' "
		    "ORDER BY id /* scan */");

const char sla_followed_key[] = "sla_followed";

static void
add(struct sla_book *b, int64_t version, int64_t at, int64_t event)
{
	b->v = mem_grow(b, b->v, struct sla_epoch, b->n + 1);
	b->v[b->n++] = (struct sla_epoch){version, at, event, NULL};
}

/* Before the first policy there was none: nothing to load. */
static void
add_nothing(struct sla_book *b)
{
	add(b, 0, 0, 0);
	b->v[0].rules = talloc_zero(b, struct sla_rules);
	b->v[0].rules->config = b->d->config;
}

static enum rc
has_policies(struct sla_book *b, struct err *err)
{
	struct sla_rules *r = NULL;
	enum rc rc = RC_OK;

	/* A second epoch exists only because some version had policies. */
	b->any = b->n > 2;
	if (b->n == 2)
		rc = sla_book_rules(b, 1, &r, err);
	b->any = b->any || (r != NULL && r->n > 0);
	return rc;
}

enum rc
sla_book_open(void *ctx, struct desk *d, struct sla_book **out, struct err *err)
{
	struct sla_book *b = talloc_zero(ctx, struct sla_book);
	unsigned char last[BLOB_HASH] = {0};
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_sla_epochs, &st, err);

	b->d = d;
	add_nothing(b);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		size_t n;
		const void *hash = col_blob(st, 3, &n);

		if (n != BLOB_HASH || memcmp(hash, last, n) == 0)
			continue;
		memcpy(last, hash, n);
		add(b, col_int(st, 0), col_int(st, 1) / 1000, col_int(st, 2));
	}
	stmt_done(st);
	*out = b;
	return rc == RC_NONE ? has_policies(b, err) : rc;
}

static enum rc
config_of(struct sla_book *b, int64_t version, const struct config **c, struct err *err)
{
	struct config *old = NULL;
	json_t *o = NULL;
	enum rc rc;

	*c = b->d->config;
	if (version == b->d->config->version)
		return RC_OK;
	rc = version_part(b->d->store, version, "desk", &o, err);
	if (rc == RC_OK)
		rc = config_from_json(b, o, version, &old, err);
	json_decref(o);
	*c = old;
	return rc;
}

enum rc
sla_book_rules(struct sla_book *b, size_t i, struct sla_rules **r, struct err *err)
{
	struct sla_epoch *e = &b->v[i];
	const struct config *config = NULL;
	json_t *sla = NULL;
	enum rc rc = RC_OK;

	if (e->rules == NULL) {
		rc = version_part(b->d->store, e->version, "sla", &sla, err);
		if (rc == RC_OK)
			rc = config_of(b, e->version, &config, err);
		if (rc == RC_OK)
			rc = sla_rules_from_json(
			    b, b->d, sla, e->version, config, &e->rules, err);
		json_decref(sla);
	}
	*r = e->rules;
	return rc;
}

size_t
sla_book_epoch(const struct sla_book *b, int64_t version)
{
	size_t i = b->n - 1;

	while (i > 0 && b->v[i].version > version)
		i--;
	return i;
}

size_t
sla_book_at(const struct sla_book *b, int64_t at, int64_t event)
{
	size_t i = b->n - 1;

	while (i > 0 && (b->v[i].at > at || (b->v[i].at == at && b->v[i].event > event)))
		i--;
	return i;
}

enum rc
sla_book_bind(struct sla_book *b, struct clocks *c, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->n; i++)
		rc = desk_calendar(
		    b->d, c->v[i].version, c->v[i].calendar, &c->v[i].hours, err);
	return rc;
}

struct sla_book *
sla_book_of(void *ctx, struct desk *d, struct sla_rules *r)
{
	struct sla_book *b = talloc_zero(ctx, struct sla_book);

	b->d = d;
	add(b, r->version, 0, 0);
	b->v[0].rules = r;
	b->any = true;
	return b;
}
