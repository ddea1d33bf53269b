/* What the files of the store share. */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <sqlite3.h>

#include "store/store.h"

#define STMT_CACHE 256 /* a power of two, more than there are statements */

/* A blob under its temporary name. */
struct new_blob {
	char *tmp, *path;
	int fd; /* -1: too many to be held open */
};

/* A message's words. */
struct new_words {
	int64_t message;
	char *subject, *body; /* subject NULL for none */
};

struct store {
	sqlite3 *db;
	char *dir;
	enum store_mode mode;
	int lock; /* descriptor of store.lock, or -1 */
	int dirfd;
	bool writing, reading, changed_blobs;
	struct stmt *cache[STMT_CACHE];
	char **fresh; /* directories of blobs that await blob_sync */
	size_t nfresh;
	struct new_blob *new_blobs; /* blobs that await it themselves */
	size_t nnew_blobs;
	struct new_words *words; /* what waits for the commit to be indexed */
	size_t nwords, saved_words, room_words; /* saved: at the savepoint */
};

struct stmt {
	sqlite3_stmt *st;
	struct store *store;
	const char *sql;
	int rc; /* first failed bind */
	bool cached, busy;
};

/* One step of the schema: its SQL is compiled in. */
struct migration {
	int number;
	const char *name;
	const char *sql;
	bool instant;
	const char *sha256;
};
extern const struct migration migrations[]; /* ends with number 0 */

/* Turns an engine's result into ours, with the engine's words. */
enum rc store_error(struct store *s, int rc, const char *sql, struct err *err);
enum rc store_script(struct store *s, const char *sql, struct err *err) CHECKED;
/* migrate.c */
enum rc store_migrate(struct store *s, bool also_long, struct err *err) CHECKED;
/* blob.c: removes what was put and never synced. */
void blob_forget(struct store *s);
/* search.c: indexes what waits, just before the commit; or forgets all but the first n.
 */
enum rc index_flush(struct store *s, struct err *err) CHECKED;
void index_forget(struct store *s, size_t n);
/* bell.c */
void bell_ring(struct store *s);

#endif
