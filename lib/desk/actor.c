/* Who acts, and what they may: the one place where rights are decided. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "desk/desk.h"

const struct actor actor_system = {.kind = ACTOR_SYSTEM, .name = "system"};

const char *const right_names[] = {"ticket.read", "ticket.create", "ticket.change",
    "ticket.reply", "ticket.note", "customer.read", "customer.change", "customer.erase",
    "kb.read", "kb.write", "log.read", "desk.config", NULL};

char *
actor_print(void *ctx, const struct actor *a)
{
	switch (a->kind) {
	case ACTOR_AGENT:
		return talloc_asprintf(ctx, "agent:%s", a->name);
	case ACTOR_CUSTOMER:
		return talloc_asprintf(ctx, "customer:%s", a->name);
	case ACTOR_RULE:
		return talloc_asprintf(ctx, "rule:%s", a->name);
	case ACTOR_SYSTEM:
		break;
	}
	return talloc_strdup(ctx, "system");
}

/* A customer writes through a channel, which decides what may happen: no role. */
struct actor
actor_customer(void *ctx, int64_t customer)
{
	return (struct actor){.kind = ACTOR_CUSTOMER,
	    .name = talloc_asprintf(ctx, "%lld", (long long)customer)};
}

struct actor
actor_rule(const char *rule)
{
	return (struct actor){.kind = ACTOR_RULE, .name = rule};
}

bool
actor_may(const struct actor *a, const char *right)
{
	if (a->role == NULL)
		return true;
	for (const char **p = a->role->allow; *p != NULL; p++) {
		if (text_glob(*p, right))
			return true;
	}
	return false;
}

bool
actor_may_queue(const struct actor *a, const char *queue)
{
	return a->role == NULL || a->role->queues[0] == NULL ||
	       word_index(a->role->queues, queue) >= 0;
}

enum rc
actor_need(const struct actor *a, const char *right, struct err *err)
{
	if (actor_may(a, right))
		return RC_OK;
	return err_fail(err, RC_DENIED, "agent \"%s\" (role \"%s\") may not %s", a->name,
	    a->role->name, right);
}

enum rc
actor_need_queue(const struct actor *a, const char *queue, struct err *err)
{
	if (actor_may_queue(a, queue))
		return RC_OK;
	return err_fail(err, RC_DENIED,
	    "agent \"%s\" (role \"%s\") has no access to queue \"%s\"", a->name,
	    a->role->name, queue);
}
