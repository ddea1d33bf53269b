/* What composing replies and notices shares. */
#ifndef CHANNEL_LETTER_PRIV_H
#define CHANNEL_LETTER_PRIV_H

#include "channel/letter.h"
#include "mail/write.h"

enum { LETTER_HEADERS = 8, LETTER_IDS = 10, LETTER_IDS_BYTES = 900 };

/* A letter on its way. */
struct draft_letter {
	void *ctx;
	struct writer *w;
	const struct delivery *of;
	struct ticket *t;
	const struct mailbox *box;
	int64_t event_ticket; /* what the event says: part of the Message-ID for ever */
	struct outgoing o;
	struct outgoing_header headers[LETTER_HEADERS];
};
void letter_header(struct draft_letter *l, const char *name, const char *value);
/* "Re: subject [Acme Support #42]" */
const char *letter_subject(const struct draft_letter *l, bool answer);
/* thread.c: In-Reply-To and References of message or event `of` (M31). */
enum rc letter_thread(struct draft_letter *l, int64_t of, struct err *err) CHECKED;
/* M33: what a machine says is marked as such, three times over. */
void letter_mark_machine(struct draft_letter *l, const char *how);
/* transcript.c: what was said in a conversation, and no note of it. */
enum rc letter_transcript(
    struct draft_letter *l, const char *language, struct err *err) CHECKED;
/* code_letter.c: a one-time code (change/proof.h); it is about no ticket. */
enum rc letter_code(struct draft_letter *l, const char **to, struct err *err) CHECKED;
/* notice_letter.c: a notice, or a digest of n of them. */
enum rc letter_notice(struct draft_letter *l, struct delivery *const *v, size_t n,
    const char **to, struct err *err) CHECKED;

#endif
