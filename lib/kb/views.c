/* Views, from access logs. */
#include "kb/views.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "base/record.h"
#include "base/text.h"

#define META_UNTIL "kb.viewed" /* instant of the last line that was counted */
enum { DAY_MS = 24 * 3600 * 1000 };

struct seen {
	int64_t at;
	char language[36], id[ARTICLE_ID_MAX + 1];
};

/* [24/Nov/2026:18:00:00 +0100] */
static bool
read_time(const char *s, int64_t *ms)
{
	struct tm tm = {0};
	const char *end = strptime(s, "[%d/%b/%Y:%H:%M:%S %z]", &tm);
	long offset = tm.tm_gmtoff;

	if (end == NULL)
		return false;
	*ms = ((int64_t)timegm(&tm) - offset) * 1000;
	return true;
}

static bool
is_robot(const char *agent)
{
	static const char *const marks[] = {
	    "bot", "crawl", "spider", "slurp", "curl/", "wget/", NULL};

	for (const char *const *m = marks; *m != NULL; m++) {
		if (strcasestr(agent, *m) != NULL)
			return true;
	}
	return false;
}

/* "GET /help/en/refund.html?x HTTP/1.1": the last two parts of the path. */
static bool
read_path(const char *s, struct seen *v)
{
	size_t n = strcspn(s, " ?#\""), id, language;
	const char *p = s + n;

	if (n < 6 || strncmp(p - 5, ".html", 5) != 0)
		return false;
	p -= 5;
	for (id = 0; p - id > s && p[-1 - (ptrdiff_t)id] != '/'; id++)
		continue;
	if (p - id == s || id >= sizeof(v->id))
		return false;
	snprintf(v->id, sizeof(v->id), "%.*s", (int)id, p - id);
	p -= id + 1;
	for (language = 0; p - language > s && p[-1 - (ptrdiff_t)language] != '/';
	     language++)
		continue;
	if (language >= sizeof(v->language))
		return false;
	snprintf(v->language, sizeof(v->language), "%.*s", (int)language, p - language);
	return text_is_name(v->id, ARTICLE_ID_MAX) && strcmp(v->id, "index") != 0 &&
	       strcmp(v->id, "all") != 0 && text_is_language(v->language);
}

static bool
read_line(const char *line, struct seen *v)
{
	const char *at = strchr(line, '['), *request = at ? strstr(at, "] \"GET ") : NULL,
		   *end = request ? strstr(request + 7, "\" ") : NULL, *agent;

	if (end == NULL || !read_time(at, &v->at))
		return false;
	if (strncmp(end + 2, "200 ", 4) != 0 && strncmp(end + 2, "304 ", 4) != 0)
		return false;
	agent = strrchr(end + 2, '"') > end + 2 ? end + 2 : "";
	return !is_robot(agent) && read_path(request + 7, v);
}

SQL(sql_view, "INSERT INTO article_view (article, language, day, views) "
	      "SELECT ?1, ?2, ?3, 1 WHERE EXISTS (SELECT 1 FROM article "
	      "WHERE id = ?1 AND language = ?2) OR EXISTS (SELECT 1 FROM article_alias "
	      "WHERE alias = ?1 AND language = ?2) "
	      "ON CONFLICT (article, language, day) DO UPDATE "
	      "SET views = article_view.views + 1");

static enum rc
add_view(struct store *s, const struct seen *v, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_view, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, v->id);
	bind_text(st, 2, v->language);
	bind_int(st, 3, v->at / DAY_MS);
	return stmt_run(st, err);
}

static enum rc
count_lines(
    struct store *s, FILE *log, int64_t *until, struct views_counted *n, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	int64_t before = *until;
	enum rc rc = RC_OK;

	while (rc == RC_OK && getline(&line, &room, log) >= 0) {
		struct seen v;

		n->lines++;
		if (strlen(line) > LOG_LINE_MAX || !read_line(line, &v) ||
		    v.at <= before) {
			n->skipped++;
			continue;
		}
		*until = v.at > *until ? v.at : *until;
		n->views++;
		rc = add_view(s, &v, err);
	}
	free(line);
	if (rc == RC_OK && ferror(log))
		rc = err_errno(err, "the log");
	return rc;
}

enum rc
views_count(struct desk *d, FILE *log, struct views_counted *n, struct err *err)
{
	char *text = NULL;
	int64_t until = 0;
	enum rc rc = actor_need(&d->actor, "kb.write", err);

	*n = (struct views_counted){0};
	if (rc == RC_OK)
		rc = store_write(d->store, err);
	if (rc != RC_OK)
		return rc;
	rc = store_meta_get(d->store, d, META_UNTIL, &text, err);
	if (rc == RC_NONE)
		rc = RC_OK;
	if (text != NULL)
		until = strtoll(text, NULL, 10);
	if (rc == RC_OK)
		rc = count_lines(d->store, log, &until, n, err);
	if (rc == RC_OK)
		rc = store_meta_set(d->store, META_UNTIL,
		    talloc_asprintf(d, "%lld", (long long)until), err);
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}

SQL(sql_views, "SELECT sum(v.views) FROM article a JOIN article_view v "
	       "ON v.article IN (SELECT a.id UNION "
	       "SELECT alias FROM article_alias WHERE n = a.n) "
	       "AND v.language = a.language WHERE a.n = ?1 AND v.day >= ?2");

enum rc
views_of(struct store *s, int64_t article, int64_t since, int64_t *views, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_views, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, article);
	bind_int(st, 2, since / DAY_MS);
	rc = stmt_step(st, err);
	*views = rc == RC_OK ? col_int(st, 0) : 0;
	stmt_done(st);
	return rc;
}
