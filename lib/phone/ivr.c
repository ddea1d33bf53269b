/* The menu of the telephone. */
#include "phone/ivr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/phone.h"
#include "base/text.h"
#include "change/compose.h"
#include "change/proof.h"

enum {
	SAY_MS = 120000,  /* a prompt may take so long */
	CHOOSE_MS = 6000, /* a caller thinks */
	ENTER_MS = 15000, /* and enters a number */
	CODE_MS = 60000,  /* and looks for a mail */
	TRIES = 3,
	RATE = 8000, /* samples a second, as endpos counts them */
	WAV_HEADER = 44
};

struct ivr {
	void *ctx;
	struct desk *d;
	const struct phone_conf *conf;
	struct agi *agi;
	struct call *call;
	int64_t customer; /* 0: nobody we know */
	bool proven;	  /* their number is */
	size_t recorded;
};

/* ---- speaking and listening ---- */

/* A prompt that the switch does not have is no reason to stop. */
static enum rc
soft(enum rc rc)
{
	return rc == RC_INVALID ? RC_OK : rc;
}

static enum rc
play(struct ivr *x, const char *prompt, struct err *err)
{
	struct agi_answer r;

	return soft(agi_say(
	    x->agi, SAY_MS, &r, err, "STREAM FILE %s%s \"\"", x->conf->sounds, prompt));
}

static enum rc
say_digits(struct ivr *x, const char *digits, struct err *err)
{
	struct agi_answer r;

	return soft(agi_say(x->agi, SAY_MS, &r, err, "SAY DIGITS %s \"\"", digits));
}

static enum rc
say_number(struct ivr *x, int64_t n, struct err *err)
{
	return say_digits(x, talloc_asprintf(x->ctx, "%lld", (long long)n), err);
}

/* Digits a caller enters, "" for none. */
static enum rc
enter(
    struct ivr *x, const char *prompt, int64_t ms, int max, char out[32], struct err *err)
{
	struct agi_answer r = {.digits = ""};
	enum rc rc = agi_say(x->agi, SAY_MS + ms, &r, err, "GET DATA %s%s %lld %d",
	    x->conf->sounds, prompt, (long long)ms, max);
	size_t n;

	out[0] = '\0';
	if (rc != RC_OK)
		return soft(rc);
	if (r.result < 0) /* the line is dead */
		return RC_NONE;
	n = strspn(r.digits, "0123456789*#");
	if (n < 32 && r.digits[n] == '\0')
		snprintf(out, 32, "%s", r.digits);
	return RC_OK;
}

static enum rc
set(struct ivr *x, const char *name, const char *value, struct err *err)
{
	struct agi_answer r;

	return soft(
	    agi_say(x->agi, SAY_MS, &r, err, "SET VARIABLE %s \"%s\"", name, value));
}

/* ---- filing ---- */

static struct message
message_of(struct ivr *x, const struct person_address *from)
{
	return (struct message){.kind = "reply",
	    .direction = "in",
	    .channel = "phone",
	    .class = "human",
	    .author_address = from->value,
	    .created_at = desk_now(x->d),
	    /* A number is what anybody can claim, unless somebody has shown it is theirs.
	     */
	    .flags = x->proven ? 0 : MESSAGE_UNVERIFIED};
}

static enum rc
begin_ticket(struct ivr *x, struct change_tx *tx, const char *subject, const char *tag,
    const struct message *m, const struct person_address *from, struct err *err)
{
	const struct config *c = x->d->config;
	struct draft d = {.subject = subject,
	    .requester = *from,
	    .channel = "phone",
	    .external_id = talloc_asprintf(x->ctx, "call:%s", x->call->id),
	    .created_at = m->created_at,
	    .message = *m};
	struct change_result r;
	enum rc rc =
	    changes_add(x->ctx, "queue", CHANGE_SET, call_queue(c), c, &d.changes, err);

	if (rc == RC_OK && tag != NULL)
		rc = changes_add(x->ctx, "tag", CHANGE_ADD, tag, c, &d.changes, err);
	if (rc == RC_OK)
		rc = change_new(tx, &actor_system, &d, &r, err);
	if (rc == RC_OK) {
		x->call->ticket = r.ticket;
		x->call->created = r.created;
	}
	return rc;
}

/* To this ticket, or that of the call, or a new one. */
static enum rc
file(struct ivr *x, int64_t ticket, const char *subject, const char *tag,
    struct message *m, struct err *err)
{
	struct person_address from = call_from(x->ctx, x->call->number, x->call->name);
	struct edit e = {
	    .ticket = ticket ? ticket : x->call->ticket, .message = m, .from = &from};
	struct change_tx *tx = NULL;
	struct change_result r;
	enum rc rc = change_begin(x->ctx, x->d, 0, &tx, err);

	if (rc != RC_OK)
		return rc;
	if (e.ticket == 0) {
		rc = begin_ticket(x, tx, subject, tag, m, &from, err);
	} else {
		rc = change_edit(tx, &actor_system, &e, &r, err);
		if (rc == RC_OK)
			x->call->ticket = r.ticket;
	}
	if (rc == RC_OK)
		return change_commit(tx, err);
	change_abort(tx);
	return rc;
}

/* ---- what was recorded ---- */

/* A regular file of the folder, no link; *n 0 when nothing is there. */
static enum rc
read_recording(struct ivr *x, const char *path, void **data, size_t *n, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t got;

	*n = 0;
	if (fd < 0)
		return errno == ENOENT ? RC_OK : err_errno(err, "%s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > RECORDING_MAX) {
		close(fd);
		return err_fail(err, RC_INVALID, "%s: no recording, or too large", path);
	}
	*data = mem_array(x->ctx, char, (size_t)st.st_size + 1);
	while (*n < (size_t)st.st_size &&
	       ((got = read(fd, (char *)*data + *n, (size_t)st.st_size - *n)) > 0 ||
		   (got < 0 && errno == EINTR)))
		*n += got > 0 ? (size_t)got : 0;
	close(fd);
	return RC_OK;
}

/* A word of the command, and a file's name: letters, digits and dots. */
static char *
safe_name(void *ctx, const char *s)
{
	char *out = talloc_strndup(ctx, s, 100);

	for (char *p = out; *p != '\0'; p++) {
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			(*p >= 'A' && *p <= 'Z') || *p == '-') &&
		    !(*p == '.' && p > out))
			*p = '_';
	}
	return out;
}

static enum rc
file_recording(struct ivr *x, int64_t ticket, const char *path, void *data, size_t n,
    struct err *err)
{
	struct person_address from = call_from(x->ctx, x->call->number, x->call->name);
	struct message m = message_of(x, &from);
	const char *who = x->call->number ? x->call->number : "an anonymous caller";
	char *body =
	    talloc_asprintf(x->ctx, "Voicemail of %lld s.", (long long)x->call->seconds);
	enum rc rc = compose_body(x->d->store, x->ctx, &m, body, strlen(body), err);

	m.attachments = mem_array(x->ctx, struct attachment, 1);
	if (rc == RC_OK)
		rc = attachment_put(x->d->store, x->ctx, strrchr(path, '/') + 1,
		    "audio/x-wav", data, n, &m.attachments[0], err);
	m.attachments[0].part = 1;
	m.nattachments = 1;
	if (rc == RC_OK)
		rc = file(x, ticket, talloc_asprintf(x->ctx, "Voicemail from %s", who),
		    "voicemail", &m, err);
	/* It is here now. */
	if (rc == RC_OK)
		unlink(path);
	return rc;
}

/* ---- what callers may do ---- */

static enum rc
thank(struct ivr *x, struct err *err)
{
	enum rc rc = play(x, "thank-you", err);

	return rc == RC_OK ? say_number(x, x->call->ticket, err) : rc;
}

/* Whoever hangs up while they speak has said something all the same. */
static enum rc
leave_message(struct ivr *x, int64_t ticket, struct err *err)
{
	struct agi_answer r = {0};
	void *data = NULL;
	size_t n = 0;
	char *name;
	enum rc rc;

	if (x->conf->recordings == NULL)
		return play(x, "not-possible", err);
	name = talloc_asprintf(x->ctx, "%s/tkt-%s-%zu", x->conf->recordings,
	    safe_name(x->ctx, x->call->id), ++x->recorded);
	rc = play(x, "after-the-tone", err);
	if (rc == RC_OK)
		rc = agi_say(x->agi, x->conf->message_ms + SAY_MS, &r, err,
		    "RECORD FILE %s wav \"#\" %lld 0 BEEP s=5", name,
		    (long long)x->conf->message_ms);
	if (rc == RC_INVALID)
		return play(x, "not-possible", err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	name = talloc_asprintf(x->ctx, "%s.wav", name);
	if (read_recording(x, name, &data, &n, err) != RC_OK)
		return err->rc;
	if (n <= WAV_HEADER)
		return rc == RC_OK ? play(x, "nothing-recorded", err) : rc;
	x->call->seconds = r.endpos > 0 ? (r.endpos + RATE / 2) / RATE
					: (int64_t)((n - WAV_HEADER) / (2 * RATE));
	x->call->did = "message";
	if (file_recording(x, ticket, name, data, n, err) != RC_OK)
		return err->rc;
	return rc == RC_OK && !agi_hung_up(x->agi) ? thank(x, err) : RC_NONE;
}

SQL(sql_ivr_tickets, "SELECT id, phase FROM ticket WHERE requester = ?1 AND phase < 2 "
		     "ORDER BY updated_at DESC, id DESC LIMIT ?2");

struct heard_ticket {
	int64_t id, phase;
};

static enum rc
open_tickets(
    struct ivr *x, struct heard_ticket v[IVR_TICKETS_MAX], size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->d->store, sql_ivr_tickets, &st, err);

	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->customer);
	bind_int(st, 2, IVR_TICKETS_MAX);
	while ((rc = stmt_step(st, err)) == RC_OK)
		v[(*n)++] = (struct heard_ticket){col_int(st, 0), col_int(st, 1)};
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* A number can be forged: tkt.conf says whether that is enough to hear this much. */
static bool
may_hear(const struct ivr *x)
{
	return x->customer != 0 && strcmp(x->conf->status, "none") != 0 &&
	       (x->proven || strcmp(x->conf->status, "any") == 0);
}

static enum rc
tell_status(struct ivr *x, struct err *err)
{
	struct heard_ticket v[IVR_TICKETS_MAX];
	char key[32];
	size_t n = 0;
	enum rc rc = may_hear(x) ? open_tickets(x, v, &n, err) : RC_OK;

	if (rc == RC_OK && n == 0)
		return play(x, "no-tickets", err);
	x->call->did = "status";
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = play(x, "ticket", err);
		if (rc == RC_OK)
			rc = say_number(x, v[i].id, err);
		if (rc == RC_OK)
			rc = play(x,
			    talloc_asprintf(x->ctx, "status-%s", phase_names[v[i].phase]),
			    err);
		if (rc == RC_OK)
			rc = enter(x, "ticket-menu", CHOOSE_MS, 1, key, err);
		if (rc == RC_OK && strcmp(key, "1") == 0)
			return leave_message(x, v[i].id, err);
		if (rc == RC_OK && strcmp(key, "0") == 0)
			break;
	}
	return rc;
}

static enum rc
file_callback(struct ivr *x, const char *number, struct err *err)
{
	struct person_address from = call_from(x->ctx, x->call->number, x->call->name);
	struct message m = message_of(x, &from);
	enum rc rc;

	m.body = talloc_asprintf(x->ctx, "Please call back: %s", number);
	m.quoted = "";
	x->call->did = "callback";
	rc = file(
	    x, 0, talloc_asprintf(x->ctx, "Call back %s", number), "callback", &m, err);
	return rc == RC_OK ? thank(x, err) : rc;
}

static enum rc
want_callback(struct ivr *x, struct err *err)
{
	const char *number = x->call->number;
	char key[32] = "2";
	enum rc rc = RC_OK;

	if (number != NULL) {
		rc = play(x, "call-back-number", err);
		if (rc == RC_OK)
			rc = say_digits(x, number + 1, err);
		if (rc == RC_OK)
			rc = enter(x, "call-back-menu", CHOOSE_MS, 1, key, err);
	}
	for (int i = 0; rc == RC_OK && i < TRIES && strcmp(key, "2") == 0; i++) {
		char digits[32];

		rc =
		    enter(x, "enter-number", ENTER_MS, PHONE_DIGITS_MAX + 3, digits, err);
		digits[strcspn(digits, "#*")] = '\0';
		number = phone_e164(x->ctx, digits, x->conf->country, x->conf->trunk);
		if (number != NULL)
			break;
	}
	if (rc != RC_OK || number == NULL)
		return rc == RC_OK ? play(x, "not-possible", err) : rc;
	return file_callback(x, number, err);
}

/* ---- whose number it is: a code, as in a chat ---- */

/* The mail address of who asked ticket `id`, or NULL. */
static enum rc
mail_of_ticket(struct ivr *x, int64_t id, const char **email, struct err *err)
{
	struct ticket *t = NULL;
	struct person p = {0};
	enum rc rc = ticket_get(x->d->store, x->ctx, id, &t, err);

	*email = NULL;
	if (rc == RC_OK)
		rc = customer_get(x->d->store, x->ctx, t->requester, &p, err);
	if (rc == RC_OK && p.kind != NULL && strcmp(p.kind, "email") == 0)
		*email = p.address;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
with_proof(
    struct ivr *x, const char *email, const char *code, enum proof *p, struct err *err)
{
	struct person_address who = call_from(x->ctx, x->call->number, x->call->name);
	struct change_tx *tx = NULL;
	struct desk_keys keys;
	int64_t customer = 0;
	enum rc rc = desk_read_keys(x->d, &keys, err);

	if (rc == RC_OK)
		rc = change_begin(x->ctx, x->d, 0, &tx, err);
	if (rc == RC_OK)
		rc = email ? proof_ask(tx, &who, email, p, err)
			   : proof_give(tx, &keys, &who, code, p, &customer, err);
	memset(&keys, 0, sizeof(keys));
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	if (rc == RC_OK && *p == PROOF_DONE) {
		x->customer = customer;
		x->proven = true;
	}
	return rc;
}

/* Nothing that is said tells whether there is such a ticket. */
static enum rc
prove(struct ivr *x, struct err *err)
{
	enum proof p = PROOF_NONE;
	const char *email = NULL;
	char digits[32];
	int64_t id = 0;
	enum rc rc;

	if (x->call->number == NULL)
		return play(x, "not-possible", err);
	rc = enter(x, "enter-ticket", ENTER_MS, 12, digits, err);
	digits[strcspn(digits, "#*")] = '\0';
	if (rc == RC_OK && text_number(digits, &id))
		rc = mail_of_ticket(x, id, &email, err);
	if (rc == RC_OK && email != NULL)
		rc = with_proof(x, email, NULL, &p, err);
	rc = rc == RC_INVALID ? RC_OK : rc;
	for (int i = 0; rc == RC_OK && i < TRIES; i++) {
		rc = enter(x, i == 0 ? "enter-code" : "wrong-code", CODE_MS, PROOF_DIGITS,
		    digits, err);
		if (rc == RC_OK && *digits != '\0')
			rc = with_proof(x, NULL, digits, &p, err);
		if (rc == RC_OK && p == PROOF_DONE) {
			x->call->did = "proof";
			return play(x, "code-right", err);
		}
	}
	return rc;
}

/* ---- the call ---- */

static enum rc
menu(struct ivr *x, struct err *err)
{
	int silent = 0;
	char key[32];
	enum rc rc = RC_OK;

	while (rc == RC_OK && silent < TRIES) {
		rc = enter(x, "menu", CHOOSE_MS, 1, key, err);
		if (rc != RC_OK)
			return rc;
		switch (*key) {
		case '1':
			rc = tell_status(x, err);
			break;
		case '2':
			return leave_message(x, 0, err);
		case '3':
			return want_callback(x, err);
		case '4':
			rc = prove(x, err);
			break;
		case '0': /* the dialplan goes on */
			x->call->did = "person";
			return set(x, "TKT_NEXT", "person", err);
		case '\0':
			silent++;
			break;
		default:
			rc = play(x, "not-possible", err);
			silent++;
		}
	}
	return rc;
}

SQL(sql_ivr_proven, "SELECT 1 FROM address WHERE kind = 'phone' AND value = ?1 "
		    "AND proven_at IS NOT NULL");

static enum rc
know_caller(struct ivr *x, struct err *err)
{
	struct person p = {0};
	struct stmt *st;
	enum rc rc = x->call->number ? customer_find(x->d->store, "phone",
					   x->call->number, &x->customer, err)
				     : RC_NONE;

	if (rc == RC_OK)
		rc = customer_get(x->d->store, x->ctx, x->customer, &p, err);
	if (rc == RC_OK && p.name != NULL && *p.name != '\0')
		x->call->name = p.name;
	if (rc == RC_OK)
		rc = store_prepare(x->d->store, sql_ivr_proven, &st, err);
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_OK : rc;
	bind_text(st, 1, x->call->number);
	rc = stmt_step(st, err);
	x->proven = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
ivr_run(void *ctx, struct desk *d, struct agi *a, struct call *call, struct err *err)
{
	struct ivr x = {
	    .ctx = ctx, .d = d, .conf = &d->config->phone, .agi = a, .call = call};
	struct agi_answer r;
	const char *name = agi_variable(a, "calleridname");
	enum rc rc;

	*call = (struct call){.id = safe_name(ctx, agi_variable(a, "uniqueid")),
	    .number = phone_e164(
		ctx, agi_variable(a, "callerid"), x.conf->country, x.conf->trunk),
	    .to = agi_variable(a, "dnid"),
	    .name = strcmp(name, "unknown") == 0 ? "" : name};
	if (*call->to == '\0' || strcmp(call->to, "unknown") == 0)
		call->to = agi_variable(a, "extension");
	if (*call->id == '\0')
		return err_fail(err, RC_INVALID, "a call without agi_uniqueid");
	rc = know_caller(&x, err);
	if (rc == RC_OK)
		rc = agi_say(a, SAY_MS, &r, err, "ANSWER");
	if (rc == RC_OK)
		rc = play(&x, "welcome", err);
	if (rc == RC_OK)
		rc = menu(&x, err);
	if (rc == RC_OK && call->ticket != 0)
		rc = set(&x, "TKT_TICKET",
		    talloc_asprintf(ctx, "%lld", (long long)call->ticket), err);
	if (rc == RC_OK && (call->did == NULL || strcmp(call->did, "person") != 0)) {
		rc = play(&x, "goodbye", err);
		if (rc == RC_OK)
			rc = soft(agi_say(a, SAY_MS, &r, err, "HANGUP"));
	}
	/* They have hung up: what they said until then is filed. */
	return rc == RC_NONE || (rc == RC_INVALID && agi_hung_up(a)) ? RC_OK : rc;
}
