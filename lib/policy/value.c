/* One value of tkt.conf at a time: read, checked, put into the compiled JSON. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"

/* ---- reading one value ---- */

const char *
conf_get(cfg_t *sec, const char *key)
{
	const char *v = cfg_getstr(sec, key);

	return v && *v ? v : NULL;
}

json_t *
conf_list(cfg_t *sec, const char *key)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < cfg_size(sec, key); i++)
		json_array_append_new(a, json_string(cfg_getnstr(sec, key, i)));
	return a;
}

void
conf_put(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

void
conf_put_duration(
    struct conf *c, cfg_t *sec, json_t *o, const char *key, const char *otherwise)
{
	const char *v = conf_get(sec, key);
	int64_t ms = 0;

	if (!duration_parse(v ? v : otherwise, &ms))
		conf_wrong(
		    c, sec, key, "%s \"%s\" is no duration: use 30m, 4h, 7d", key, v);
	json_object_set_new(o, key, json_integer(ms));
}

/* "50MB", "1000", "256kB" */
static bool
size_parse(const char *s, int64_t *n)
{
	static const struct {
		const char *unit;
		int64_t times;
	} units[] = {{"", 1}, {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}};
	char *end;

	*n = strtoll(s, &end, 10);
	if (end == s || *n < 0 || *n > 1000000000)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*n *= units[i].times;
			return true;
		}
	}
	return false;
}

void
conf_put_size(struct conf *c, cfg_t *sec, json_t *o, const char *key, const char *name,
    int64_t otherwise)
{
	const char *v = sec ? conf_get(sec, key) : NULL;
	int64_t n = otherwise;

	if (v != NULL && !size_parse(v, &n))
		conf_wrong(
		    c, sec, key, "%s \"%s\" is no size: use 1000, 256kB, 50MB", key, v);
	json_object_set_new(o, name, json_integer(n));
}

bool
conf_put_bool(struct conf *c, cfg_t *sec, json_t *o, const char *key)
{
	const char *v = conf_get(sec, key);

	if (v == NULL)
		return false;
	if (strcmp(v, "true") != 0 && strcmp(v, "false") != 0)
		conf_wrong(c, sec, key, "%s \"%s\" is not true or false", key, v);
	json_object_set_new(o, key, json_boolean(strcmp(v, "true") == 0));
	return strcmp(v, "true") == 0;
}

void
conf_check_word(
    struct conf *c, cfg_t *sec, const char *key, const char *v, const char *const *words)
{
	if (v != NULL && word_index(words, v) < 0)
		conf_wrong(c, sec, key, "%s \"%s\": unknown%s", key, v,
		    text_hint(c->ctx, v, words));
}

void
conf_check_zone(struct conf *c, cfg_t *sec, const char *v)
{
	if (v != NULL && !instant_zone_known(v))
		conf_wrong(
		    c, sec, "timezone", "timezone \"%s\" is not in the tz database", v);
}

/* A regular expression, or NULL and an error. */
pcre2_code *
conf_check_pattern(struct conf *c, cfg_t *sec, const char *key, const char *pattern)
{
	int number;
	size_t at;
	pcre2_code *code = pcre2_compile(
	    (PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &number, &at, NULL);

	if (code == NULL)
		conf_wrong(
		    c, sec, key, "%s \"%s\" is wrong at byte %zu", key, pattern, at);
	return code;
}

bool
conf_url_ok(const char *url)
{
	const char *host = text_starts(url, "https://")	 ? url + 8
			   : text_starts(url, "http://") ? url + 7
							 : NULL;

	if (host == NULL)
		return false;
	for (const char *s = url; *s != '\0'; s++) {
		if (*s <= ' ' || *s == '"' || *s == '\\' || *s >= 0x7f)
			return false;
	}
	return strcspn(host, "/?#:") > 0 &&
	       memchr(host, '@', strcspn(host, "/?#")) == NULL;
}

/* ---- titles: what is named where ---- */

const char **
conf_titles(struct conf *c, cfg_t *cfg, const char *block)
{
	const char **v = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < cfg_size(cfg, block); i++)
		text_push(c->ctx, &v, &n, cfg_title(cfg_getnsec(cfg, block, i)));
	return v ? v : mem_array(c->ctx, const char *, 1);
}

void
conf_check_ref(struct conf *c, cfg_t *cfg, cfg_t *sec, const char *key, const char *v,
    const char *block)
{
	const char **names = conf_titles(c, cfg, block);

	if (v != NULL && word_index(names, v) < 0)
		conf_wrong(c, sec, key, "%s \"%s\": no such %s%s", key, v, block,
		    text_hint(c->ctx, v, names));
}

void
conf_check_refs(
    struct conf *c, cfg_t *cfg, cfg_t *sec, const char *key, const char *block)
{
	for (unsigned i = 0; i < cfg_size(sec, key); i++)
		conf_check_ref(c, cfg, sec, key, cfg_getnstr(sec, key, i), block);
}

/* Calls each block of a kind with a new object that has its name. */
json_t *
conf_each_block(struct conf *c, cfg_t *cfg, const char *block,
    void (*one)(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o))
{
	json_t *a = json_array();

	for (unsigned i = 0; i < cfg_size(cfg, block); i++) {
		cfg_t *sec = cfg_getnsec(cfg, block, i);
		json_t *o = json_object();

		if (!text_is_name(cfg_title(sec), NAME_MAX_BYTES))
			conf_wrong(c, sec, NULL,
			    "%s \"%s\": a name has small letters, digits, - and _, at "
			    "most %d",
			    block, cfg_title(sec), NAME_MAX_BYTES);
		conf_put(o, "name", cfg_title(sec));
		one(c, cfg, sec, o);
		json_array_append_new(a, o);
	}
	return a;
}
