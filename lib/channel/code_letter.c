/* A one-time code, as a mail to whom it shall prove. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "change/proof.h"
#include "channel/letter_priv.h"

/* Whose address it is, if anybody's: for the language. */
static enum rc
language_of(struct draft_letter *l, const char **language, struct err *err)
{
	struct person p = {0};
	int64_t id = 0;
	enum rc rc = customer_find(l->w->d->store, "email", l->of->target, &id, err);

	if (rc == RC_OK)
		rc = customer_get(l->w->d->store, l->ctx, id, &p, err);
	*language = p.language;
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
letter_code(struct draft_letter *l, const char **to, struct err *err)
{
	struct desk *d = l->w->d;
	struct person_address *whom = talloc_zero(l->ctx, struct person_address);
	char digits[PROOF_DIGITS + 1], *handle = NULL, *text = NULL;
	const char *language = NULL;
	struct canned c;
	json_t *values;
	enum rc rc = proof_code(d->store, l->ctx, &l->w->keys, l->of->event, desk_now(d),
	    digits, &handle, err);

	if (rc == RC_NONE)
		return err_fail(err, RC_NOTFOUND, "the code is waited for no more");
	if (rc == RC_OK)
		rc = language_of(l, &language, err);
	if (rc == RC_OK)
		rc = texts_template(l->w->texts, "code", language, &c, err);
	if (rc != RC_OK)
		return rc;
	values = json_pack("{s:{s:s,s:s},s:{s:s},s:{s:s,s:s}}", "code", "digits", digits,
	    "handle", handle, "desk", "name", d->config->name, "mailbox", "name",
	    *l->box->from_name ? l->box->from_name : d->config->name, "address",
	    l->box->address);
	rc = texts_fill(l->ctx, &c, values, false, &text, err);
	json_decref(values);
	if (rc != RC_OK)
		return rc;
	*whom = (struct person_address){NULL, "email", l->of->target};
	l->o.to = whom;
	l->o.nto = 1;
	l->o.text = text;
	l->o.date = desk_now(d);
	l->o.subject = talloc_asprintf(l->ctx, "Your code for %s", d->config->name);
	letter_mark_machine(l, "auto-generated");
	*to = l->of->target;
	return RC_OK;
}
