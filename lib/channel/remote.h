/* Servers of others, by libcurl: TLS and login as tkt.conf says (smtp, fetch). */
#ifndef CHANNEL_REMOTE_H
#define CHANNEL_REMOTE_H

#include <curl/curl.h>

#include "desk/desk.h"

#define REMOTE_CONNECT_MS 30000

/* A handle with timeouts, certificates, pin and login set, for these protocols
 * ("smtp,smtps"); closed with ctx. *secret, to be wiped with it, belongs to ctx, too.
 * RC_CONFIG and RC_NOTFOUND: the secret cannot be read. */
enum rc remote_open(void *ctx, struct desk *d, const struct remote *r,
    const char *protocols, CURL **curl, struct err *err) CHECKED;

#endif
