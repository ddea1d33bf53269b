/* limits: what the machine gives, measured beside us in the same run.
 * limits empty                   does nothing: fork, exec, exit
 * limits insert STORE            one durable transaction with the rows of one new ticket
 * limits bulk STORE COUNT        the same rows, 500 tickets a transaction
 * limits locked STORE            as insert, in the queue of flock(2) */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static sqlite3 *db;
static sqlite3_stmt *st[6];
static const char *const sql[] = {"INSERT INTO customer (name) VALUES ('')",
    "INSERT INTO address (kind, value, customer) VALUES ('email', ?1, "
    "last_insert_rowid())",
    "INSERT INTO ticket (subject, queue, status, phase, priority, kind, channel, "
    "mailbox, "
    "requester, created_at, updated_at, last_event) VALUES ('a subject of six words or "
    "so', "
    "'inbox', 'new', 0, 1, 'question', 'cli', 'support', (SELECT max(id) FROM customer), "
    "?2, "
    "?2, (SELECT max(id) FROM event) + 1)",
    "INSERT INTO event (id, ticket, at, actor, action, changes, digest, hash) VALUES "
    "((SELECT "
    "max(id) FROM event) + 1, (SELECT max(id) FROM ticket), ?2, 'system', "
    "'ticket.created', "
    "?3, zeroblob(32), zeroblob(32))",
    "INSERT INTO message (id, ticket, kind, direction, channel, class, author, "
    "created_at, "
    "subject, body) VALUES ((SELECT max(id) FROM event), (SELECT max(id) FROM ticket), "
    "'reply', 'in', 'cli', 'human', 'customer:1', ?2, 'a subject of six words or so', "
    "?4)",
    "INSERT INTO search (rowid, subject, body) SELECT id, subject, body FROM message "
    "WHERE id "
    "= (SELECT max(id) FROM message)"};

static void
insert(const char *body, long n)
{
	char changes[900], address[80];

	memset(changes, 'x', sizeof(changes) - 1);
	changes[sizeof(changes) - 1] = '\0';
	snprintf(address, sizeof(address), "l%ld.%ld.%ld@example.com", (long)time(NULL),
	    (long)getpid(), n);
	for (int i = 0; i < 6; i++) {
		if (st[i] == NULL &&
		    sqlite3_prepare_v2(db, sql[i], -1, &st[i], NULL) != SQLITE_OK) {
			fprintf(stderr, "limits: %s\n", sqlite3_errmsg(db));
			exit(1);
		}
		sqlite3_bind_text(st[i], 1, address, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(st[i], 2, (sqlite3_int64)time(NULL) * 1000);
		sqlite3_bind_text(st[i], 3, changes, -1, SQLITE_STATIC);
		sqlite3_bind_text(st[i], 4, body, -1, SQLITE_STATIC);
		if (sqlite3_step(st[i]) != SQLITE_DONE)
			fprintf(stderr, "limits: %s\n", sqlite3_errmsg(db));
		sqlite3_reset(st[i]);
	}
}

/* The body of the n-th draft of run.sh: the same words, so the same work for the index.
 */
static const char *
words(long n)
{
	static char body[1400];

	for (long i = 0; i < 199; i++)
		snprintf(body + 6 * i, sizeof(body) - (size_t)(6 * i), "wo%03ld ",
		    (n * 7 + i * 13) % 997);
	return body;
}

int
main(int argc, char **argv)
{
	bool bulk = argc > 1 && strcmp(argv[1], "bulk") == 0;
	long count = argc > 3 ? atol(argv[3]) : 1;
	char lock[4096];
	int fd = -1;

	if (argc < 3)
		return 0;
	snprintf(lock, sizeof(lock), "%s.lock", argv[2]);
	if (sqlite3_open(argv[2], &db) != SQLITE_OK)
		return 1;
	sqlite3_busy_timeout(db, 30000);
	sqlite3_exec(
	    db, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON", NULL, NULL, NULL);
	if (strcmp(argv[1], "locked") == 0) {
		fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		flock(fd, LOCK_EX);
	}
	for (long n = 0; n < count;) {
		sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		for (int i = 0; i < 500 && n < count; i++, n++)
			insert(bulk ? words(n) : "some text some text some text", n);
		if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
			return 1;
	}
	if (fd >= 0)
		flock(fd, LOCK_UN);
	for (int i = 0; i < 6; i++)
		sqlite3_finalize(st[i]);
	sqlite3_close(db);
	return 0;
}
