/* What social networks share: they are asked now and then, take short texts, and limit
 * how often. Each is a channel of a bridge (chat/bridge.h), which files what it hears and
 * hands it what is due; lib/chat/http.h asks. */
#ifndef SOCIAL_SOCIAL_H
#define SOCIAL_SOCIAL_H

#include "chat/bridge.h"
#include "chat/http.h"

#define SOCIAL_ASK_MS 30000
#define SOCIAL_LOOKED_AT 20 /* posts a round that are looked at again: gone, edited? */
#define SOCIAL_AGAIN_MS (3LL * 86400000) /* and for so long after they were heard */

extern const struct channel channel_mastodon, channel_bluesky, channel_rss;

struct social {
	struct bridge_run *b;
	const struct bridge *conf;
	struct http *http;
	int64_t next_at;       /* when the next round begins */
	int64_t limited_until; /* the server wants to be left alone */
	bool busy;	       /* a round is under way */
	bool done;	       /* one is over */
	char *looked;	       /* the id up to which posts were looked at again */
};
/* Opens the way to the server. Belongs to ctx. */
enum rc social_open(
    struct social *s, void *ctx, struct bridge_run *b, struct err *err) CHECKED;
size_t social_wait(struct social *s, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until);
/* Is it time for a round? Then it is under way. */
bool social_begins(struct social *s);
/* The round is over; the next comes after the block's `every`. */
void social_ends(struct social *s);
/* A round is over, and all that was said is answered. */
bool social_done(const struct social *s);
bool social_ready(const struct social *s);

/* What an answer means for us: RC_OK it is one; RC_NONE the server limits us, which was
 * noted; RC_INVALID it does not want this (4xx), and why; RC_NET the server does not
 * work, or does not know us. */
enum rc social_answer(
    struct social *s, const struct http_answer *a, const char *what, struct err *err);

/* Ids of posts heard lately, from the one looked at last on, at most max; round and
 * round. */
enum rc social_look_again(struct social *s, void *ctx, size_t max, const char ***ids,
    size_t *n, struct err *err) CHECKED;
/* The network says that a post is gone: whoever reads the ticket sees it. Once. */
void social_gone(struct social *s, const char *id);

/* A text in pieces of at most max characters (code points: never less than what networks
 * count), cut at blanks where that can be; each but the last ends in "…". */
char **social_pieces(void *ctx, const char *text, size_t max, size_t *n);
size_t social_length(const char *text);
/* What is said, with the names of attachments: these networks get no files from us. */
char *social_text(void *ctx, const struct said *s);

#endif
