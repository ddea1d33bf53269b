/* What a bot makes of a line. */
#include "chat/bot.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/mustache.h"
#include "base/pattern.h"
#include "base/text.h"

enum { WRONG_MAX = 2, TRIED_MAX = 20 };

struct turn {
	void *ctx;
	struct desk *d;
	const struct bot *b;
	struct bot_talk *t;
	const struct bot_line *l;
	struct bot_turn *out;
};

static struct desk *
articles(const struct turn *x)
{
	return x->l->kb ? x->l->kb : x->d;
}

/* ---- saying ---- */

static void
remember(struct turn *x, bool ours, const char *text)
{
	struct bot_talk *t = x->t;

	t->said = mem_grow(t, t->said, struct bot_said, t->nsaid + 1);
	t->said[t->nsaid++] = (struct bot_said){ours, x->l->at, talloc_strdup(t, text)};
}

/* Lines that a value left empty are no lines. */
static char *
without_empty_lines(char *s)
{
	char *to = s;

	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '\n' && (to == s || to[-1] == '\n' || p[1] == '\0'))
			continue;
		*to++ = *p;
	}
	while (to > s && to[-1] == '\n')
		to--;
	*to = '\0';
	return s;
}

static json_t *
values_of(struct turn *x, const struct bot_article *v, size_t n)
{
	json_t *list = json_array(),
	       *o = json_pack("{s:{s:s},s:{s:s},s:O,s:o}", "desk", "name",
		   x->d->config->name, "requester", "name", x->l->name, "answers",
		   x->t->answers, "articles", list);

	for (size_t i = 0; i < n; i++) {
		json_t *a = json_pack("{s:I,s:s,s:s,s:s}", "n", (json_int_t)i + 1,
		    "title", v[i].title, "summary", v[i].summary, "url", v[i].url);

		json_array_append(list, a);
		if (i == 0)
			json_object_set(o, "article", a);
		json_decref(a);
	}
	return o;
}

static enum rc
fill(struct turn *x, const char *template, const struct bot_article *v, size_t n,
    char **text, struct err *err)
{
	struct mustache_how how = {0};
	struct mustache *m = NULL;
	json_t *values;
	enum rc rc = mustache_parse(x->ctx, template, &m, err);

	if (rc != RC_OK)
		return rc;
	values = values_of(x, v, n);
	rc = mustache_render(x->ctx, m, values, &how, text, err);
	json_decref(values);
	if (rc == RC_OK)
		without_empty_lines(*text);
	return rc;
}

static void
say_text(struct turn *x, const char *text)
{
	if (*text == '\0')
		return;
	text_push(x->ctx, &x->out->says, &x->out->nsays, text);
	remember(x, true, text);
}

static enum rc
say_of(struct turn *x, const char *template, const struct bot_article *v, size_t n,
    struct err *err)
{
	char *text = NULL;
	enum rc rc = fill(x, template, v, n, &text, err);

	if (rc == RC_OK)
		say_text(x, text);
	return rc;
}

static enum rc
say(struct turn *x, const char *template, struct err *err)
{
	return say_of(x, template, NULL, 0, err);
}

/* A program's words, as they are. */
static void
say_plain(struct turn *x, const char *text)
{
	say_text(x, text_clean(x->ctx, text, strlen(text), TEXT_BLOCK, BOT_LINE_MAX));
}

/* ---- a person ---- */

static enum rc
hand_over(struct turn *x, struct err *err)
{
	x->out->hand = true;
	x->out->did = "handed";
	x->t->phase = BOT_OVER;
	return say(x, x->b->handing, err);
}

static const struct bot_form *
form_named(const struct bot *b, const char *name)
{
	for (size_t i = 0; name != NULL && i < b->nforms; i++) {
		if (strcmp(b->forms[i].name, name) == 0)
			return &b->forms[i];
	}
	return NULL;
}

/* The question, what there is to choose from, and that it may be skipped: one text. */
static enum rc
ask(struct turn *x, const struct bot_ask *a, struct err *err)
{
	char *text = NULL, *skip = NULL;
	enum rc rc = fill(x, a->text, NULL, 0, &text, err);

	if (rc == RC_OK && a->optional)
		rc = fill(x, x->b->skipped, NULL, 0, &skip, err);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; a->choices[i] != NULL; i++)
		text = talloc_asprintf(x->ctx, "%s\n%zu  %s", text, i + 1, a->choices[i]);
	say_text(x, skip ? talloc_asprintf(x->ctx, "%s\n%s", text, skip) : text);
	x->t->phase = BOT_ASKS;
	x->t->ask = talloc_strdup(x->t, a->name);
	x->t->wrong = 0;
	x->out->did = "asked";
	return RC_OK;
}

/* The first question of a form; one that asks nothing is filled already. */
static enum rc
begin_form(struct turn *x, const struct bot_form *f, struct err *err)
{
	x->t->form = talloc_strdup(x->t, f->name);
	return f->nasks > 0 ? ask(x, &f->asks[0], err) : hand_over(x, err);
}

/* What is asked before any person comes, unless another form was. */
static enum rc
want_person(struct turn *x, struct err *err)
{
	for (size_t i = 0; x->t->form == NULL && i < x->b->nforms; i++) {
		if (x->b->forms[i].match == NULL)
			return begin_form(x, &x->b->forms[i], err);
	}
	return hand_over(x, err);
}

/* ---- answers to what was asked ---- */

static const char *
chosen(const struct bot_ask *a, const char *text)
{
	int64_t n = 0;

	for (size_t i = 0; a->choices[i] != NULL; i++) {
		if (strcasecmp(a->choices[i], text) == 0 ||
		    (text_number(text, &n) && n == (int64_t)i + 1))
			return a->choices[i];
	}
	return NULL;
}

/* NULL: it does not fit, and why. */
static const char *
fitting(struct turn *x, const struct bot_ask *a, const char **why)
{
	const char *text = a->choices[0] ? chosen(a, x->l->text) : x->l->text;
	struct changes changes = {0};
	struct err bad;

	*why = a->again ? a->again : a->text;
	if (text == NULL || (a->match != NULL && !pattern_whole(a->match, text)))
		return NULL;
	if (a->field != NULL &&
	    changes_add(x->ctx, talloc_asprintf(x->ctx, "field.%s", a->field), CHANGE_SET,
		text, x->d->config, &changes, &bad) != RC_OK)
		return NULL;
	return text;
}

static enum rc
answered(struct turn *x, struct err *err)
{
	const struct bot_form *f = form_named(x->b, x->t->form);
	const struct bot_ask *a = NULL;
	const char *value = NULL, *why = NULL;
	size_t i = 0;

	while (f != NULL && i < f->nasks && strcmp(f->asks[i].name, x->t->ask) != 0)
		i++;
	if (f == NULL || i == f->nasks) /* tkt.conf has changed meanwhile */
		return hand_over(x, err);
	a = &f->asks[i];
	if (!a->optional || !pattern_whole(x->b->skip, x->l->text)) {
		value = fitting(x, a, &why);
		/* Whoever does not know what we want is not kept waiting for ever: what
		 * they said stands in the note. */
		if (value == NULL && ++x->t->wrong <= WRONG_MAX) {
			x->out->did = "asked";
			return say(x, why, err);
		}
	}
	if (value != NULL)
		json_object_set_new(x->t->answers, a->name, json_string(value));
	return i + 1 < f->nasks ? ask(x, &f->asks[i + 1], err) : hand_over(x, err);
}

/* ---- questions ---- */

static enum rc
offer(struct turn *x, const struct bot_article *v, size_t n, struct err *err)
{
	struct bot_talk *t = x->t;

	t->phase = BOT_OFFERS;
	t->noffers = n;
	for (size_t i = 0; i < n; i++) {
		t->offers[i] = (struct bot_offer){talloc_strdup(t, v[i].id),
		    talloc_strdup(t, v[i].language), talloc_strdup(t, v[i].revision)};
		if (t->ntried < TRIED_MAX)
			text_push(t, &t->tried, &t->ntried, t->offers[i].id);
	}
	x->out->did = "answered";
	return say_of(x, n == 1 ? x->b->answer : x->b->answers, v, n, err);
}

static enum rc
missed(struct turn *x, struct err *err)
{
	x->t->phase = BOT_TALKS;
	x->out->did = "missed";
	if (x->t->misses >= x->b->misses)
		return want_person(x, err);
	return say(x, x->b->missed, err);
}

/* RC_NONE: nothing answers it. */
static enum rc
search(struct turn *x, const char *question, struct err *err)
{
	struct bot_article v[BOT_OFFERS_MAX];
	size_t n = 0;
	enum rc rc = bot_search(
	    x->ctx, articles(x), x->b, question, x->t->tried, x->t->ntried, v, &n, err);

	if (rc != RC_OK || n > 0)
		return rc == RC_OK ? offer(x, v, n, err) : rc;
	if (x->t->ntried == 0)
		x->out->missed = question;
	return RC_NONE;
}

/* What a program proposed; RC_NONE: nothing that can be done. */
static enum rc
proposed(struct turn *x, struct err *err)
{
	json_t *o = x->l->proposal;
	const char *text = json_string_value(json_object_get(o, "text")),
		   *id = json_string_value(json_object_get(o, "article")),
		   *set = json_string_value(json_object_get(o, "set"));
	const struct bot_form *f =
	    form_named(x->b, json_string_value(json_object_get(o, "form")));
	struct bot_article a;
	enum rc rc = RC_NONE;

	if (set != NULL)
		x->t->set = talloc_strdup(x->t, set);
	if (text != NULL && *text != '\0')
		say_plain(x, text);
	if (json_is_true(json_object_get(o, "hand_over")))
		return want_person(x, err);
	if (f != NULL)
		return begin_form(x, f, err);
	if (id != NULL)
		rc = bot_article(x->ctx, articles(x), x->b, id, &a, err);
	if (rc == RC_OK)
		return offer(x, &a, 1, err);
	if (rc != RC_NONE || text == NULL || *text == '\0')
		return rc;
	x->t->phase = BOT_TALKS;
	x->out->did = "proposed";
	return RC_OK;
}

static enum rc
question(struct turn *x, struct err *err)
{
	struct bot_talk *t = x->t;
	enum rc rc = RC_NONE;

	for (size_t i = 0; i < x->b->nforms; i++) {
		const struct bot_form *f = &x->b->forms[i];

		if (f->match != NULL && pattern_within(f->match, x->l->text))
			return begin_form(x, f, err);
	}
	if (x->l->proposal != NULL)
		rc = proposed(x, err);
	if (rc == RC_NONE)
		rc = search(x, t->questions[t->nquestions - 1], err);
	if (rc != RC_NONE)
		return rc;
	t->misses++;
	return missed(x, err);
}

/* ---- did it help? ---- */

/* The number of the one that helped, from 1; or yes, when there was but one to say it of.
 * 0: neither. */
static size_t
which_helped(const struct turn *x)
{
	int64_t n = 0;

	if (text_number(x->l->text, &n) && n > 0 && n <= (int64_t)x->t->noffers)
		return (size_t)n;
	return pattern_whole(x->b->yes, x->l->text) ? 1 : 0;
}

static void
vote(struct turn *x, size_t which, bool helpful)
{
	const struct bot_offer *a = &x->t->offers[which];

	x->out->voted = true;
	x->out->vote = (struct vote){.article = a->id,
	    .language = a->language,
	    .revision = a->revision,
	    .helpful = helpful,
	    .comment = ""};
}

static enum rc
helped(struct turn *x, size_t which, struct err *err)
{
	vote(x, which - 1, true);
	x->t->phase = BOT_OVER;
	x->t->nquestions = 0; /* they have their answer */
	x->out->did = "voted";
	return say(x, x->b->thanks, err);
}

/* The next best, as long as they are patient. Of several that were offered, none was
 * called bad. */
static enum rc
did_not_help(struct turn *x, struct err *err)
{
	struct bot_talk *t = x->t;
	enum rc rc = RC_NONE;

	if (t->noffers == 1)
		vote(x, 0, false);
	t->misses++;
	if (t->misses < x->b->misses && t->nquestions > 0)
		rc = search(x, t->questions[t->nquestions - 1], err);
	return rc == RC_NONE ? missed(x, err) : rc;
}

/* ---- a turn ---- */

static enum rc
take(struct turn *x, struct err *err)
{
	const struct bot *b = x->b;
	struct bot_talk *t = x->t;
	const char *s = x->l->text;
	bool first = t->turns == 1, hello = pattern_whole(b->hello, s);
	enum rc rc = first ? say(x, b->greeting, err) : RC_OK;

	if (rc != RC_OK)
		return rc;
	if (t->turns > BOT_TURNS_MAX)
		return hand_over(x, err);
	if (pattern_whole(b->person, s))
		return t->phase == BOT_ASKS ? hand_over(x, err) : want_person(x, err);
	if (t->phase == BOT_ASKS)
		return answered(x, err);
	if (t->phase == BOT_OFFERS && which_helped(x) > 0)
		return helped(x, which_helped(x), err);
	if (t->phase == BOT_OFFERS && pattern_whole(b->no, s))
		return did_not_help(x, err);
	if (hello) {
		x->out->did = "greeted";
		return first ? RC_OK : say(x, b->greeting, err);
	}
	if (t->phase == BOT_OVER &&
	    (pattern_whole(b->yes, s) || pattern_whole(b->no, s))) {
		x->out->did = "greeted";
		return say(x, b->thanks, err);
	}
	text_push(t, &t->questions, &t->nquestions, talloc_strdup(t, s));
	return question(x, err);
}

/* Would a program have something to say about it? */
static bool
is_question(const struct bot *b, const struct bot_talk *t, const char *s)
{
	if (t->phase == BOT_ASKS || t->turns >= BOT_TURNS_MAX ||
	    pattern_whole(b->person, s) || pattern_whole(b->hello, s))
		return false;
	if (t->phase != BOT_TALKS &&
	    (pattern_whole(b->yes, s) || pattern_whole(b->no, s)))
		return false;
	if (t->phase == BOT_OFFERS && strspn(s, "0123456789") == strlen(s))
		return false;
	for (size_t i = 0; i < b->nforms; i++) {
		if (b->forms[i].match != NULL && pattern_within(b->forms[i].match, s))
			return false;
	}
	return true;
}

enum rc
bot_turn(void *ctx, struct desk *d, const struct bot *b, struct bot_talk *t,
    const struct bot_line *l, struct bot_turn *out, struct err *err)
{
	struct turn x = {ctx, d, b, t, l, out};

	*out = (struct bot_turn){.did = "greeted"};
	out->propose = b->run[0] != NULL && !l->asked && is_question(b, t, l->text);
	if (out->propose)
		return RC_OK;
	t->turns++;
	remember(&x, false, l->text);
	return take(&x, err);
}

struct bot_line
bot_line_of(void *ctx, struct desk *d, const struct heard *h)
{
	int64_t now = desk_now(d);
	char *text = text_clean(
	    ctx, h->text ? h->text : "", h->text ? h->ntext : 0, TEXT_BLOCK, BODY_MAX);
	size_t n;

	text += strspn(text, " \t\n");
	n = strlen(text);
	while (n > 0 && strchr(" \t\n", text[n - 1]) != NULL)
		text[--n] = '\0';
	return (struct bot_line){.text = text,
	    .name = text_clean(ctx, h->name ? h->name : "", h->name ? strlen(h->name) : 0,
		TEXT_LINE, TALK_NAME_MAX),
	    .at = h->at == INSTANT_NONE || h->at > now ? now : h->at};
}

enum rc
bot_decide(void *ctx, struct desk *d, const struct bot *b, struct bot_talk *t,
    const struct heard *h, const struct bot_line *l, struct bot_turn *out,
    struct err *err)
{
	struct turn x = {ctx, d, b, t, l, out};

	if (h->nfiles == 0 && strlen(l->text) <= BOT_LINE_MAX)
		return bot_turn(ctx, d, b, t, l, out, err);
	*out = (struct bot_turn){0};
	t->turns++;
	remember(&x, false,
	    text_clean(ctx, l->text, text_prefix(l->text, BOT_LINE_MAX), TEXT_BLOCK,
		BOT_LINE_MAX));
	text_push(t, &t->questions, &t->nquestions, talloc_strdup(t, l->text));
	return hand_over(&x, err);
}

/* ---- what follows for the ticket ---- */

/* A program may say what a ticket is about, not whose it is or that it is done. */
static bool
may_propose(const char *key)
{
	static const char *const keys[] = {
	    "queue", "priority", "kind", "tag", "language", NULL};

	return word_index(keys, key) >= 0 || text_starts(key, "field.");
}

static void
add_proposed(void *ctx, const struct config *c, const char *set, struct changes *out)
{
	struct changes all = {0};
	struct err bad;

	if (changes_parse(ctx, set, c, &all, &bad) != RC_OK)
		return;
	for (size_t i = 0; i < all.n; i++) {
		if (may_propose(all.v[i].key) &&
		    changes_add(ctx, all.v[i].key, all.v[i].op, all.v[i].value, c, out,
			&bad) != RC_OK)
			return;
	}
}

enum rc
bot_changes(void *ctx, const struct config *c, const struct bot *b,
    const struct bot_talk *t, struct changes *out, struct err *err)
{
	const struct bot_form *f = b ? form_named(b, t->form) : NULL;
	struct err bad;
	enum rc rc = RC_OK;

	*out = (struct changes){0};
	if (t->set != NULL)
		add_proposed(ctx, c, t->set, out);
	if (f != NULL && f->set != NULL)
		rc = changes_parse(ctx, f->set, c, out, err);
	for (size_t i = 0; rc == RC_OK && f != NULL && i < f->nasks; i++) {
		const char *v =
		    json_string_value(json_object_get(t->answers, f->asks[i].name));

		/* Checked when it was said; a field that is gone since is in the note. */
		if (v != NULL && f->asks[i].field != NULL &&
		    changes_add(ctx, talloc_asprintf(ctx, "field.%s", f->asks[i].field),
			CHANGE_SET, v, c, out, &bad) != RC_OK)
			continue;
	}
	return rc;
}
