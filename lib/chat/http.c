/* Questions by HTTP, some of them long. */
#include "chat/http.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/remote.h"

enum { SECRET_MAX = 16384, WHY_MAX = 300 };

struct asking {
	struct asking *next;
	struct http *h;
	struct http_ask a;
	CURL *curl; /* while it is under way */
	struct curl_slist *headers;
	char *body, *token;
	struct buf heard;
	struct err stopped; /* by `more` */
	bool too_long;
};
struct http {
	struct desk *d;
	const struct remote *at;
	char *base, *token;
	CURLM *multi;
	struct asking *first; /* in the order they were asked */
	size_t n;
};

static void
take_out(struct asking *q)
{
	struct asking **p = &q->h->first;

	while (*p != q)
		p = &(*p)->next;
	*p = q->next;
	q->h->n--;
}

static int
forget(struct asking *q)
{
	if (q->curl != NULL)
		curl_multi_remove_handle(q->h->multi, q->curl);
	curl_slist_free_all(q->headers);
	json_decref(q->a.body);
	if (q->token != NULL)
		sodium_memzero(q->token, strlen(q->token));
	return 0;
}

static int
close_http(struct http *h)
{
	while (h->first != NULL) {
		struct asking *q = h->first;

		take_out(q);
		talloc_free(q);
	}
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	if (h->token != NULL)
		sodium_memzero(h->token, strlen(h->token));
	return 0;
}

enum rc
http_open(
    void *ctx, struct desk *d, const struct remote *r, struct http **out, struct err *err)
{
	struct http *h = talloc_zero(ctx, struct http);
	char *secret = NULL;
	size_t n = 0;
	enum rc rc = RC_OK;

	h->d = d;
	h->at = r;
	h->base = talloc_strdup(h, r->url);
	for (n = strlen(h->base); n > 0 && h->base[n - 1] == '/';)
		h->base[--n] = '\0';
	if (r->secret != NULL)
		rc = desk_read_secret(d, h, r->secret, SECRET_MAX, &secret, &n, err);
	if (rc != RC_OK)
		return rc;
	if (secret != NULL) {
		secret[strcspn(secret, "\r\n")] = '\0';
		h->token = talloc_asprintf(h, "Authorization: Bearer %s", secret);
		sodium_memzero(secret, n);
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_fail(err, RC_BUG, "libcurl does not start");
	h->multi = curl_multi_init();
	talloc_set_destructor(h, close_http);
	if (h->multi == NULL)
		return err_fail(err, RC_BUG, "libcurl does not start");
	*out = h;
	return RC_OK;
}

/* ---- one question ---- */

static size_t
on_bytes(char *s, size_t one, size_t n, void *arg)
{
	struct asking *q = arg;
	size_t max = q->a.max ? q->a.max : HTTP_ANSWER_MAX;
	long code = 0;

	(void)one;
	curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &code);
	if (q->a.more != NULL && code == 200)
		return q->a.more(q->a.arg, s, n, &q->stopped) == RC_OK ? n : 0;
	if (q->heard.n + n > max) {
		q->too_long = true;
		return 0;
	}
	buf_put(&q->heard, s, n);
	return n;
}

static enum rc
begin(struct asking *q, struct err *err)
{
	struct http *h = q->h;
	struct remote at = *h->at;
	enum rc rc;

	/* The token goes with this server alone, and as a header. */
	at.user = at.secret = NULL;
	rc = remote_open(q, h->d, &at, "http,https", &q->curl, err);
	if (rc != RC_OK)
		return rc;
	if (q->token != NULL || (q->a.token == NULL && h->token != NULL))
		q->headers =
		    curl_slist_append(q->headers, q->token ? q->token : h->token);
	q->headers = curl_slist_append(q->headers, "Expect:");
	curl_easy_setopt(q->curl, CURLOPT_URL,
	    *q->a.path ? talloc_asprintf(q, "%s%s", h->base, q->a.path) : h->at->url);
	curl_easy_setopt(q->curl, CURLOPT_TIMEOUT_MS, (long)q->a.timeout_ms);
	curl_easy_setopt(q->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(q->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(q->curl, CURLOPT_WRITEDATA, q);
	curl_easy_setopt(q->curl, CURLOPT_PRIVATE, q);
	if (q->a.body != NULL) {
		char *s = json_dumps(q->a.body, JSON_COMPACT);

		q->body = talloc_strdup(q, s);
		free(s);
		q->headers =
		    curl_slist_append(q->headers, "Content-Type: application/json");
		curl_easy_setopt(q->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(q->body));
		curl_easy_setopt(q->curl, CURLOPT_POSTFIELDS, q->body);
	}
	curl_easy_setopt(q->curl, CURLOPT_CUSTOMREQUEST, q->a.method);
	curl_easy_setopt(q->curl, CURLOPT_HTTPHEADER, q->headers);
	return curl_multi_add_handle(h->multi, q->curl) == CURLM_OK
		   ? RC_OK
		   : err_fail(err, RC_NET, "%s: it cannot be asked", h->base);
}

enum rc
http_ask(struct http *h, const struct http_ask *a, struct err *err)
{
	struct asking *q = talloc_zero(h, struct asking), **p;

	talloc_set_destructor(q, forget);
	q->h = h;
	q->a = *a;
	q->a.path = talloc_strdup(q, a->path);
	q->heard.ctx = q;
	if (a->token != NULL && *a->token != '\0')
		q->token = talloc_asprintf(q, "Authorization: Bearer %s", a->token);
	for (const char *const *s = a->headers; s != NULL && *s != NULL; s++)
		q->headers = curl_slist_append(q->headers, *s);
	for (p = &h->first; *p != NULL; p = &(*p)->next)
		;
	*p = q;
	h->n++;
	return h->n <= HTTP_ASKING_MAX ? RC_OK
				       : err_fail(err, RC_NET, "too many questions wait");
}

size_t
http_waiting(const struct http *h)
{
	return h->n;
}

/* Those beside at once; of the others the first. */
static enum rc
begin_what_may(struct http *h, struct err *err)
{
	bool busy = false;
	enum rc rc = RC_OK;

	for (struct asking *q = h->first; rc == RC_OK && q != NULL; q = q->next) {
		if (q->curl == NULL && (q->a.beside || !busy))
			rc = begin(q, err);
		busy = busy || !q->a.beside;
	}
	return rc;
}

/* ---- answers ---- */

static const char *
header(const struct asking *q, const char *name)
{
	struct curl_header *h = NULL;

	return curl_easy_header(q->curl, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
		   ? h->value
		   : NULL;
}

/* When it is used up: the instant it is filled again, as Mastodon (RFC 3339) and others
 * (seconds of the epoch) say. */
static int64_t
reset_in(const struct asking *q)
{
	const char *left = header(q, "X-RateLimit-Remaining"),
		   *reset = header(q, "X-RateLimit-Reset");
	int64_t at = 0, now = now_ms();

	left = left ? left : header(q, "RateLimit-Remaining");
	reset = reset ? reset : header(q, "RateLimit-Reset");
	if (left == NULL || reset == NULL || strcmp(left, "0") != 0)
		return 0;
	if (text_number(reset, &at))
		at *= 1000;
	else if (!instant_parse(reset, &at))
		return 0;
	return at > now ? at - now : 0;
}

static int64_t
retry_after(const struct asking *q, json_t *json)
{
	json_t *ms = json_object_get(json, "retry_after_ms");
	curl_off_t s = 0;

	if (json_is_integer(ms))
		return json_integer_value(ms);
	curl_easy_getinfo(q->curl, CURLINFO_RETRY_AFTER, &s);
	return s > 0 ? (int64_t)s * 1000 : reset_in(q);
}

static const char *
why_not(struct asking *q, long code, json_t *json, CURLcode rc)
{
	const char *said = json_string_value(json_object_get(json, "errcode"));

	if (q->too_long)
		return "its answer is too long";
	if (rc != CURLE_OK)
		return curl_easy_strerror(rc);
	if (said == NULL)
		said = json_string_value(json_object_get(json, "error"));
	said = said ? text_clean(q, said, strlen(said), TEXT_LINE, WHY_MAX) : NULL;
	return talloc_asprintf(
	    q, "HTTP %ld%s%s", code, said ? ": " : "", said ? said : "");
}

static enum rc
finish(struct asking *q, CURLcode how, struct err *err)
{
	struct http_answer a = {.bytes = buf_text(&q->heard), .n = q->heard.n};
	enum rc rc;

	if (q->stopped.rc != RC_OK) {
		*err = q->stopped;
		take_out(q);
		talloc_free(q);
		return err->rc;
	}
	curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &a.code);
	a.json = json_loadb(a.bytes, a.n, 0, NULL);
	a.why = why_not(q, a.code, a.json, how);
	a.retry_ms = retry_after(q, a.json);
	a.etag = header(q, "ETag");
	a.etag = a.etag ? talloc_strdup(q, a.etag) : NULL;
	a.modified = header(q, "Last-Modified");
	a.modified = a.modified ? talloc_strdup(q, a.modified) : NULL;
	if (how != CURLE_OK || q->too_long)
		a.code = 0;
	take_out(q);
	rc = q->a.done(q->a.arg, &a, err);
	json_decref(a.json);
	talloc_free(q);
	return rc;
}

size_t
http_wait(struct http *h, struct pollfd *v, size_t max, int64_t *until)
{
	fd_set r, w, x;
	long ms = -1;
	int last = -1;
	size_t n = 0;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	curl_multi_fdset(h->multi, &r, &w, &x, &last);
	for (int fd = 0; fd <= last && n < max; fd++) {
		short events = (short)((FD_ISSET(fd, &r) ? POLLIN : 0) |
				       (FD_ISSET(fd, &w) ? POLLOUT : 0));

		if (events != 0)
			v[n++] = (struct pollfd){.fd = fd, .events = events};
	}
	curl_multi_timeout(h->multi, &ms);
	/* Before it has a socket (names are looked up in a thread), it asks for patience.
	 */
	if (h->n > 0 && n == 0 && (ms < 0 || ms > 50))
		ms = 50;
	if (ms >= 0 && now_ms() + ms < *until)
		*until = now_ms() + ms;
	return n;
}

enum rc
http_step(struct http *h, struct err *err)
{
	CURLMsg *m;
	int running, left;
	enum rc rc = begin_what_may(h, err);

	if (rc != RC_OK)
		return rc;
	if (curl_multi_perform(h->multi, &running) != CURLM_OK)
		return err_fail(err, RC_NET, "%s: it cannot be asked", h->base);
	while (rc == RC_OK && (m = curl_multi_info_read(h->multi, &left)) != NULL) {
		char *q = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &q);
		rc = finish((struct asking *)(void *)q, m->data.result, err);
	}
	if (rc == RC_OK)
		rc = begin_what_may(h, err);
	if (rc == RC_OK && curl_multi_perform(h->multi, &running) != CURLM_OK)
		rc = err_fail(err, RC_NET, "%s: it cannot be asked", h->base);
	return rc;
}

char *
http_quote(void *ctx, const char *s)
{
	struct buf b = {.ctx = ctx};

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", *s) != NULL)
			buf_char(&b, *s);
		else
			buf_printf(&b, "%%%02X", c);
	}
	return talloc_strdup(ctx, buf_text(&b));
}
