/* Maildirs and mbox files. */
#include "channel/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

enum { STEP = 65536, READ_ON = 10 };

enum rc
mail_slurp(
    void *ctx, int fd, size_t max, char **raw, size_t *n, size_t *size, struct err *err)
{
	size_t room = STEP;
	struct stat sb;
	char *rest = NULL;
	ssize_t r;

	/* A file says how large it is. */
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_size > 0)
		room = (size_t)sb.st_size < max ? (size_t)sb.st_size + 1 : max + 1;
	*raw = mem_grow(ctx, NULL, char, room); /* not zeroed */
	*n = *size = 0;
	while (*size <= READ_ON * max) {
		if (*n == room && room <= max) {
			room = 2 * room < max + 1 ? 2 * room : max + 1;
			*raw = mem_grow(ctx, *raw, char, room);
		}
		if (*n == room) { /* read on, so that no writer is broken */
			rest = rest ? rest : mem_array(ctx, char, STEP);
			r = read(fd, rest, STEP);
		} else {
			r = read(fd, *raw + *n, room - *n);
		}
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, "reading the mail");
		if (r == 0)
			break;
		if (*n < room)
			*n += (size_t)r;
		*size += (size_t)r;
	}
	talloc_free(rest);
	return RC_OK;
}

/* ---- maildir ---- */

static int
by_name(const void *a, const void *b)
{
	const char *x = strchr(*(char *const *)a, '/'),
		   *y = strchr(*(char *const *)b, '/');
	long long s = strtoll(x + 1, NULL, 10), t = strtoll(y + 1, NULL, 10);

	if (s != t)
		return s < t ? -1 : 1;
	return strcmp(x, y);
}

static enum rc
list_one(void *ctx, const char *dir, const char *sub, char ***names, size_t *n,
    size_t *room, struct err *err)
{
	char *path = talloc_asprintf(ctx, "%s/%s", dir, sub);
	DIR *d = opendir(path);
	struct dirent *e;

	if (d == NULL)
		return errno == ENOENT || errno == ENOTDIR
			   ? err_fail(err, RC_NOTFOUND, "%s is no maildir", dir)
			   : err_errno(err, "%s", path);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (*n + 1 >= *room) {
			*room = *room ? 2 * *room : 64;
			*names = mem_grow(ctx, *names, char *, *room);
		}
		(*names)[(*n)++] = talloc_asprintf(ctx, "%s/%s", sub, e->d_name);
		(*names)[*n] = NULL;
	}
	closedir(d);
	return RC_OK;
}

enum rc
maildir_list(
    void *ctx, const char *dir, bool cur, char ***names, size_t *n, struct err *err)
{
	size_t room = 0;
	enum rc rc;

	*names = NULL;
	*n = 0;
	rc = list_one(ctx, dir, "new", names, n, &room, err);
	if (rc == RC_OK && cur)
		rc = list_one(ctx, dir, "cur", names, n, &room, err);
	if (rc == RC_OK && *n > 1)
		qsort(*names, *n, sizeof(**names), by_name);
	return rc;
}

int64_t
maildir_time(const char *name, int64_t now)
{
	const char *base = strrchr(name, '/');
	long long s = strtoll(base ? base + 1 : name, NULL, 10);

	return s > 0 && s <= now / 1000 ? (int64_t)s * 1000 : INSTANT_NONE;
}

enum rc
maildir_seen(const char *dir, const char *name, struct err *err)
{
	char *from, *to;
	int moved;

	if (!text_starts(name, "new/"))
		return RC_OK;
	from = talloc_asprintf(NULL, "%s/%s", dir, name);
	to = talloc_asprintf(
	    from, "%s/cur/%s%s", dir, name + 4, strstr(name, ":2,") ? "" : ":2,");
	moved = rename(from, to);
	talloc_free(from);
	return moved == 0 || errno == ENOENT ? RC_OK : err_errno(err, "%s/%s", dir, name);
}

/* ---- mbox ---- */

struct mbox {
	FILE *f;
	const char *file;
	size_t n;	      /* of the piece read last, not yet used; 0 at the end */
	bool starts;	      /* it begins a line */
	char piece[STEP + 1]; /* a line, or a part of a very long one */
};

static int
mbox_close(struct mbox *m)
{
	fclose(m->f);
	return 0;
}

static bool
read_piece(struct mbox *m)
{
	int c = 0;

	m->starts = m->n == 0 || m->piece[m->n - 1] == '\n';
	m->n = 0;
	while (m->n < STEP && c != '\n' && (c = getc_unlocked(m->f)) != EOF)
		m->piece[m->n++] = (char)c;
	m->piece[m->n] = '\0';
	return m->n > 0;
}

/* "From ann@example.com Sat Nov 22 10:00:00 2026": the instant, or INSTANT_NONE. The zone
 * is UTC (RFC 4155). */
static int64_t
from_line(const char *s, bool *is, bool *null_sender)
{
	static const char *const days[] = {
	    " Mon ", " Tue ", " Wed ", " Thu ", " Fri ", " Sat ", " Sun ", NULL};
	struct tm tm = {0};
	const char *date = NULL;

	*is = false;
	if (!text_starts(s, "From "))
		return INSTANT_NONE;
	for (const char *const *d = days; date == NULL && *d != NULL; d++)
		date = strstr(s, *d);
	if (date == NULL || (strptime(date + 1, "%a %b %d %H:%M:%S %Y", &tm) == NULL &&
				strptime(date + 1, "%a %b %d %H:%M %Y", &tm) == NULL))
		return INSTANT_NONE;
	*is = true;
	*null_sender = text_starts(s, "From MAILER-DAEMON ");
	return tm.tm_year >= 70 ? (int64_t)timegm(&tm) * 1000 : INSTANT_NONE;
}

enum rc
mbox_open(void *ctx, const char *file, struct mbox **out, struct err *err)
{
	struct mbox *m = talloc_zero(ctx, struct mbox);

	m->f = fopen(file, "re");
	m->file = talloc_strdup(m, file);
	if (m->f == NULL) {
		talloc_free(m);
		return err_errno(err, "%s", file);
	}
	talloc_set_destructor(m, mbox_close);
	while (read_piece(m) && m->n == 1 && *m->piece == '\n')
		; /* empty lines before the first mail */
	if (m->n > 0 && !text_starts(m->piece, "From ")) {
		talloc_free(m);
		return err_fail(
		    err, RC_INVALID, "%s is no mbox: it does not begin with From", file);
	}
	*out = m;
	return RC_OK;
}

enum rc
mbox_next(struct mbox *m, void *ctx, size_t max, char **raw, size_t *n, size_t *size,
    int64_t *at, bool *null_sender, struct err *err)
{
	size_t room = STEP;
	bool blank = true, is = false;

	*null_sender = false;
	if (m->n == 0)
		return ferror(m->f) ? err_errno(err, "%s", m->file) : RC_NONE;
	*at = from_line(m->piece, &is, null_sender);
	*raw = mem_array(ctx, char, room);
	*n = *size = 0;
	while (read_piece(m)) {
		char *s = m->piece, *unquoted = s;
		size_t len = m->n;
		bool ignored;

		if (blank && m->starts && *s == 'F') {
			(void)from_line(s, &is, &ignored);
			if (is)
				break;
		}
		blank = m->starts && *s != 'F' && s[strspn(s, "\r")] == '\n';
		unquoted += strspn(s, ">");
		if (m->starts && unquoted > s && text_starts(unquoted, "From "))
			s++, len--;
		*size += len;
		if (*n > max)
			continue;
		if (*n + len > room) {
			room = 2 * (*n + len);
			*raw = mem_grow(ctx, *raw, char, room);
		}
		memcpy(*raw + *n, s, len);
		*n += len;
	}
	if (ferror(m->f))
		return err_errno(err, "%s", m->file);
	/* The empty line before the next From line is not the mail's. */
	if (*n > 1 && *size == *n && (*raw)[*n - 1] == '\n' && (*raw)[*n - 2] == '\n')
		--*n, --*size;
	return RC_OK;
}
