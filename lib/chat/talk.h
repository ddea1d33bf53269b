/* What channels say becomes tickets and messages (tkt-channel(7)). */
#ifndef CHAT_TALK_H
#define CHAT_TALK_H

#include "change/change.h"
#include "ticket/conversation.h"

#define TALK_FILES_MAX 20	      /* attachments of one message */
#define TALK_FILE_SIZE_MAX (50 << 20) /* bytes of one */
#define TALK_SUBJECT_MAX 80	      /* bytes of a first line that becomes a subject */
#define TALK_NAME_MAX 200	      /* bytes of a name */

enum heard_what { HEARD_MESSAGE, HEARD_EDIT, HEARD_DELETE };
struct heard_file {
	const char *name, *media_type; /* media_type NULL: as its bytes say */
	const void *data;
	size_t n;
};
/* Something that was said. */
struct heard {
	enum heard_what what;
	const char *id;			   /* the channel's; NULL: the channel has none */
	const char *conversation;	   /* never NULL */
	const char *kind, *address, *name; /* who; name may be NULL */
	bool proven;	  /* the network knows them by an account of theirs */
	const char *of;	  /* edit, delete: the id of what it was about */
	const char *text; /* as it came: any bytes, ntext of them */
	size_t ntext;
	int64_t at; /* when it was said; INSTANT_NONE: now. Later than now is now */
	const struct heard_file *files;
	size_t nfiles;
};

enum talk_outcome {
	TALK_CREATED,	/* a ticket */
	TALK_APPENDED,	/* to one */
	TALK_DUPLICATE, /* said before: nothing was done */
	TALK_REFUSED,	/* it cannot be taken, now or ever, and `why` */
	TALK_KEPT	/* by a bot, which has no ticket of it yet */
};
extern const char *const talk_outcomes[];
struct filed {
	enum talk_outcome outcome;
	int64_t ticket, message;
	bool tell;	 /* refused: the first time for this reason, worth a line */
	const char *why; /* refused */
};

struct talk;
/* For one bridge: `via` as in delivery rows (irc:libera), `channel` of its tickets
 * (chat), and what tkt.conf says of it, or NULL. Belongs to ctx. */
enum rc talk_new(void *ctx, struct desk *d, const char *via, const char *channel,
    const struct bridge *conf, struct talk **t, struct err *err) CHECKED;
/* Files n things that were heard in one transaction; out[i] says what became of each, in
 * ctx. `place` (or NULL) is how far the channel has read with them. On anything but RC_OK
 * nothing was filed: say it again later. */
enum rc talk_file(struct talk *t, void *ctx, const struct heard *v, size_t n,
    const char *place, struct filed *out, struct err *err) CHECKED;

/* What stands behind "acme: " or "acme, ", where acme is one of n names (NULLs are passed
 * over), without case; NULL when the line begins otherwise. */
const char *talk_addressed(const char *text, const char *const *names, size_t n);
/* Who said it, as addresses are kept: into ctx. */
struct person_address talk_from(void *ctx, const struct heard *h);

/* We said something in one: it is not quiet. */
enum rc talk_spoke(struct talk *t, const char *conversation, struct err *err) CHECKED;

/* Ends conversations that have been quiet for `idle`. One that was answered closes its
 * ticket, with a transcript by mail to who has an address; one that waits for us stays
 * open, and is answered by mail or when they come back. `each` hears of every one. */
enum rc talk_end_quiet(struct talk *t,
    enum rc (*each)(void *arg, const struct conversation *c, struct err *err), void *arg,
    struct err *err) CHECKED;
/* One ends now: they left. */
enum rc talk_end(struct talk *t, const char *conversation, struct err *err) CHECKED;

#endif
