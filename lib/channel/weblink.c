/* Links to the outside. */
#include "channel/weblink.h"

#include <curl/curl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "channel/hook.h"

struct weblinks {
	CURL *curl;
	bool private_allowed, refused;
	json_t *known; /* URL -> null or why not */
	size_t heard;
};

static int
hang_up(struct weblinks *w)
{
	curl_easy_cleanup(w->curl);
	curl_global_cleanup();
	return 0;
}

/* Asked for every connection, so also behind a redirect. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct weblinks *w = arg;
	const void *address =
	    a->family == AF_INET6
		? (const void *)&((struct sockaddr_in6 *)(void *)&a->addr)->sin6_addr
		: (const void *)&((struct sockaddr_in *)(void *)&a->addr)->sin_addr;

	(void)purpose;
	if (!w->private_allowed && hook_address_private(a->family, address)) {
		w->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
hear(char *data, size_t size, size_t n, void *arg)
{
	struct weblinks *w = arg;

	(void)data;
	w->heard += size * n;
	/* It is there: nobody needs the rest. */
	return w->heard > WEBLINK_READ_MAX ? 0 : size * n;
}

enum rc
weblinks_open(void *ctx, bool private_allowed, struct weblinks **out, struct err *err)
{
	struct weblinks *w = talloc_zero(ctx, struct weblinks);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (w->curl = curl_easy_init()) == NULL)
		return err_fail(err, RC_BUG, "libcurl does not start");
	talloc_set_destructor(w, hang_up);
	w->private_allowed = private_allowed;
	w->known = record_own(w, json_object());
	curl_easy_setopt(w->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(w->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(w->curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(w->curl, CURLOPT_MAXREDIRS, (long)WEBLINK_REDIRECTS);
	curl_easy_setopt(w->curl, CURLOPT_TIMEOUT, (long)WEBLINK_TIMEOUT_S);
	curl_easy_setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(w->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(w->curl, CURLOPT_USERAGENT, "kb-lint/" TKT_VERSION);
	curl_easy_setopt(w->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(w->curl, CURLOPT_OPENSOCKETDATA, w);
	curl_easy_setopt(w->curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(w->curl, CURLOPT_WRITEDATA, w);
	*out = w;
	return RC_OK;
}

static CURLcode
ask(struct weblinks *w, const char *url, bool whole, long *status)
{
	CURLcode bad;

	w->heard = 0;
	w->refused = false;
	curl_easy_setopt(w->curl, CURLOPT_URL, url);
	curl_easy_setopt(w->curl, CURLOPT_NOBODY, whole ? 0L : 1L);
	if (whole)
		curl_easy_setopt(w->curl, CURLOPT_HTTPGET, 1L);
	bad = curl_easy_perform(w->curl);
	*status = 0;
	curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, status);
	return bad == CURLE_WRITE_ERROR && w->heard > WEBLINK_READ_MAX ? CURLE_OK : bad;
}

/* 401, 403: there is something; 429: it is there, and busy with us. */
static bool
is_there(long status)
{
	return (status >= 200 && status < 300) || status == 401 || status == 403 ||
	       status == 429;
}

enum rc
weblinks_ask(struct weblinks *w, const char *url, const char **why, struct err *err)
{
	char *plain = talloc_strndup(NULL, url, strcspn(url, "#"));
	json_t *known = json_object_get(w->known, plain);
	long status = 0;
	CURLcode bad;

	if (known == NULL && json_object_size(w->known) >= WEBLINKS_MAX) {
		talloc_free(plain);
		return err_fail(
		    err, RC_NET, "more than %d links to ask for", WEBLINKS_MAX);
	}
	if (known == NULL) {
		bad = ask(w, plain, false, &status);
		if (bad == CURLE_OK && !is_there(status) && status != 404 &&
		    status != 410)
			bad = ask(w, plain, true, &status);
		if (w->refused)
			known = json_string("a private address is not asked");
		else if (bad != CURLE_OK)
			known = json_string(curl_easy_strerror(bad));
		else if (!is_there(status))
			known = json_sprintf("the server says %ld", status);
		else
			known = json_null();
		json_object_set_new(w->known, plain, known);
	}
	*why = json_string_value(known);
	talloc_free(plain);
	return RC_OK;
}
