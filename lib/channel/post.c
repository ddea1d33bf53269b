/* SMTP by libcurl, or sendmail. */
#include "channel/post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/process.h"
#include "base/text.h"

enum { CONNECT_MS = 30000, SECRET_MAX = 16384, WORDS_MAX = 500 };

struct post {
	struct desk *d;
	const struct smtp *how;
	CURL *curl; /* NULL: by sendmail */
	char *secret;
	/* The dialogue, as far as it says whose fault it is. */
	bool of_mail;	       /* the last command was about this mail */
	bool leaving;	       /* QUIT was said */
	char reply[WORDS_MAX]; /* the server's last line */
	const char *data;
	size_t n, at;
};

static int
hang_up(struct post *p)
{
	if (p->secret != NULL)
		memset(p->secret, 0, strlen(p->secret));
	if (p->curl != NULL) {
		curl_easy_cleanup(p->curl);
		curl_global_cleanup();
	}
	return 0;
}

/* ---- opening ---- */

/* secret/NAME without its line's end. */
static enum rc
read_secret(struct post *p, const char *name, struct err *err)
{
	size_t n = 0;
	enum rc rc = desk_read_secret(p->d, p, name, SECRET_MAX, &p->secret, &n, err);

	if (rc == RC_OK)
		p->secret[strcspn(p->secret, "\r\n")] = '\0';
	return rc;
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
set_security(struct post *p)
{
	const struct smtp *how = p->how;
	long ssl = strcmp(how->tls, "required") == 0 && !is_local(how->url)
		       ? CURLUSESSL_ALL
		   : strcmp(how->tls, "none") == 0 ? CURLUSESSL_NONE
						   : CURLUSESSL_TRY;

	curl_easy_setopt(p->curl, CURLOPT_USE_SSL, ssl);
	curl_easy_setopt(p->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (how->ca != NULL)
		curl_easy_setopt(p->curl, CURLOPT_CAINFO, how->ca);
	if (how->pin == NULL)
		return;
	/* The key is known: who signed it says nothing more. */
	curl_easy_setopt(p->curl, CURLOPT_PINNEDPUBLICKEY, how->pin);
	curl_easy_setopt(p->curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(p->curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

static void
set_login(struct post *p)
{
	if (p->how->user == NULL)
		return;
	curl_easy_setopt(p->curl, CURLOPT_USERNAME, p->how->user);
	if (strcmp(p->how->auth, "xoauth2") == 0)
		curl_easy_setopt(p->curl, CURLOPT_XOAUTH2_BEARER, p->secret);
	else
		curl_easy_setopt(p->curl, CURLOPT_PASSWORD, p->secret);
}

/* libcurl shows the dialogue to whoever debugs it: the one way to learn what the server
 * said, and to which command. */
static int
overhear(CURL *curl, curl_infotype type, char *data, size_t n, void *arg)
{
	struct post *p = arg;
	char *line;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) {
		/* libcurl says good-bye after a refusal: what is said then matters not.
		 */
		p->leaving = type == CURLINFO_HEADER_OUT && n >= 4 &&
			     (strncasecmp(data, "QUIT", 4) == 0 ||
				 strncasecmp(data, "RSET", 4) == 0);
		if (!p->leaving)
			p->of_mail = type == CURLINFO_DATA_OUT ||
				     (n >= 4 && (strncasecmp(data, "MAIL", 4) == 0 ||
						    strncasecmp(data, "RCPT", 4) == 0 ||
						    strncasecmp(data, "DATA", 4) == 0));
		if (!p->leaving)
			*p->reply = '\0';
	}
	if (type != CURLINFO_HEADER_IN || p->leaving)
		return 0;
	line = text_clean(NULL, data, n, TEXT_LINE, sizeof(p->reply) - 1);
	snprintf(p->reply, sizeof(p->reply), "%s", line);
	talloc_free(line);
	return 0;
}

static size_t
feed(char *to, size_t size, size_t count, void *arg)
{
	struct post *p = arg;
	size_t n = p->n - p->at < size * count ? p->n - p->at : size * count;

	memcpy(to, p->data + p->at, n);
	p->at += n;
	return n;
}

static enum rc
open_smtp(struct post *p, struct err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_fail(err, RC_BUG, "libcurl does not start");
	p->curl = curl_easy_init();
	if (p->curl == NULL)
		return err_fail(err, RC_BUG, "libcurl does not start");
	curl_easy_setopt(p->curl, CURLOPT_URL, p->how->url);
	curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(p->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(p->curl, CURLOPT_READFUNCTION, feed);
	curl_easy_setopt(p->curl, CURLOPT_READDATA, p);
	curl_easy_setopt(p->curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(p->curl, CURLOPT_DEBUGFUNCTION, overhear);
	curl_easy_setopt(p->curl, CURLOPT_DEBUGDATA, p);
	curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)p->how->timeout);
	curl_easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(p->how->timeout < CONNECT_MS ? p->how->timeout : CONNECT_MS));
	set_security(p);
	set_login(p);
	return RC_OK;
}

enum rc
post_open(void *ctx, struct desk *d, struct post **out, struct err *err)
{
	struct post *p = talloc_zero(ctx, struct post);
	enum rc rc = RC_OK;

	p->d = d;
	p->how = &d->config->smtp;
	talloc_set_destructor(p, hang_up);
	if (p->how->secret != NULL)
		rc = read_secret(p, p->how->secret, err);
	if (rc == RC_OK && p->how->url != NULL)
		rc = open_smtp(p, err);
	if (rc == RC_OK)
		*out = p;
	else
		talloc_free(p);
	return rc;
}

bool
post_crlf(const struct post *p)
{
	return p->curl != NULL;
}

const char *
post_where(const struct post *p)
{
	return p->curl ? p->how->url : p->how->sendmail;
}

/* ---- what a reply says ---- */

/* "550 5.1.1 no such user": the enhanced status (RFC 2034), or what 550 means without. */
static const char *
status_in(void *ctx, const char *reply)
{
	const char *s = reply + strcspn(reply, " -");
	size_t n;

	s += *s != '\0';
	n = strspn(s, "0123456789.");
	if (n >= 5 && (*s == '4' || *s == '5') && s[1] == '.' && (s[n] == ' ' || !s[n]))
		return talloc_strndup(ctx, s, n);
	return NULL;
}

/* RFC 4954, 3207: said to MAIL FROM, but about us. */
static bool
wants_login(long code)
{
	return code == 530 || code == 534 || code == 535 || code == 538;
}

static struct posted
judge(void *ctx, struct post *p, CURLcode rc)
{
	long code = strtol(p->reply, NULL, 10);
	struct posted r = {.result = POST_DOWN};

	if (rc == CURLE_OK)
		return (struct posted){.result = POST_SENT};
	if (p->of_mail && code >= 400 && code < 600 && code != 421 && !wants_login(code)) {
		r.result = code >= 500 ? POST_NEVER : POST_LATER;
		r.status = status_in(ctx, p->reply);
		r.why = talloc_strdup(ctx, p->reply);
		return r;
	}
	/* A greeting, a certificate, a login that fails: no mail's fault. */
	if (p->of_mail && !wants_login(code))
		r.result = POST_LOST;
	r.why = talloc_asprintf(ctx, "%s%s%s", curl_easy_strerror(rc),
	    code >= 400 ? ": " : "", code >= 400 ? p->reply : "");
	return r;
}

static struct posted
by_smtp(void *ctx, struct post *p, const struct letter *l)
{
	struct curl_slist *to = curl_slist_append(NULL, l->to);
	struct posted r;

	p->data = l->bytes;
	p->n = l->n;
	p->at = 0;
	p->of_mail = p->leaving = false;
	*p->reply = '\0';
	curl_easy_setopt(p->curl, CURLOPT_MAIL_FROM, l->from);
	curl_easy_setopt(p->curl, CURLOPT_MAIL_RCPT, to);
	r = judge(ctx, p, curl_easy_perform(p->curl));
	curl_easy_setopt(p->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(to);
	return r;
}

/* ---- sendmail ---- */

/* sysexits(3), as Postfix, Exim and msmtp use them. */
static enum post_result
sendmail_result(int status)
{
	switch (status) {
	case 0:
		return POST_SENT;
	case 65: /* data */
	case 67: /* no such user */
	case 68: /* no such host */
		return POST_NEVER;
	case 75:
		return POST_LATER;
	default:
		return POST_DOWN;
	}
}

static struct posted
by_sendmail(void *ctx, struct post *p, const struct letter *l)
{
	const char *argv[] = {
	    p->how->sendmail, "-i", "-f", *l->from ? l->from : "<>", "--", l->to, NULL};
	const char *const envp[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct process run = {.argv = argv,
	    .envp = envp,
	    .input = l->bytes,
	    .ninput = l->n,
	    .timeout_ms = p->how->timeout};
	struct posted r = {.result = POST_DOWN};
	struct err err;
	char *heard = NULL;
	int status = 0;

	if (process_run(ctx, &run, &heard, &status, &err) != RC_OK) {
		r.why = talloc_strdup(ctx, err.text);
		return r;
	}
	r.result = sendmail_result(status);
	heard = text_clean(ctx, heard, strlen(heard), TEXT_LINE, WORDS_MAX);
	r.why = talloc_asprintf(
	    ctx, "%s: exit %d%s%s", p->how->sendmail, status, *heard ? ": " : "", heard);
	return r;
}

struct posted
post_letter(void *ctx, struct post *p, const struct letter *l)
{
	return p->curl != NULL ? by_smtp(ctx, p, l) : by_sendmail(ctx, p, l);
}
