/* Making a compiled tkt.conf the version that runs, and compiling an old one anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"
#include "policy/policy.h"
#include "policy/sla.h"

/* ---- parts ---- */

static void
add_named(json_t *parts, const char *kind, json_t *of)
{
	const char *name;
	json_t *v;

	json_object_foreach(of, name, v)
	{
		char *part = talloc_asprintf(NULL, "%s:%s", kind, name);

		json_object_set(parts, part, v);
		talloc_free(part);
	}
}

json_t *
conf_parts(const struct compiled *c)
{
	json_t *parts = json_pack("{s:O,s:O,s:O,s:O}", "desk", c->desk, "rules", c->rules,
	    "sla", c->sla, "source", c->source);

	add_named(parts, "calendar", c->calendars);
	add_named(parts, "days", c->days);
	add_named(parts, "texts", c->texts);
	return parts;
}

/* Parts with a name are large and rarely new: a version holds only those that are. */
static bool
is_kept(const char *part)
{
	return strchr(part, ':') != NULL;
}

/* Which parts differ from what runs; *same when none does. */
static enum rc
compare(struct store *s, int64_t version, json_t *parts, json_t *differ, bool *same,
    struct err *err)
{
	const char *part;
	json_t *v;

	*same = version > 0;
	json_object_foreach(parts, part, v)
	{
		const char *id = NULL;
		enum rc rc = version_find(s, s, version, part, &id, err);

		if (rc != RC_OK && rc != RC_NONE)
			return rc;
		if (rc == RC_OK && strcmp(id, version_part_id(s, v)) == 0)
			continue;
		*same = false;
		json_object_set_new(differ, part, json_true());
	}
	return RC_OK;
}

/* ---- applying ---- */

static enum rc
write_version(struct store *s, int64_t old, json_t *parts, json_t *differ, int64_t event,
    struct event *e, struct err *err)
{
	json_t *hashes = record_own(s, json_object()), *changes, *v;
	const char *part;
	enum rc rc = RC_OK;

	json_object_foreach(parts, part, v)
	{
		if (is_kept(part) && json_object_get(differ, part) == NULL)
			continue;
		rc = version_add(s, old + 1, part, v, e->at, event, hashes, err);
		if (rc != RC_OK)
			return rc;
	}
	changes =
	    json_pack("{s:[o,I],s:O}", "version", old ? json_integer(old) : json_null(),
		(json_int_t)(old + 1), "parts", hashes);
	e->changes = event_changes(s, changes);
	json_decref(changes);
	return RC_OK;
}

enum rc
conf_apply(struct store *s, const char *actor, int64_t now, const struct compiled *c,
    const char *action, int64_t *version, struct err *err)
{
	struct chain chain;
	struct event e = {.at = now, .actor = actor, .action = action};
	json_t *parts = record_own(s, conf_parts(c)),
	       *differ = record_own(s, json_object());
	int64_t old = 0;
	bool same = false;
	enum rc rc = store_write(s, err);

	if (rc != RC_OK)
		return rc;
	rc = version_newest(s, &old, err);
	if (rc == RC_OK)
		rc = compare(s, old, parts, differ, &same, err);
	if (rc == RC_OK && same) {
		store_rollback(s);
		*version = 0;
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = chain_end(s, &chain, err);
	if (rc == RC_OK) {
		/* It acts from the instant of its event on (S29). */
		e.at = now > chain.at ? now : chain.at;
		rc = write_version(s, old, parts, differ, chain.id + 1, &e, err);
	}
	if (rc == RC_OK)
		rc = event_append(s, &chain, &e, err);
	if (rc == RC_OK && old == 0) /* no ticket has to follow the first one */
		rc = store_meta_set(s, sla_followed_key, "1", err);
	if (rc != RC_OK) {
		store_rollback(s);
		return rc;
	}
	*version = old + 1;
	return store_commit(s, err);
}

/* ---- compiling a version anew ---- */

static void
remove_files(void *ctx, const char *dir, json_t *source)
{
	const char *name;
	json_t *v;

	json_object_foreach(source, name, v)
	{
		char *path = talloc_asprintf(ctx, "%s/%s", dir, name);

		unlink(path);
		for (char *slash = strrchr(path, '/'); slash > path + strlen(dir);
		     slash = strrchr(path, '/')) {
			*slash = '\0';
			if (rmdir(path) != 0)
				break;
		}
	}
	rmdir(dir);
}

enum rc
conf_recompile(void *ctx, json_t *source, const struct conf_want *want,
    struct compiled *out, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir =
	    talloc_asprintf(ctx, "%s/tkt-conf.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct conf_want here = *want;
	enum rc rc;

	/* libConfuse reads files, so files they become. */
	if (mkdtemp(dir) == NULL)
		return err_errno(err, "%s", dir);
	rc = conf_unpack(ctx, dir, source, err);
	here.file = talloc_asprintf(ctx, "%s/tkt.conf", dir);
	if (rc == RC_OK)
		rc = conf_compile(ctx, &here, out, err);
	remove_files(ctx, dir, source);
	return rc;
}
