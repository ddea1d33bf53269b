/* Feeds: RSS 2.0, RSS 1.0 (RDF) and Atom (RFC 4287), as bytes -> entries. */
#ifndef SOCIAL_FEED_H
#define SOCIAL_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_MAX (8 << 20)	   /* bytes of a feed */
#define FEED_ENTRIES_MAX 1000	   /* of one; more are passed over */
#define FEED_TEXT_MAX (256 * 1024) /* bytes of an entry's text */
#define FEED_NAME_MAX 200	   /* bytes of an author's name */

/* All of it readable text; "" where there is none. */
struct feed_entry {
	const char *id; /* guid, id, else its link; never "" */
	const char *title, *text, *link, *author;
	int64_t at; /* INSTANT_NONE: it does not say */
};
/* Gives every entry, the oldest (the last) first; valid within the call. False: that is
 * no feed. n is at most FEED_MAX. */
bool feed_read(const char *bytes, size_t n,
    void (*each)(void *arg, const struct feed_entry *e), void *arg);

#endif
