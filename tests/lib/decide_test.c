/* lib/channel: what becomes of a mail, rule by rule, in a world of one ticket. */
#include "channel/decide.h"
#include <atf-c.h>
#include <string.h>
#include <talloc.h>

/* ---- the world: ticket 5 of ann (customer 1), in the inbox ---- */

static struct {
	const char *status;
	bool spam, foreign_known, seen, reused, mate;
	int64_t merged_into, elsewhere;
	const char *elsewhere_queue;
} world_state;

static enum rc
w_seen(void *arg, const struct mail *m, const char *mailbox,
    const unsigned char body[BLOB_HASH], struct seen *s, struct err *e)
{
	(void)arg, (void)m, (void)mailbox, (void)body, (void)e;
	s->same = world_state.seen;
	s->outcome = "created";
	s->ticket = 5;
	s->reused = world_state.reused;
	s->elsewhere = world_state.elsewhere;
	s->elsewhere_queue = world_state.elsewhere_queue;
	return RC_OK;
}

static enum rc
w_ticket(void *arg, void *ctx, int64_t id, struct ticket **out, struct err *e)
{
	struct ticket *t;

	(void)arg, (void)e;
	if (id != 5 && id != 6)
		return RC_NONE;
	t = ticket_new(ctx);
	t->id = id;
	t->queue = "inbox";
	t->status = world_state.status;
	t->phase = world_state.spam ? PHASE_SPAM : (int64_t)status_phase(t->status);
	t->solved_at = 1000;
	t->requester = 1;
	t->organization = 9;
	if (id == 5 && world_state.merged_into != 0) {
		t->phase = PHASE_MERGED;
		t->merged_into = world_state.merged_into;
	}
	ticket_add_person(ctx, t, "cc", "boss@example.com", true);
	ticket_add_person(ctx, t, "cc", "late@example.com", false);
	*out = t;
	return RC_OK;
}

static enum rc
w_thread(void *arg, const char *id, const char *mailbox, const char *queue,
    int64_t *ticket, struct err *e)
{
	(void)arg, (void)mailbox, (void)queue, (void)e;
	*ticket = 5;
	return strcmp(id, "<first@example.com>") == 0 ? RC_OK : RC_NONE;
}

static enum rc
w_foreign(void *arg, const char *source, const char *key, int64_t *ticket, struct err *e)
{
	(void)arg, (void)e;
	*ticket = 5;
	return world_state.foreign_known && strcmp(source, "nagios") == 0 &&
		       strcmp(key, "web1") == 0
		   ? RC_OK
		   : RC_NONE;
}

static enum rc
w_customer(
    void *arg, const char *address, int64_t *id, int64_t *organization, struct err *e)
{
	static const struct {
		const char *address;
		int64_t id, organization;
	} people[] = {{"ann@example.com", 1, 9}, {"mate@example.com", 2, 9},
	    {"other@example.net", 3, 0}, {"boss@example.com", 4, 0}};

	(void)arg, (void)e;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
		if (strcmp(people[i].address, address) == 0) {
			*id = people[i].id;
			*organization = people[i].organization;
			return RC_OK;
		}
	}
	return RC_NONE;
}

static int64_t opened; /* in the last ten minutes */

static enum rc
w_opened(
    void *arg, int64_t customer, int64_t since, int64_t max, int64_t *n, struct err *e)
{
	(void)arg;
	(void)customer;
	(void)since;
	(void)e;
	*n = opened < max ? opened : max;
	return RC_OK;
}

static enum rc
w_delivery(void *arg, void *ctx, int64_t event, int64_t *n, const char *address,
    int64_t *ticket, const char **target, struct err *e)
{
	(void)arg, (void)ctx, (void)address, (void)e;
	*n = *n ? *n : 1;
	*ticket = 5;
	*target = event == 102 ? "alice@acme.example" : "ann@example.com";
	return event == 101 || event == 102 ? RC_OK : RC_NONE;
}

/* ---- the desk ---- */

static const char *trusted[] = {"fwd@partner.example", NULL}, *all[] = {"*", NULL},
		  *none[] = {NULL}, *notes[] = {"ticket.read", NULL};
static struct mailbox boxes[] = {{.name = "support",
    .address = "support@acme.example",
    .queue = "inbox",
    .delimiter = '+',
    .trusted_forwarders = trusted}};
static struct agent agents[] = {
    {.name = "alice", .email = "alice@acme.example", .role = "agent"},
    {.name = "bob", .email = "bob@acme.example", .role = "reader"}};
static struct role roles[] = {{.name = "agent", .allow = all, .queues = none},
    {.name = "reader", .allow = notes, .queues = none}};
static struct queue queues[] = {
    {.name = "inbox", .members = none, .reopen_window = 1000000}};
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
    .flood_limit = 50,
    .mailboxes = boxes,
    .nmailboxes = 1,
    .agents = agents,
    .nagents = 2,
    .roles = roles,
    .nroles = 2,
    .queues = queues,
    .nqueues = 1,
    .foreign = sources,
    .nforeign = 1};
static const struct desk_keys keys = {.v = {"a key of thirty-two bytes, no NU"}, .n = 1};

static char *token, *agent_token, *bounce, *root, *sent;

static void
reset(void)
{
	static struct ticket t = {.id = 5};

	memset(&world_state, 0, sizeof(world_state));
	world_state.status = "open";
	boxes[0].strangers = "accept";
	boxes[0].lists = "open";
	boxes[0].trust_agents = boxes[0].share_organization = false;
	if (token != NULL)
		return;
	token = token_address(NULL, &keys, &boxes[0], &t);
	agent_token = token_agent_address(NULL, &keys, &boxes[0], &t, "alice");
	bounce = token_bounce_address(NULL, &keys, &boxes[0], 101, 1);
	root = token_root_id(NULL, &keys, &boxes[0], 5);
	sent = token_sent_id(NULL, &keys, &boxes[0], 5, 101, "k3j9");
}

/* A mail from `from` with these headers, decided. */
static struct decision
decide_text(const char *raw)
{
	static const struct world world = {NULL, w_seen, w_ticket, w_thread, w_foreign,
	    w_customer, w_delivery, w_opened};
	static const unsigned char body[BLOB_HASH];
	struct decide_want want = {.config = &config,
	    .desk = "0123456789abcdef",
	    .keys = &keys,
	    .mailbox = &boxes[0],
	    .body = body,
	    .now = 500000,
	    .explain = true};
	void *ctx = talloc_new(NULL);
	struct mail *m = mail_parse(ctx, &config, raw, strlen(raw), NULL);
	struct decision r;
	struct err err;

	ATF_REQUIRE_EQ(RC_OK, mail_decide(ctx, m, &want, &world, &r, &err));
	return r;
}

static struct decision
decided(const char *from, const char *headers, const char *text)
{
	return decide_text(talloc_asprintf(NULL,
	    "From: %s\nTo: support@acme.example\nMessage-ID: <m@x>\n%s\n%s\n", from,
	    headers, text));
}

#define IS(d, a, r)                                                     \
	ATF_CHECK_MSG((d).action == (a) && strcmp((d).rule, (r)) == 0,  \
	    "action %d by %s (%s), not %d by %s", (d).action, (d).rule, \
	    (d).reason ? (d).reason : "", (a), (r))
#define TOKEN_TO talloc_asprintf(NULL, "Cc: %s\n", token)
#define WITH(...) talloc_asprintf(NULL, __VA_ARGS__)
#define PASS "Authentication-Results: mx.acme.example; dmarc=pass header.from=%s\n"

/* ---- M5-M13 ---- */

ATF_TC_WITHOUT_HEAD(class__first_that_matches);
ATF_TC_BODY(class__first_that_matches, tc)
{
	static const struct {
		const char *headers, *class, *rule;
	} cases[] = {
	    {"", "human", "M14"},
	    {"X-Tkt-Loop: 0123456789abcdef 5\n", "loop", "M5"},
	    {"X-Tkt-Loop: another-desk 5\n", "human", "M14"},
	    {"Auto-Submitted: auto-replied\n", "auto-reply", "M9"},
	    {"Auto-Submitted: Auto-Replied; owner=x\n", "auto-reply", "M9"},
	    {"auto-submitted: AUTO-REPLIED (vacation)\n", "auto-reply", "M9"},
	    {"X-Autoreply: yes\n", "auto-reply", "M9"},
	    {"X-Autorespond: x\n", "auto-reply", "M9"},
	    {"X-Autoresponder: x\n", "auto-reply", "M9"},
	    {"X-Mail-Autoreply: x\n", "auto-reply", "M9"},
	    {"Delivered-To: Autoresponder\n", "auto-reply", "M9"},
	    {"Precedence: auto_reply\n", "auto-reply", "M9"},
	    {"X-MS-Exchange-Inbox-Rules-Loop: a@b\nX-Auto-Response-Suppress: All\n",
		"auto-reply", "M9"},
	    {"X-MS-Exchange-Inbox-Rules-Loop: a@b\n", "human", "M14"},
	    {"X-Auto-Response-Suppress: All\n", "human", "M14"}, /* M12 */
	    {"Auto-Submitted: auto-generated\nSubject: Automatic reply: hello\n",
		"auto-reply", "M9"},
	    {"Subject: Automatic reply: hello\n", "human", "M14"},
	    {"Auto-Submitted: auto-generated\n", "auto-generated", "M10"},
	    {"Auto-Submitted: auto-notified\n", "auto-generated", "M10"},
	    {"Auto-Submitted: no\n", "human", "M14"},
	    {"Return-Path: <>\n", "auto-generated", "M10"},
	    {"Precedence: bulk\n", "auto-generated", "M10"},
	    {"Precedence: junk\n", "auto-generated", "M10"},
	    {"List-Id: <x.y>\n", "list", "M11"},
	    {"List-Post: <mailto:x@y>\n", "list", "M11"},
	    {"Precedence: list\n", "list", "M11"},
	    {"List-Unsubscribe: <mailto:x@y>\n", "human", "M14"},
	    {"Precedence: bulk\nList-Id: <x.y>\n", "auto-generated", "M10"},
	    {"List-Id: <x.y>\nAuto-Submitted: auto-replied\n", "auto-reply", "M9"},
	};

	reset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decision d = decided("ann@example.com", cases[i].headers, "x");

		ATF_CHECK_MSG(strcmp(class_names[d.class.class], cases[i].class) == 0 &&
				  strcmp(d.class.rule, cases[i].rule) == 0,
		    "%s: %s by %s", cases[i].headers, class_names[d.class.class],
		    d.class.rule);
	}
	ATF_CHECK(
	    decided("a@b.org", "List-Unsubscribe: <x>\n", "x").class.no_acknowledgement);
	ATF_CHECK(!decided("a@b.org", "", "x").class.no_acknowledgement);
	/* M10: who speaks for a mail system. */
	ATF_CHECK_EQ(CLASS_AUTO_GENERATED,
	    (int)decided("postmaster@b.org", "Subject: news\n", "x").class.class);
	/* M13: whom the mailbox trusts to forward. */
	ATF_CHECK_EQ(CLASS_HUMAN,
	    (int)decided("fwd@partner.example", "Auto-Submitted: auto-generated\n", "x")
		.class.class);
	/* M5: more than 30 Received lines. */
	{
		char *many = talloc_strdup(NULL, "");

		for (int i = 0; i < 31; i++)
			many = talloc_strdup_append(many, "Received: from a by b\n");
		IS(decided("a@b.org", many, "x"), ACTION_HOLD, "M5");
		IS(decided("a@b.org", many + strlen("Received: from a by b\n"), "x"),
		    ACTION_NEW, "M14");
	}
	/* M5: our own mail comes back. */
	IS(decide_text(WITH("From: support@acme.example\nMessage-ID: %s\n\nx\n", sent)),
	    ACTION_DISCARD, "M5");
}

ATF_TC_WITHOUT_HEAD(class__bounces_of_all_ages);
ATF_TC_BODY(class__bounces_of_all_ages, tc)
{
	static const struct {
		const char *from, *headers, *text, *format;
	} cases[] = {
	    {"MAILER-DAEMON@x.org", "Subject: failure notice\n",
		"Hi. This is the qmail-send program at x.org.\n\n<ann@example.com>:\nno "
		"such user\n",
		"qmail"},
	    {"Mailer-Daemon@x.org", "X-Failed-Recipients: ann@example.com\n",
		"This message was created automatically by mail delivery software.\n",
		"Exim"},
	    {"MAILER-DAEMON@x.org", "Subject: Undelivered Mail Returned to Sender\n",
		"This is the Postfix program at host x.org.\n\n<ann@example.com>: "
		"unknown\n",
		"Postfix before 2.3"},
	    {"MAILER-DAEMON@x.org", "Subject: Returned mail: User unknown\n",
		"   ----- The following addresses had permanent fatal errors "
		"-----\n<ann@example.com>\n",
		"Sendmail"},
	    {"postmaster@x.org", "Subject: Undeliverable: hello\n",
		"Your message did not reach some or all of the intended recipients.\n",
		"Exchange"},
	    {"postmaster@x.org", "Subject: Unzustellbar: hallo\n",
		"Fehler bei der Nachrichtenzustellung an folgende Empfänger\n",
		"Exchange"},
	    {"mailer-daemon@googlemail.com",
		"Subject: Delivery Status Notification (Failure)\n",
		"Address not found\nYour message wasn't delivered to ann@example.com\n",
		"Exchange"},
	    {"postmaster@x.org", "Subject: DELIVERY FAILURE: User ann not listed\n",
		"Your message\n  Subject: x\nwas not delivered to:\n  ann@example.com\n",
		"Domino"},
	    {"ann@example.com", "Return-Path: <>\nSubject: Mail delivery failed\n",
		"something\n", "its subject alone"},
	};

	reset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decision d =
		    decided(cases[i].from, cases[i].headers, cases[i].text);

		ATF_CHECK_MSG((int)d.class.class == CLASS_DSN, "%s: %s", cases[i].format,
		    class_names[d.class.class]);
		IS(d, ACTION_HOLD, "M7"); /* believed from nobody */
		/* The mail that it returns proves it. */
		d = decided(cases[i].from, cases[i].headers,
		    WITH("%s\nMessage-ID: %s\nSubject: x\n", cases[i].text, sent));
		IS(d, ACTION_EVENT, "M7");
		ATF_CHECK_EQ(5, d.ticket);
	}
	/* A person who writes about a bounce is a person. */
	ATF_CHECK_EQ(CLASS_HUMAN,
	    (int)decided("ann@example.com", "Subject: Undeliverable: what is this?\n",
		"This is the qmail-send program at x.org.\n")
		.class.class);
}

/* ---- M6-M8 ---- */

#define REPORT(type, fields, id)                                                         \
	WITH(                                                                            \
	    "Content-Type: multipart/report; report-type=x; boundary=b\n\n--b\n\ntext\n" \
	    "--b\nContent-Type: message/" type "\n\n" fields                             \
	    "\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: %s\n--b--\n",       \
	    id)
#define DSN                                                      \
	"Reporting-MTA: dns; x.org\n\nFinal-Recipient: rfc822; " \
	"ann@example.com\nAction: "                              \
	"failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such\n  user\n"

ATF_TC_WITHOUT_HEAD(report__acts_only_on_proof);
ATF_TC_BODY(report__acts_only_on_proof, tc)
{
	struct decision d;

	reset();
	d = decided("MAILER-DAEMON@x.org", REPORT("delivery-status", DSN, sent), "");
	IS(d, ACTION_EVENT, "M7");
	ATF_CHECK(d.ticket == 5 && d.delivery_event == 101 && d.delivery_n == 1);
	IS(decided("MAILER-DAEMON@x.org", REPORT("delivery-status", DSN, "<x@y>"), ""),
	    ACTION_HOLD, "M7");
	/* by the address it came to */
	d = decided("MAILER-DAEMON@x.org",
	    WITH("Delivered-To: %s\n%s", bounce, REPORT("delivery-status", DSN, "<x@y>")),
	    "");
	IS(d, ACTION_EVENT, "M7");
	ATF_CHECK(d.ticket == 5 && d.delivery_event == 101 && d.delivery_n == 1);
	IS(decided("MAILER-DAEMON@x.org",
	       WITH("Delivered-To: support+d101.2.%s\n%s", strrchr(bounce, '.') - 20,
		   REPORT("delivery-status", DSN, "<x@y>")),
	       ""),
	    ACTION_HOLD, "M7");
	/* A notice to an agent failed: no word of it on the ticket. */
	d = decided("MAILER-DAEMON@x.org",
	    WITH("Delivered-To: %s\n%s",
		token_bounce_address(NULL, &keys, &boxes[0], 102, 1),
		REPORT("delivery-status", DSN, "<x@y>")),
	    "");
	IS(d, ACTION_EVENT, "M7");
	ATF_CHECK(d.ticket == 0 && d.delivery_event == 102);
	IS(decided("ann@example.com",
	       REPORT("disposition-notification", "Disposition: displayed\n", sent), ""),
	    ACTION_EVENT, "M8");
	d = decided("ann@example.com",
	    REPORT("disposition-notification", "Disposition: displayed\n", "<x@y>"), "");
	IS(d, ACTION_EVENT, "M8");
	ATF_CHECK_EQ(0, d.ticket);
	IS(decided("fbl@isp.org",
	       REPORT("feedback-report", "Feedback-Type: abuse\n", sent), ""),
	    ACTION_EVENT, "M8");
	IS(decided("fbl@isp.org",
	       REPORT("feedback-report", "Feedback-Type: abuse\n", "<x@y>"), ""),
	    ACTION_HOLD, "M8");
}

/* ---- M14: the table ---- */

ATF_TC_WITHOUT_HEAD(effects__as_the_table_says);
ATF_TC_BODY(effects__as_the_table_says, tc)
{
	static const struct {
		const char *headers;
		enum action new_ticket, append;
		bool reopen;
	} cases[] = {
	    {"", ACTION_NEW, ACTION_APPEND, true},
	    {"Auto-Submitted: auto-generated\n", ACTION_NEW, ACTION_APPEND, false},
	    {"Auto-Submitted: auto-replied\n", ACTION_HOLD, ACTION_NOTE, false},
	    {"List-Id: <x.y>\n", ACTION_NEW, ACTION_APPEND, false},
	    {"X-Tkt-Loop: 0123456789abcdef 5\n", ACTION_DISCARD, ACTION_DISCARD, false},
	};
	/* ack, sla, notify: what later steps read. */
	static const struct {
		enum mail_class class;
		bool acknowledge;
		enum effect_sla sla;
		enum effect_notify notify;
	} rows[] = {{CLASS_HUMAN, true, SLA_YES, NOTIFY_YES},
	    {CLASS_AUTO_GENERATED, false, SLA_MAILBOX, NOTIFY_YES},
	    {CLASS_AUTO_REPLY, false, SLA_NO, NOTIFY_NO},
	    {CLASS_LIST, false, SLA_NO, NOTIFY_YES},
	    {CLASS_DSN, false, SLA_NO, NOTIFY_FAILURE},
	    {CLASS_MDN, false, SLA_NO, NOTIFY_FAILURE},
	    {CLASS_ARF, false, SLA_NO, NOTIFY_FAILURE},
	    {CLASS_LOOP, false, SLA_NO, NOTIFY_ADMIN}};

	reset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decision d = decided("ann@example.com", cases[i].headers, "x");

		ATF_CHECK_MSG(d.action == cases[i].new_ticket, "%s: new: %d by %s",
		    cases[i].headers, d.action, d.rule);
		d = decided("ann@example.com",
		    WITH("%sIn-Reply-To: %s\n", cases[i].headers, root), "x");
		ATF_CHECK_MSG(d.action == cases[i].append && d.reopen == cases[i].reopen,
		    "%s: append: %d by %s", cases[i].headers, d.action, d.rule);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct class_effect *e = &class_effects[rows[i].class];

		ATF_CHECK_MSG(e->acknowledge == rows[i].acknowledge &&
				  e->sla == rows[i].sla && e->notify == rows[i].notify,
		    "%s", class_names[rows[i].class]);
	}
	boxes[0].lists = "quarantine";
	IS(decided("ann@example.com", "List-Id: <x.y>\n", "x"), ACTION_HOLD, "M14");
	/* Robots and lists add nobody to the ticket. */
	ATF_CHECK(
	    !decided("a@b.org", "Auto-Submitted: auto-generated\n", "x").participants);
	ATF_CHECK(decided("a@b.org", "", "x").participants);
}

/* ---- M15, M16 ---- */

ATF_TC_WITHOUT_HEAD(match__in_this_order);
ATF_TC_BODY(match__in_this_order, tc)
{
	const char *ann = "ann@example.com";

	reset();
	IS(decided(ann, TOKEN_TO, "x"), ACTION_APPEND, "M15.1");
	IS(decided(ann, WITH("X-Original-To: %s\n", token), "x"), ACTION_APPEND, "M15.1");
	IS(decided(ann, WITH("Delivered-To: %s\n", token), "x"), ACTION_APPEND, "M15.1");
	IS(decided(ann, WITH("In-Reply-To: %s\n", root), "x"), ACTION_APPEND, "M15.2");
	IS(decided(ann, WITH("References: <a@b> %s <c@d>\n", sent), "x"), ACTION_APPEND,
	    "M15.2");
	IS(decided(ann, "References: <a@b>\n <first@example.com> <c@d>\n", "x"),
	    ACTION_APPEND, "M15.3");
	world_state.foreign_known = true;
	IS(decided("n@mon.example", "Subject: DOWN [host=web1] http\n", "x"),
	    ACTION_APPEND, "M15.4");
	IS(decided(ann, "Subject: DOWN [host=web1] http\n", "x"), ACTION_NEW, "M14");
	IS(decided(ann, "Subject: Re: [Acme #5] printer\n", "x"), ACTION_APPEND, "M15.5");
	IS(decided(ann, "Subject: Re: [acme#5] printer\n", "x"), ACTION_APPEND, "M15.5");
	IS(decided(ann, "Subject: Re: [Other #5] printer\n", "x"), ACTION_NEW, "M14");
	/* Never by likeness. */
	IS(decided(ann, "Subject: Re: printer\nThread-Index: AdXyz==\nThread-Topic: x\n",
	       WITH("Ticket 5, %s", token)),
	    ACTION_NEW, "M14");
	/* A forged one, and one of a ticket that is not there. */
	IS(decided(ann, "Cc: support+t5.aaaaaaaaaaaaaaaa@acme.example\n", "x"),
	    ACTION_NEW, "M14");
	IS(decided(ann, "In-Reply-To: <t5.aaaaaaaaaaaaaaaa@acme.example>\n", "x"),
	    ACTION_NEW, "M14");
	world_state.spam = true;
	IS(decided(ann, TOKEN_TO, "x"), ACTION_NEW, "M14");
}

/* ---- M17, M18 ---- */

ATF_TC_WITHOUT_HEAD(standing__who_may_append);
ATF_TC_BODY(standing__who_may_append, tc)
{
	struct decision d;

	reset();
	IS(decided("boss@example.com", "In-Reply-To: <first@example.com>\n", "x"),
	    ACTION_APPEND, "M15.3");
	/* strangers: with a proof they are heard */
	d = decided("eve@evil.org", TOKEN_TO, "x");
	IS(d, ACTION_APPEND, "M15.1");
	ATF_CHECK(d.unverified && !d.confirmed && d.reopen && !d.participants);
	/* a participant nobody confirmed is one */
	d = decided("late@example.com", TOKEN_TO, "x");
	ATF_CHECK(d.unverified);
	boxes[0].strangers = "internal";
	IS(decided("eve@evil.org", TOKEN_TO, "x"), ACTION_NOTE, "M17");
	boxes[0].strangers = "quarantine";
	IS(decided("eve@evil.org", TOKEN_TO, "x"), ACTION_HOLD, "M17");
	/* without one they get a ticket that refers to it */
	d = decided("eve@evil.org", "In-Reply-To: <first@example.com>\n", "x");
	IS(d, ACTION_NEW, "M17");
	ATF_CHECK_EQ(5, d.refers);
	d = decided("eve@evil.org", "Subject: [Acme #5]\n", "x");
	IS(d, ACTION_NEW, "M17");
	/* an organization's people */
	IS(decided("mate@example.com", "In-Reply-To: <first@example.com>\n", "x"),
	    ACTION_NEW, "M17");
	boxes[0].share_organization = true;
	IS(decided("mate@example.com", "In-Reply-To: <first@example.com>\n", "x"),
	    ACTION_APPEND, "M15.3");
	/* known, but by the subject alone: marked, and nothing happens */
	d = decided("ann@example.com", "Subject: [Acme #5]\n", "x");
	ATF_CHECK(d.unverified && !d.reopen && !d.participants);
	d = decided(
	    "ann@example.com", WITH(PASS "Subject: [Acme #5]\n", "example.com"), "x");
	ATF_CHECK(!d.unverified && d.reopen && d.participants);
	/* two different people in From and Reply-To */
	d = decided("ann@example.com",
	    WITH("Reply-To: other@example.net\nIn-Reply-To: %s\n", root), "x");
	ATF_CHECK(d.action == ACTION_HOLD);
	boxes[0].strangers = "accept";
	d = decided("ann@example.com",
	    WITH("Reply-To: other@example.net\nIn-Reply-To: %s\n", root), "x");
	ATF_CHECK(d.unverified);
	d = decided("ann@example.com",
	    WITH("Reply-To: unknown@example.net\nIn-Reply-To: %s\n", root), "x");
	ATF_CHECK(!d.unverified);
	/* M18: failed DMARC is marked */
	d = decided("ann@example.com",
	    "Authentication-Results: mx.acme.example; dmarc=fail "
	    "header.from=example.com\n",
	    "x");
	ATF_CHECK_EQ(AUTH_FAIL, (int)d.auth.result);
}

ATF_TC_WITHOUT_HEAD(agent__needs_proof);
ATF_TC_BODY(agent__needs_proof, tc)
{
	const char *alice = "alice@acme.example";
	struct decision d;

	reset();
	/* M18a: a note; @reply makes it public */
	d = decided(alice, WITH(PASS "In-Reply-To: %s\n", "acme.example", root), "look");
	IS(d, ACTION_NOTE, "M18a");
	ATF_CHECK_STREQ("alice", d.agent->name);
	IS(decided(alice, WITH(PASS "In-Reply-To: %s\n", "acme.example", root),
	       "@reply\npublic"),
	    ACTION_REPLY, "M18a");
	IS(decided(alice, WITH(PASS "In-Reply-To: %s\n", "acme.example", root),
	       "@reply to them?\nno command"),
	    ACTION_NOTE, "M18a");
	/* by the agent's own token */
	IS(decided(alice, WITH("Cc: %s\n", agent_token), "look"), ACTION_NOTE, "M18a");
	/* which is worth nothing in other hands */
	IS(decided("eve@evil.org", WITH("Cc: %s\n", agent_token), "@reply\nx"),
	    ACTION_NEW, "M14");
	IS(decided("bob@acme.example", WITH("Cc: %s\n", agent_token), "x"), ACTION_NEW,
	    "M14");
	/* without proof a stranger, whatever they know */
	d = decided(alice, TOKEN_TO, "@reply\nx");
	IS(d, ACTION_APPEND, "M15.1");
	ATF_CHECK(d.agent == NULL && d.unverified);
	boxes[0].trust_agents = true;
	IS(decided(alice, TOKEN_TO, "@reply\nx"), ACTION_REPLY, "M18a");
	/* an agent whose role writes nothing is a customer like others */
	IS(decided("bob@acme.example", TOKEN_TO, "x"), ACTION_APPEND, "M15.1");
	/* an agent's absence is nobody's answer */
	IS(decided(alice, WITH("Auto-Submitted: auto-replied\nCc: %s\n", agent_token),
	       "@reply\naway"),
	    ACTION_NOTE, "M18a");
}

/* ---- M19, M20, M3 ---- */

ATF_TC_WITHOUT_HEAD(arrival__by_status);
ATF_TC_BODY(arrival__by_status, tc)
{
	struct decision d;

	reset();
	world_state.status = "solved";
	d = decided("ann@example.com", TOKEN_TO, "x");
	IS(d, ACTION_APPEND, "M15.1");
	ATF_CHECK(d.reopen);
	queues[0].reopen_window = 1000;
	d = decided("ann@example.com", TOKEN_TO, "x");
	IS(d, ACTION_NEW, "M19");
	ATF_CHECK_EQ(5, d.follows);
	queues[0].reopen_window = 1000000;
	world_state.status = "closed";
	IS(decided("ann@example.com", TOKEN_TO, "x"), ACTION_NEW, "M19");
	/* out of office: a note even there */
	IS(decided("ann@example.com",
	       WITH("Cc: %s\nAuto-Submitted: auto-replied\n", token), "x"),
	    ACTION_NOTE, "M14");
	world_state.status = "open";
	world_state.merged_into = 6;
	d = decided("ann@example.com", TOKEN_TO, "x");
	IS(d, ACTION_APPEND, "M15.1");
	ATF_CHECK_EQ(6, d.ticket);
}

ATF_TC_WITHOUT_HEAD(same_mail__twice_and_in_two_queues);
ATF_TC_BODY(same_mail__twice_and_in_two_queues, tc)
{
	struct decision d;

	reset();
	world_state.seen = true;
	IS(decided("ann@example.com", "", "x"), ACTION_DUPLICATE, "M3");
	reset();
	world_state.reused = true;
	d = decided("ann@example.com", "", "x");
	IS(d, ACTION_NEW, "M14");
	ATF_CHECK(d.id_reused);
	reset();
	world_state.elsewhere = 7;
	world_state.elsewhere_queue = "billing";
	d = decided("ann@example.com", "", "x");
	IS(d, ACTION_NEW, "M14");
	ATF_CHECK_EQ(7, d.same_mail);
	world_state.elsewhere_queue = "inbox";
	IS(decided("ann@example.com", "", "x"), ACTION_DUPLICATE, "M20");
	world_state.elsewhere = 5;
	IS(decided("ann@example.com", TOKEN_TO, "x"), ACTION_DUPLICATE, "M20");
}

/* ---- M29 ---- */

ATF_TC_WITHOUT_HEAD(forward__by_agents_only);
ATF_TC_BODY(forward__by_agents_only, tc)
{
	const char *text =
	    "@fwd\nsee\n\n---------- Forwarded message ---------\nFrom: Bo "
	    "<bo@example.net>\nDate: now\nSubject: broken\nTo: a@b\n\ntext";
	struct decision d;

	reset();
	d = decided("alice@acme.example", WITH(PASS, "acme.example"), text);
	IS(d, ACTION_FORWARD, "M29");
	ATF_CHECK_STREQ("bo@example.net", d.forwarded.from.value);
	IS(decided("alice@acme.example", "", text), ACTION_NEW, "M14");
	IS(decided("ann@example.com", WITH(PASS, "example.com"), text), ACTION_NEW,
	    "M14");
	IS(decided("alice@acme.example", WITH(PASS, "acme.example"), text + 5),
	    ACTION_NEW, "M14");
	/* an attached mail, with the line */
	d = decided("alice@acme.example",
	    WITH(PASS "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n@fwd\n--b\n"
		      "Content-Type: message/rfc822\n\nFrom: Bo <bo@example.net>\nTo: "
		      "x@y\nReply-To: eve@evil.org\nSubject: inner\nMessage-ID: "
		      "<i@x>\n\ninside\n--b--\n",
		"acme.example"),
	    "");
	IS(d, ACTION_FORWARD, "M29");
	ATF_CHECK_STREQ("bo@example.net", d.forwarded.from.value);
	ATF_CHECK_STREQ("inner", d.forwarded.subject);
	ATF_CHECK_STREQ("inside", d.forwarded.body);
	/* two of them: whose? */
	IS(decided("alice@acme.example",
	       WITH(PASS "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n@fwd\n--b\n"
			 "Content-Type: message/rfc822\n\nFrom: a@b.org\n\nx\n--b\n"
			 "Content-Type: message/rfc822\n\nFrom: c@d.org\n\nx\n--b--\n",
		   "acme.example"),
	       ""),
	    ACTION_NEW, "M14");
}

ATF_TC_WITHOUT_HEAD(explain__names_every_rule);
ATF_TC_BODY(explain__names_every_rule, tc)
{
	static const char *const rules[] = {"M5", "M6", "M8", "M9", "M10", "M11", "M3",
	    "M4", "M15.1", "M15.2", "M15.3", "M15.4", "M15.5", "M18", NULL};
	struct decision d;

	reset();
	d = decided("ann@example.com", "", "x");
	for (const char *const *r = rules; *r != NULL; r++) {
		bool named = false;

		for (size_t i = 0; i < d.nverdicts; i++)
			named = named || strcmp(d.verdicts[i].rule, *r) == 0;
		ATF_CHECK_MSG(named, "%s is not named", *r);
	}
}

ATF_TC_WITHOUT_HEAD(flood__waits_in_the_quarantine);
ATF_TC_BODY(flood__waits_in_the_quarantine, tc)
{
	struct decision d;

	reset();
	opened = 48;
	d = decided("ann@example.com", "", "x");
	IS(d, ACTION_NEW, "M14");
	ATF_CHECK(!d.flood);
	opened = 49; /* this one is told of */
	d = decided("ann@example.com", "", "x");
	IS(d, ACTION_NEW, "M14");
	ATF_CHECK(d.flood);
	opened = 50;
	IS(decided("ann@example.com", "", "x"), ACTION_HOLD, "M35");
	/* Answers go on. */
	d = decided("ann@example.com", TOKEN_TO, "x");
	IS(d, ACTION_APPEND, "M15.1");
	/* Somebody nobody knows has opened none. */
	IS(decided("stranger@example.net", "", "x"), ACTION_NEW, "M14");
	opened = 0;
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, class__first_that_matches);
	ATF_TP_ADD_TC(tp, class__bounces_of_all_ages);
	ATF_TP_ADD_TC(tp, report__acts_only_on_proof);
	ATF_TP_ADD_TC(tp, effects__as_the_table_says);
	ATF_TP_ADD_TC(tp, match__in_this_order);
	ATF_TP_ADD_TC(tp, standing__who_may_append);
	ATF_TP_ADD_TC(tp, flood__waits_in_the_quarantine);
	ATF_TP_ADD_TC(tp, agent__needs_proof);
	ATF_TP_ADD_TC(tp, arrival__by_status);
	ATF_TP_ADD_TC(tp, same_mail__twice_and_in_two_queues);
	ATF_TP_ADD_TC(tp, forward__by_agents_only);
	ATF_TP_ADD_TC(tp, explain__names_every_rule);
	return atf_no_error();
}
