/* Applied versions: rows of parts, each a JSON text with its hash. */
#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "base/text.h"
#include "desk/desk.h"

SQL(sql_version_newest, "SELECT max(id) FROM version");
SQL(sql_version_part, "SELECT content, sha256 FROM version WHERE id = ?1 AND part = ?2");
SQL(sql_version_add, "INSERT INTO version (id, part, at, sha256, content, event) "
		     "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
/* A part is of the version that holds it and of the later ones, until one holds another.
 */
SQL(sql_version_find, "SELECT id, sha256 FROM version WHERE id <= ?1 AND part = ?2 "
		      "ORDER BY id DESC LIMIT 1");

enum rc
version_newest(struct store *s, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_version_newest, &st, err);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
version_part(struct store *s, int64_t id, const char *part, json_t **o, struct err *err)
{
	struct stmt *st;
	unsigned char real[BLOB_HASH];
	const void *content, *hash;
	size_t n, hn;
	enum rc rc = store_prepare(s, sql_version_part, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	bind_text(st, 2, part);
	rc = stmt_step(st, err);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_NOTFOUND,
		    "no version %lld of the configuration (see tkt-config versions)",
		    (long long)id);
	if (rc == RC_OK) {
		content = col_blob(st, 0, &n);
		hash = col_blob(st, 1, &hn);
		crypto_hash_sha256(real, content, n);
		*o = hn == sizeof(real) && memcmp(real, hash, hn) == 0
			 ? json_loadb(content, n, JSON_DECODE_ANY, NULL)
			 : NULL;
		if (*o == NULL)
			rc = err_fail(err, RC_CONFIG,
			    "version %lld of the configuration is damaged",
			    (long long)id);
	}
	stmt_done(st);
	return rc;
}

static enum rc
find(void *ctx, struct store *s, int64_t version, const char *part, int64_t *holder,
    const char **id, struct err *err)
{
	struct stmt *st;
	size_t n;
	const void *hash;
	enum rc rc = store_prepare(s, sql_version_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, version);
	bind_text(st, 2, part);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		*holder = col_int(st, 0);
		hash = col_blob(st, 1, &n);
		*id = text_hex(ctx, hash, n);
	}
	stmt_done(st);
	return rc;
}

enum rc
version_find(void *ctx, struct store *s, int64_t version, const char *part,
    const char **id, struct err *err)
{
	int64_t holder;

	return find(ctx, s, version, part, &holder, id, err);
}

enum rc
version_held(
    struct store *s, int64_t version, const char *part, json_t **o, struct err *err)
{
	const char *id = NULL;
	int64_t holder = 0;
	enum rc rc = find(s, s, version, part, &holder, &id, err);

	return rc == RC_OK ? version_part(s, holder, part, o, err) : rc;
}

char *
version_part_id(void *ctx, const json_t *o)
{
	unsigned char hash[BLOB_HASH];
	char *text = record_canonical(ctx, o), *hex;

	crypto_hash_sha256(hash, (unsigned char *)text, strlen(text));
	hex = text_hex(ctx, hash, sizeof(hash));
	talloc_free(text);
	return hex;
}

enum rc
version_add(struct store *s, int64_t id, const char *part, json_t *o, int64_t at,
    int64_t event, json_t *hashes, struct err *err)
{
	struct stmt *st;
	unsigned char hash[BLOB_HASH];
	char *text, *hex;
	enum rc rc = store_prepare(s, sql_version_add, &st, err);

	if (rc != RC_OK)
		return rc;
	text = record_canonical(s, o);
	crypto_hash_sha256(hash, (unsigned char *)text, strlen(text));
	hex = text_hex(text, hash, sizeof(hash));
	json_object_set_new(hashes, part, json_string(hex));
	bind_int(st, 1, id);
	bind_text(st, 2, part);
	bind_int(st, 3, at);
	bind_blob(st, 4, hash, sizeof(hash));
	bind_blob(st, 5, text, strlen(text));
	bind_opt(st, 6, event);
	return stmt_run(st, err);
}

enum rc
desk_outdated(const struct desk *d, bool *yes, struct err *err)
{
	int64_t version = 0;
	enum rc rc = version_newest(d->store, &version, err);

	*yes = rc == RC_OK && version != d->config->version;
	return rc;
}

enum rc
desk_renew(void *ctx, struct desk **d, const char *as, bool *changed, struct err *err)
{
	struct desk_want want = {.dir = (*d)->dir, .as = as, .write = true};
	struct desk *newer = NULL;
	enum rc rc = desk_outdated(*d, changed, err);

	if (rc != RC_OK || !*changed)
		return rc;
	rc = desk_open(ctx, &want, &newer, err);
	if (rc == RC_OK) {
		talloc_free(*d);
		*d = newer;
	}
	return rc;
}
