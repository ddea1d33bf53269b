/* What a channel says, and how it is filed. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/agents.h"
#include "chat/bridge_priv.h"
#include "chat/proving.h"

/* ---- what channels say ---- */

static void
copy_heard(void *ctx, struct heard *to, const struct heard *h)
{
	struct heard_file *files = mem_array(ctx, struct heard_file, h->nfiles + 1);

	*to = *h;
	to->id = h->id ? talloc_strdup(ctx, h->id) : NULL;
	to->conversation = talloc_strdup(ctx, h->conversation);
	to->kind = talloc_strdup(ctx, h->kind);
	to->address = talloc_strdup(ctx, h->address);
	to->name = h->name ? talloc_strdup(ctx, h->name) : NULL;
	to->of = h->of ? talloc_strdup(ctx, h->of) : NULL;
	to->text = h->text ? talloc_memdup(ctx, h->text, h->ntext + 1) : NULL;
	to->files = files;
	for (size_t i = 0; i < h->nfiles; i++) {
		files[i] = h->files[i];
		files[i].name = talloc_strdup(ctx, h->files[i].name);
		files[i].media_type = h->files[i].media_type
					  ? talloc_strdup(ctx, h->files[i].media_type)
					  : NULL;
		files[i].data = talloc_memdup(ctx, h->files[i].data, h->files[i].n);
	}
}

static void
keep_heard(struct bridge_run *b, const struct heard *h)
{
	b->heard = mem_grow(b->heard_ctx, b->heard, struct heard, b->nheard + 1);
	copy_heard(b->heard_ctx, &b->heard[b->nheard++], h);
}

bool
bridge_is_agents_room(const struct bridge_run *b, const char *name)
{
	return b->conf != NULL && b->conf->agents_room != NULL &&
	       strcasecmp(b->conf->agents_room, name) == 0;
}

/* Was it said in the agents' room? A conversation there is called "ROOM PERSON". */
static bool
among_agents(const struct bridge_run *b, const struct heard *h)
{
	const char *space = strchr(h->conversation, ' ');
	char *room = space ? talloc_strndup(
				 NULL, h->conversation, (size_t)(space - h->conversation))
			   : NULL;
	bool yes = room != NULL && bridge_is_agents_room(b, room);

	talloc_free(room);
	return yes;
}

void
bridge_heard(struct bridge_run *b, const struct heard *h)
{
	bool room = among_agents(b, h), command = agents_is_command(h),
	     proof = !room && proving_is(h);
	const struct agent *a = command && !proof ? agents_find(b->d->config, h) : NULL;

	if (a != NULL || room || proof) {
		b->asked = mem_grow(b->heard_ctx, b->asked, struct asked, b->nasked + 1);
		b->asked[b->nasked] =
		    (struct asked){.agent = a, .command = command, .proof = proof};
		copy_heard(b->heard_ctx, &b->asked[b->nasked++].h, h);
		return;
	}
	keep_heard(b, h);
}

void
bridge_place(struct bridge_run *b, const char *place)
{
	talloc_free(b->place);
	b->place = talloc_strdup(b, place);
}

enum rc
bridge_place_read(struct bridge_run *b, void *ctx, char **place, struct err *err)
{
	enum rc rc = channel_place_get(b->d->store, ctx, b->via, place, err);

	if (rc == RC_NONE)
		*place = NULL;
	return rc == RC_NONE ? RC_OK : rc;
}

void
bridge_left(struct bridge_run *b, const char *conversation)
{
	text_push(
	    b->heard_ctx, &b->left, &b->nleft, talloc_strdup(b->heard_ctx, conversation));
}

/* ---- filing ---- */

static void
print_filed(struct bridge_run *b, const struct heard *h, const struct filed *f)
{
	struct out *out = b->env->out;
	json_t *o;

	if (out->format == OUT_IDS || out->format == OUT_TSV) {
		if (f->ticket != 0)
			out_id(out, f->ticket);
		return;
	}
	if (out->format != OUT_JSON) {
		out_line(out, f->outcome == TALK_REFUSED ? COLOR_YELLOW : COLOR_NONE,
		    "%s: %s%s%s", h->conversation, talk_outcomes[f->outcome],
		    f->why ? ": " : "",
		    f->why	? f->why
		    : f->ticket ? talloc_asprintf(
				      b->heard_ctx, " ticket %lld", (long long)f->ticket)
				: "");
		return;
	}
	o = json_object();
	record_set_text(o, "type", "heard");
	record_set_text(o, "via", b->via);
	record_set_text(o, "conversation",
	    text_clean(b->heard_ctx, h->conversation, strlen(h->conversation), TEXT_LINE,
		CONVERSATION_KEY_MAX));
	record_set_text(o, "outcome", talk_outcomes[f->outcome]);
	json_object_set_new(
	    o, "ticket", f->ticket ? json_integer(f->ticket) : json_null());
	json_object_set_new(
	    o, "message", f->message ? json_integer(f->message) : json_null());
	record_set_text(o, "external_id",
	    h->id ? text_clean(b->heard_ctx, h->id, strlen(h->id), TEXT_LINE,
			CONVERSATION_KEY_MAX)
		  : NULL);
	record_set_text(o, "reason", f->why);
	out_json(out, o);
}

/* It is durable: whoever looks after the bridge is told, and the channel. */
static void
told(struct bridge_run *b, const struct heard *h, const struct filed *f, struct err *err)
{
	if (f->tell)
		bridge_log(b, "%s in %s: %s", h->address, h->conversation, f->why);
	print_filed(b, h, f);
	/* A channel that is gone meanwhile says it again, and hears then. */
	if (b->self != NULL && b->want->channel->filed != NULL &&
	    b->want->channel->filed(b->self, h, f, err) != RC_OK)
		bridge_lost(b, err);
}

static enum rc
file_some(struct bridge_run *b, void *ctx, const struct heard *v, size_t n,
    const char *place, struct err *err)
{
	struct filed *f = mem_array(ctx, struct filed, n + 1);
	enum rc rc;

	/* A store that others hold comes free again, a full disk is emptied: nothing is
	 * lost by waiting, since who speaks to us waits, too. */
	while (((rc = talk_file(b->talk, ctx, v, n, place, f, err)) == RC_BUSY ||
		   rc == RC_IO) &&
	       !*b->want->stop) {
		bridge_log(b, "%s", err->text);
		usleep(BRIDGE_BUSY_US);
	}
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		told(b, &v[i], &f[i], err);
	fflush(b->env->out->to);
	return rc;
}

static enum rc
file_all(struct bridge_run *b, void *ctx, const struct heard *v, size_t n,
    const char *place, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0, k; rc == RC_OK && i < n; i += k) {
		k = n - i < BRIDGE_BATCH_MAX ? n - i : BRIDGE_BATCH_MAX;
		rc = file_some(b, ctx, v + i, k, i + k == n ? place : NULL, err);
	}
	if (rc == RC_OK && n == 0 && place != NULL)
		rc = talk_file(b->talk, ctx, NULL, 0, place, NULL, err);
	return rc;
}

/* Lines that are for no bot, until they are filed together. */
struct plain {
	struct heard *v;
	size_t n;
};

static enum rc
file_plain(
    struct bridge_run *b, void *ctx, struct plain *p, const char *place, struct err *err)
{
	enum rc rc = file_all(b, ctx, p->v, p->n, place, err);

	p->n = 0;
	return rc;
}

static bool
speaks_in(const struct plain *p, const char *conversation)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].conversation, conversation) == 0)
			return true;
	}
	return false;
}

/* One for the bot is filed at once, or kept while it thinks. What stood before in the
 * same conversation is filed first: it may change whom this one is for. */
static enum rc
ask_bot(struct bridge_run *b, void *ctx, const struct heard *h, struct plain *p,
    struct err *err)
{
	struct filed f = {0};
	bool later = false;
	enum rc rc = RC_OK;

	if (speaks_in(p, h->conversation))
		rc = file_plain(b, ctx, p, NULL, err);
	if (rc == RC_OK)
		rc = bridge_bot_hears(b, ctx, h, &f, &later, err);
	if (rc == RC_OK && later)
		keep_heard(b, h);
	else if (rc == RC_OK)
		told(b, h, &f, err);
	else if (rc == RC_NONE) {
		p->v[p->n++] = *h;
		rc = RC_OK;
	}
	return rc;
}

enum rc
bridge_file_heard(struct bridge_run *b, struct err *err)
{
	const struct heard *v = b->heard;
	const char **left = b->left;
	size_t n = b->nheard, nleft = b->nleft;
	void *ctx = b->heard_ctx;
	struct plain p = {.v = mem_array(ctx, struct heard, n + 1)};
	enum rc rc = RC_OK;

	b->heard_ctx = talloc_new(b);
	b->heard = NULL;
	b->left = NULL;
	b->nheard = b->nleft = 0;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (bridge_bot(b) != NULL)
			rc = ask_bot(b, ctx, &v[i], &p, err);
		else
			p.v[p.n++] = v[i];
	}
	/* How far it has read is not kept while a line waits that is in no row. */
	if (rc == RC_OK)
		rc = file_plain(b, ctx, &p, b->nheard == 0 ? b->place : NULL, err);
	fflush(b->env->out->to);
	for (size_t i = 0; rc == RC_OK && i < nleft; i++)
		rc = talk_end(b->talk, left[i], err);
	talloc_free(ctx);
	if (b->nheard == 0)
		TALLOC_FREE(b->place);
	return rc;
}
