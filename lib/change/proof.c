/* One-time codes: an address is shown to be somebody's. */
#include "change/proof.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "change/change_priv.h"
#include "change/person.h"

struct row {
	char *kind, *address, *email;
	int64_t event, asked_at, tries;
};

SQL(sql_proof_get, "SELECT kind, address, email, event, asked_at, tries FROM proof "
		   "WHERE kind = ?1 AND address = ?2");
SQL(sql_proof_put,
    "INSERT INTO proof (kind, address, email, event, asked_at, tries) "
    "VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (kind, address) DO UPDATE SET "
    "email = excluded.email, event = excluded.event, asked_at = excluded.asked_at, "
    "tries = 0");
SQL(sql_proof_tried,
    "UPDATE proof SET tries = tries + ?3 WHERE kind = ?1 AND address = ?2");
SQL(sql_proof_mails, "SELECT count(*) FROM proof WHERE email = ?1 AND asked_at > ?2");
SQL(sql_proof_asked, "SELECT count(*) FROM event WHERE customer = ?1 AND at > ?2 AND "
		     "action = 'customer.code_sent'");
SQL(sql_proof_event, "SELECT kind, address, email, event, asked_at, tries FROM proof "
		     "WHERE event = ?1");
SQL(sql_proof_forget, "DELETE FROM proof WHERE asked_at < ?1");

/* ---- rows ---- */

static enum rc
read_row(void *ctx, struct stmt *st, struct row *r, struct err *err)
{
	enum rc rc = stmt_step(st, err);

	if (rc == RC_OK)
		*r = (struct row){col_strdup(ctx, st, 0), col_strdup(ctx, st, 1),
		    col_strdup(ctx, st, 2), col_int(st, 3), col_int(st, 4),
		    col_int(st, 5)};
	stmt_done(st);
	return rc;
}

static enum rc
find(struct store *s, void *ctx, const struct person_address *who, struct row *r,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_proof_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, who->kind);
	bind_text(st, 2, who->value);
	return read_row(ctx, st, r, err);
}

static enum rc
put(struct store *s, const struct row *r, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_proof_put, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, r->kind);
	bind_text(st, 2, r->address);
	bind_text(st, 3, r->email);
	bind_int(st, 4, r->event);
	bind_int(st, 5, r->asked_at);
	return stmt_run(st, err);
}

static enum rc
tried(struct store *s, const struct row *r, int64_t times, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_proof_tried, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, r->kind);
	bind_text(st, 2, r->address);
	bind_int(st, 3, times);
	return stmt_run(st, err);
}

static enum rc
count(struct stmt *st, int64_t *n, struct err *err)
{
	enum rc rc = stmt_step(st, err);

	if (rc == RC_OK)
		*n = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
proof_forget(struct store *s, int64_t before, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_proof_forget, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, before);
	return stmt_run(st, err);
}

/* ---- the code ---- */

/* Digits of a MAC over all it is about: 64 bits hold many more than eight digits, so each
 * code is as likely as another. */
static void
make_code(
    const unsigned char key[DESK_KEY], const struct row *r, char out[PROOF_DIGITS + 1])
{
	unsigned char h[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state st;
	uint64_t v = 0;
	char event[32];
	const char *const parts[] = {"proof", event, r->kind, r->address, r->email};

	snprintf(event, sizeof(event), "%lld", (long long)r->event);
	crypto_auth_hmacsha256_init(&st, key, DESK_KEY);
	/* With their zero bytes: no two lists of parts look the same. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		crypto_auth_hmacsha256_update(
		    &st, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
	crypto_auth_hmacsha256_final(&st, h);
	for (size_t i = 0; i < sizeof(v); i++)
		v = v << 8 | h[i];
	for (size_t i = PROOF_DIGITS; i > 0; i--, v /= 10)
		out[i - 1] = (char)('0' + v % 10);
	out[PROOF_DIGITS] = '\0';
}

static bool
is_right(const struct desk_keys *keys, const struct row *r, const char *said)
{
	char digits[PROOF_DIGITS + 1] = "", good[PROOF_DIGITS + 1];
	size_t n = 0;
	bool right = false;

	for (const char *p = said; *p != '\0'; p++) {
		if (*p == ' ' || *p == '-')
			continue;
		if (n == PROOF_DIGITS)
			return false;
		digits[n++] = *p;
	}
	for (size_t i = 0; i < keys->n; i++) {
		make_code(keys->v[i], r, good);
		right |= sodium_memcmp(good, digits, PROOF_DIGITS) == 0;
	}
	sodium_memzero(good, sizeof(good));
	return right;
}

/* Can it still be answered? */
static bool
is_open(const struct row *r, int64_t now)
{
	return r->tries < PROOF_TRIES && now - r->asked_at < PROOF_MS;
}

enum rc
proof_code(struct store *s, void *ctx, const struct desk_keys *keys, int64_t event,
    int64_t now, char code[PROOF_DIGITS + 1], char **handle, struct err *err)
{
	struct row r;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_proof_event, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	rc = read_row(ctx, st, &r, err);
	if (rc == RC_OK && !is_open(&r, now))
		return RC_NONE;
	if (rc != RC_OK)
		return rc;
	make_code(keys->v[0], &r, code);
	*handle = talloc_asprintf(ctx, "%s:%s", r.kind, r.address);
	return RC_OK;
}

/* ---- asking for one ---- */

static enum rc
too_many(
    struct change_tx *tx, int64_t customer, const char *email, bool *yes, struct err *err)
{
	struct store *s = tx->d->store;
	int64_t since = tx->now - PROOF_KEPT_MS, n = 0;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_proof_asked, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, customer);
	bind_int(st, 2, since);
	rc = count(st, &n, err);
	*yes = n >= PROOF_A_DAY;
	if (rc == RC_OK && !*yes)
		rc = store_prepare(s, sql_proof_mails, &st, err);
	if (rc != RC_OK || *yes)
		return rc;
	bind_text(st, 1, email);
	bind_int(st, 2, since);
	rc = count(st, &n, err);
	*yes = n >= PROOF_A_DAY;
	return rc;
}

/* The event, the mail that hangs on it, and the row that waits for the answer. */
static enum rc
send_code(struct work *w, const struct person_address *who, const char *email,
    int64_t customer, struct err *err)
{
	struct actor actor = actor_customer(w->ctx, customer);
	char *handle = talloc_asprintf(w->ctx, "%s:%s", who->kind, who->value);
	struct pending of = {0};
	struct leaving l = {
	    .via = "mail", .kind = "code", .target = email, .due_at = w->tx->now};
	struct row r = {talloc_strdup(w->ctx, who->kind),
	    talloc_strdup(w->ctx, who->value), talloc_strdup(w->ctx, email), 0,
	    w->tx->now, 0};
	enum rc rc = person_event(w->tx, &actor, customer, 0, "customer.code_sent",
	    json_pack("{s:s,s:s}", "code_for", handle, "code_to", email), &r.event, err);

	of.id = r.event;
	if (rc == RC_OK)
		rc = work_leave(w, &of, &l, err);
	return rc == RC_OK ? put(w->tx->d->store, &r, err) : rc;
}

enum rc
proof_ask(struct change_tx *tx, const struct person_address *who, const char *email,
    enum proof *out, struct err *err)
{
	struct change_result r = {0};
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = &actor_system, .r = &r};
	struct person_address to = {0};
	struct person p = {0};
	int64_t whose = 0;
	bool barred = false, often = false;
	enum rc rc = address_parse(tx->ctx, email, &to, err);

	if (rc == RC_OK && strcmp(to.kind, "email") != 0)
		rc = err_fail(err, RC_INVALID, "\"%s\" is no mail address", email);
	if (rc == RC_OK)
		rc = delivery_barred(&w, to.value, &barred, err);
	if (rc == RC_OK && barred)
		rc = err_fail(err, RC_INVALID, "no mail goes to %s", to.value);
	if (rc == RC_OK)
		rc = work_person(&w, who, &p, err);
	if (rc == RC_OK)
		rc = customer_find(tx->d->store, to.kind, to.value, &whose, err);
	if (rc == RC_OK && whose == p.id) {
		*out = PROOF_KNOWN;
		return RC_OK;
	}
	if (rc == RC_OK || rc == RC_NONE)
		rc = too_many(tx, p.id, to.value, &often, err);
	*out = often ? PROOF_OFTEN : PROOF_SENT;
	return rc == RC_OK && !often ? send_code(&w, who, to.value, p.id, err) : rc;
}

/* ---- answering ---- */

/* Whoever had the mail address first is who both are. */
static enum rc
join(struct change_tx *tx, const char *email, int64_t asker, int64_t *customer,
    struct err *err)
{
	struct person_changes c = {0};
	struct customer *after = NULL;
	int64_t owner = 0, event = 0, tickets = 0;
	bool changed;
	enum rc rc = customer_find(tx->d->store, "email", email, &owner, err);

	*customer = owner;
	if (rc == RC_OK && owner != asker)
		return change_customer_merge(
		    tx, &actor_system, asker, owner, &after, &event, &tickets, err);
	if (rc != RC_NONE)
		return rc;
	*customer = asker;
	rc = person_changes_put(tx->ctx, "address", CHANGE_ADD,
	    talloc_asprintf(tx->ctx, "email:%s", email), false, &c, err);
	return rc == RC_OK
		   ? change_customer(tx, &actor_system, asker, &c, &after, &changed, err)
		   : rc;
}

enum rc
proof_vouched(struct change_tx *tx, const struct person_address *who, const char *email,
    int64_t *customer, struct err *err)
{
	struct store *s = tx->d->store;
	struct change_result r = {0};
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = &actor_system, .r = &r};
	struct person p = {0};
	enum rc rc = work_person(&w, who, &p, err);

	*customer = p.id;
	if (rc == RC_OK && email != NULL)
		rc = join(tx, email, p.id, customer, err);
	if (rc == RC_OK && email != NULL)
		rc = address_prove(s, "email", email, tx->now, err);
	return rc == RC_OK ? address_prove(s, who->kind, who->value, tx->now, err) : rc;
}

enum rc
proof_give(struct change_tx *tx, const struct desk_keys *keys,
    const struct person_address *who, const char *code, enum proof *out,
    int64_t *customer, struct err *err)
{
	struct store *s = tx->d->store;
	struct row r;
	int64_t asker = 0;
	bool right;
	enum rc rc = find(s, tx->ctx, who, &r, err);

	*out = PROOF_NONE;
	if (rc == RC_NONE || (rc == RC_OK && !is_open(&r, tx->now)))
		return RC_OK;
	if (rc == RC_OK)
		rc = customer_find(s, who->kind, who->value, &asker, err);
	if (rc == RC_NONE) /* erased meanwhile */
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	right = is_right(keys, &r, code);
	*out = right ? PROOF_DONE : PROOF_WRONG;
	rc = tried(s, &r, right ? PROOF_TRIES : 1, err); /* once */
	if (rc == RC_OK && right)
		rc = join(tx, r.email, asker, customer, err);
	if (rc == RC_OK && right)
		rc = address_prove(s, "email", r.email, tx->now, err);
	return rc == RC_OK && right
		   ? address_prove(s, who->kind, who->value, tx->now, err)
		   : rc;
}
