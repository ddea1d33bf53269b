/* A bot: greets, asks for what routing needs, answers from the knowledge base, and hands
 * over to a person (chat-bot(1)).
 *
 * bot_turn() decides: from a talk as it was and a line, the talk as it is, and what to
 * say; it writes nothing. bot_file() keeps that in one transaction: the talk, the words
 * that leave (rows of the outbox), the vote, and when a person is wanted the ticket with
 * all that was said. So nothing is lost or said twice when a bridge dies. */
#ifndef CHAT_BOT_H
#define CHAT_BOT_H

#include <jansson.h>

#include "base/process.h"
#include "chat/talk.h"
#include "kb/feedback.h"

#define BOT_LINE_MAX 4000      /* bytes of a line; a longer one is for a person */
#define BOT_TURNS_MAX 60       /* lines of one talk: two machines would go on for ever */
#define BOT_OFFERS_MAX 5       /* articles in one answer */
#define BOT_PROPOSAL_MAX 65536 /* bytes that a program may propose */

enum bot_phase {
	BOT_TALKS,  /* waits for a question */
	BOT_ASKS,   /* for the answer to what it asked */
	BOT_OFFERS, /* for yes or no: did that help? */
	BOT_OVER    /* it helped */
};
struct bot_said {
	bool ours;
	int64_t at;
	const char *text;
};
struct bot_offer {
	const char *id, *language, *revision;
};
/* A talk; all strings and lists are of one context. */
struct bot_talk {
	enum bot_phase phase;
	const char *form, *ask; /* BOT_ASKS: where it is */
	int64_t wrong;		/* answers to this ask that did not fit */
	json_t *answers;	/* name -> text; its own reference */
	int64_t misses, turns;
	struct bot_offer offers[BOT_OFFERS_MAX]; /* BOT_OFFERS: these */
	size_t noffers;
	const char *set;    /* changes a program proposed, or NULL */
	const char **tried; /* articles that were offered */
	size_t ntried;
	const char **questions;
	size_t nquestions;
	struct bot_said *said;
	size_t nsaid;
};
/* Belongs to ctx. */
struct bot_talk *bot_talk_new(void *ctx);
json_t *bot_talk_to_json(const struct bot_talk *t);
enum rc bot_talk_from_json(
    void *ctx, json_t *o, struct bot_talk **t, struct err *err) CHECKED;
/* They asked something, and nobody has answered. */
bool bot_talk_waits(const struct bot_talk *t);

struct bot_line {
	const char *text, *name; /* cleaned; name may be "" */
	int64_t at;
	/* What a program proposed, or NULL; asked: it was asked, whatever came. */
	json_t *proposal;
	bool asked;
	struct desk *kb; /* where articles are, when that is not the desk itself */
};
struct bot_turn {
	const char *did; /* greeted asked answered proposed missed voted handed */
	const char **says;
	size_t nsays;
	bool propose; /* ask the program first, then again; the talk is as it was */
	bool hand;    /* a person is wanted */
	bool voted;
	struct vote vote;
	const char *missed; /* words that no article has */
};
/* Articles are searched as a customer. Into ctx; *t changes. */
enum rc bot_turn(void *ctx, struct desk *d, const struct bot *b, struct bot_talk *t,
    const struct bot_line *l, struct bot_turn *out, struct err *err) CHECKED;
/* The ticket's changes that follow from what was answered; what does not fit is left
 * out. */
enum rc bot_changes(void *ctx, const struct config *c, const struct bot *b,
    const struct bot_talk *t, struct changes *out, struct err *err) CHECKED;
/* What was said, for the note that agents read. */
char *bot_transcript(
    void *ctx, const struct config *c, const struct bot_talk *t, const char *name);

/* bot_kb.c: the articles that answer best, none of those tried; *n may be 0. */
struct bot_article {
	const char *id, *language, *revision, *title, *summary, *url;
};
enum rc bot_search(void *ctx, struct desk *d, const struct bot *b, const char *question,
    const char *const *tried, size_t ntried, struct bot_article out[BOT_OFFERS_MAX],
    size_t *n, struct err *err) CHECKED;
/* One by its name; RC_NONE when customers may not see it. */
enum rc bot_article(void *ctx, struct desk *d, const struct bot *b, const char *id,
    struct bot_article *out, struct err *err) CHECKED;

/* bot_propose.c: asks the bot's program what to answer. */
struct proposing {
	struct process p;
	struct going *going;
};
enum rc bot_propose(void *ctx, struct desk *d, const struct bot *b,
    const struct bot_talk *t, const struct bot_line *l, struct proposing **out,
    struct err *err) CHECKED;
/* When going has ended: what it proposed, a new reference, or NULL and why. */
json_t *bot_proposed(void *ctx, const struct proposing *p, const char **why);

/* What was heard, as bot_turn() wants it. Into ctx. */
struct bot_line bot_line_of(void *ctx, struct desk *d, const struct heard *h);
/* bot_turn(), but what is too long, or has files, is for a person at once. */
enum rc bot_decide(void *ctx, struct desk *d, const struct bot *b, struct bot_talk *t,
    const struct heard *h, const struct bot_line *l, struct bot_turn *out,
    struct err *err) CHECKED;

/* ---- with the store (bot_file.c) ---- */

/* Is this line for a bot: there is one, and no person is in the conversation? *t is the
 * talk so far, into ctx; a new one when there was none. RC_NONE: it is not. */
enum rc bot_listens(struct desk *d, void *ctx, const char *via, const struct bot *b,
    const struct heard *h, struct bot_talk **t, struct err *err) CHECKED;
/* Keeps a turn, and what became of the line. */
enum rc bot_file(struct talk *talk, void *ctx, const struct bot *b, const struct heard *h,
    const struct bot_talk *t, const struct bot_turn *turn, struct filed *out,
    struct err *err) CHECKED;
/* A line from beginning to end; a program is waited for. Articles are those of `kb`.
 * RC_NONE: not for the bot. */
enum rc bot_hear(struct talk *talk, void *ctx, struct desk *kb, const struct bot *b,
    const struct heard *h, struct filed *out, struct err *err) CHECKED;
/* Ends talks that have been quiet since `before`: who waits for an answer gets a person.
 * `b` may be NULL: there is no bot any more, all end. */
enum rc bot_end_quiet(struct talk *talk, struct desk *d, const char *via,
    const struct bot *b, int64_t before, struct err *err) CHECKED;

#endif
