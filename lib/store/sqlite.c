/* SQLite: connection, the single writer, snapshots, statements. */
#include "store/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <talloc.h>
#include <unistd.h>

enum { MMAP_SIZE = 256 * 1024 * 1024, CACHE_KIB = 8192 };

enum rc
store_error(struct store *s, int code, const char *sql, struct err *err)
{
	const char *words = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code);
	int os = s->db ? sqlite3_system_errno(s->db) : 0;
	enum rc rc;

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
		rc = RC_BUSY;
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		rc = os == ENOSPC || os == EDQUOT || os == EMFILE ? RC_BUSY : RC_IO;
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		rc = RC_IO;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		rc = RC_IO;
		break;
	case SQLITE_CONSTRAINT:
		rc = RC_EXISTS;
		break;
	case SQLITE_INTERRUPT:
		rc = RC_BUSY;
		break;
	default:
		rc = RC_BUG;
	}
	if (rc == RC_BUG && sql != NULL)
		return err_fail(err, rc, "store: %s in \"%s\"", words, sql);
	return err_fail(err, rc, "store: %s", words);
}

enum rc
store_script(struct store *s, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? RC_OK : store_error(s, rc, sql, err);
}

static int
store_close(struct store *s)
{
	blob_forget(s);
	for (size_t i = 0; i < STMT_CACHE; i++) {
		if (s->cache[i] != NULL)
			sqlite3_finalize(s->cache[i]->st);
	}
	sqlite3_close_v2(s->db);
	if (s->lock >= 0)
		close(s->lock);
	if (s->dirfd >= 0)
		close(s->dirfd);
	return 0;
}

/* A WAL store is read by somebody who cannot write its directory only while no log is
 * left; the owner rule makes that rare, so it is simply an I/O error with its words. */
static enum rc
connect_file(struct store *s, struct err *err)
{
	char *path = talloc_asprintf(s, "%s/store.db", s->dir);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, rc;
	struct stat sb;

	if (s->mode == STORE_CREATE)
		flags |= SQLITE_OPEN_CREATE;
	else if (stat(path, &sb) != 0)
		return err_errno(err, "%s", path);
	rc = sqlite3_open_v2(path, &s->db, flags, NULL);
	if (rc != SQLITE_OK)
		return store_error(s, rc, NULL, err);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, 10000);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 1);
	path = talloc_asprintf(s,
	    "%sPRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-%d;"
	    "PRAGMA mmap_size=%d; PRAGMA temp_store=MEMORY; PRAGMA "
	    "journal_size_limit=67108864;%s",
	    s->mode == STORE_CREATE ? "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
				    : "",
	    CACHE_KIB, MMAP_SIZE, s->mode == STORE_READ ? "PRAGMA query_only=ON;" : "");
	return store_script(s, path, err);
}

enum rc
store_open(
    void *ctx, const char *dir, enum store_mode mode, struct store **out, struct err *err)
{
	struct store *s = talloc_zero(ctx, struct store);
	enum rc rc;

	s->dir = talloc_strdup(s, dir);
	s->mode = mode;
	s->lock = -1;
	s->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	talloc_set_destructor(s, store_close);
	if (s->dirfd < 0)
		rc = err_errno(err, "%s", dir);
	else
		rc = connect_file(s, err);
	if (rc == RC_OK && mode != STORE_UPGRADE)
		rc = store_migrate(s, mode == STORE_CREATE, err);
	if (rc != RC_OK) {
		talloc_free(s);
		return rc;
	}
	*out = s;
	return RC_OK;
}

/* ---- transactions ---- */

static void
on_alarm(int sig)
{
	(void)sig;
}

/* flock(2) queues fairly but knows no time limit: an interval timer interrupts it, again
 * and again in case one signal comes before the call. */
static enum rc
lock_turn(struct store *s, struct err *err)
{
	struct sigaction act = {.sa_handler = on_alarm}, old;
	struct itimerval tick = {{1, 0}, {1, 0}}, off = {{0, 0}, {0, 0}};
	int waited = 0, rc;

	if (s->lock < 0) {
		s->lock =
		    openat(s->dirfd, "store.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0660);
		if (s->lock < 0)
			return err_errno(err, "%s/store.lock", s->dir);
	}
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return RC_OK;
	sigemptyset(&act.sa_mask);
	sigaction(SIGALRM, &act, &old);
	setitimer(ITIMER_REAL, &tick, NULL);
	while ((rc = flock(s->lock, LOCK_EX)) != 0 && errno == EINTR &&
	       ++waited < STORE_WAIT_S)
		;
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	if (rc == 0)
		return RC_OK;
	if (errno == EINTR)
		return err_fail(err, RC_BUSY,
		    "the store is locked by another writer for %d s", STORE_WAIT_S);
	return err_errno(err, "%s/store.lock", s->dir);
}

enum rc
store_write(struct store *s, struct err *err)
{
	enum rc rc = lock_turn(s, err);

	if (rc != RC_OK)
		return rc;
	rc = store_script(s, "BEGIN IMMEDIATE", err);
	if (rc != RC_OK) {
		flock(s->lock, LOCK_UN);
		return rc;
	}
	s->writing = true;
	return RC_OK;
}

enum rc
store_commit(struct store *s, struct err *err)
{
	enum rc rc = index_flush(s, err);

	if (rc == RC_OK)
		rc = store_script(s, "COMMIT", err);
	if (rc != RC_OK) {
		store_rollback(s);
		return rc;
	}
	s->writing = false;
	flock(s->lock, LOCK_UN);
	bell_ring(s);
	return RC_OK;
}

void
store_rollback(struct store *s)
{
	if (!s->writing)
		return;
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	index_forget(s, 0);
	s->writing = false;
	flock(s->lock, LOCK_UN);
}

enum rc
store_secure(struct store *s, struct err *err)
{
	return store_script(s, "PRAGMA secure_delete = ON", err);
}

enum rc
store_keys(struct store *s, bool on, struct err *err)
{
	return store_script(
	    s, on ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF", err);
}

SQL(sql_check_keys,
    "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1 /* scan */");

enum rc
store_check_keys(struct store *s, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_check_keys, &st, err);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		rc = err_fail(err, RC_INVALID, "%s %lld names a %s that is not there",
		    col_text(st, 0), (long long)col_int(st, 1), col_text(st, 2));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
store_relax(struct store *s, bool on, struct err *err)
{
	return store_script(
	    s, on ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", err);
}

enum rc
store_savepoint(struct store *s, struct err *err)
{
	s->saved_words = s->nwords;
	return store_script(s, "SAVEPOINT record", err);
}

enum rc
store_release(struct store *s, struct err *err)
{
	return store_script(s, "RELEASE record", err);
}

void
store_rollback_to(struct store *s)
{
	sqlite3_exec(s->db, "ROLLBACK TO record; RELEASE record", NULL, NULL, NULL);
	index_forget(s, s->saved_words);
}

enum rc
store_read(struct store *s, struct err *err)
{
	enum rc rc = store_script(s, "BEGIN", err);

	s->reading = rc == RC_OK;
	return rc;
}

void
store_read_end(struct store *s)
{
	if (s->reading)
		sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	s->reading = false;
}

/* ---- statements ---- */

static enum rc
prepare(struct store *s, const char *sql, bool cached, struct stmt **out, struct err *err)
{
	struct stmt *st = talloc_zero(s, struct stmt);
	int rc;

	rc = sqlite3_prepare_v3(
	    s->db, sql, -1, cached ? SQLITE_PREPARE_PERSISTENT : 0, &st->st, NULL);
	if (rc != SQLITE_OK) {
		talloc_free(st);
		return store_error(s, rc, sql, err);
	}
	st->store = s;
	st->sql = sql;
	st->cached = cached;
	st->busy = true;
	*out = st;
	return RC_OK;
}

enum rc
store_prepare(struct store *s, const char *sql, struct stmt **out, struct err *err)
{
	size_t i = ((uintptr_t)sql >> 4) & (STMT_CACHE - 1);
	enum rc rc;

	while (s->cache[i] != NULL && s->cache[i]->sql != sql)
		i = (i + 1) & (STMT_CACHE - 1);
	if (s->cache[i] != NULL) {
		if (s->cache[i]->busy) /* an outer loop still steps through it */
			return prepare(s, sql, false, out, err);
		s->cache[i]->busy = true;
		*out = s->cache[i];
		return RC_OK;
	}
	rc = prepare(s, sql, true, out, err);
	if (rc == RC_OK)
		s->cache[i] = *out;
	return rc;
}

enum rc
store_prepare_once(struct store *s, const char *sql, struct stmt **out, struct err *err)
{
	return prepare(s, sql, false, out, err);
}

void
stmt_done(struct stmt *st)
{
	if (st == NULL)
		return;
	if (!st->cached) {
		sqlite3_finalize(st->st);
		talloc_free(st);
		return;
	}
	sqlite3_reset(st->st);
	sqlite3_clear_bindings(st->st);
	st->rc = SQLITE_OK;
	st->busy = false;
}

void
stmt_again(struct stmt *st)
{
	sqlite3_reset(st->st);
}

static void
bound(struct stmt *st, int rc)
{
	if (st->rc == SQLITE_OK)
		st->rc = rc;
}

void
bind_int(struct stmt *st, int i, int64_t v)
{
	bound(st, sqlite3_bind_int64(st->st, i, v));
}

void
bind_opt(struct stmt *st, int i, int64_t v)
{
	bound(st, v ? sqlite3_bind_int64(st->st, i, v) : sqlite3_bind_null(st->st, i));
}

void
bind_real(struct stmt *st, int i, double v)
{
	bound(st, sqlite3_bind_double(st->st, i, v));
}

/* Callers keep bound values until stmt_done, except those of temporary rows: a copy of a
 * few bytes is cheaper than the bug. Bodies are larger, and stay put. */
void
bind_text(struct stmt *st, int i, const char *v)
{
	size_t n = v ? strlen(v) : 0;

	if (v == NULL)
		bound(st, sqlite3_bind_null(st->st, i));
	else
		bound(st, sqlite3_bind_text64(st->st, i, v, n,
			      n > 4096 ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
bind_blob(struct stmt *st, int i, const void *v, size_t n)
{
	if (v == NULL)
		bound(st, sqlite3_bind_null(st->st, i));
	else
		bound(st, sqlite3_bind_blob64(st->st, i, v, n, SQLITE_TRANSIENT));
}

void
bind_null(struct stmt *st, int i)
{
	bound(st, sqlite3_bind_null(st->st, i));
}

enum rc
stmt_step(struct stmt *st, struct err *err)
{
	int rc = st->rc;

	if (rc != SQLITE_OK)
		return store_error(st->store, rc, st->sql, err);
	rc = sqlite3_step(st->st);
	if (rc == SQLITE_ROW)
		return RC_OK;
	if (rc == SQLITE_DONE)
		return RC_NONE;
	return store_error(st->store, rc, st->sql, err);
}

enum rc
stmt_run(struct stmt *st, struct err *err)
{
	enum rc rc;

	while ((rc = stmt_step(st, err)) == RC_OK)
		;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

int64_t
col_int(struct stmt *st, int i)
{
	return sqlite3_column_int64(st->st, i);
}

double
col_real(struct stmt *st, int i)
{
	return sqlite3_column_double(st->st, i);
}

const char *
col_text(struct stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st->st, i);
}

const void *
col_blob(struct stmt *st, int i, size_t *n)
{
	const void *b = sqlite3_column_blob(st->st, i);

	*n = (size_t)sqlite3_column_bytes(st->st, i);
	return b;
}

bool
col_null(struct stmt *st, int i)
{
	return sqlite3_column_type(st->st, i) == SQLITE_NULL;
}

char *
col_strdup(void *ctx, struct stmt *st, int i)
{
	const char *s = col_text(st, i);

	return s ? talloc_strndup(ctx, s, (size_t)sqlite3_column_bytes(st->st, i)) : NULL;
}

/* ---- the desk's own names and values ---- */

SQL(sql_meta_get, "SELECT value FROM meta WHERE key = ?1");
SQL(sql_meta_set, "INSERT INTO meta (key, value) VALUES (?1, ?2) "
		  "ON CONFLICT (key) DO UPDATE SET value = excluded.value");

enum rc
store_meta_get(struct store *s, void *ctx, const char *key, char **value, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_meta_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, key);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*value = col_strdup(ctx, st, 0);
	stmt_done(st);
	return rc;
}

enum rc
store_meta_set(struct store *s, const char *key, const char *value, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_meta_set, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, key);
	bind_text(st, 2, value);
	return stmt_run(st, err);
}

enum rc
store_plan(struct store *s, void *ctx, const char *sql, char **plan, struct err *err)
{
	char *explain = talloc_asprintf(ctx, "EXPLAIN QUERY PLAN %s", sql);
	struct stmt *st;
	enum rc rc = store_prepare_once(s, explain, &st, err);

	if (rc != RC_OK)
		return rc;
	*plan = talloc_strdup(ctx, "");
	while ((rc = stmt_step(st, err)) == RC_OK)
		*plan = talloc_asprintf_append(*plan, "%s\n", col_text(st, 3));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
store_check(struct store *s, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare_once(s, "PRAGMA integrity_check(1)", &st, err);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(st, err);
	if (rc == RC_OK && strcmp(col_text(st, 0), "ok") != 0)
		rc = err_fail(err, RC_INVALID, "%s", col_text(st, 0));
	stmt_done(st);
	if (rc != RC_OK)
		return rc;
	rc = store_prepare_once(s, "PRAGMA foreign_key_check", &st, err);
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		rc = err_fail(err, RC_INVALID, "table %s row %lld names a missing %s",
		    col_text(st, 0), (long long)col_int(st, 1), col_text(st, 2));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
store_copy(struct store *s, const char *path, struct err *err)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b = NULL;
	enum rc rc = RC_OK;
	int code;

	code = sqlite3_open_v2(path, &to,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, NULL);
	if (code == SQLITE_OK)
		b = sqlite3_backup_init(to, "main", s->db, "main");
	if (b == NULL)
		rc = err_fail(err, RC_IO, "%s: %s", path, sqlite3_errmsg(to));
	/* All pages in one step: one snapshot, however many commits go by. */
	while (rc == RC_OK && (code = sqlite3_backup_step(b, -1)) != SQLITE_DONE) {
		if (code != SQLITE_BUSY && code != SQLITE_LOCKED && code != SQLITE_OK)
			rc = store_error(s, code, NULL, err);
		else
			sqlite3_sleep(10);
	}
	if (b != NULL)
		code = sqlite3_backup_finish(b);
	if (rc == RC_OK && code != SQLITE_OK)
		rc = err_fail(err, RC_IO, "%s: %s", path, sqlite3_errmsg(to));
	/* The last connection of a copy with a log writes the log into it. */
	if (sqlite3_close(to) != SQLITE_OK && rc == RC_OK)
		rc = err_fail(err, RC_IO, "%s cannot be closed", path);
	return rc;
}
