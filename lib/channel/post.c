/* SMTP by libcurl, or sendmail. */
#include "channel/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/process.h"
#include "base/text.h"
#include "channel/remote.h"

enum { WORDS_MAX = 500 };

struct post {
	struct desk *d;
	const struct remote *how;
	CURL *curl; /* NULL: by sendmail */
	/* The dialogue, as far as it says whose fault it is. */
	bool of_mail;	       /* the last command was about this mail */
	bool leaving;	       /* QUIT was said */
	char reply[WORDS_MAX]; /* the server's last line */
	const char *data;
	size_t n, at;
};

/* ---- opening ---- */

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

enum rc
post_open(void *ctx, struct desk *d, struct post **out, struct err *err)
{
	struct post *p = talloc_zero(ctx, struct post);
	enum rc rc = RC_OK;

	p->d = d;
	p->how = &d->config->smtp;
	if (p->how->url != NULL)
		rc = remote_open(p, d, p->how, "smtp,smtps", &p->curl, err);
	if (rc != RC_OK) {
		talloc_free(p);
		return rc;
	}
	*out = p;
	if (p->curl == NULL)
		return RC_OK;
	curl_easy_setopt(p->curl, CURLOPT_URL, p->how->url);
	curl_easy_setopt(p->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(p->curl, CURLOPT_READFUNCTION, feed);
	curl_easy_setopt(p->curl, CURLOPT_READDATA, p);
	curl_easy_setopt(p->curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(p->curl, CURLOPT_DEBUGFUNCTION, overhear);
	curl_easy_setopt(p->curl, CURLOPT_DEBUGDATA, p);
	return RC_OK;
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
	if (p->of_mail && code >= 400 && code < 600 && code != 421 &&
	    !wants_login(code)) {
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
