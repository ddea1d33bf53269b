/* Clocks in a desk: whatever happens to tickets, in whatever order it was said, the
 * stored clocks are what a fold of the log and the versions says (S2). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "change/clocks.h"
#include "change/erase.h"
#include "desk.h"

enum { HOUR_MS = 3600000, FEW = 12 };

static struct desk *d;
static struct err err;

/* ---- a desk whose policies change ---- */

static const char base_conf[] =
    "name = Test\ntimezone = \"Europe/Berlin\"\n"
    "mailbox support { address = \"s@d.example\" queue = inbox }\n"
    "queue inbox { }\nqueue billing { }\n"
    "role agent { allow = {\"ticket.*\", \"customer.*\"} }\n"
    "agent alice { email = \"alice@d.example\" role = agent }\n"
    "rule raise { on = sla.breached when = \"queue:inbox\" "
    "set = \"priority=urgent tag+=late\" }\n"
    "rule note { on = sla.warned set = \"tag+=soon\" }\n";
static const char *const policies[] = {
    /* none at all */
    "",
    "calendar office { mon-fri = {\"09:00-17:00\"} exceptions = {\"2026-11-26 closed\"} "
    "}\n"
    "sla gold { when = \"priority>=high\" calendar = 24x7 first_response { normal = 1h } "
    "resolution { normal = 12h pause_on = {pending} } warn = {\"50%\"} remind = 1h }\n"
    "sla all { calendar = office first_response { normal = 4h high = 2h } "
    "next_response { normal = 2h } update { normal = 8h } resolution { normal = 16h } "
    "warn = {\"80%\", \"30m\"} remind = 2h }\n",
    /* other hours, no update, shorter, another order of the same names */
    "calendar office { mon-sun = {\"06:00-12:00\", \"13:00-22:00\"} }\n"
    "sla all { when = \"queue:billing\" calendar = office first_response { normal = 1h } "
    "next_response { normal = 30m } resolution { normal = 2h } reopen = new_cycle "
    "min_remaining = 20m }\n"
    "sla gold { calendar = office first_response { urgent = 15m } "
    "update { normal = 1h } warn = {\"80%\"} }\n",
    "calendar office { mon-fri = {\"09:00-17:00\"} }\n"
    "sla all { calendar = office first_response { normal = 4h high = 2h } "
    "resolution { normal = 16h } reopen = ignore count_bots = true }\n"};

static void
apply(const char *sla)
{
	struct conf_want want = {
	    .file = "desk/tkt.conf", .now = d->now, .report = test_report};
	struct desk_want open_want = {.dir = "desk", .write = true};
	struct compiled c;
	int64_t version, now = d->now;
	FILE *f = fopen("desk/tkt.conf", "w");

	ATF_REQUIRE(f != NULL && fputs(base_conf, f) >= 0 && fputs(sla, f) >= 0);
	fclose(f);
	OK(conf_compile(d, &want, &c, &err));
	OK(conf_apply(d->store, "system", now, &c, "config.applied", &version, &err));
	talloc_free(d);
	OK(desk_open(NULL, &open_want, &d, &err));
	d->now = now;
}

static int problems;

static void
on_problem(void *arg, const char *text)
{
	(void)arg;
	problems++;
	fprintf(stderr, "%s\n", text);
}

static void
verify(void)
{
	struct verify_report report;

	problems = 0;
	OK(clocks_verify(d, 0, on_problem, NULL, &err));
	OK(verify_all(d->store, 0, false, on_problem, NULL, &report, &err));
	ATF_REQUIRE_EQ(0, problems);
}

/* ---- what can happen ---- */

static const struct actor *
alice(void)
{
	static struct actor a;

	a = (struct actor){.kind = ACTOR_AGENT,
	    .name = "alice",
	    .agent = config_agent(d->config, "alice"),
	    .role = config_role(d->config, "agent")};
	return &a;
}

/* The same again with TKT_SEED=number. */
static uint64_t seed;

static uint32_t
any(uint32_t n)
{
	/* splitmix64 */
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) % n);
}

static void
choose_seed(void)
{
	const char *given = getenv("TKT_SEED");

	seed = given ? strtoull(given, NULL, 10) : randombytes_random();
	printf("TKT_SEED=%llu\n", (unsigned long long)seed);
}

static const struct person_address ann = {"Ann", "email", "ann@example.com"};
static char log_text[65536];

static void PRINTF(1, 2) did(const char *fmt, ...)
{
	size_t n = strlen(log_text);
	va_list ap;

	if (n > sizeof(log_text) - 200)
		n = 0;
	va_start(ap, fmt);
	vsnprintf(log_text + n, sizeof(log_text) - n, fmt, ap);
	va_end(ap);
}

static enum rc
new_ticket(struct change_tx *tx, struct change_result *r)
{
	struct draft draft = {.subject = "s", .channel = "email", .requester = ann};
	bool agent = any(5) == 0;

	if (any(4) == 0)
		draft.created_at = d->now - any(5 * HOUR_MS);
	draft.message.body = "b";
	if (any(8) == 0)
		draft.message.class = "auto-generated";
	if (any(3) == 0)
		OK(changes_parse(
		    d, "queue=billing priority=high", d->config, &draft.changes, &err));
	did("new%s%s; ", agent ? " by alice" : "", draft.created_at ? " earlier" : "");
	return change_new(tx, agent ? alice() : &actor_system, &draft, r, &err);
}

static enum rc
says(struct change_tx *tx, int64_t ticket, bool customer, struct change_result *r)
{
	struct message m = {.kind = any(6) ? "reply" : "note",
	    .direction = customer ? "in" : "out",
	    .channel = "email",
	    .class = any(8) ? "human" : "auto-generated",
	    .body = "b",
	    .quoted = "",
	    .author_address = "",
	    .author = "agent:alice"};
	struct edit e = {.ticket = ticket, .message = &m};
	struct changes c = {0};

	if (any(4) == 0)
		m.created_at = d->now - any(6 * HOUR_MS);
	if (customer)
		e.from = &ann;
	else if (any(4) == 0) {
		OK(changes_parse(
		    d, any(2) ? "status=solved" : "status=pending", d->config, &c, &err));
		e.changes = &c;
	}
	did("%lld %s %s%s; ", (long long)ticket, customer ? "ann" : "alice", m.kind,
	    m.created_at ? " earlier" : "");
	return change_edit(tx, customer ? &actor_system : alice(), &e, r, &err);
}

static enum rc
sets(struct change_tx *tx, int64_t ticket, struct change_result *r)
{
	static const char *const words[] = {"status=open", "status=pending",
	    "status=hold", "status=solved", "status=closed", "priority=urgent",
	    "priority=low", "queue=billing", "queue=inbox", "phase=spam", "phase=deleted",
	    "phase=normal", "tag+=x", "subject=other"};
	const char *w = words[any(sizeof(words) / sizeof(words[0]))];
	struct changes c = {0};
	struct edit e = {.ticket = ticket, .changes = &c};

	OK(changes_parse(d, w, d->config, &c, &err));
	did("%lld %s; ", (long long)ticket, w);
	return change_edit(tx, alice(), &e, r, &err);
}

static enum rc
no_more(void *arg, struct change_result *r, struct err *e)
{
	(void)arg, (void)r, (void)e;
	return RC_OK;
}

static enum rc
split(struct change_tx *tx, int64_t ticket, struct change_result *r)
{
	int64_t *ids = NULL;
	size_t n = 0;
	struct changes none = {0};
	struct split s = {.nmessages = 1, .changes = &none};

	OK(message_ids(d->store, d, ticket, &ids, &n, &err));
	if (n < 2)
		return RC_NONE;
	s.messages = &ids[any((uint32_t)n)];
	did("split %lld of %lld; ", (long long)*s.messages, (long long)ticket);
	return change_split(tx, alice(), &s, r, &err);
}

/* Whoever asked is forgotten; who writes as Ann afterwards is somebody else. */
static enum rc
erase(struct change_tx *tx)
{
	struct erasure gone;
	int64_t id = 0;
	enum rc rc = customer_find(d->store, ann.kind, ann.value, &id, &err);

	did("erase ann; ");
	return rc == RC_OK ? change_erase(tx, &actor_system, id, &gone, &err) : rc;
}

/* One thing happens; what is refused leaves nothing behind. */
static void
happens(int64_t *tickets, int64_t *events, size_t *nevents)
{
	struct change_tx *tx;
	struct change_result r = {0};
	int64_t a = 1 + any((uint32_t)*tickets), b = 1 + any((uint32_t)*tickets);
	enum rc rc = RC_OK;

	OK(change_begin(d, d, 0, &tx, &err));
	switch (any(400) == 0 ? 100 : any(12)) {
	case 100:
		rc = erase(tx);
		break;
	case 0:
		rc = new_ticket(tx, &r);
		break;
	case 1:
	case 2:
	case 3:
		rc = says(tx, a, true, &r);
		break;
	case 4:
	case 5:
		rc = says(tx, a, false, &r);
		break;
	case 6:
		did("merge %lld into %lld; ", (long long)a, (long long)b);
		rc = change_merge(tx, alice(), a, b, &r, &err);
		break;
	case 7:
		rc = split(tx, a, &r);
		break;
	case 8:
		if (*nevents > 0) {
			int64_t event = events[--*nevents];

			did("undo %lld; ", (long long)event);
			rc = change_undo(tx, alice(), event, false, no_more, NULL, &err);
		}
		break;
	default:
		rc = sets(tx, a, &r);
		break;
	}
	if (r.created && rc == RC_OK)
		*tickets = r.ticket > *tickets ? r.ticket : *tickets;
	if (rc == RC_OK && r.event != 0)
		events[(*nevents)++ % FEW] = r.event;
	if (*nevents >= FEW)
		*nevents = 0;
	if (rc == RC_OK)
		OK(change_commit(tx, &err));
	else
		change_abort(tx);
}

static void
passes(void)
{
	struct clocks_done done = {0};

	if (any(3) > 0)
		d->now += any(3 * HOUR_MS);
	if (any(5) == 0)
		d->now += 1000 - d->now % 1000;
	if (any(30) == 0) {
		size_t i = any(sizeof(policies) / sizeof(policies[0]));

		did("apply %zu; ", i);
		apply(policies[i]);
	}
	if (any(25) == 0) {
		did("follow; ");
		OK(clocks_follow(d, 0, &done, &err));
	}
	if (any(4) == 0) {
		OK(clocks_tick(d, &done, &err));
		did("tick; ");
	}
}

ATF_TC(property__stored_clocks_are_what_the_log_says);
ATF_TC_HEAD(property__stored_clocks_are_what_the_log_says, tc)
{
	atf_tc_set_md_var(tc, "timeout", "900");
}
ATF_TC_BODY(property__stored_clocks_are_what_the_log_says, tc)
{
	const char *longer = getenv("TKT_LONG");
	int want = longer && *longer ? 8000 : 2000;
	int64_t tickets = 1, events[FEW + 1], first;
	size_t nevents = 0;
	struct change_tx *tx;
	struct change_result r;

	choose_seed();
	d = test_desk(NULL);
	first = d->now;
	apply(policies[1]);
	OK(change_begin(d, d, 0, &tx, &err));
	OK(new_ticket(tx, &r));
	OK(change_commit(tx, &err));
	for (int i = 0; i < want; i++) {
		passes();
		happens(&tickets, events, &nevents);
		if (i % 20 == 19) {
			problems = 0;
			OK(clocks_verify(d, 0, on_problem, NULL, &err));
			ATF_REQUIRE_MSG(problems == 0, "after %s", log_text);
			log_text[0] = '\0';
		}
		/* Spans are compiled for some years only. */
		if (d->now - first > 700 * 24LL * HOUR_MS)
			break;
	}
	verify();
	printf("%lld tickets\n", (long long)tickets);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, property__stored_clocks_are_what_the_log_says);
	return atf_no_error();
}
