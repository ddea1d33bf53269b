/* Fetching mail: IMAP (RFC 9051) and POP3 (RFC 1939) by libcurl. A mail is removed there,
 * or counted as fetched, only after it is filed here; what is fetched twice after a crash
 * is a duplicate (M3). */
#ifndef CHANNEL_FETCH_H
#define CHANNEL_FETCH_H

#include "channel/ingest.h"

struct fetched {
	int64_t mails, duplicates, quarantined;
};
/* Fetches what is there and files it; `each` gets every outcome, after its commit.
 * RC_NET: no service, a wrong certificate or login; what came before is filed. */
enum rc fetch_all(struct desk *d, const struct fetch *f, struct fetched *done,
    void (*each)(void *arg, const struct ingest *i), void *arg, struct err *err) CHECKED;

#endif
