/* The phone block of tkt.conf. */
#include <string.h>

#include "base/text.h"
#include "policy/conf_priv.h"

static void
put_digits(struct conf *c, cfg_t *sec, const char *key, size_t max, json_t *o)
{
	const char *v = conf_get(sec, key);

	if (v != NULL && (strspn(v, "0123456789") != strlen(v) || strlen(v) > max))
		conf_wrong(c, sec, key, "%s \"%s\": digits, at most %zu", key, v, max);
	conf_put(o, key, v);
}

/* They become words of commands to the switch, and names of files. */
static void
put_path(struct conf *c, cfg_t *sec, const char *key, bool whole, json_t *o)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789/_.-";
	const char *v = conf_get(sec, key);

	if (v != NULL && (strspn(v, good) != strlen(v) || strstr(v, "..") != NULL ||
			     (whole && *v != '/')))
		conf_wrong(c, sec, key,
		    whole ? "%s \"%s\": a folder by its whole path, of letters, digits, "
			    "- _ . and /"
			  : "%s \"%s\": letters, digits, - _ . and /",
		    key, v);
	conf_put(o, key, v);
}

static void
put_voicemail(struct conf *c, cfg_t *sec, json_t *o)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cfg_size(sec, "voicemail"); i++) {
		const char *v = cfg_getnstr(sec, "voicemail", i);
		struct person_address a = {0};
		struct err bad;

		if (address_parse(c->ctx, v, &a, &bad) != RC_OK ||
		    strcmp(a.kind, "email") != 0)
			conf_wrong(
			    c, sec, "voicemail", "voicemail \"%s\": a mail address", v);
		else
			json_array_append_new(list, json_string(a.value));
	}
	json_object_set_new(o, "voicemail", list);
}

void
conf_phone(struct conf *c, cfg_t *cfg, json_t *desk)
{
	static const char *const status[] = {"any", "proven", "none", NULL},
				 *const missed[] = {"ticket", "none", NULL};
	cfg_t *sec = cfg_size(cfg, "phone") > 0 ? cfg_getsec(cfg, "phone") : NULL;
	json_t *o;

	if (sec == NULL)
		return;
	o = json_object();
	put_digits(c, sec, "country", 3, o);
	put_digits(c, sec, "trunk", 3, o);
	conf_check_ref(c, cfg, sec, "queue", conf_get(sec, "queue"), "queue");
	conf_put(o, "queue", conf_get(sec, "queue"));
	put_path(c, sec, "sounds", false, o);
	put_path(c, sec, "recordings", true, o);
	conf_check_zone(c, sec, conf_get(sec, "timezone"));
	conf_put(o, "timezone", conf_get(sec, "timezone"));
	conf_check_word(c, sec, "status", conf_get(sec, "status"), status);
	conf_put(o, "status", conf_get(sec, "status"));
	conf_check_word(c, sec, "missed", conf_get(sec, "missed"), missed);
	conf_put(o, "missed", conf_get(sec, "missed"));
	put_voicemail(c, sec, o);
	conf_put_duration(c, sec, o, "message", "2m");
	conf_put_size(c, sec, o, "extension", "extension", PHONE_EXTENSION);
	json_object_set_new(desk, "phone", o);
}
