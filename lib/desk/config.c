/* The applied configuration: from its compiled JSON to structs, and looking things up. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "desk/desk.h"

const char *const phase_names[] = {
    "open", "waiting", "resolved", "closed", "merged", "spam", "deleted", NULL};
const char *const priority_names[] = {"low", "normal", "high", "urgent", NULL};
const char *const kind_names[] = {"question", "incident", "problem", "task", NULL};
const char *const channel_names[] = {
    "email", "chat", "phone", "social", "web", "api", "cli", NULL};

int
word_index(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

/* ---- from JSON: the compiler has checked everything, so members are only copied ---- */

static const char *
text(void *ctx, json_t *o, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? talloc_strdup(ctx, s) : otherwise;
}

static int64_t
number(json_t *o, const char *key, int64_t otherwise)
{
	json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static const char **
texts(void *ctx, json_t *o, const char *key)
{
	json_t *a = json_object_get(o, key);
	size_t n = json_array_size(a);
	const char **v = mem_array(ctx, const char *, n + 1);

	for (size_t i = 0; i < n; i++)
		v[i] = talloc_strdup(ctx, json_string_value(json_array_get(a, i)));
	return v;
}

#define EACH(c, o, key, list, count, type)              \
	json_t *list##_j = json_object_get(o, key);     \
	(c)->count = json_array_size(list##_j);         \
	(c)->list = mem_array(c, type, (c)->count + 1); \
	for (size_t i = 0; i < (c)->count; i++)

static void
load_people(struct config *c, json_t *o)
{
	EACH(c, o, "roles", roles, nroles, struct role)
	{
		json_t *j = json_array_get(roles_j, i);

		c->roles[i] = (struct role){.name = text(c, j, "name", ""),
		    .allow = texts(c, j, "allow"),
		    .queues = texts(c, j, "queues")};
	}
	EACH(c, o, "agents", agents, nagents, struct agent)
	{
		json_t *j = json_array_get(agents_j, i);

		c->agents[i] = (struct agent){.name = text(c, j, "name", ""),
		    .full_name = text(c, j, "full_name", ""),
		    .email = text(c, j, "email", ""),
		    .role = text(c, j, "role", ""),
		    .unix_login = text(c, j, "unix", ""),
		    .timezone = text(c, j, "timezone", NULL),
		    .capacity = number(j, "capacity", 0),
		    .skills = texts(c, j, "skills"),
		    .digest = number(j, "digest", 0),
		    .quiet_from = number(j, "quiet_from", 0),
		    .quiet_to = number(j, "quiet_to", 0),
		    .notice_queues = texts(c, j, "notice_queues"),
		    .chat = texts(c, j, "chat")};
	}
}

static void
load_places(struct config *c, json_t *o)
{
	EACH(c, o, "mailboxes", mailboxes, nmailboxes, struct mailbox)
	{
		json_t *j = json_array_get(mailboxes_j, i);

		c->mailboxes[i] = (struct mailbox){.name = text(c, j, "name", ""),
		    .address = text(c, j, "address", ""),
		    .queue = text(c, j, "queue", ""),
		    .from_name = text(c, j, "from_name", ""),
		    .delimiter = text(c, j, "delimiter", "+")[0],
		    .is_default = json_is_true(json_object_get(j, "default")),
		    .strangers = text(c, j, "strangers", "accept"),
		    .lists = text(c, j, "lists", "open"),
		    .trust_agents =
			strcmp(text(c, j, "agents_by_mail", ""), "trust") == 0,
		    .trusted_forwarders = texts(c, j, "trusted_forwarders"),
		    .share_organization =
			json_is_true(json_object_get(j, "share_organization"))};
	}
	EACH(c, o, "foreign", foreign, nforeign, struct foreign)
	{
		json_t *j = json_array_get(foreign_j, i);

		c->foreign[i] = (struct foreign){.name = text(c, j, "name", ""),
		    .from = text(c, j, "from", ""),
		    .header = text(c, j, "header", "Subject"),
		    .key = text(c, j, "key", "")};
	}
	EACH(c, o, "queues", queues, nqueues, struct queue)
	{
		json_t *j = json_array_get(queues_j, i);

		c->queues[i] = (struct queue){.name = text(c, j, "name", ""),
		    .description = text(c, j, "description", ""),
		    .assign = text(c, j, "assign", "none"),
		    .members = texts(c, j, "members"),
		    .reopen_window = number(j, "reopen_window", 0),
		    .after_reply = text(c, j, "after_reply", NULL),
		    .skills = texts(c, j, "skills"),
		    .lifecycle = text(c, j, "lifecycle", "default")};
	}
	EACH(c, o, "fields", fields, nfields, struct field)
	{
		json_t *j = json_array_get(fields_j, i);

		c->fields[i] = (struct field){.name = text(c, j, "name", ""),
		    .type = text(c, j, "type", "text"),
		    .values = texts(c, j, "values"),
		    .pattern = text(c, j, "pattern", NULL),
		    .queues = texts(c, j, "queues")};
	}
	EACH(c, o, "views", views, nviews, struct view)
	{
		json_t *j = json_array_get(views_j, i);

		c->views[i] = (struct view){.name = text(c, j, "name", ""),
		    .query = text(c, j, "query", ""),
		    .sort = text(c, j, "sort", NULL)};
	}
}

static struct remote
remote_of(struct config *c, json_t *s)
{
	return (struct remote){.url = text(c, s, "url", NULL),
	    .sendmail = text(c, s, "sendmail", "/usr/sbin/sendmail"),
	    .user = text(c, s, "user", NULL),
	    .secret = text(c, s, "secret", NULL),
	    .auth = text(c, s, "auth", "password"),
	    .tls = text(c, s, "tls", "required"),
	    .ca = text(c, s, "ca", NULL),
	    .pin = text(c, s, "pin", NULL),
	    .timeout = number(s, "timeout", 300000)};
}

static void
load_kb(struct config *c, json_t *o)
{
	json_t *k = json_object_get(o, "kb");

	c->kb = (struct kb_conf){.branch = text(c, k, "branch", "main"),
	    .language = text(c, k, "language", "en"),
	    .url = text(c, k, "url", NULL),
	    .site = text(c, k, "site", NULL),
	    .feedback = text(c, k, "feedback", NULL),
	    .search = text(c, k, "search", NULL),
	    .check = text(c, k, "check", "reject"),
	    .stale = number(k, "stale", KB_STALE_MS)};
}

static void
load_phone(struct config *c, json_t *o)
{
	json_t *p = json_object_get(o, "phone");

	c->phone = (struct phone_conf){.country = text(c, p, "country", NULL),
	    .trunk = text(c, p, "trunk", "0"),
	    .queue = text(c, p, "queue", NULL),
	    .sounds = text(c, p, "sounds", "tkt/"),
	    .recordings = text(c, p, "recordings", NULL),
	    .timezone = text(c, p, "timezone", NULL),
	    .status = text(c, p, "status", "any"),
	    .missed = text(c, p, "missed", "ticket"),
	    .voicemail = texts(c, p, "voicemail"),
	    .message_ms = number(p, "message", PHONE_MESSAGE_MS),
	    .extension = number(p, "extension", PHONE_EXTENSION)};
}

static void
load_outside(struct config *c, json_t *o)
{
	json_t *s = json_object_get(o, "smtp");

	c->smtp = remote_of(c, s);
	EACH(c, o, "fetches", fetches, nfetches, struct fetch)
	{
		json_t *j = json_array_get(fetches_j, i);

		c->fetches[i] = (struct fetch){.name = text(c, j, "name", ""),
		    .mailbox = text(c, j, "mailbox", NULL),
		    .from = remote_of(c, j),
		    .keep = json_is_true(json_object_get(j, "keep"))};
	}
	EACH(c, o, "webhooks", webhooks, nwebhooks, struct webhook)
	{
		json_t *j = json_array_get(webhooks_j, i);

		c->webhooks[i] = (struct webhook){.name = text(c, j, "name", ""),
		    .url = text(c, j, "url", ""),
		    .secret = text(c, j, "secret", NULL),
		    .private_allowed =
			json_is_true(json_object_get(j, "private_allowed"))};
	}
}

static void
load_bridges(struct config *c, json_t *o)
{
	EACH(c, o, "bridges", bridges, nbridges, struct bridge)
	{
		json_t *j = json_array_get(bridges_j, i);

		c->bridges[i] = (struct bridge){.name = text(c, j, "name", ""),
		    .type = text(c, j, "type", ""),
		    .at = remote_of(c, j),
		    .run = texts(c, j, "run"),
		    .nick = text(c, j, "nick", NULL),
		    .prefix = text(c, j, "prefix", NULL),
		    .rooms = texts(c, j, "rooms"),
		    .agents_room = text(c, j, "agents_room", NULL),
		    .announce = texts(c, j, "announce"),
		    .queue = text(c, j, "queue", NULL),
		    .bot = text(c, j, "bot", NULL),
		    .every = number(j, "every", BRIDGE_EVERY_MS),
		    .idle = number(j, "idle", BRIDGE_IDLE_MS),
		    .flood = number(j, "flood", BRIDGE_FLOOD),
		    .room_flood = number(j, "room_flood", BRIDGE_ROOM_FLOOD)};
	}
}

static void
load_sites(struct config *c, json_t *o)
{
	EACH(c, o, "sites", sites, nsites, struct web_site)
	{
		json_t *j = json_array_get(sites_j, i);

		c->sites[i] = (struct web_site){.name = text(c, j, "name", ""),
		    .issuer = text(c, j, "issuer", NULL),
		    .secrets = texts(c, j, "secret"),
		    .public_key = text(c, j, "public_key", NULL),
		    .queue = text(c, j, "queue", NULL),
		    .origins = texts(c, j, "origins")};
	}
}

static void
load_form(struct config *c, json_t *o, struct bot_form *f)
{
	json_t *asks = json_object_get(o, "asks"), *j;
	size_t i;

	*f = (struct bot_form){.name = text(c, o, "name", ""),
	    .match = text(c, o, "match", NULL),
	    .set = text(c, o, "set", NULL),
	    .asks = mem_array(c, struct bot_ask, json_array_size(asks) + 1),
	    .nasks = json_array_size(asks)};
	json_array_foreach(asks, i, j) f->asks[i] =
	    (struct bot_ask){.name = text(c, j, "name", ""),
		.text = text(c, j, "text", ""),
		.match = text(c, j, "match", NULL),
		.again = text(c, j, "again", NULL),
		.field = text(c, j, "field", NULL),
		.choices = texts(c, j, "choices"),
		.optional = json_is_true(json_object_get(j, "optional"))};
}

static void
load_bots(struct config *c, json_t *o)
{
	EACH(c, o, "bots", bots, nbots, struct bot)
	{
		json_t *j = json_array_get(bots_j, i),
		       *forms = json_object_get(j, "forms");
		struct bot *b = &c->bots[i];

		*b = (struct bot){.name = text(c, j, "name", ""),
		    .language = text(c, j, "language", NULL),
		    .greeting = text(c, j, "greeting", ""),
		    .answer = text(c, j, "answer", ""),
		    .answers = text(c, j, "answers", ""),
		    .missed = text(c, j, "missed", ""),
		    .thanks = text(c, j, "thanks", ""),
		    .handing = text(c, j, "handing", ""),
		    .skipped = text(c, j, "skipped", ""),
		    .hello = text(c, j, "hello", ""),
		    .person = text(c, j, "person", ""),
		    .yes = text(c, j, "yes", ""),
		    .no = text(c, j, "no", ""),
		    .skip = text(c, j, "skip", ""),
		    .run = texts(c, j, "run"),
		    .timeout = number(j, "timeout", BOT_ANSWER_MS),
		    .offer = number(j, "offer", BOT_OFFER),
		    .misses = number(j, "misses", BOT_MISSES),
		    .nforms = json_array_size(forms)};
		b->forms = mem_array(c, struct bot_form, b->nforms + 1);
		for (size_t k = 0; k < b->nforms; k++)
			load_form(c, json_array_get(forms, k), &b->forms[k]);
	}
}

static void
load_lifecycles(struct config *c, json_t *o)
{
	EACH(c, o, "lifecycles", lifecycles, nlifecycles, struct lifecycle)
	{
		json_t *j = json_array_get(lifecycles_j, i),
		       *statuses = json_object_get(j, "statuses"),
		       *transitions = json_object_get(j, "transitions"), *e;
		struct lifecycle *l = &c->lifecycles[i];
		size_t k;

		*l = (struct lifecycle){.name = text(c, j, "name", ""),
		    .initial = text(c, j, "initial", "new"),
		    .active = text(c, j, "active", "open"),
		    .nstatuses = json_array_size(statuses),
		    .ntransitions = json_array_size(transitions)};
		l->statuses = mem_array(c, struct status, l->nstatuses + 1);
		l->transitions = mem_array(c, struct transition, l->ntransitions + 1);
		json_array_foreach(statuses, k, e) l->statuses[k] =
		    (struct status){text(c, e, "name", ""),
			(enum phase)number(e, "phase", PHASE_OPEN), texts(c, e, "next")};
		json_array_foreach(transitions, k, e) l->transitions[k] =
		    (struct transition){text(c, e, "name", ""), texts(c, e, "from"),
			texts(c, e, "to"), texts(c, e, "require"), texts(c, e, "roles")};
	}
}

enum rc
config_from_json(
    void *ctx, json_t *o, int64_t version, struct config **out, struct err *err)
{
	struct config *c = talloc_zero(ctx, struct config);

	if (!json_is_object(o)) {
		talloc_free(c);
		return err_fail(
		    err, RC_CONFIG, "version %lld is damaged", (long long)version);
	}
	c->version = version;
	c->name = text(c, o, "name", "");
	c->timezone = text(c, o, "timezone", "UTC");
	c->group = text(c, o, "group", NULL);
	c->authserv = text(c, o, "authserv", NULL);
	c->mail_size_max = number(o, "mail_size_max", 0);
	c->mail_parts_max = number(o, "mail_parts_max", 0);
	c->mail_depth_max = number(o, "mail_depth_max", 0);
	c->mail_header_max = number(o, "mail_header_max", 0);
	c->mail_people_max = number(o, "mail_people_max", 0);
	c->mail_out_max = number(o, "mail_out_max", 20000000);
	c->undo = number(o, "undo", 0);
	c->flood_limit = number(o, "flood_limit", 50);
	c->url = text(c, o, "url", NULL);
	load_people(c, o);
	load_places(c, o);
	load_kb(c, o);
	load_phone(c, o);
	load_outside(c, o);
	load_bridges(c, o);
	load_bots(c, o);
	load_sites(c, o);
	load_lifecycles(c, o);
	*out = c;
	return RC_OK;
}

/* ---- looking up ---- */

#define FIND(list, count, member, value)                   \
	for (size_t i = 0; i < c->count; i++) {            \
		if (strcmp(c->list[i].member, value) == 0) \
			return &c->list[i];                \
	}                                                  \
	return NULL

const struct mailbox *
config_mailbox(const struct config *c, const char *name)
{
	FIND(mailboxes, nmailboxes, name, name);
}

const struct mailbox *
config_mailbox_by_address(const struct config *c, const char *address)
{
	FIND(mailboxes, nmailboxes, address, address);
}

const struct mailbox *
config_mailbox_default(const struct config *c)
{
	for (size_t i = 0; i < c->nmailboxes; i++) {
		if (c->mailboxes[i].is_default)
			return &c->mailboxes[i];
	}
	return c->nmailboxes > 0 ? &c->mailboxes[0] : NULL;
}

const struct queue *
config_queue(const struct config *c, const char *name)
{
	FIND(queues, nqueues, name, name);
}

const struct role *
config_role(const struct config *c, const char *name)
{
	FIND(roles, nroles, name, name);
}

const struct agent *
config_agent(const struct config *c, const char *name)
{
	FIND(agents, nagents, name, name);
}

const struct field *
config_field(const struct config *c, const char *name)
{
	FIND(fields, nfields, name, name);
}

const struct view *
config_view(const struct config *c, const char *name)
{
	FIND(views, nviews, name, name);
}

const struct webhook *
config_webhook(const struct config *c, const char *name)
{
	FIND(webhooks, nwebhooks, name, name);
}

const struct bridge *
config_bridge(const struct config *c, const char *name)
{
	FIND(bridges, nbridges, name, name);
}

const struct bot *
config_bot(const struct config *c, const char *name)
{
	FIND(bots, nbots, name, name);
}

const char **
config_names(void *ctx, const struct config *c, enum name_kind kind)
{
	const char **v = NULL;
	size_t n = 0;

#define NAMES(which, list, count)                                \
	for (size_t i = 0; kind == (which) && i < c->count; i++) \
	text_push(ctx, &v, &n, c->list[i].name)
	NAMES(NAME_MAILBOX, mailboxes, nmailboxes);
	NAMES(NAME_QUEUE, queues, nqueues);
	NAMES(NAME_ROLE, roles, nroles);
	NAMES(NAME_AGENT, agents, nagents);
	NAMES(NAME_FIELD, fields, nfields);
	NAMES(NAME_VIEW, views, nviews);
	NAMES(NAME_SITE, sites, nsites);
#undef NAMES
	return v ? v : mem_array(ctx, const char *, 1);
}
