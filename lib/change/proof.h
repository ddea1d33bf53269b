/* One customer, many handles: who writes from one address proves by a one-time code that
 * a mail address is theirs, too. Then both are one customer; never by a guess.
 *
 * The code is in no row and no log: it is made of the event that tells of it and a key of
 * the desk (HMAC-SHA-256), when the mail is written and when the answer is checked. */
#ifndef CHANGE_PROOF_H
#define CHANGE_PROOF_H

#include "change/change.h"

#define PROOF_DIGITS 8		 /* of a code: a phone has no letters */
#define PROOF_MS (30 * 60000)	 /* it is good for so long */
#define PROOF_TRIES 5		 /* wrong answers before it is spent */
#define PROOF_A_DAY 3		 /* codes one asks for, and codes one address gets */
#define PROOF_KEPT_MS 86400000LL /* rows are forgotten after this */

enum proof {
	PROOF_SENT,  /* a code is on its way */
	PROOF_DONE,  /* they are one now */
	PROOF_KNOWN, /* they were before */
	PROOF_OFTEN, /* too many codes today */
	PROOF_WRONG, /* not this code; it may be tried again */
	PROOF_NONE /* no code is waited for: none was asked for, or it is spent or old */
};

/* Sends a code to `email` for whoever writes from `who`, an address that their network
 * vouches for. RC_INVALID for what is no mail address, or none that gets mail. */
enum rc proof_ask(struct change_tx *tx, const struct person_address *who,
    const char *email, enum proof *out, struct err *err) CHECKED;
/* `who` says a code (blanks and dashes in it are passed over). A wrong one is counted:
 * commit that, too. *customer is who they are when it was right. */
enum rc proof_give(struct change_tx *tx, const struct desk_keys *keys,
    const struct person_address *who, const char *code, enum proof *out,
    int64_t *customer, struct err *err) CHECKED;

/* Somebody we trust vouches for `who`, and for a mail address of theirs (or NULL): both
 * are proven, and one customer. */
enum rc proof_vouched(struct change_tx *tx, const struct person_address *who,
    const char *email, int64_t *customer, struct err *err) CHECKED;

/* The code that event `event` is about, for the mail that tells it; `handle` is for whom.
 * RC_NONE when it is not waited for any more. */
enum rc proof_code(struct store *s, void *ctx, const struct desk_keys *keys,
    int64_t event, int64_t now, char code[PROOF_DIGITS + 1], char **handle,
    struct err *err) CHECKED;
enum rc proof_forget(struct store *s, int64_t before, struct err *err) CHECKED;

#endif
