/* tkt.conf: libConfuse reads it, we check and compile it.
 *
 * libConfuse's callbacks carry no argument of ours, so one parse at a time keeps its
 * state in a static pointer; nothing of it outlives conf_compile(). */
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"

static struct conf *parsing;

/* ---- the grammar: every value is text; our own parsers read it ---- */

#define TEXT(name) CFG_STR(name, NULL, CFGF_NODEFAULT)
#define LIST(name) CFG_STR_LIST(name, NULL, CFGF_NODEFAULT)
#define BLOCK(name, opts) \
	CFG_SEC(name, opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

static cfg_opt_t mailbox_opts[] = {TEXT("address"), TEXT("queue"), TEXT("from_name"),
    TEXT("delimiter"), TEXT("default"), TEXT("strangers"), TEXT("lists"),
    TEXT("agents_by_mail"), LIST("trusted_forwarders"), TEXT("share_organization"),
    CFG_END()};
static cfg_opt_t foreign_opts[] = {TEXT("from"), TEXT("header"), TEXT("key"), CFG_END()};
static cfg_opt_t queue_opts[] = {TEXT("description"), LIST("members"), TEXT("assign"),
    TEXT("reopen_window"), TEXT("after_reply"), TEXT("lifecycle"), CFG_END()};
static cfg_opt_t status_opts[] = {TEXT("phase"), LIST("next"), CFG_END()};
static cfg_opt_t transition_opts[] = {
    LIST("from"), LIST("to"), LIST("require"), LIST("roles"), CFG_END()};
static cfg_opt_t lifecycle_opts[] = {TEXT("initial"), TEXT("active"),
    BLOCK("status", status_opts), BLOCK("transition", transition_opts), CFG_END()};
static cfg_opt_t role_opts[] = {LIST("allow"), LIST("queues"), CFG_END()};
static cfg_opt_t agent_opts[] = {TEXT("name"), TEXT("email"), TEXT("role"), TEXT("unix"),
    TEXT("capacity"), TEXT("timezone"), CFG_END()};
static cfg_opt_t field_opts[] = {
    TEXT("type"), LIST("values"), TEXT("pattern"), LIST("queues"), CFG_END()};
static cfg_opt_t view_opts[] = {TEXT("query"), TEXT("sort"), CFG_END()};
static cfg_opt_t rule_opts[] = {TEXT("on"), TEXT("when"), TEXT("set"), TEXT("assign"),
    TEXT("stop"), TEXT("reply"), TEXT("note"), LIST("notify"), TEXT("hook"), LIST("run"),
    TEXT("purge"), CFG_END()};
static cfg_opt_t limits_opts[] = {TEXT("mail_size"), TEXT("mail_parts"),
    TEXT("mail_depth"), TEXT("mail_header"), TEXT("mail_people"), CFG_END()};
static cfg_opt_t target_opts[] = {TEXT("low"), TEXT("normal"), TEXT("high"),
    TEXT("urgent"), LIST("pause_on"), CFG_END()};
static cfg_opt_t sla_opts[] = {TEXT("when"), TEXT("calendar"), LIST("warn"),
    TEXT("remind"), TEXT("reopen"), TEXT("min_remaining"), TEXT("count_bots"),
    CFG_SEC("first_response", target_opts, CFGF_NODEFAULT),
    CFG_SEC("next_response", target_opts, CFGF_NODEFAULT),
    CFG_SEC("update", target_opts, CFGF_NODEFAULT),
    CFG_SEC("resolution", target_opts, CFGF_NODEFAULT), CFG_END()};

const char *const conf_days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

/* mon ... sun and every range mon-tue ... sat-sun. */
enum { CALENDAR_OPTS = 3 + 7 + 21 + 1 };

static void
calendar_table(cfg_opt_t opts[CALENDAR_OPTS], char names[28][8])
{
	size_t n = 0, k = 0;

	opts[n++] = (cfg_opt_t)TEXT("timezone");
	opts[n++] = (cfg_opt_t)LIST("exceptions");
	opts[n++] = (cfg_opt_t)LIST("holidays");
	for (int a = 0; a < 7; a++) {
		for (int b = a; b < 7; b++, k++) {
			snprintf(names[k], sizeof(names[k]), a == b ? "%s" : "%s-%s",
			    conf_days[a], conf_days[b]);
			opts[n++] = (cfg_opt_t)LIST(names[k]);
		}
	}
	opts[n] = (cfg_opt_t)CFG_END();
}

/* ---- reporting ---- */

static void
report(struct conf *c, bool warning, const char *file, int line, const char *text)
{
	char *s = talloc_asprintf(c->ctx, "%s:%d: %s", file, line, text);

	if (!warning)
		c->errors++;
	c->report(c->arg, warning, s);
	talloc_free(s);
}

static const char *
short_name(const struct conf *c, const char *file)
{
	size_t n = strlen(c->dir);

	if (file == NULL)
		return "tkt.conf";
	return strncmp(file, c->dir, n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

static void PRINTF(2, 0) on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	report(parsing, false, short_name(parsing, cfg ? cfg->filename : NULL),
	    cfg ? cfg->line : 0, text);
}

/* Called when an option got its value: the moment at which its line is known. */
static int
remember_line(cfg_t *cfg, cfg_opt_t *opt)
{
	struct conf *c = parsing;

	c->places = mem_grow(c->ctx, c->places, struct place, c->nplaces + 1);
	c->places[c->nplaces++] = (struct place){cfg, opt->name,
	    talloc_strdup(c->ctx, short_name(c, cfg->filename)), cfg->line};
	return 0;
}

static const struct place *
place_of(const struct conf *c, const cfg_t *section, const char *key)
{
	const struct place *any = NULL;

	for (size_t i = 0; i < c->nplaces; i++) {
		if (c->places[i].section != section)
			continue;
		any = &c->places[i];
		if (key != NULL && strcmp(any->key, key) == 0)
			return any;
		if (key == NULL)
			return any;
	}
	return any;
}

static void PRINTF(5, 0) say(struct conf *c, bool warning, cfg_t *section,
    const char *key, const char *fmt, va_list ap)
{
	const struct place *p = place_of(c, section, key);
	char text[ERR_TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	report(c, warning, p ? p->file : short_name(c, section->filename),
	    p ? p->line : section->line, text);
}

void
conf_wrong(struct conf *c, cfg_t *section, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, false, section, key, fmt, ap);
	va_end(ap);
}

void
conf_warn(struct conf *c, cfg_t *section, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, true, section, key, fmt, ap);
	va_end(ap);
}

/* ---- files ---- */

/* libConfuse takes the end of a file for the end of an open block; we do not. */
static void
check_braces(struct conf *c, const char *file, const char *s)
{
	int line = 1, depth = 0, opened = 0;
	char quote = '\0';

	for (; *s != '\0'; s++) {
		if (*s == '\n')
			line++;
		if (quote) {
			if (*s == '\\' && s[1] != '\0')
				line += *++s == '\n';
			else if (*s == quote)
				quote = '\0';
		} else if (*s == '#' || (s[0] == '/' && s[1] == '/')) {
			s += strcspn(s, "\n");
			line += *s == '\n';
		} else if (s[0] == '/' && s[1] == '*') {
			const char *end = strstr(s + 2, "*/");

			for (; *s != '\0' && s != end; s++)
				line += *s == '\n';
			s += *s != '\0';
		} else if (*s == '"' || *s == '\'') {
			quote = *s;
		} else if (*s == '{') {
			if (depth++ == 0)
				opened = line;
		} else if (*s == '}') {
			depth--;
		}
		if (*s == '\0')
			break;
	}
	if (quote)
		report(c, false, short_name(c, file), line,
		    "a string is still open at the end");
	else if (depth > 0)
		report(
		    c, false, short_name(c, file), opened, "this block is never closed");
}

/* Reads a file into the version's source; false when that is not possible. */
static bool
take_file(struct conf *c, const char *path, const char *from, int line)
{
	char *text = NULL;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t r = -1;

	if (json_object_size(c->out->source) >= CONF_FILES_MAX) {
		report(c, false, from, line, "more than 100 files");
	} else if (fd >= 0) {
		text = mem_array(c->ctx, char, CONF_SIZE_MAX + 2);
		while ((r = read(fd, text + n, CONF_SIZE_MAX + 1 - n)) > 0)
			n += (size_t)r;
	}
	if (fd >= 0)
		close(fd);
	if (r < 0 || n > CONF_SIZE_MAX || strlen(text) != n) {
		char *why =
		    talloc_asprintf(c->ctx, "cannot read %s: %s", short_name(c, path),
			r < 0		    ? strerror(errno)
			: n > CONF_SIZE_MAX ? "too large"
					    : "it holds a NUL byte");

		report(c, false, from, line, why);
		return false;
	}
	if (json_object_set_new(
		c->out->source, short_name(c, path), json_stringn(text, n)) != 0) {
		report(c, false, from, line, "the file is not UTF-8");
		return false;
	}
	check_braces(c, path, text);
	return true;
}

/* include("agents.conf"): relative to the desk, and never out of it. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct conf *c = parsing;
	char *path, real[PATH_MAX];
	const char *from = short_name(c, cfg->filename);
	size_t n = strlen(c->dir);

	if (argc != 1) {
		report(c, false, from, cfg->line, "include takes one file name");
		return -1;
	}
	path = argv[0][0] == '/' ? talloc_strdup(c->ctx, argv[0])
				 : talloc_asprintf(c->ctx, "%s/%s", c->dir, argv[0]);
	if (realpath(path, real) == NULL) {
		report(c, false, from, cfg->line,
		    talloc_asprintf(
			c->ctx, "include \"%s\": %s", argv[0], strerror(errno)));
		return -1;
	}
	if (strncmp(real, c->dir, n) != 0 || real[n] != '/' ||
	    text_starts(real + n, "/secret/")) {
		report(c, false, from, cfg->line,
		    talloc_asprintf(
			c->ctx, "include \"%s\": outside of the desk", argv[0]));
		return -1;
	}
	if (!take_file(c, real, from, cfg->line))
		return -1;
	argv[0] = talloc_strdup(c->ctx, real);
	return cfg_include(cfg, opt, argc, argv);
}

/* ---- the parse ---- */

static void
watch(cfg_t *cfg, const char *block, const cfg_opt_t *opts)
{
	char path[64];

	for (; opts->name != NULL; opts++) {
		snprintf(path, sizeof(path), "%s|%s", block, opts->name);
		if (opts->type == CFGT_SEC)
			watch(cfg, path, opts->subopts);
		else
			cfg_set_validate_func(cfg, path, remember_line);
	}
}

static const char *
desk_realpath(void *ctx, const char *dir)
{
	char real[PATH_MAX];

	return realpath(dir, real) ? talloc_strdup(ctx, real) : talloc_strdup(ctx, dir);
}

enum rc
conf_compile(void *ctx, const char *dir, void (*say_to)(void *, bool, const char *),
    void *arg, struct compiled *out, struct err *err)
{
	struct conf c = {.ctx = ctx, .report = say_to, .arg = arg, .out = out};
	char names[28][8], *path;
	cfg_opt_t calendar_opts[CALENDAR_OPTS];
	calendar_table(calendar_opts, names);
	cfg_opt_t opts[] = {TEXT("name"), TEXT("timezone"), TEXT("group"),
	    TEXT("authserv"), BLOCK("mailbox", mailbox_opts),
	    BLOCK("foreign", foreign_opts), BLOCK("queue", queue_opts),
	    BLOCK("lifecycle", lifecycle_opts), BLOCK("role", role_opts),
	    BLOCK("agent", agent_opts), BLOCK("field", field_opts),
	    BLOCK("view", view_opts), BLOCK("route", rule_opts), BLOCK("rule", rule_opts),
	    BLOCK("trigger", rule_opts), BLOCK("macro", rule_opts),
	    BLOCK("calendar", calendar_opts), BLOCK("sla", sla_opts),
	    CFG_SEC("limits", limits_opts, CFGF_NONE), CFG_FUNC("include", on_include),
	    CFG_END()};
	cfg_t *cfg;
	int rc;

	c.dir = desk_realpath(ctx, dir);
	path = talloc_asprintf(ctx, "%s/tkt.conf", c.dir);
	*out = (struct compiled){.source = record_own(ctx, json_object())};
	if (access(path, R_OK) != 0)
		return err_errno(err, "%s", path);
	parsing = &c;
	cfg = cfg_init(opts, CFGF_NONE);
	cfg_set_error_function(cfg, on_error);
	for (const cfg_opt_t *o = opts; o->name != NULL; o++) {
		if (o->type == CFGT_SEC)
			watch(cfg, o->name, o->subopts);
		else if (o->type != CFGT_FUNC)
			cfg_set_validate_func(cfg, o->name, remember_line);
	}
	if (take_file(&c, path, "tkt.conf", 1) && c.errors == 0) {
		rc = cfg_parse(cfg, path);
		if (rc != CFG_SUCCESS && c.errors == 0)
			report(&c, false, "tkt.conf", cfg->line, "cannot be parsed");
		if (c.errors == 0)
			conf_check(&c, cfg);
	}
	cfg_free(cfg);
	parsing = NULL;
	if (c.errors > 0)
		return err_fail(err, RC_CONFIG, "%s has %d error%s", path, c.errors,
		    c.errors == 1 ? "" : "s");
	return RC_OK;
}

/* ---- applying ---- */

static enum rc
same_part(struct store *s, int64_t version, const char *part, const json_t *o, bool *same,
    struct err *err)
{
	json_t *old = NULL;
	enum rc rc = version_part(s, version, part, &old, err);

	*same = *same && rc == RC_OK && json_equal(old, o);
	json_decref(old);
	return rc;
}

enum rc
conf_apply(struct store *s, const char *actor, int64_t now, const struct compiled *c,
    const char *action, int64_t *version, struct err *err)
{
	struct chain chain;
	struct event e = {.at = now, .actor = actor, .action = action};
	int64_t old = 0;
	bool same = true;
	json_t *changes, *parts = record_own(s, json_object());
	enum rc rc = store_write(s, err);

	if (rc != RC_OK)
		return rc;
	rc = version_newest(s, &old, err);
	if (rc == RC_OK && old > 0) {
		rc = same_part(s, old, "desk", c->desk, &same, err);
		if (rc == RC_OK)
			rc = same_part(s, old, "rules", c->rules, &same, err);
		if (rc == RC_OK)
			rc = same_part(s, old, "source", c->source, &same, err);
		if (rc == RC_OK && same) {
			store_rollback(s);
			*version = 0;
			return RC_OK;
		}
	}
	if (rc == RC_OK)
		rc = version_add(s, old + 1, "desk", c->desk, now, parts, err);
	if (rc == RC_OK)
		rc = version_add(s, old + 1, "rules", c->rules, now, parts, err);
	if (rc == RC_OK)
		rc = version_add(s, old + 1, "source", c->source, now, parts, err);
	if (rc == RC_OK)
		rc = chain_end(s, &chain, err);
	if (rc == RC_OK) {
		changes = json_pack("{s:[o,I],s:O}", "version",
		    old ? json_integer(old) : json_null(), (json_int_t)(old + 1), "parts",
		    parts);
		e.changes = event_changes(s, changes);
		json_decref(changes);
		rc = event_append(s, &chain, &e, err);
	}
	if (rc != RC_OK) {
		store_rollback(s);
		return rc;
	}
	*version = old + 1;
	return store_commit(s, err);
}
