/* Rounds, limits and short texts. */
#include "social/social.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

enum { LIMITED_MS = 60000 };

enum rc
social_open(struct social *s, void *ctx, struct bridge_run *b, struct err *err)
{
	s->b = b;
	s->conf = bridge_conf(b);
	s->looked = talloc_strdup(ctx, "");
	return http_open(ctx, bridge_desk(b), &s->conf->at, &s->http, err);
}

size_t
social_wait(struct social *s, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	int64_t next = s->next_at > s->limited_until ? s->next_at : s->limited_until;

	if (!s->busy && next < *until)
		*until = next;
	return http_wait(s->http, v, BRIDGE_FDS_MAX, until);
}

bool
social_begins(struct social *s)
{
	int64_t now = now_ms();

	if (s->busy || now < s->next_at || now < s->limited_until)
		return false;
	s->busy = true;
	return true;
}

void
social_ends(struct social *s)
{
	s->busy = false;
	s->done = true;
	s->next_at = now_ms() + s->conf->every;
	bridge_up(s->b);
}

bool
social_done(const struct social *s)
{
	return s->done && http_waiting(s->http) == 0;
}

bool
social_ready(const struct social *s)
{
	return now_ms() >= s->limited_until;
}

enum rc
social_answer(
    struct social *s, const struct http_answer *a, const char *what, struct err *err)
{
	/* Used up with this one: the next would be refused. */
	if (a->retry_ms > 0 || a->code == 429)
		s->limited_until =
		    now_ms() + (a->retry_ms > 0 ? a->retry_ms : LIMITED_MS);
	if (a->code >= 200 && a->code < 300)
		return a->json != NULL
			   ? RC_OK
			   : err_fail(err, RC_NET, "%s: its answer is no JSON", what);
	if (a->code == 304)
		return RC_OK;
	if (a->code == 429) {
		bridge_log(s->b, "%s: it wants to be left alone for %lld s", what,
		    (long long)((s->limited_until - now_ms() + 999) / 1000));
		return RC_NONE;
	}
	if (a->code >= 400 && a->code < 500 && a->code != 401 && a->code != 403)
		return err_fail(err, RC_INVALID, "%s: %s", what, a->why);
	return err_fail(err, RC_NET, "%s: %s", what, a->why);
}

/* ---- posts that were heard ---- */

/* Those with a blank tell of another. */
SQL(sql_look_again,
    "SELECT h.id FROM heard h WHERE h.via = ?1 AND h.id > ?2 AND h.at > ?3 "
    "AND instr(h.id, ' ') = 0 AND NOT EXISTS (SELECT 1 FROM heard g "
    "WHERE g.via = ?1 AND g.id = 'gone ' || h.id) ORDER BY h.id LIMIT ?4");

enum rc
social_look_again(struct social *s, void *ctx, size_t max, const char ***ids, size_t *n,
    struct err *err)
{
	struct desk *d = bridge_desk(s->b);
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_look_again, &st, err);

	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, talloc_asprintf(ctx, "%s:%s", s->conf->type, bridge_name(s->b)));
	bind_text(st, 2, s->looked);
	bind_int(st, 3, desk_now(d) - SOCIAL_AGAIN_MS);
	bind_int(st, 4, (int64_t)max);
	while ((rc = stmt_step(st, err)) == RC_OK)
		text_push(ctx, ids, n, col_strdup(ctx, st, 0));
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	/* Round and round. */
	talloc_free(s->looked);
	s->looked = talloc_strdup(s->http, *n > 0 && *n == max ? (*ids)[*n - 1] : "");
	return RC_OK;
}

void
social_gone(struct social *s, const char *id)
{
	void *ctx = talloc_new(NULL);
	struct heard h = {.what = HEARD_DELETE,
	    .id = talloc_asprintf(ctx, "gone %s", id),
	    .of = id,
	    .conversation = "gone",
	    .kind = "social",
	    .address = talloc_asprintf(ctx, "%s/gone", bridge_name(s->b)),
	    .at = INSTANT_NONE};

	bridge_heard(s->b, &h);
	talloc_free(ctx);
}

/* ---- short texts ---- */

size_t
social_length(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Where `n` characters end. */
static size_t
bytes_of(const char *s, size_t n)
{
	size_t i = 0;

	while (s[i] != '\0' && n > 0) {
		i++;
		while (((unsigned char)s[i] & 0xc0) == 0x80)
			i++;
		n--;
	}
	return i;
}

char **
social_pieces(void *ctx, const char *text, size_t max, size_t *count)
{
	char **v = NULL;
	size_t n = 0;

	while (social_length(text) > max) {
		size_t whole = bytes_of(text, max - 1), cut = whole;

		while (cut > whole / 2 && text[cut] != ' ' && text[cut] != '\n')
			cut--;
		if (cut <= whole / 2)
			cut = whole;
		v = mem_grow(ctx, v, char *, n + 1);
		v[n++] = talloc_asprintf(ctx, "%.*s…", (int)cut, text);
		text += cut;
		text += strspn(text, " \n");
	}
	v = mem_grow(ctx, v, char *, n + 1);
	v[n++] = talloc_strdup(ctx, text);
	*count = n;
	return v;
}

char *
social_text(void *ctx, const struct said *s)
{
	char *text = talloc_strdup(ctx, s->text);

	for (size_t i = 0; i < s->message->nattachments; i++)
		text = talloc_asprintf_append(
		    text, "\n[%s]", s->message->attachments[i].name);
	return text;
}
