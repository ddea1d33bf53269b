/* Webhooks and programs. */
#include "channel/hook.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

#include "base/process.h"
#include "base/record.h"
#include "base/text.h"

enum { CAUSES_MAX = 20, SECRET_MAX = 4096, WHY_MAX = 300 };

struct hooks {
	struct desk *d;
	CURL *curl;
	bool private_allowed; /* of the target that is being asked */
	const char *refused;  /* the address that was not */
	size_t heard;
};

static int
hang_up(struct hooks *h)
{
	curl_easy_cleanup(h->curl);
	curl_global_cleanup();
	return 0;
}

/* ---- what is sent ---- */

SQL(sql_hook_event, "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id = ?1");

static enum rc
read_event(struct store *s, void *ctx, int64_t id, struct event **e, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_hook_event, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*e = event_read(ctx, st);
	stmt_done(st);
	return rc == RC_NONE ? err_fail(err, RC_NOTFOUND, "no event %lld", (long long)id)
			     : rc;
}

enum rc
hook_payload(struct desk *d, const struct delivery *x, json_t **payload, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct event *e = NULL;
	struct ticket *t = NULL;
	json_t *ticket = NULL;
	enum rc rc = read_event(d->store, ctx, x->event, &e, err);

	for (int i = 0;
	     rc == RC_OK && *x->rule != '\0' && e->cause != 0 && i < CAUSES_MAX; i++)
		rc = read_event(d->store, ctx, e->cause, &e, err);
	if (rc == RC_OK && x->ticket != 0) {
		rc = ticket_get(d->store, ctx, x->ticket, &t, err);
		if (rc == RC_OK)
			rc = ticket_to_json(d, t, &ticket, err);
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	if (rc == RC_OK)
		*payload = json_pack("{s:s,s:o,s:s,s:o,s:o}", "type", "hook", "delivery",
		    json_sprintf("%lld.%lld", (long long)x->event, (long long)x->n),
		    "rule", x->rule, "event", event_to_json(e), "ticket",
		    ticket ? ticket : json_null());
	talloc_free(ctx);
	return rc;
}

/* ---- addresses that are nobody's business ---- */

static bool
private_v4(uint32_t a)
{
	static const struct {
		uint32_t net;
		int bits;
	} nets[] = {{0x00000000, 8}, {0x0a000000, 8}, {0x64400000, 10}, {0x7f000000, 8},
	    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0a80000, 16},
	    {0xc6120000, 15}, {0xe0000000, 3}};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0)
			return true;
	}
	return false;
}

static bool
private_v6(const struct in6_addr *a)
{
	const unsigned char *b = a->s6_addr;

	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a) ||
	    (b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b))
		return private_v4((uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
				  (uint32_t)b[14] << 8 | b[15]);
	return IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) ||
	       (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0x80) == 0x80) ||
	       b[0] == 0xff;
}

bool
hook_address_private(int family, const void *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		return private_v4(ntohl(v4.s_addr));
	}
	if (family != AF_INET6)
		return true;
	memcpy(&v6, address, sizeof(v6));
	return private_v6(&v6);
}

/* Asked for every connection, those that redirects lead to as well: what a name resolves
 * to is known only here. */
static curl_socket_t
open_socket(void *arg, curlsocktype what, struct curl_sockaddr *a)
{
	struct hooks *h = arg;
	struct sockaddr_storage to = {0};
	const void *address = &to;

	(void)what;
	/* libcurl's storage is larger than the struct it declares. */
	memcpy(&to, (const void *)&a->addr,
	    a->addrlen < sizeof(to) ? a->addrlen : sizeof(to));
	if (a->family == AF_INET)
		address = &((const struct sockaddr_in *)address)->sin_addr;
	else if (a->family == AF_INET6)
		address = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (!h->private_allowed && hook_address_private(a->family, address)) {
		h->refused = "its address is a private one";
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- asking ---- */

/* Enough to know that somebody answered; the rest is not read. */
static size_t
hear(char *data, size_t size, size_t n, void *arg)
{
	struct hooks *h = arg;

	(void)data;
	h->heard += size * n;
	return h->heard > HOOK_ANSWER_MAX ? 0 : size * n;
}

enum rc
hooks_open(void *ctx, struct desk *d, struct hooks **out, struct err *err)
{
	struct hooks *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_fail(err, RC_BUG, "libcurl does not start");
	h = talloc_zero(ctx, struct hooks);
	h->d = d;
	h->curl = curl_easy_init();
	talloc_set_destructor(h, hang_up);
	if (h->curl == NULL)
		return err_fail(err, RC_BUG, "libcurl does not start");
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(h->curl, CURLOPT_MAXREDIRS, (long)HOOK_REDIRECTS_MAX);
	curl_easy_setopt(h->curl, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
	curl_easy_setopt(h->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)HOOK_TIMEOUT_MS);
	curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "tkt/" TKT_VERSION);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(h->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(h->curl, CURLOPT_OPENSOCKETDATA, h);
	*out = h;
	return RC_OK;
}

/* "v1=" and the hexadecimal digits. */
static char *
signature(void *ctx, const char *secret, const char *timestamp, const char *body)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(
	    &st, (const unsigned char *)timestamp, strlen(timestamp));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)".", 1);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, strlen(body));
	crypto_auth_hmacsha256_final(&st, mac);
	return talloc_asprintf(ctx, "v1=%s", text_hex(ctx, mac, sizeof(mac)));
}

static struct curl_slist *
headers_of(void *ctx, const struct delivery *x, int64_t now, const char *secret,
    const char *body)
{
	char *timestamp = talloc_asprintf(ctx, "%lld", (long long)(now / 1000));
	struct curl_slist *list =
	    curl_slist_append(NULL, "Content-Type: application/json");

	list = curl_slist_append(list, "Expect:");
	list = curl_slist_append(list, talloc_asprintf(ctx, "Tkt-Delivery: %lld.%lld",
					   (long long)x->event, (long long)x->n));
	list =
	    curl_slist_append(list, talloc_asprintf(ctx, "Tkt-Timestamp: %s", timestamp));
	return curl_slist_append(list, talloc_asprintf(ctx, "Tkt-Signature: %s",
					   signature(ctx, secret, timestamp, body)));
}

static struct hooked
judge(void *ctx, struct hooks *h, CURLcode rc)
{
	struct hooked r = {.result = HOOK_LATER};
	long code = 0;

	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &code);
	/* An answer longer than we care to read is an answer. */
	if (rc == CURLE_WRITE_ERROR && code > 0)
		rc = CURLE_OK;
	if (rc == CURLE_OK && code >= 200 && code < 300)
		return (struct hooked){.result = HOOK_DONE};
	if (rc == CURLE_OK) {
		r.result = code == 410 ? HOOK_NEVER : HOOK_LATER;
		r.target_down = code >= 500 || code == 429;
		r.why = talloc_asprintf(ctx, "HTTP %ld", code);
		return r;
	}
	r.target_down = true;
	r.why = talloc_asprintf(ctx, "%s%s%s", curl_easy_strerror(rc),
	    h->refused ? ": " : "", h->refused ? h->refused : "");
	return r;
}

static struct hooked
ask(void *ctx, struct hooks *h, const char *url, const struct delivery *x,
    const char *secret, const char *body)
{
	struct curl_slist *headers = headers_of(ctx, x, desk_now(h->d), secret, body);
	struct hooked r;

	h->heard = 0;
	h->refused = NULL;
	curl_easy_setopt(h->curl, CURLOPT_URL, url);
	/* What left in secret does not go on in the open. */
	curl_easy_setopt(h->curl, CURLOPT_REDIR_PROTOCOLS_STR,
	    strncasecmp(url, "https:", 6) == 0 ? "https" : "http,https");
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, body);
	r = judge(ctx, h, curl_easy_perform(h->curl));
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return r;
}

static struct hooked
cannot(void *ctx, enum hook_result result, const struct err *err)
{
	return (struct hooked){.result = result, .why = talloc_strdup(ctx, err->text)};
}

struct hooked
hook_post(void *ctx, struct hooks *h, const struct delivery *x)
{
	const struct webhook *w = config_webhook(h->d->config, x->target);
	const char *name = w && w->secret ? w->secret : "hook.key";
	char *secret = NULL;
	json_t *payload = NULL;
	size_t n = 0;
	struct err err;
	struct hooked r;

	if (w == NULL && strstr(x->target, "://") == NULL)
		return (struct hooked){
		    .result = HOOK_NEVER, .why = "tkt.conf has no such webhook any more"};
	h->private_allowed = w != NULL && w->private_allowed;
	if (desk_read_secret(h->d, ctx, name, SECRET_MAX, &secret, &n, &err) != RC_OK)
		return cannot(ctx, HOOK_LATER, &err);
	secret[strcspn(secret, "\r\n")] = '\0';
	if (hook_payload(h->d, x, &payload, &err) != RC_OK)
		return cannot(ctx, err.rc == RC_NOTFOUND ? HOOK_NEVER : HOOK_LATER, &err);
	r = ask(
	    ctx, h, w ? w->url : x->target, x, secret, record_canonical(ctx, payload));
	json_decref(payload);
	sodium_memzero(secret, n);
	return r;
}

/* ---- programs ---- */

static const char **
arguments(void *ctx, const struct delivery *x)
{
	json_t *list = x->text ? json_loads(x->text, 0, NULL) : NULL, *v;
	const char **argv = NULL;
	size_t n = 0, i;

	json_array_foreach(list, i, v)
	    text_push(ctx, &argv, &n, talloc_strdup(ctx, json_string_value(v)));
	json_decref(list);
	return argv;
}

struct hooked
hook_run(void *ctx, struct hooks *h, const struct delivery *x)
{
	const char **argv = arguments(ctx, x);
	const char *const envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",
	    talloc_asprintf(ctx, "TKT_DESK=%s", h->d->dir),
	    talloc_asprintf(
		ctx, "TKT_DELIVERY=%lld.%lld", (long long)x->event, (long long)x->n),
	    NULL};
	struct process p = {.argv = argv,
	    .envp = envp,
	    .timeout_ms = RUN_TIMEOUT_MS,
	    .memory = RUN_MEMORY};
	json_t *payload = NULL;
	char *heard = NULL;
	int status = 0;
	struct err err;

	if (argv == NULL)
		return (struct hooked){.result = HOOK_NEVER, .why = "no program"};
	if (process_trusted(argv[0], &err) != RC_OK)
		return cannot(ctx, HOOK_NEVER, &err);
	if (hook_payload(h->d, x, &payload, &err) != RC_OK)
		return cannot(ctx, err.rc == RC_NOTFOUND ? HOOK_NEVER : HOOK_LATER, &err);
	p.input = record_canonical(ctx, payload);
	p.ninput = strlen(p.input);
	json_decref(payload);
	if (process_run(ctx, &p, &heard, &status, &err) != RC_OK)
		return cannot(ctx, HOOK_LATER, &err);
	if (status == 0)
		return (struct hooked){.result = HOOK_DONE};
	heard = text_clean(ctx, heard, strlen(heard), TEXT_LINE, WHY_MAX);
	return (struct hooked){.result = HOOK_LATER,
	    .target_down = status == 124,
	    .why = talloc_asprintf(ctx, "%s%s%s",
		status == 124 ? "its time was up"
			      : talloc_asprintf(ctx, "exit %d", status),
		*heard ? ": " : "", heard)};
}

/* ---- once more ---- */

SQL(sql_hook_replay,
    "INSERT INTO delivery (event, n, ticket, via, kind, target, state, due_at) "
    "SELECT e.id, (SELECT coalesce(max(d.n), 0) + 1 FROM delivery d WHERE d.event = "
    "e.id), "
    "e.ticket, 'hook', 'hook', ?3, 0, ?4 FROM event e "
    "WHERE e.id BETWEEN ?1 AND ?2 AND e.ticket IS NOT NULL AND e.changes IS NOT NULL");
SQL(sql_hook_replayed, "SELECT count(*) FROM event e WHERE e.id BETWEEN ?1 AND ?2 "
		       "AND e.ticket IS NOT NULL AND e.changes IS NOT NULL");

enum rc
hook_replay(struct desk *d, int64_t from, int64_t to, const char *target, int64_t *queued,
    struct err *err)
{
	struct stmt *st;
	enum rc rc;

	if (config_webhook(d->config, target) == NULL && strstr(target, "://") == NULL)
		return err_fail(
		    err, RC_NOTFOUND, "webhook \"%s\": no such webhook", target);
	rc = store_write(d->store, err);
	if (rc != RC_OK)
		return rc;
	rc = store_prepare(d->store, sql_hook_replayed, &st, err);
	if (rc == RC_OK) {
		bind_int(st, 1, from);
		bind_int(st, 2, to);
		rc = stmt_step(st, err);
		*queued = rc == RC_OK ? col_int(st, 0) : 0;
		stmt_done(st);
	}
	if (rc == RC_OK)
		rc = store_prepare(d->store, sql_hook_replay, &st, err);
	if (rc == RC_OK) {
		bind_int(st, 1, from);
		bind_int(st, 2, to);
		bind_text(st, 3, target);
		bind_int(st, 4, desk_now(d));
		rc = stmt_run(st, err);
	}
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}
