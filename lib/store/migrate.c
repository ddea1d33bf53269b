/* Migrations: the schema is the sum of numbered scripts, compiled in and checksummed. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "store/store_priv.h"

int
store_schema(struct store *s)
{
	sqlite3_stmt *st;
	int v = -1;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return v;
}

int
store_schema_newest(void)
{
	int newest = 0;

	for (const struct migration *m = migrations; m->number != 0; m++)
		newest = m->number;
	return newest;
}

static enum rc
apply(struct store *s, const struct migration *m, struct err *err)
{
	char *note = talloc_asprintf(s,
	    "INSERT INTO migration (number, name, sha256, at) VALUES (%d, '%s', '%s', "
	    "%lld);"
	    "PRAGMA user_version=%d;",
	    m->number, m->name, m->sha256, (long long)now_ms(), m->number);
	enum rc rc = store_script(s, m->sql, err);

	if (rc == RC_OK)
		rc = store_script(s, note, err);
	return rc == RC_OK ? rc : err_wrap(err, "migration %s", m->name);
}

enum rc
store_migrate(struct store *s, bool also_long, struct err *err)
{
	int have = store_schema(s), newest = store_schema_newest();
	enum rc rc = RC_OK;

	if (have == newest)
		return RC_OK;
	if (have < 0)
		return store_error(s, sqlite3_errcode(s->db), NULL, err);
	if (have > newest)
		return err_fail(err, RC_CONFIG,
		    "the store has schema %d, this program knows up to %d: a newer tkt "
		    "made it",
		    have, newest);
	if (have == 0 && s->mode != STORE_CREATE)
		return err_fail(err, RC_CONFIG, "%s/store.db is not a tkt store", s->dir);
	for (const struct migration *m = migrations; m->number != 0; m++) {
		if (m->number > have &&
		    ((!m->instant && !also_long) || s->mode == STORE_READ))
			return err_fail(err, RC_CONFIG,
			    "the store has schema %d, this program needs %d: run "
			    "tkt-init --upgrade",
			    have, newest);
	}
	rc = store_write(s, err);
	if (rc != RC_OK)
		return rc;
	have = store_schema(s); /* somebody else may have been first */
	for (const struct migration *m = migrations; rc == RC_OK && m->number != 0; m++) {
		if (m->number > have)
			rc = apply(s, m, err);
	}
	if (rc == RC_OK)
		return store_commit(s, err);
	store_rollback(s);
	return rc;
}

enum rc
store_upgrade(struct store *s, const char *copy, struct err *err)
{
	struct stmt *st;
	enum rc rc;

	if (store_schema(s) == store_schema_newest())
		return RC_OK;
	rc = store_prepare_once(s, "VACUUM INTO ?1", &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, copy);
	rc = stmt_run(st, err);
	return rc == RC_OK ? store_migrate(s, true, err) : rc;
}
