/* One-time codes in a chat. */
#include "chat/proving.h"

#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "change/proof.h"

enum { WORD_MAX_BYTES = 400 };

static const char *const words[] = {"!link", "!code", NULL};

static size_t
first_word(const struct heard *h)
{
	size_t n = 0;

	while (n < h->ntext && h->text[n] != ' ' && h->text[n] != '\n')
		n++;
	return n;
}

bool
proving_is(const struct heard *h)
{
	size_t n = h->text ? first_word(h) : 0;

	for (const char *const *w = words; *w != NULL; w++) {
		if (h->what == HEARD_MESSAGE && n == strlen(*w) &&
		    memcmp(h->text, *w, n) == 0)
			return true;
	}
	return false;
}

static const char *
answer_to(void *ctx, enum proof p, const char *word)
{
	switch (p) {
	case PROOF_SENT:
		return talloc_asprintf(ctx,
		    "A code is on its way to %s. Tell me here within half an hour: "
		    "!code 12345678",
		    word);
	case PROOF_DONE:
		return "Thank you: that mail address is yours. We know you here now.";
	case PROOF_KNOWN:
		return "I know that this address is yours.";
	case PROOF_OFTEN:
		return "There were too many codes today. Please try again tomorrow.";
	case PROOF_WRONG:
		return "That is not the code. Please look again.";
	case PROOF_NONE:
		break;
	}
	return "I wait for no code. Ask for one: !link you@example.org";
}

/* In a room others read along, and a network that cannot tell who speaks vouches for
 * nobody. */
static const char *
refused(const struct heard *h)
{
	if (strchr(h->conversation, ' ') != NULL)
		return "Please say that to me alone: others read along here.";
	if (!h->proven)
		return "This network does not tell me who you are: log in to your "
		       "account first.";
	return NULL;
}

static enum rc
ask_or_give(struct change_tx *tx, const struct desk_keys *keys, void *ctx,
    const struct heard *h, const char *word, enum proof *p, struct err *err)
{
	struct person_address who = talk_from(ctx, h);
	int64_t customer = 0;

	return text_starts(h->text, "!link")
		   ? proof_ask(tx, &who, word, p, err)
		   : proof_give(tx, keys, &who, word, p, &customer, err);
}

enum rc
proving_do(
    struct desk *d, void *ctx, const struct heard *h, char **answer, struct err *err)
{
	size_t n = first_word(h);
	char *word =
	    text_clean(ctx, h->text + n, h->ntext - n, TEXT_LINE, WORD_MAX_BYTES);
	struct change_tx *tx = NULL;
	struct desk_keys keys;
	enum proof p = PROOF_NONE;
	struct err bad;
	enum rc rc = RC_OK;

	word += strspn(word, " ");
	*answer = refused(h) ? talloc_strdup(ctx, refused(h)) : NULL;
	if (*answer != NULL)
		return RC_OK;
	rc = desk_read_keys(d, &keys, err);
	if (rc == RC_OK)
		rc = change_begin(ctx, d, 0, &tx, err);
	if (rc == RC_OK)
		rc = ask_or_give(tx, &keys, ctx, h, word, &p, &bad);
	memset(&keys, 0, sizeof(keys));
	if (rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL) {
		change_abort(tx);
		*err = bad;
	}
	if (rc == RC_INVALID || rc == RC_USAGE) {
		*answer = talloc_strdup(ctx, err->text);
		return RC_OK;
	}
	if (rc == RC_OK)
		*answer = talloc_strdup(ctx, answer_to(ctx, p, word));
	return rc;
}
