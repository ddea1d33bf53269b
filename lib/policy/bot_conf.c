/* bot blocks of tkt.conf: robots that answer first (chat-bot(1)). */
#include <string.h>
#include <talloc.h>

#include "base/mustache.h"
#include "base/text.h"
#include "policy/conf_priv.h"

/* What a bot says, and understands, when tkt.conf does not say. */
static const struct {
	const char *key, *text;
	bool pattern;
} defaults[] = {
    {"greeting",
	"Hello, I am the robot of {{desk.name}}. Ask me, or say \"person\" at any time.",
	false},
    {"answer",
	"{{{article.title}}}\n{{{article.summary}}}\n{{{article.url}}}\n"
	"Does that help? (yes/no)",
	false},
    {"answers",
	"This may help:\n{{#articles}}{{n}}  {{{title}}}\n{{{url}}}\n{{/articles}}"
	"Does one of them? (its number, or no)",
	false},
    {"missed", "I have found nothing for that. Can you say it in other words?", false},
    {"thanks", "Good! If there is anything else, just ask.", false},
    {"handing", "I hand you over to a person, who answers here.", false},
    {"skipped", "(say \"skip\" if you do not know)", false},
    {"hello", "(hi|hello|hey|good (morning|day|afternoon|evening))( there)?[.!, ]*",
	true},
    {"person",
	"(a )?(person|human|agent|somebody)( please)?[.!]*|"
	".*\\b(talk|speak|chat) (to|with) (a |an )?(real )?"
	"(person|human|agent|somebody)\\b.*",
	true},
    {"yes", "(yes|y|yep|yeah|it does|that helped?|thanks?( you)?)\\b.*", true},
    {"no", "(no|n|nope|it does not|that (does|did) not( help)?|not really)\\b.*", true},
    {"skip", "skip|-|none", true},
};

static const char *const values[] = {"desk.name", "requester.name", "article",
    "article.title", "article.summary", "article.url", "articles", "n", "title",
    "summary", "url", "answers", NULL};

struct texts_of {
	struct conf *c;
	cfg_t *sec;
	const char *key;
};

static void
check_name(void *arg, const char *name, int line)
{
	const struct texts_of *t = arg;

	(void)line;
	if (word_index(values, name) < 0 && !text_starts(name, "answers."))
		conf_wrong(t->c, t->sec, t->key, "%s: {{%s}}: no such value%s", t->key,
		    name, text_hint(t->c->ctx, name, values));
}

static void
put_text(struct conf *c, cfg_t *sec, const char *key, const char *otherwise, json_t *o)
{
	const char *text = conf_get(sec, key);
	struct texts_of t = {c, sec, key};
	struct mustache *m = NULL;
	struct err bad;

	text = text ? text : otherwise;
	if (text == NULL)
		return;
	if (mustache_parse(c->ctx, text, &m, &bad) != RC_OK)
		conf_wrong(c, sec, key, "%s: %s", key, bad.text);
	else
		mustache_names(m, check_name, &t);
	conf_put(o, key, text);
}

static void
put_pattern(struct conf *c, cfg_t *sec, const char *key, const char *otherwise, json_t *o)
{
	const char *v = conf_get(sec, key);

	if (v != NULL)
		pcre2_code_free(conf_check_pattern(c, sec, key, v));
	conf_put(o, key, v ? v : otherwise);
}

static void
one_ask(struct conf *c, cfg_t *form, cfg_t *sec, json_t *o)
{
	(void)form;
	if (conf_get(sec, "text") == NULL)
		conf_wrong(c, sec, NULL, "ask \"%s\" has no text", cfg_title(sec));
	put_text(c, sec, "text", NULL, o);
	put_text(c, sec, "again", NULL, o);
	put_pattern(c, sec, "match", NULL, o);
	conf_put(o, "field", conf_get(sec, "field"));
	json_object_set_new(o, "choices", conf_list(sec, "choices"));
	(void)conf_put_bool(c, sec, o, "optional");
}

static void
one_form(struct conf *c, cfg_t *bot, cfg_t *sec, json_t *o)
{
	(void)bot;
	put_pattern(c, sec, "match", NULL, o);
	conf_put(o, "set", conf_get(sec, "set"));
	if (cfg_size(sec, "ask") == 0 && conf_get(sec, "set") == NULL)
		conf_wrong(
		    c, sec, NULL, "form \"%s\" asks and sets nothing", cfg_title(sec));
	json_object_set_new(o, "asks", conf_each_block(c, sec, "ask", one_ask));
}

static void
one_bot(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *run = cfg_size(sec, "run") > 0 ? cfg_getnstr(sec, "run", 0) : NULL;
	bool before = false;

	(void)cfg;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		(defaults[i].pattern ? put_pattern : put_text)(
		    c, sec, defaults[i].key, defaults[i].text, o);
	conf_put(o, "language", conf_get(sec, "language"));
	if (run != NULL && *run != '/')
		conf_wrong(c, sec, "run",
		    "run \"%s\": a program is named by its whole path", run);
	json_object_set_new(o, "run", conf_list(sec, "run"));
	conf_put_duration(c, sec, o, "timeout", "10s");
	conf_put_size(c, sec, o, "misses", "misses", BOT_MISSES);
	conf_put_size(c, sec, o, "offer", "offer", BOT_OFFER);
	json_object_set_new(o, "forms", conf_each_block(c, sec, "form", one_form));
	for (unsigned i = 0; i < cfg_size(sec, "form"); i++) {
		cfg_t *form = cfg_getnsec(sec, "form", i);

		if (conf_get(form, "match") != NULL)
			continue;
		if (before)
			conf_wrong(c, form, NULL,
			    "form \"%s\": there is one without a match before it",
			    cfg_title(form));
		before = true;
	}
}

void
conf_bots(struct conf *c, cfg_t *cfg, json_t *o)
{
	json_object_set_new(o, "bots", conf_each_block(c, cfg, "bot", one_bot));
}

/* ---- what needs the whole desk ---- */

static void
check_field(struct conf *c, cfg_t *sec, const struct config *desk)
{
	const char *field = conf_get(sec, "field");

	if (field != NULL && config_field(desk, field) == NULL)
		conf_wrong(c, sec, "field", "field \"%s\": no such field%s", field,
		    text_hint(c->ctx, field, config_names(c->ctx, desk, NAME_FIELD)));
}

static void
check_set(struct conf *c, cfg_t *form, const struct config *desk)
{
	const char *set = conf_get(form, "set");
	struct changes changes = {0};
	struct err bad;

	if (set == NULL)
		return;
	if (changes_parse(c->ctx, set, desk, &changes, &bad) != RC_OK)
		conf_wrong(c, form, "set", "set: %s", bad.text);
}

void
conf_check_bots(struct conf *c, cfg_t *cfg, const struct config *desk)
{
	for (unsigned i = 0; i < cfg_size(cfg, "bot"); i++) {
		cfg_t *bot = cfg_getnsec(cfg, "bot", i);

		for (unsigned k = 0; k < cfg_size(bot, "form"); k++) {
			cfg_t *form = cfg_getnsec(bot, "form", k);

			check_set(c, form, desk);
			for (unsigned j = 0; j < cfg_size(form, "ask"); j++)
				check_field(c, cfg_getnsec(form, "ask", j), desk);
		}
	}
}
