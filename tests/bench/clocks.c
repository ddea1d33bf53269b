/* clocks: what clocks cost. `clocks make DESK COUNT`: COUNT open tickets in a test desk
 * with policies, a second apart, through the pipeline. `clocks time DESK`: B and D a
 * call, a step, and one ticket's clocks loaded, stepped and stored, as lines "what ns".
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "base/instant.h"
#include "change/clocks.h"

enum { BATCH = 2000, CALLS = 1000000, STEPS = 20000, YEAR_S = 365 * 86400 };

static struct err err;

static void
need(enum rc rc)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "clocks: %s\n", err.text);
	exit(err_status(rc));
}

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* ---- tickets ---- */

static void
make(struct desk *d, int64_t count)
{
	int64_t first = d->now;

	for (int64_t done = 0; done < count;) {
		void *ctx = talloc_new(d);
		struct change_tx *tx = NULL;

		d->now = first + (done + BATCH) * 1000;
		need(change_begin(ctx, d, 0, &tx, &err));
		for (int i = 0; i < BATCH && done < count; i++, done++) {
			struct draft draft = {.subject = "a subject of six words or so",
			    .channel = "email",
			    .created_at = first + done * 1000};
			struct change_result r;

			draft.requester =
			    (struct person_address){"", "email", "a@example.com"};
			draft.message.body = "some text";
			need(change_new(tx, &actor_system, &draft, &r, &err));
		}
		need(change_commit(tx, &err));
		talloc_free(ctx);
	}
}

/* ---- time ---- */

static int64_t
between_or_after(const struct calendar *c, bool after, int64_t from)
{
	uint64_t x = 88172645463325252ULL;
	int64_t sum = 0;

	for (int i = 0; i < CALLS; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		sum += after ? calendar_after(c, from + (int64_t)(x % YEAR_S),
				   (int64_t)(x % 7000000))
			     : calendar_between(
				   c, from + (int64_t)(x % YEAR_S), from + YEAR_S);
	}
	return sum;
}

static void
calendars(struct desk *d)
{
	const struct calendar *c = NULL;
	double start;
	int64_t sum;

	need(desk_calendar(d, d->config->version, "office", &c, &err));
	start = now_ns();
	sum = between_or_after(c, false, d->now / 1000);
	printf("B %.0f\n", (now_ns() - start) / CALLS);
	start = now_ns();
	sum += between_or_after(c, true, d->now / 1000);
	printf("D %.0f\n", (now_ns() - start) / CALLS);
	if (sum == 0)
		puts("nothing");
}

static void
steps(struct desk *d)
{
	struct sla_book *b = NULL;
	struct sla_rules *r = NULL;
	struct clocks *c = NULL;
	struct sla_event e = {.status = "open", .priority = 1};
	struct query_now now = query_now_of(d);
	struct ticket *t = NULL;
	double start;

	need(sla_book_open(d, d, &b, &err));
	need(sla_book_rules(b, b->n - 1, &r, &err));
	need(clocks_load(d->store, d, 1, &c, &err));
	need(sla_book_bind(b, c, &err));
	e.rules = r;
	need(ticket_get(d->store, d, 1, &t, &err));
	need(sla_match(r, t, &now, &e.policy, NULL, NULL, &err));
	e.at = d->now / 1000;
	start = now_ns();
	for (int i = 0; i < STEPS; i++) {
		e.at += 60;
		e.phase = i % 2 ? PHASE_OPEN : PHASE_WAITING;
		e.status = i % 2 ? "open" : "pending";
		if (!sla_step(c, &e, NULL, NULL))
			exit(70);
	}
	printf("step %.0f\n", (now_ns() - start) / STEPS);
}

static void
recompute(struct desk *d)
{
	struct sla_book *b = NULL;
	struct sla_rules *r = NULL;
	double start;
	int n = 1000;

	need(sla_book_open(d, d, &b, &err));
	need(sla_book_rules(b, b->n - 1, &r, &err));
	need(store_write(d->store, &err));
	start = now_ns();
	for (int i = 1; i <= n; i++) {
		void *ctx = talloc_new(NULL);
		struct clocks *was = NULL, *is;
		struct ticket *t = NULL;
		struct query_now now = query_now_of(d);
		struct sla_event e = {.at = d->now / 1000 + 60, .rules = r};

		need(ticket_get(d->store, ctx, i, &t, &err));
		need(clocks_load(d->store, ctx, i, &was, &err));
		need(sla_book_bind(b, was, &err));
		is = clocks_copy(ctx, was);
		need(sla_match(r, t, &now, &e.policy, NULL, NULL, &err));
		e.status = "pending";
		e.phase = PHASE_WAITING;
		e.priority = t->priority;
		if (!sla_step(is, &e, NULL, NULL))
			exit(70);
		need(clocks_store(d->store, was, is, &err));
		talloc_free(ctx);
	}
	printf("ticket %.0f\n", (now_ns() - start) / n);
	store_rollback(d->store);
}

int
main(int argc, char **argv)
{
	struct desk_want want = {.write = true};
	struct desk *d = NULL;

	if (argc < 3 || sodium_init() < 0) {
		fprintf(stderr, "usage: clocks make DESK COUNT | time DESK\n");
		return 64;
	}
	want.dir = argv[2];
	need(desk_open(NULL, &want, &d, &err));
	if (strcmp(argv[1], "make") == 0 && argc == 4) {
		make(d, atoll(argv[3]));
	} else {
		calendars(d);
		steps(d);
		recompute(d);
	}
	talloc_free(d);
	return 0;
}
