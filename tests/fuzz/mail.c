/* Fuzz: any bytes as a mail, up to the decision what becomes of it; only the store is
 * missing, and a world that answers by chance stands for it. What comes out is valid
 * UTF-8 within its limits. Runs under libFuzzer (make fuzz) and AFL++ (make afl). */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "channel/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const char *s, size_t max)
{
	size_t left = strlen(s), len;
	uint32_t cp;

	if (left > max)
		abort();
	for (; left > 0; s += len, left -= len) {
		len = text_decode(s, left, &cp);
		if (len == 0 || (cp < 0x20 && cp != '\n' && cp != '\t'))
			abort();
	}
}

/* ---- a world that answers by the bytes of the question ---- */

static unsigned chance; /* of this input */

static bool
maybe(unsigned salt)
{
	return (chance >> (salt % 30) & 1) != 0;
}

static enum rc
seen(void *arg, const struct mail *m, const char *mailbox,
    const unsigned char body[BLOB_HASH], struct seen *s, struct err *err)
{
	(void)arg, (void)m, (void)mailbox, (void)body, (void)err;
	s->reused = maybe(1);
	s->elsewhere = maybe(2) ? 7 : 0;
	s->elsewhere_queue = maybe(3) ? "inbox" : "other";
	return RC_OK;
}

static enum rc
ticket(void *arg, void *ctx, int64_t id, struct ticket **out, struct err *err)
{
	static const char *const statuses[] = {"new", "pending", "solved", "closed"};
	struct ticket *t = ticket_new(ctx);

	(void)arg, (void)err;
	if (maybe(4))
		return RC_NONE;
	t->id = id;
	t->queue = "inbox";
	t->status = statuses[chance >> 5 & 3];
	t->phase = (int64_t)status_phase(t->status);
	t->requester = maybe(7) ? 1 : 2;
	t->merged_into = maybe(8) && id < 100 ? id + 100 : 0;
	*out = t;
	return RC_OK;
}

static enum rc
thread(void *arg, const char *msgid, const char *mailbox, const char *queue, int64_t *id,
    struct err *err)
{
	(void)arg, (void)mailbox, (void)queue, (void)err;
	*id = 5;
	return maybe((unsigned)strlen(msgid)) ? RC_OK : RC_NONE;
}

static enum rc
foreign(void *arg, const char *source, const char *key, int64_t *id, struct err *err)
{
	(void)arg, (void)source, (void)err;
	*id = 6;
	return maybe((unsigned)strlen(key) + 9) ? RC_OK : RC_NONE;
}

static enum rc
customer(
    void *arg, const char *address, int64_t *id, int64_t *organization, struct err *err)
{
	(void)arg, (void)err;
	*id = (int64_t)strlen(address);
	*organization = 1;
	return maybe(10) ? RC_OK : RC_NONE;
}

static enum rc
opened(
    void *arg, int64_t customer, int64_t since, int64_t max, int64_t *n, struct err *err)
{
	(void)arg;
	(void)since;
	(void)err;
	*n = customer % (max + 1);
	return RC_OK;
}

static enum rc
delivery(void *arg, void *ctx, int64_t event, int64_t *n, const char *address,
    int64_t *id, const char **target, struct err *err)
{
	(void)arg, (void)ctx, (void)event, (void)address, (void)err;
	*n = 1;
	*id = 8;
	*target = "ann@example.com";
	return maybe(11) ? RC_OK : RC_NONE;
}

/* ---- one input ---- */

static struct mailbox boxes[] = {{.name = "support",
    .address = "support@acme.example",
    .queue = "inbox",
    .delimiter = '+',
    .strangers = "accept",
    .lists = "open",
    .share_organization = true}};
static struct agent agents[] = {
    {.name = "alice", .full_name = "A", .email = "alice@acme.example", .role = "agent"}};
static const char *allow[] = {"*", NULL}, *none[] = {NULL};
static struct role roles[] = {{.name = "agent", .allow = allow, .queues = none}};
static struct queue queues[] = {{.name = "inbox", .members = none}};
static struct foreign sources[] = {{.name = "nagios",
    .from = "*@mon.example",
    .header = "Subject",
    .key = "\\[host=(\\S+)\\]"}};
static const struct config config = {.name = "Acme",
    .authserv = "mx.acme.example",
    .mail_parts_max = 100,
    .mail_depth_max = 20,
    .mail_header_max = 100000,
    .mail_people_max = 200,
    .mailboxes = boxes,
    .nmailboxes = 1,
    .agents = agents,
    .nagents = 1,
    .roles = roles,
    .nroles = 1,
    .queues = queues,
    .nqueues = 1,
    .foreign = sources,
    .nforeign = 1};

static void
check_mail(const struct mail *m)
{
	check(m->subject, SUBJECT_MAX);
	check(m->body, BODY_MAX);
	check(m->quoted, BODY_MAX);
	check(m->msgid, 1000);
	for (size_t i = 0; i < m->nparts; i++) {
		check(m->parts[i].name, FILE_NAME_MAX);
		check(m->parts[i].media_type, 100);
	}
	for (size_t i = 0; i < m->npeople; i++)
		check(m->people[i].value, PERSON_MAX);
	for (size_t i = 0; i < m->nreferences; i++)
		check(m->references[i], 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct desk_keys keys = {
	    .v = {"a key of thirty-two bytes, no NU"}, .n = 1};
	const struct world world = {
	    NULL, seen, ticket, thread, foreign, customer, delivery, opened};
	void *ctx = talloc_new(NULL);
	unsigned char body[BLOB_HASH];
	struct decide_want want = {.config = &config,
	    .desk = "0123456789abcdef",
	    .keys = &keys,
	    .mailbox = &boxes[0],
	    .body = body,
	    .now = 1800000000000};
	struct mail *m = mail_parse(ctx, &config, data, n, NULL);
	struct decision d;
	struct err err;

	check_mail(m);
	mail_body_hash((const char *)data, n, body);
	memcpy(&chance, body, sizeof(chance));
	boxes[0].trust_agents = maybe(12);
	want.release = maybe(13) && maybe(14);
	want.explain = maybe(15);
	if (mail_decide(ctx, m, &want, &world, &d, &err) != RC_OK || d.rule == NULL)
		abort();
	for (size_t i = 0; i < d.nverdicts; i++)
		check(d.verdicts[i].why, 100000);
	if (d.action == ACTION_FORWARD)
		check(d.forwarded.body, 2 * BODY_MAX);
	if ((d.action == ACTION_REPLY || d.action == ACTION_FORWARD) && d.agent == NULL)
		abort();
	talloc_free(ctx);
	return 0;
}
