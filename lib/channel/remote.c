/* Handles of libcurl. */
#include "channel/remote.h"

#include <sodium.h>
#include <string.h>
#include <talloc.h>

enum { SECRET_MAX = 16384 };

struct handle {
	CURL *curl;
	char *secret;
};

static int
hang_up(struct handle *h)
{
	if (h->secret != NULL)
		sodium_memzero(h->secret, strlen(h->secret));
	curl_easy_cleanup(h->curl);
	curl_global_cleanup();
	return 0;
}

/* Nobody listens in between on this machine. */
static bool
is_local(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t n = strcspn(host, ":/");

	return strncmp(host, "[::1]", 5) == 0 ||
	       (n == 9 && strncmp(host, "localhost", 9) == 0) ||
	       strncmp(host, "127.", 4) == 0;
}

static void
set_security(CURL *curl, const struct remote *r)
{
	long ssl = strcmp(r->tls, "required") == 0 && !is_local(r->url) ? CURLUSESSL_ALL
		   : strcmp(r->tls, "none") == 0			? CURLUSESSL_NONE
									: CURLUSESSL_TRY;

	curl_easy_setopt(curl, CURLOPT_USE_SSL, ssl);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (r->ca != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca);
	if (r->pin == NULL)
		return;
	/* The key is known: who signed it says nothing more. */
	curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, r->pin);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

static void
set_login(CURL *curl, const struct remote *r, const char *secret)
{
	if (r->user == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_USERNAME, r->user);
	if (strcmp(r->auth, "xoauth2") == 0)
		curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, secret);
	else
		curl_easy_setopt(curl, CURLOPT_PASSWORD, secret);
}

enum rc
remote_open(void *ctx, struct desk *d, const struct remote *r, const char *protocols,
    CURL **curl, struct err *err)
{
	struct handle *h = talloc_zero(ctx, struct handle);
	long connect =
	    (long)(r->timeout < REMOTE_CONNECT_MS ? r->timeout : REMOTE_CONNECT_MS);
	size_t n = 0;
	enum rc rc = RC_OK;

	if (r->secret != NULL)
		rc = desk_read_secret(d, h, r->secret, SECRET_MAX, &h->secret, &n, err);
	if (rc != RC_OK)
		return rc;
	if (h->secret != NULL)
		h->secret[strcspn(h->secret, "\r\n")] = '\0';
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_fail(err, RC_BUG, "libcurl does not start");
	h->curl = curl_easy_init();
	talloc_set_destructor(h, hang_up);
	if (h->curl == NULL)
		return err_fail(err, RC_BUG, "libcurl does not start");
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)r->timeout);
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, connect);
	set_security(h->curl, r);
	set_login(h->curl, r, h->secret);
	*curl = h->curl;
	return RC_OK;
}
