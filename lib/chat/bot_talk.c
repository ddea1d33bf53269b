/* A talk with a bot: struct <-> JSON, and as people read it. */
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/bot.h"

static const char *const phases[] = {"talks", "asks", "offers", "over", NULL};

static int
drop(struct bot_talk *t)
{
	json_decref(t->answers);
	return 0;
}

struct bot_talk *
bot_talk_new(void *ctx)
{
	struct bot_talk *t = talloc_zero(ctx, struct bot_talk);

	t->answers = json_object();
	talloc_set_destructor(t, drop);
	return t;
}

static json_t *
list_of(const char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(v[i]));
	return list;
}

json_t *
bot_talk_to_json(const struct bot_talk *t)
{
	json_t *said = json_array(), *offers = json_array(), *o = json_object();

	for (size_t i = 0; i < t->nsaid; i++)
		json_array_append_new(
		    said, json_pack("[b,I,s]", t->said[i].ours, (json_int_t)t->said[i].at,
			      t->said[i].text));
	record_set_text(o, "phase", phases[t->phase]);
	record_set_text(o, "form", t->form);
	record_set_text(o, "ask", t->ask);
	record_set_int(o, "wrong", t->wrong);
	json_object_set(o, "answers", t->answers);
	record_set_int(o, "misses", t->misses);
	record_set_int(o, "turns", t->turns);
	for (size_t i = 0; i < t->noffers; i++)
		json_array_append_new(
		    offers, json_pack("[s,s,s]", t->offers[i].id, t->offers[i].language,
				t->offers[i].revision));
	json_object_set_new(o, "offers", offers);
	record_set_text(o, "set", t->set);
	json_object_set_new(o, "tried", list_of(t->tried, t->ntried));
	json_object_set_new(o, "questions", list_of(t->questions, t->nquestions));
	json_object_set_new(o, "said", said);
	return o;
}

/* ---- and back: ours, but a row may have been written by an older program ---- */

static const char *
text(void *ctx, json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? talloc_strdup(ctx, s) : NULL;
}

static const char *
item(void *ctx, json_t *list, size_t i)
{
	const char *s = json_string_value(json_array_get(list, i));

	return talloc_strdup(ctx, s ? s : "");
}

static void
texts(void *ctx, json_t *o, const char *key, const char ***v, size_t *n)
{
	json_t *list = json_object_get(o, key), *e;
	size_t i;

	json_array_foreach(list, i, e)
	{
		if (json_is_string(e))
			text_push(ctx, v, n, talloc_strdup(ctx, json_string_value(e)));
	}
}

enum rc
bot_talk_from_json(void *ctx, json_t *o, struct bot_talk **out, struct err *err)
{
	struct bot_talk *t = bot_talk_new(ctx);
	const char *phase = json_string_value(json_object_get(o, "phase"));
	json_t *said = json_object_get(o, "said"), *e,
	       *answers = json_object_get(o, "answers");
	int p = phase ? word_index(phases, phase) : -1;
	size_t i;

	if (p < 0) {
		talloc_free(t);
		return err_fail(err, RC_BUG, "a talk without a phase");
	}
	t->phase = (enum bot_phase)p;
	t->form = text(t, o, "form");
	t->ask = text(t, o, "ask");
	t->wrong = json_integer_value(json_object_get(o, "wrong"));
	if (json_is_object(answers))
		json_object_update(t->answers, answers);
	t->misses = json_integer_value(json_object_get(o, "misses"));
	t->turns = json_integer_value(json_object_get(o, "turns"));
	json_array_foreach(json_object_get(o, "offers"), i, e)
	{
		if (t->noffers < BOT_OFFERS_MAX && json_array_size(e) == 3)
			t->offers[t->noffers++] = (struct bot_offer){
			    item(t, e, 0), item(t, e, 1), item(t, e, 2)};
	}
	t->set = text(t, o, "set");
	texts(t, o, "tried", &t->tried, &t->ntried);
	texts(t, o, "questions", &t->questions, &t->nquestions);
	t->said = mem_array(t, struct bot_said, json_array_size(said) + 1);
	json_array_foreach(said, i, e)
	{
		t->said[t->nsaid++] =
		    (struct bot_said){json_is_true(json_array_get(e, 0)),
			json_integer_value(json_array_get(e, 1)), item(t, e, 2)};
	}
	*out = t;
	return RC_OK;
}

bool
bot_talk_waits(const struct bot_talk *t)
{
	return t->phase == BOT_ASKS || (t->phase == BOT_TALKS && t->nquestions > 0);
}

char *
bot_transcript(
    void *ctx, const struct config *c, const struct bot_talk *t, const char *name)
{
	struct buf b = {.ctx = ctx};
	const char *key;
	json_t *v;

	buf_add(&b, "What was said with the robot:\n\n");
	for (size_t i = 0; i < t->nsaid; i++)
		buf_printf(&b, "%s %s: %s\n",
		    instant_local(ctx, t->said[i].at, c->timezone),
		    t->said[i].ours ? "robot" : name, t->said[i].text);
	if (json_object_size(t->answers) > 0)
		buf_add(&b, "\n");
	json_object_foreach(t->answers, key, v)
	    buf_printf(&b, "%s: %s\n", key, json_string_value(v));
	buf_char(&b, '\0');
	return b.s;
}
