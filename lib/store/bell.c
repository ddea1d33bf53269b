/* The bell: a file touched after each commit; followers sleep on it by inotify(7). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "store/store_priv.h"

/* A writer that dies between commit and bell is noticed by PRAGMA data_version. */
enum { LOOK_MS = 1000 };

struct bell {
	struct store *s;
	int fd;
	int64_t version;
};

void
bell_ring(struct store *s)
{
	int fd;

	if (utimensat(s->dirfd, "bell", NULL, 0) == 0)
		return;
	fd = openat(s->dirfd, "bell", O_WRONLY | O_CREAT | O_CLOEXEC, 0660);
	if (fd >= 0)
		close(fd);
}

static int64_t
data_version(struct store *s)
{
	sqlite3_stmt *st;
	int64_t v = 0;

	if (sqlite3_prepare_v2(s->db, "PRAGMA data_version", -1, &st, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

static int
bell_close(struct bell *b)
{
	if (b->fd >= 0)
		close(b->fd);
	return 0;
}

enum rc
bell_open(void *ctx, struct store *s, struct bell **out, struct err *err)
{
	struct bell *b = talloc_zero(ctx, struct bell);
	char *path = talloc_asprintf(b, "%s/bell", s->dir);
	struct stat sb;

	b->s = s;
	b->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	talloc_set_destructor(b, bell_close);
	if (stat(path, &sb) != 0)
		bell_ring(s);
	if (b->fd < 0 || inotify_add_watch(b->fd, path, IN_ATTRIB) < 0) {
		err_errno(err, "%s", path);
		talloc_free(b);
		return err->rc;
	}
	b->version = data_version(s);
	*out = b;
	return RC_OK;
}

int
bell_fd(const struct bell *b)
{
	return b->fd;
}

enum rc
bell_wait(struct bell *b, int64_t ms, struct err *err)
{
	int64_t end = now_ms() + ms;
	char events[4096];

	for (;;) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};
		int64_t left = end - now_ms(), v;
		int n;

		if (left < 0)
			left = 0;
		n = poll(&p, 1, (int)(left < LOOK_MS ? left : LOOK_MS));
		if (n < 0 && errno == EINTR)
			return RC_NONE;
		if (n < 0)
			return err_errno(err, "waiting for the bell");
		while (n > 0 && read(b->fd, events, sizeof(events)) > 0)
			;
		v = data_version(b->s);
		if (n > 0 || v != b->version) {
			b->version = v;
			return RC_OK;
		}
		if (left == 0)
			return RC_NONE;
	}
}
