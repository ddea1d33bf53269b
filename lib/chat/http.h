/* Asking a server by HTTP while other things go on: what channels with such an interface
 * share. JSON in and out, a bearer token, libcurl underneath. */
#ifndef CHAT_HTTP_H
#define CHAT_HTTP_H

#include <jansson.h>
#include <poll.h>

#include "desk/desk.h"

#define HTTP_ANSWER_MAX (32 << 20) /* bytes of an answer that are read */
#define HTTP_ASKING_MAX 1000	   /* questions that wait */

struct http;
/* A server as tkt.conf has it; its secret is sent as a bearer token, if it has one.
 * Belongs to ctx. */
enum rc http_open(void *ctx, struct desk *d, const struct remote *r, struct http **h,
    struct err *err) CHECKED;

struct http_answer {
	long code;	   /* 0: there was none, and why */
	const char *why;   /* for people: "HTTP 403: M_FORBIDDEN", "Couldn't connect" */
	const char *bytes; /* with a NUL behind them */
	size_t n;
	json_t *json;	  /* or NULL when it is no JSON; the answer's own reference */
	int64_t retry_ms; /* after how long to ask again; 0: it does not say */
	const char *etag, *modified; /* ETag, Last-Modified; or NULL */
};
struct http_ask {
	const char *method; /* GET PUT POST */
	const char *path;   /* with a leading /; "": the URL of tkt.conf as it is */
	json_t *body;	    /* taken over; NULL: none */
	const char *token;  /* a bearer token instead of the secret; "": none; NULL: it */
	const char *const *headers; /* more of them, "Name: value"; NULL-terminated */
	int64_t timeout_ms;
	size_t max;  /* bytes of the answer; 0: HTTP_ANSWER_MAX */
	bool beside; /* at once, beside the others: a long poll. The others go one by one
		      */
	void *arg;
	/* The answer is valid within the call. Anything but RC_OK ends http_step so. */
	enum rc (*done)(void *arg, const struct http_answer *a, struct err *err);
	/* NULL, or: bytes as they come, and none in the answer (a stream). */
	enum rc (*more)(void *arg, const char *s, size_t n, struct err *err);
};
/* Copied. RC_NET: too many wait. */
enum rc http_ask(struct http *h, const struct http_ask *a, struct err *err) CHECKED;
size_t http_waiting(const struct http *h);
/* What to wait for, at most max, and until when. */
size_t http_wait(struct http *h, struct pollfd *v, size_t max, int64_t *until);
enum rc http_step(struct http *h, struct err *err) CHECKED;
/* A text as a part of a path or a query: what is no letter, digit, or one of -._~ as %XX
 * (RFC 3986). */
char *http_quote(void *ctx, const char *s);

#endif
