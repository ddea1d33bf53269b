/* IMAP and POP3.
 *
 * IMAP servers mark a mail as seen when libcurl reads it, and people mark mails too: so
 * what is new goes by its UID. The last one that was filed stands in the store, with the
 * folder's UIDVALIDITY; when that changes all are looked at again. */
#include "channel/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/remote.h"

enum {
	MAILS_MAX = 10000, /* at once; the others wait for the next call */
	BATCH_MAILS = 50,  /* filed together */
	BATCH_BYTES = 16000000,
	LIST_MAX = 4 * 1024 * 1024 /* bytes of a list of mails */
};

struct fetching {
	struct desk *d;
	const struct fetch *f;
	CURL *curl;
	bool imap;
	struct ingester *ing;
	struct fetched *done;
	void (*each)(void *arg, const struct ingest *i);
	void *arg;
	/* What libcurl is writing. */
	char *data;
	size_t n, room, keep; /* more than `keep` is counted and not kept */
	size_t size;
	int64_t validity;	    /* of the folder, as the server says; 0: it did not */
	int64_t batch[BATCH_MAILS]; /* UIDs or numbers that wait to be filed */
	size_t nbatch;
};

/* ---- libcurl ---- */

static size_t
take(char *data, size_t size, size_t count, void *arg)
{
	struct fetching *x = arg;
	size_t n = size * count, kept = x->size < x->keep ? x->keep - x->size : 0;

	kept = kept < n ? kept : n;
	x->size += n;
	if (x->n + kept + 1 > x->room) {
		x->room = 2 * (x->n + kept) + 4096;
		x->data = mem_grow(x->ing, x->data, char, x->room);
	}
	memcpy(x->data + x->n, data, kept);
	x->n += kept;
	x->data[x->n] = '\0';
	/* The rest is read all the same, for as long as `timeout` lets it: a transfer
	 * that is broken off would be asked for again, and keep those behind it waiting
	 * for ever. */
	return n;
}

/* "* OK [UIDVALIDITY 3857529045] UIDs valid" */
static size_t
overhear(char *line, size_t size, size_t count, void *arg)
{
	static const char key[] = "[UIDVALIDITY ";
	struct fetching *x = arg;
	const char *at = memmem(line, size * count, key, sizeof(key) - 1);

	if (at != NULL)
		x->validity = strtoll(at + sizeof(key) - 1, NULL, 10);
	return size * count;
}

static enum rc
ask(struct fetching *x, const char *url, const char *command, size_t keep,
    struct err *err)
{
	CURLcode rc;

	x->n = x->size = 0;
	x->keep = keep;
	curl_easy_setopt(x->curl, CURLOPT_URL, url);
	curl_easy_setopt(x->curl, CURLOPT_CUSTOMREQUEST, command);
	curl_easy_setopt(x->curl, CURLOPT_NOBODY,
	    command != NULL && strncmp(command, "DELE", 4) == 0 ? 1L : 0L);
	rc = curl_easy_perform(x->curl);
	if (rc == CURLE_OK)
		return RC_OK;
	return err_fail(
	    err, RC_NET, "fetch \"%s\": %s", x->f->name, curl_easy_strerror(rc));
}

/* "imaps://host/INBOX", "pop3://host/": where `what` is. */
static char *
url_of(void *ctx, const struct fetching *x, const char *what)
{
	const char *url = x->f->from.url, *host = strstr(url, "://") + 3;
	size_t n = strlen(url);
	const char *folder = strchr(host, '/');

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (!x->imap)
		return talloc_asprintf(ctx, "%.*s/%s", (int)n, url, what);
	if (folder == NULL || folder[1] == '\0')
		return talloc_asprintf(ctx, "%.*s/INBOX%s", (int)n, url, what);
	return talloc_asprintf(ctx, "%.*s%s", (int)n, url, what);
}

/* ---- how far we have come ---- */

static char *
cursor_name(void *ctx, const struct fetching *x)
{
	return talloc_asprintf(ctx, "fetch:%s", x->f->name);
}

static enum rc
read_cursor(struct fetching *x, int64_t *validity, int64_t *uid, struct err *err)
{
	char *name = cursor_name(x->ing, x), *text = NULL;
	enum rc rc = store_meta_get(x->d->store, x->ing, name, &text, err);

	*validity = *uid = 0;
	if (rc == RC_OK && text != NULL) {
		char *colon = strchr(text, ':');

		*validity = strtoll(text, NULL, 10);
		*uid = colon ? strtoll(colon + 1, NULL, 10) : 0;
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
write_cursor(struct fetching *x, int64_t uid, struct err *err)
{
	char *text =
	    talloc_asprintf(x->ing, "%lld:%lld", (long long)x->validity, (long long)uid);
	enum rc rc = store_write(x->d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = store_meta_set(x->d->store, cursor_name(x->ing, x), text, err);
	if (rc == RC_OK)
		return store_commit(x->d->store, err);
	store_rollback(x->d->store);
	return rc;
}

/* ---- filing ---- */

static void
outcome(void *arg, size_t mail, const struct ingest *i)
{
	struct fetching *x = arg;

	(void)mail;
	x->done->mails++;
	x->done->duplicates += strcmp(i->outcome, "duplicate") == 0;
	x->done->quarantined += strcmp(i->outcome, "quarantined") == 0;
	x->each(x->arg, i);
}

static enum rc
remove_there(struct fetching *x, int64_t id, struct err *err)
{
	char *what = x->imap ? talloc_strdup(x->ing, "")
			     : talloc_asprintf(x->ing, "%lld", (long long)id),
	     *command =
		 x->imap ? talloc_asprintf(x->ing,
			       "UID STORE %lld +FLAGS.SILENT (\\Deleted)", (long long)id)
			 : talloc_strdup(x->ing, "DELE");

	return ask(x, url_of(x->ing, x, what), command, LIST_MAX, err);
}

/* First here, durable; then there. */
static enum rc
file_batch(struct fetching *x, struct err *err)
{
	size_t n = x->nbatch;
	enum rc rc;

	if (n == 0)
		return RC_OK;
	rc = ingester_file(x->ing, outcome, x, err);
	x->nbatch = 0;
	if (rc == RC_OK && x->imap)
		rc = write_cursor(x, x->batch[n - 1], err);
	for (size_t i = 0; rc == RC_OK && !x->f->keep && i < n; i++)
		rc = remove_there(x, x->batch[i], err);
	return rc;
}

static enum rc
fetch_one(struct fetching *x, int64_t id, struct err *err)
{
	struct ingest_want want = {.mailbox = x->f->mailbox};
	char *what =
	    talloc_asprintf(x->ing, x->imap ? "/;UID=%lld" : "%lld", (long long)id);
	size_t waiting, bytes, most = (size_t)x->d->config->mail_size_max;
	enum rc rc = ask(x, url_of(x->ing, x, what), NULL, most + 1, err);

	if (rc != RC_OK)
		return rc;
	/* Of what is too large a part is kept, as mail-ingest does. */
	rc = ingester_add(x->ing, &want, x->data ? x->data : "",
	    x->size > most && x->n > MAIL_KEPT ? MAIL_KEPT : x->n, x->size, err);
	if (rc != RC_OK)
		return rc;
	x->batch[x->nbatch++] = id;
	waiting = ingester_count(x->ing, &bytes);
	return waiting >= BATCH_MAILS || bytes >= BATCH_BYTES ? file_batch(x, err)
							      : RC_OK;
}

/* ---- what is there ---- */

/* "* SEARCH 4 7 9" (several lines of them), or POP3's "1 1205" lines. */
static size_t
parse_list(const struct fetching *x, int64_t after, int64_t *ids)
{
	const char *s = x->data ? x->data : "";
	size_t n = 0;

	for (; *s != '\0' && n < MAILS_MAX; s += strcspn(s, "\n"), s += *s == '\n') {
		char *end;

		if (!x->imap) {
			ids[n] = strtoll(s, &end, 10);
			n += end != s && ids[n] > 0;
			continue;
		}
		if (!text_starts(s, "* SEARCH"))
			continue;
		for (const char *p = s + strlen("* SEARCH"); *p == ' ' && n < MAILS_MAX;
		     p = end) {
			ids[n] = strtoll(p, &end, 10);
			if (end == p)
				break;
			/* "5:*" names the last mail even when it is older. */
			n += ids[n] > after;
		}
	}
	return n;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static enum rc
list(struct fetching *x, int64_t *ids, size_t *n, struct err *err)
{
	int64_t validity, after;
	enum rc rc = read_cursor(x, &validity, &after, err);

	if (rc == RC_OK && !x->imap)
		rc = ask(x, url_of(x->ing, x, ""), NULL, LIST_MAX, err);
	else if (rc == RC_OK)
		rc = ask(x, url_of(x->ing, x, ""),
		    talloc_asprintf(
			x->ing, "UID SEARCH UID %lld:* UNDELETED", (long long)after + 1),
		    LIST_MAX, err);
	/* Another folder by the same name: its numbers mean nothing to us. */
	if (rc == RC_OK && x->imap && after > 0 && validity != x->validity) {
		after = 0;
		rc = ask(x, url_of(x->ing, x, ""), "UID SEARCH UID 1:* UNDELETED",
		    LIST_MAX, err);
	}
	if (rc != RC_OK)
		return rc;
	*n = parse_list(x, after, ids);
	qsort(ids, *n, sizeof(*ids), by_number);
	return RC_OK;
}

enum rc
fetch_all(struct desk *d, const struct fetch *f, struct fetched *done,
    void (*each)(void *, const struct ingest *), void *arg, struct err *err)
{
	struct fetching *x = talloc_zero(d, struct fetching);
	int64_t *ids = mem_array(x, int64_t, MAILS_MAX);
	size_t n = 0;
	enum rc rc;

	x->d = d;
	x->f = f;
	x->imap = text_starts(f->from.url, "imap");
	x->done = done;
	x->each = each;
	x->arg = arg;
	rc = remote_open(
	    x, d, &f->from, x->imap ? "imap,imaps" : "pop3,pop3s", &x->curl, err);
	if (rc == RC_OK)
		rc = ingester_new(x, d, &x->ing, err);
	if (rc == RC_OK) {
		curl_easy_setopt(x->curl, CURLOPT_WRITEFUNCTION, take);
		curl_easy_setopt(x->curl, CURLOPT_WRITEDATA, x);
		curl_easy_setopt(x->curl, CURLOPT_HEADERFUNCTION, overhear);
		curl_easy_setopt(x->curl, CURLOPT_HEADERDATA, x);
		rc = list(x, ids, &n, err);
	}
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = fetch_one(x, ids[i], err);
	if (rc == RC_OK)
		rc = file_batch(x, err);
	if (rc == RC_OK && x->imap && !f->keep && n > 0)
		rc = ask(x, url_of(x->ing, x, ""), "EXPUNGE", LIST_MAX, err);
	talloc_free(x);
	return rc;
}
