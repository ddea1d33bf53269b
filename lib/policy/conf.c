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
    TEXT("machines_start_sla"), CFG_END()};
static cfg_opt_t foreign_opts[] = {TEXT("from"), TEXT("header"), TEXT("key"), CFG_END()};
static cfg_opt_t queue_opts[] = {TEXT("description"), LIST("members"), TEXT("assign"),
    TEXT("reopen_window"), TEXT("after_reply"), TEXT("lifecycle"), LIST("skills"),
    CFG_END()};
static cfg_opt_t status_opts[] = {TEXT("phase"), LIST("next"), CFG_END()};
static cfg_opt_t transition_opts[] = {
    LIST("from"), LIST("to"), LIST("require"), LIST("roles"), CFG_END()};
static cfg_opt_t lifecycle_opts[] = {TEXT("initial"), TEXT("active"),
    BLOCK("status", status_opts), BLOCK("transition", transition_opts), CFG_END()};
static cfg_opt_t role_opts[] = {LIST("allow"), LIST("queues"), CFG_END()};
static cfg_opt_t agent_opts[] = {TEXT("name"), TEXT("email"), TEXT("role"), TEXT("unix"),
    TEXT("capacity"), TEXT("timezone"), LIST("skills"), TEXT("digest"), TEXT("quiet"),
    LIST("notice_queues"), LIST("chat"), CFG_END()};
static cfg_opt_t smtp_opts[] = {TEXT("url"), TEXT("sendmail"), TEXT("user"),
    TEXT("secret"), TEXT("auth"), TEXT("tls"), TEXT("ca"), TEXT("pin"), TEXT("timeout"),
    CFG_END()};
static cfg_opt_t kb_opts[] = {TEXT("branch"), TEXT("language"), TEXT("url"), TEXT("site"),
    TEXT("feedback"), TEXT("search"), TEXT("check"), TEXT("stale"), CFG_END()};
static cfg_opt_t site_opts[] = {TEXT("issuer"), LIST("secret"), TEXT("public_key"),
    TEXT("queue"), LIST("origins"), CFG_END()};
static cfg_opt_t phone_opts[] = {TEXT("country"), TEXT("trunk"), TEXT("queue"),
    TEXT("sounds"), TEXT("recordings"), TEXT("timezone"), TEXT("status"), TEXT("missed"),
    LIST("voicemail"), TEXT("message"), TEXT("extension"), CFG_END()};
static cfg_opt_t fetch_opts[] = {TEXT("url"), TEXT("user"), TEXT("secret"), TEXT("auth"),
    TEXT("tls"), TEXT("ca"), TEXT("pin"), TEXT("timeout"), TEXT("mailbox"), TEXT("keep"),
    CFG_END()};
static cfg_opt_t bridge_opts[] = {TEXT("type"), TEXT("url"), TEXT("user"), TEXT("secret"),
    TEXT("auth"), TEXT("tls"), TEXT("ca"), TEXT("pin"), TEXT("timeout"), LIST("run"),
    TEXT("nick"), TEXT("prefix"), LIST("rooms"), TEXT("queue"), TEXT("idle"),
    TEXT("flood"), TEXT("room_flood"), TEXT("agents_room"), LIST("announce"), TEXT("bot"),
    TEXT("every"), CFG_END()};
static cfg_opt_t ask_opts[] = {TEXT("text"), TEXT("match"), TEXT("again"), TEXT("field"),
    LIST("choices"), TEXT("optional"), CFG_END()};
static cfg_opt_t form_opts[] = {
    TEXT("match"), TEXT("set"), BLOCK("ask", ask_opts), CFG_END()};
static cfg_opt_t bot_opts[] = {TEXT("greeting"), TEXT("answer"), TEXT("answers"),
    TEXT("missed"), TEXT("thanks"), TEXT("handing"), TEXT("skipped"), TEXT("hello"),
    TEXT("person"), TEXT("yes"), TEXT("no"), TEXT("skip"), TEXT("language"), LIST("run"),
    TEXT("timeout"), TEXT("misses"), TEXT("offer"), BLOCK("form", form_opts), CFG_END()};
static cfg_opt_t webhook_opts[] = {
    TEXT("url"), TEXT("secret"), TEXT("private_allowed"), CFG_END()};
static cfg_opt_t field_opts[] = {
    TEXT("type"), LIST("values"), TEXT("pattern"), LIST("queues"), CFG_END()};
static cfg_opt_t view_opts[] = {TEXT("query"), TEXT("sort"), CFG_END()};
static cfg_opt_t rule_opts[] = {TEXT("on"), TEXT("when"), TEXT("set"), TEXT("assign"),
    TEXT("stop"), TEXT("reply"), TEXT("note"), LIST("notify"), TEXT("hook"), LIST("run"),
    TEXT("purge"), CFG_END()};
static cfg_opt_t limits_opts[] = {TEXT("mail_size"), TEXT("mail_parts"),
    TEXT("mail_depth"), TEXT("mail_header"), TEXT("mail_people"), TEXT("mail_out"),
    TEXT("flood"), CFG_END()};
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

void
conf_place(
    const struct conf *c, cfg_t *section, const char *key, const char **file, int *line)
{
	const struct place *p = place_of(c, section, key);

	*file = p ? p->file : short_name(c, section->filename);
	*line = p ? p->line : section->line;
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
conf_wrong_at(struct conf *c, const char *file, int line, const char *text)
{
	report(c, false, file, line, text);
}

void
conf_warn_at(struct conf *c, const char *file, int line, const char *text)
{
	report(c, true, file, line, text);
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
		report(c, false, from, line, "more than 500 files");
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
	talloc_free(text);
	return true;
}

/* The place of a file that tkt.conf names: relative to the desk, and never out of it;
 * `what` says who names it. NULL after a report. */
static char *
confined(struct conf *c, const char *name, const char *what, const char *from, int line)
{
	char *path, real[PATH_MAX];
	size_t n = strlen(c->dir);

	path = *name == '/' ? talloc_strdup(c->ctx, name)
			    : talloc_asprintf(c->ctx, "%s/%s", c->dir, name);
	if (realpath(path, real) == NULL) {
		report(c, false, from, line,
		    talloc_asprintf(
			c->ctx, "%s \"%s\": %s", what, name, strerror(errno)));
		return NULL;
	}
	if (strncmp(real, c->dir, n) != 0 || real[n] != '/' ||
	    text_starts(real + n, "/secret/")) {
		report(c, false, from, line,
		    talloc_asprintf(
			c->ctx, "%s \"%s\": outside of the desk", what, name));
		return NULL;
	}
	return talloc_strdup(c->ctx, real);
}

/* include("agents.conf") */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct conf *c = parsing;
	const char *from = short_name(c, cfg->filename);
	char *path;

	if (argc != 1) {
		report(c, false, from, cfg->line, "include takes one file name");
		return -1;
	}
	path = confined(c, argv[0], "include", from, cfg->line);
	if (path == NULL || !take_file(c, path, from, cfg->line))
		return -1;
	check_braces(c, path,
	    json_string_value(json_object_get(c->out->source, short_name(c, path))));
	argv[0] = path;
	return cfg_include(cfg, opt, argc, argv);
}

const char *
conf_take_named(
    struct conf *c, cfg_t *sec, const char *key, const char *name, const char **path)
{
	const struct place *p = place_of(c, sec, key);
	const char *from = p ? p->file : "tkt.conf";
	char *real = confined(c, name, key, from, p ? p->line : sec->line);

	if (real == NULL || !take_file(c, real, from, p ? p->line : sec->line))
		return NULL;
	*path = short_name(c, real);
	return json_string_value(json_object_get(c->out->source, *path));
}

const char *
conf_take_file(struct conf *c, const char *name)
{
	char *real = confined(c, name, "file", name, 1);

	if (real == NULL || !take_file(c, real, name, 1))
		return NULL;
	return json_string_value(json_object_get(c->out->source, short_name(c, real)));
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

/* The folder of a file, without links. */
static const char *
folder_of(void *ctx, const char *file)
{
	const char *slash = strrchr(file, '/');
	char real[PATH_MAX],
	    *dir = slash ? talloc_strndup(ctx, file, (size_t)(slash - file) + 1)
			 : talloc_strdup(ctx, ".");

	return realpath(dir, real) ? talloc_strdup(ctx, real) : dir;
}

enum rc
conf_compile(
    void *ctx, const struct conf_want *want, struct compiled *out, struct err *err)
{
	struct conf c = {.ctx = ctx,
	    .report = want->report,
	    .arg = want->arg,
	    .now = want->now,
	    .out = out};
	const char *slash = strrchr(want->file, '/'),
		   *name = slash ? slash + 1 : want->file;
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
	    CFG_SEC("limits", limits_opts, CFGF_NONE), TEXT("undo"), TEXT("url"),
	    CFG_SEC("smtp", smtp_opts, CFGF_NODEFAULT),
	    CFG_SEC("kb", kb_opts, CFGF_NODEFAULT),
	    CFG_SEC("phone", phone_opts, CFGF_NODEFAULT), BLOCK("webhook", webhook_opts),
	    BLOCK("bridge", bridge_opts), BLOCK("bot", bot_opts),
	    BLOCK("site", site_opts), BLOCK("fetch", fetch_opts),
	    CFG_FUNC("include", on_include), CFG_END()};
	cfg_t *cfg;
	int rc;

	c.dir = folder_of(ctx, want->file);
	path = talloc_asprintf(ctx, "%s/%s", c.dir, name);
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
	if (take_file(&c, path, name, 1))
		check_braces(
		    &c, path, json_string_value(json_object_get(out->source, name)));
	if (c.errors == 0) {
		rc = cfg_parse(cfg, path);
		if (rc != CFG_SUCCESS && c.errors == 0)
			report(&c, false, name, cfg->line, "cannot be parsed");
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
