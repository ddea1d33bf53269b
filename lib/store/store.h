/* The store: SQL connection, one writer, snapshots, schema, blobs, bell.
 *
 * One face for two engines. This area alone knows SQLite; sqlite.c and search.c hold what
 * an engine does its own way, and everything above writes SQL that SQLite >= 3.40 and
 * PostgreSQL >= 15 share. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* ---- opening ---- */

struct store;

enum store_mode {
	STORE_READ,    /* never writes */
	STORE_WRITE,   /* may call store_write */
	STORE_UPGRADE, /* as STORE_WRITE, but for store_upgrade() alone */
	STORE_CREATE   /* makes a new, empty store with the current schema */
};

/* Opens DIR/store.db. Instant migrations run by themselves (STORE_WRITE); a store that
 * needs a long one is RC_CONFIG ("run tkt-init --upgrade"), one newer than this program
 * RC_CONFIG with the version needed, none at all RC_NOTFOUND. Belongs to ctx; freeing it
 * closes it, and the last process to close writes the log back into the file. */
enum rc store_open(void *ctx, const char *dir, enum store_mode mode, struct store **s,
    struct err *err) CHECKED;
/* Schema numbers: of this store, and of this program. */
int store_schema(struct store *s);
int store_schema_newest(void);
/* Runs long migrations too, after a copy of the store to COPY. */
enum rc store_upgrade(struct store *s, const char *copy, struct err *err) CHECKED;

/* ---- transactions ---- */

#define STORE_WAIT_S 30 /* how long a writer waits for its turn; then RC_BUSY */

/* The writer's turn: waits in a queue of flock(2), then begins. All writers are in one
 * total order. Nothing is on disk before store_commit returns RC_OK; then it is synced.
 */
enum rc store_write(struct store *s, struct err *err) CHECKED;
enum rc store_commit(struct store *s, struct err *err) CHECKED;
void store_rollback(struct store *s);
/* Before a turn that brings rows in whatever order: foreign keys are not looked at row by
 * row (a parent that follows its children costs a scan each), but by store_check_keys;
 * whoever turns them off turns them on again behind the turn. */
enum rc store_keys(struct store *s, bool on, struct err *err) CHECKED;
/* RC_INVALID "message 7 names a ticket that is not there". */
enum rc store_check_keys(struct store *s, struct err *err) CHECKED;
/* What is deleted from now on is overwritten in the file, too. */
enum rc store_secure(struct store *s, struct err *err) CHECKED;
/* From now on a commit survives the end of the process, not of the machine: for what can
 * be done again (a lease, "it was sent"). Not within a turn. */
enum rc store_relax(struct store *s, bool on, struct err *err) CHECKED;
/* Nested, to undo one record of a batch. */
enum rc store_savepoint(struct store *s, struct err *err) CHECKED;
enum rc store_release(struct store *s, struct err *err) CHECKED;
void store_rollback_to(struct store *s);
/* A consistent snapshot until store_read_end. */
enum rc store_read(struct store *s, struct err *err) CHECKED;
void store_read_end(struct store *s);

/* ---- statements ---- */

/* SQL(name, "text") defines a statement and enters it into the registry, which one test
 * walks: every statement must prepare on a fresh schema, and scan no table of tickets,
 * messages or events unless it says "scan" in a comment. */
#define SQL(name, ...)                             \
	static const char name[] = __VA_ARGS__;    \
	static const char *const name##_registered \
	    __attribute__((section("store_sql"), used)) = name
extern const char *const __start_store_sql[] __attribute__((weak));
extern const char *const __stop_store_sql[] __attribute__((weak));

struct stmt;
/* Prepares, or takes from the cache, which goes by the text's address: pass the names
 * SQL() defined. Each must end with stmt_done before it is used again. */
enum rc store_prepare(
    struct store *s, const char *sql, struct stmt **st, struct err *err) CHECKED;
/* For text put together from fixed clauses: not cached, stmt_done frees it. */
enum rc store_prepare_once(
    struct store *s, const char *sql, struct stmt **st, struct err *err) CHECKED;
void stmt_done(struct stmt *st);
/* Ready for another run; what was bound stays. */
void stmt_again(struct stmt *st);

/* Binding by type, parameters from 1. A failure shows at the next step. */
void bind_int(struct stmt *st, int i, int64_t v);
void bind_opt(struct stmt *st, int i, int64_t v); /* 0 becomes NULL */
void bind_real(struct stmt *st, int i, double v);
void bind_text(struct stmt *st, int i, const char *v); /* NULL becomes NULL */
void bind_blob(struct stmt *st, int i, const void *v, size_t n);
void bind_null(struct stmt *st, int i);

/* RC_OK: a row; RC_NONE: no more. Errors carry the SQL and the engine's words. */
enum rc stmt_step(struct stmt *st, struct err *err) CHECKED;
/* Runs to the end and is done: RC_OK, never RC_NONE. */
enum rc stmt_run(struct stmt *st, struct err *err) CHECKED;

/* Columns from 0, valid until the next step. NULL reads as 0, NULL, 0. */
int64_t col_int(struct stmt *st, int i);
double col_real(struct stmt *st, int i);
const char *col_text(struct stmt *st, int i);
const void *col_blob(struct stmt *st, int i, size_t *n);
bool col_null(struct stmt *st, int i);
/* Copied to ctx; NULL stays NULL. */
char *col_strdup(void *ctx, struct stmt *st, int i);

/* Names and values of the desk itself: "desk", "test", "verified". */
enum rc store_meta_get(
    struct store *s, void *ctx, const char *key, char **value, struct err *err) CHECKED;
enum rc store_meta_set(
    struct store *s, const char *key, const char *value, struct err *err) CHECKED;

/* The engine's plan of a statement, one step a line, for the plan test. */
enum rc store_plan(
    struct store *s, void *ctx, const char *sql, char **plan, struct err *err) CHECKED;
/* The engine's own check of its file; RC_INVALID with its words. */
enum rc store_check(struct store *s, struct err *err) CHECKED;

/* A copy of it as it is at one moment, in a new file, by the engine's own backup: others
 * go on writing. */
enum rc store_copy(struct store *s, const char *path, struct err *err) CHECKED;

/* ---- full text ---- */

/* Indexed when the transaction commits: within it they are not found yet. Copied. */
void store_index_add(
    struct store *s, int64_t message, const char *subject, const char *body);
/* Takes a message's words away: subject and body as they were indexed. */
enum rc store_index_remove(struct store *s, int64_t message, const char *subject,
    const char *body, struct err *err) CHECKED;
/* Writes what waits to the index now, so that it does not wait in memory. */
enum rc store_index_flush(struct store *s, struct err *err) CHECKED;
/* Forgets what store_index_add() was told of a message in this transaction. */
void store_index_skip(struct store *s, int64_t message);
/* One bare word or phrase as the engine's match expression; joined by blanks they must
 * all occur in one message. `prefix`: the last word is the beginning of one. */
char *store_index_term(void *ctx, const char *words, bool prefix);
/* Fragments for statements that search: what to select from (message m joined to the
 * index; m.id orders newest last), the condition before a parameter that holds the match
 * expression, and the order by relevance. */
const char *store_index_from(void);
const char *store_index_where(void);
const char *store_index_rank(void);
/* Order of a statement that searches: newest first, and streamed so. */
const char *store_index_newest(void);
/* Condition that message m, given by other means, matches. */
const char *store_index_has(void);
/* Merges segments; done true when nothing was left to do. */
enum rc store_index_merge(struct store *s, bool *done, struct err *err) CHECKED;
/* The engine's own check that the index says what the messages say. */
enum rc store_index_check(struct store *s, struct err *err) CHECKED;
/* Builds it anew from the messages. */
enum rc store_index_rebuild(struct store *s, struct err *err) CHECKED;

/* ---- full text of articles: words are stems, separated by blanks ---- */

/* Title, tags, headings, body; in a write transaction, found at once. */
enum rc store_articles_add(
    struct store *s, int64_t n, const char *const fields[4], struct err *err) CHECKED;
/* One, or (0) all. */
enum rc store_articles_remove(struct store *s, int64_t n, struct err *err) CHECKED;
/* Fragments of statements: what to select from, the article's number, the condition
 * before a parameter that holds the match expression, and the rank: the smaller the
 * better; a title counts ten times the body, tags five, headings three. */
const char *store_articles_from(void);
const char *store_articles_id(void);
const char *store_articles_where(void);
const char *store_articles_rank(void);
/* The same match expression, but not in the body. */
char *store_articles_but_body(void *ctx, const char *match);

/* ---- blobs: files named by their SHA-256 below DIR/blobs ---- */

#define BLOB_HASH 32

/* Adds n bytes under a temporary name; blob_sync makes them durable and then gives them
 * their own. It must come before the commit of the row that names them, and before they
 * are read. */
enum rc blob_put(struct store *s, const void *data, size_t n,
    unsigned char hash[BLOB_HASH], struct err *err) CHECKED;
enum rc blob_sync(struct store *s, struct err *err) CHECKED;
/* All of it, in ctx. RC_NOTFOUND when there is none. */
enum rc blob_get(struct store *s, void *ctx, const unsigned char hash[BLOB_HASH],
    void **data, size_t *n, struct err *err) CHECKED;
/* Open for reading; the descriptor is the caller's to close. RC_NOTFOUND. */
enum rc blob_open(struct store *s, const unsigned char hash[BLOB_HASH], int *fd,
    int64_t *size, struct err *err) CHECKED;
bool blob_there(struct store *s, const unsigned char hash[BLOB_HASH]);
/* RC_OK when the file's content has its name's hash; RC_NOTFOUND, RC_INVALID else. */
enum rc blob_verify(
    struct store *s, const unsigned char hash[BLOB_HASH], struct err *err) CHECKED;
/* Removes blobs for which `named` says no and which are older than min_age_ms. */
enum rc blob_gc(struct store *s, int64_t min_age_ms,
    enum rc (*named)(
	void *arg, const unsigned char hash[BLOB_HASH], bool *yes, struct err *err),
    void *arg, int64_t *removed, struct err *err) CHECKED;

/* Removes one blob that `named` does not know and that nobody touched for min_age_ms. */
enum rc blob_drop(struct store *s, const unsigned char hash[BLOB_HASH],
    int64_t min_age_ms,
    enum rc (*named)(
	void *arg, const unsigned char hash[BLOB_HASH], bool *yes, struct err *err),
    void *arg, bool *removed, struct err *err) CHECKED;

/* ---- bell: rung after each commit ---- */

struct bell;
/* Starts listening. Belongs to ctx. */
enum rc bell_open(void *ctx, struct store *s, struct bell **b, struct err *err) CHECKED;
/* Readable when it may have rung, for who waits for other things, too (bell_wait with 0
 * ms then says). A writer that died before it rang is seen by calling that now and then.
 */
int bell_fd(const struct bell *b);
/* Waits until somebody committed since the last call, or until ms have passed (RC_NONE).
 * A signal ends it early (RC_NONE). */
enum rc bell_wait(struct bell *b, int64_t ms, struct err *err) CHECKED;

#endif
