/* What conf.c (reading) and check.c (meaning) share. */
#ifndef POLICY_CONF_PRIV_H
#define POLICY_CONF_PRIV_H

#include <confuse.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "desk/calendar.h"
#include "policy/policy.h"

struct place {
	const cfg_t *section;
	const char *key, *file;
	int line;
};
struct conf {
	void *ctx;
	const char *dir;
	void (*report)(void *arg, bool warning, const char *text);
	void *arg;
	int64_t now;
	struct compiled *out;
	struct calendar **calendars; /* compiled ones */
	size_t ncalendars;
	struct place *places;
	size_t nplaces;
	int errors;
};

extern const char *const conf_days[];
/* Reports "file:line: text" for a key of a section (NULL: the section). */
void conf_wrong(struct conf *c, cfg_t *section, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
void conf_warn(struct conf *c, cfg_t *section, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
/* Reports "file:line: text" of another file. */
void conf_wrong_at(struct conf *c, const char *file, int line, const char *text);
/* Where a key stands. */
void conf_place(
    const struct conf *c, cfg_t *section, const char *key, const char **file, int *line);
/* Is it http:// or https:// with a host and nothing secret (no user, no blanks)? */
bool conf_url_ok(const char *url);
/* Reads a file that a value names, relative to the desk and never out of it; it becomes
 * part of the version's source. *path is its name there. NULL when that was wrong. */
const char *conf_take_named(
    struct conf *c, cfg_t *sec, const char *key, const char *name, const char **path);
/* value.c: a value that is there and not empty, or NULL; a list as JSON. */
const char *conf_get(cfg_t *sec, const char *key);
json_t *conf_list(cfg_t *sec, const char *key);
/* Put into the compiled JSON; what is wrong is reported. */
void conf_put(json_t *o, const char *key, const char *value);
void conf_put_duration(
    struct conf *c, cfg_t *sec, json_t *o, const char *key, const char *otherwise);
void conf_put_size(struct conf *c, cfg_t *sec, json_t *o, const char *key,
    const char *name, int64_t otherwise);
bool conf_put_bool(struct conf *c, cfg_t *sec, json_t *o, const char *key);
/* Report what is none of the words, no zone, no regular expression (NULL then), and no
 * block of a kind in cfg. */
void conf_check_word(
    struct conf *c, cfg_t *sec, const char *key, const char *v, const char *const *words);
void conf_check_zone(struct conf *c, cfg_t *sec, const char *v);
pcre2_code *conf_check_pattern(
    struct conf *c, cfg_t *sec, const char *key, const char *pattern);
void conf_check_ref(struct conf *c, cfg_t *cfg, cfg_t *sec, const char *key,
    const char *v, const char *block);
void conf_check_refs(
    struct conf *c, cfg_t *cfg, cfg_t *sec, const char *key, const char *block);
/* Titles of all blocks of a kind, NULL-terminated. */
const char **conf_titles(struct conf *c, cfg_t *cfg, const char *block);
/* Calls each block of a kind with a new object that has its name. */
json_t *conf_each_block(struct conf *c, cfg_t *cfg, const char *block,
    void (*one)(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o));
/* lifecycle.c */
json_t *conf_lifecycles(struct conf *c, cfg_t *cfg);
void conf_check_queue_lifecycle(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o);
/* blocks.c: part "desk". */
json_t *conf_desk(struct conf *c, cfg_t *cfg);
extern const char *const conf_strategies[];
/* outside.c: how mail and events leave, into part "desk". */
void conf_outside(struct conf *c, cfg_t *cfg, json_t *o);
/* A server of others: url with one of two or more schemes, user, secret, auth, tls, ca,
 * pin, timeout. */
void conf_put_server(struct conf *c, cfg_t *sec, const char *const *schemes,
    const char *const *auth, json_t *o);
/* bridge_conf.c: channels other than mail, into part "desk". */
void conf_bridges(struct conf *c, cfg_t *cfg, json_t *o);
/* calendars.c: the calendars, compiled, into c->out; one by name, "24x7" too, or NULL. */
void conf_calendars(struct conf *c, cfg_t *cfg);
const struct calendar *conf_calendar(const struct conf *c, const char *name);
/* site_conf.c: web sites, into part "desk". */
void conf_sites(struct conf *c, cfg_t *cfg, json_t *o);
/* phone_conf.c: the telephone, into part "desk". */
void conf_phone(struct conf *c, cfg_t *cfg, json_t *o);
/* bot_conf.c: robots, into part "desk"; then what of them needs the whole of it. */
void conf_bots(struct conf *c, cfg_t *cfg, json_t *o);
void conf_check_bots(struct conf *c, cfg_t *cfg, const struct config *desk);
/* Reads a file of the desk ("canned/bye.md") as conf_take_named() does. */
const char *conf_take_file(struct conf *c, const char *name);
/* texts_conf.c: canned replies and templates, into c->out; is there one of this name? */
void conf_texts(struct conf *c, const struct config *desk);
bool conf_canned_known(const struct conf *c, const char *name);
const char **conf_canned_names(struct conf *c);
/* Checks the {{names}} of a text; `line` is its first one's number in `file`. */
void conf_check_template(struct conf *c, const struct config *desk, const char *text,
    const char *file, int line);
/* Warns of a file. */
void conf_warn_at(struct conf *c, const char *file, int line, const char *text);
/* sla_conf.c: part "sla". */
json_t *conf_slas(struct conf *c, cfg_t *cfg, const struct config *desk);
/* check.c: a query, checked and printed into o; its tree, or NULL when it is wrong. */
struct node *conf_check_query(struct conf *c, cfg_t *sec, const char *key,
    const struct query_scope *scope, json_t *o, const char *as);
/* check.c: everything tkt.conf means; fills c->out. */
void conf_check(struct conf *c, cfg_t *cfg);

#endif
