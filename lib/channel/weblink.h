/* Asking web servers whether a link leads somewhere (libcurl). Texts that come from
 * strangers name the links, so private addresses are not asked unless the caller says so,
 * little is read, and there is a limit to everything. */
#ifndef CHANNEL_WEBLINK_H
#define CHANNEL_WEBLINK_H

#include <stdbool.h>

#include "base/err.h"

#define WEBLINKS_MAX 1000    /* asked in one run */
#define WEBLINK_TIMEOUT_S 10 /* for one */
#define WEBLINK_REDIRECTS 5
#define WEBLINK_READ_MAX 65536 /* bytes of an answer */

struct weblinks;
/* Belongs to ctx. */
enum rc weblinks_open(
    void *ctx, bool private_allowed, struct weblinks **w, struct err *err) CHECKED;
/* Each URL is asked once (without its fragment): by HEAD, and by GET where a server does
 * not know that. NULL when it leads somewhere (2xx, or a server that wants a login or
 * fewer questions), else why not. RC_NET past WEBLINKS_MAX. */
enum rc weblinks_ask(
    struct weblinks *w, const char *url, const char **why, struct err *err) CHECKED;

#endif
