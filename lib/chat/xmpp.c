/* XMPP: a client of one account, by libstrophe (RFC 6120, 6121; stream management
 * XEP-0198, rooms XEP-0045, corrections XEP-0308, delayed delivery XEP-0203). What
 * arrives is acknowledged to the server behind the turn that filed it; what is sent is
 * taken when the server has answered a ping (XEP-0199) that follows it. */
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strophe.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/bridge.h"

enum {
	LOGIN_MS = 60000,
	REJOIN_MS = 30000,
	OCCUPANTS_MAX = 2000,
	SLICE_MS = 50,	  /* between looks while something goes on */
	QUIET_MS = 60000, /* without a word: we ask */
	GONE_MS = 120000, /* and then it is lost */
	ACTIVE_MS = 300	  /* after a stanza there may be more in the TLS layer */
};

/* Who is in a room by which nick, where the room tells: it knows their accounts. */
struct occupant {
	char *place; /* room/nick */
	char *jid;   /* bare */
};
struct xmpp {
	struct bridge_run *b;
	const struct bridge *conf;
	xmpp_log_t log;
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	int fd;
	bool in, lost;
	char why[ERR_TEXT_MAX]; /* what libstrophe said last */
	const char *nick;
	int64_t opened, heard_at, asked_at;
	int64_t rejoin_at; /* a room refused us, or threw us out */
	char *me;	   /* bare */
	struct occupant *occupants;
	size_t noccupants;
};

/* libstrophe gives its callback for new sockets no argument: whose step it is. */
static struct xmpp *stepping;

static int
on_socket(xmpp_conn_t *conn, void *sock)
{
	(void)conn;
	stepping->fd = *(int *)sock;
	return 0;
}

static void
on_log(void *arg, xmpp_log_level_t level, const char *area, const char *msg)
{
	struct xmpp *x = arg;

	(void)area;
	if (level == XMPP_LEVEL_ERROR)
		snprintf(x->why, sizeof(x->why), "%s", msg);
}

/* ---- hearing ---- */

static char *
bare(void *ctx, const char *jid)
{
	return text_lower(talloc_strndup(ctx, jid, strcspn(jid, "/")));
}

static const char *
resource(const char *jid)
{
	const char *slash = strchr(jid, '/');

	return slash ? slash + 1 : "";
}

static char *
child_text(void *ctx, const struct xmpp *x, xmpp_stanza_t *s, const char *name)
{
	xmpp_stanza_t *child = xmpp_stanza_get_child_by_name(s, name);
	char *text = child ? xmpp_stanza_get_text(child) : NULL, *out;

	out = text ? talloc_strdup(ctx, text) : NULL;
	if (text != NULL)
		xmpp_free(x->ctx, text);
	return out;
}

/* In a room: behind our nick or prefix; NULL when it is not for us. */
static const char *
addressed(const struct xmpp *x, const char *text)
{
	const char *const names[] = {x->conf->prefix, x->nick};

	return talk_addressed(text, names, 2);
}

static void
failed(struct xmpp *x, xmpp_stanza_t *s)
{
	const char *id = xmpp_stanza_get_id(s);
	xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(s, "error"), *first;
	const char *kind = error ? xmpp_stanza_get_attribute(error, "type") : NULL;

	if (id == NULL || !text_starts(id, "tkt-"))
		return;
	first = error ? xmpp_stanza_get_children(error) : NULL;
	bridge_not_delivered(x->b, id + 4,
	    first && xmpp_stanza_get_name(first) ? xmpp_stanza_get_name(first)
						 : "the server refuses it",
	    kind == NULL || strcmp(kind, "wait") != 0);
}

/* Presence in a room: {muc#user}x/item has the account when the room is not anonymous, or
 * we moderate it. */
static void
note_occupant(struct xmpp *x, xmpp_stanza_t *s, const char *from, bool gone)
{
	xmpp_stanza_t *user =
	    xmpp_stanza_get_child_by_ns(s, "http://jabber.org/protocol/muc#user");
	xmpp_stanza_t *item = user ? xmpp_stanza_get_child_by_name(user, "item") : NULL;
	const char *jid = item ? xmpp_stanza_get_attribute(item, "jid") : NULL;
	size_t i = 0;

	while (i < x->noccupants && strcmp(x->occupants[i].place, from) != 0)
		i++;
	if (i < x->noccupants) {
		talloc_free(x->occupants[i].place);
		talloc_free(x->occupants[i].jid);
		x->occupants[i] = x->occupants[--x->noccupants];
	}
	if (gone || jid == NULL || x->noccupants == OCCUPANTS_MAX)
		return;
	x->occupants = mem_grow(x, x->occupants, struct occupant, x->noccupants + 1);
	x->occupants[x->noccupants++] =
	    (struct occupant){talloc_strdup(x, from), bare(x, jid)};
}

static const char *
account_of(const struct xmpp *x, const char *place)
{
	for (size_t i = 0; i < x->noccupants; i++) {
		if (strcmp(x->occupants[i].place, place) == 0)
			return x->occupants[i].jid;
	}
	return NULL;
}

/* Who it is in a room: their account where the room tells it, else a nick, which anybody
 * may take. */
static void
from_room(
    const struct xmpp *x, void *ctx, const char *from, struct heard *h, const char *text)
{
	const char *nick = resource(from);
	char *room = bare(ctx, from);

	h->text = *nick == '\0' || strcmp(nick, x->nick) == 0 ? NULL
		  : bridge_is_agents_room(x->b, room)	      ? text
							      : addressed(x, text);
	h->conversation = talloc_asprintf(ctx, "%s %s", room, nick);
	h->address = account_of(x, from);
	h->proven = h->address != NULL;
	if (!h->proven)
		h->address = talloc_asprintf(ctx, "%s/~%s", room, nick);
	h->name = nick;
}

static void
from_person(void *ctx, const char *from, struct heard *h, const char *text)
{
	h->text = text;
	h->conversation = h->address = bare(ctx, from);
	h->name = talloc_strndup(ctx, from, strcspn(from, "@/"));
	h->proven = true; /* their server knows them, and ours theirs */
}

static int
on_message(xmpp_conn_t *conn, xmpp_stanza_t *s, void *arg)
{
	struct xmpp *x = arg;
	void *ctx = talloc_new(x);
	const char *type = xmpp_stanza_get_type(s), *from = xmpp_stanza_get_from(s),
		   *id = xmpp_stanza_get_id(s), *stamp, *of;
	xmpp_stanza_t *delay = xmpp_stanza_get_child_by_ns(s, "urn:xmpp:delay"),
		      *replace =
			  xmpp_stanza_get_child_by_ns(s, "urn:xmpp:message-correct:0");
	bool room = type != NULL && strcmp(type, "groupchat") == 0;
	char *text = child_text(ctx, x, s, "body"), *who;
	struct heard h = {.kind = "xmpp"};

	(void)conn;
	x->heard_at = now_ms();
	if (type != NULL && strcmp(type, "error") == 0)
		failed(x, s);
	if (from == NULL || text == NULL || strcmp(bare(ctx, from), x->me) == 0 ||
	    (type != NULL && strcmp(type, "chat") != 0 && strcmp(type, "normal") != 0 &&
		!room) ||
	    (room && delay != NULL)) /* a room's history is not for us */
		goto out;
	if (room)
		from_room(x, ctx, from, &h, text);
	else
		from_person(ctx, from, &h, text);
	if (h.text == NULL)
		goto out;
	who = room ? talloc_strdup(ctx, from) : bare(ctx, from);
	h.id = id ? talloc_asprintf(ctx, "%s %s", who, id) : NULL;
	of = replace ? xmpp_stanza_get_id(replace) : NULL;
	if (of != NULL) {
		h.what = HEARD_EDIT;
		h.of = talloc_asprintf(ctx, "%s %s", who, of);
	}
	stamp = delay ? xmpp_stanza_get_attribute(delay, "stamp") : NULL;
	if (stamp != NULL && !instant_parse(stamp, &h.at))
		h.at = INSTANT_NONE;
	h.ntext = strlen(h.text);
	bridge_heard(x->b, &h);
out:
	talloc_free(ctx);
	return 1;
}

/* Is it us, in a room of ours? */
static bool
is_our_place(const struct xmpp *x, const char *from)
{
	void *ctx = talloc_new(x);
	bool yes = strcmp(resource(from), x->nick) == 0 &&
		   (word_index(x->conf->rooms, bare(ctx, from)) >= 0 ||
		       bridge_is_agents_room(x->b, bare(ctx, from)));

	talloc_free(ctx);
	return yes;
}

/* Who wants to see us may. */
static int
on_presence(xmpp_conn_t *conn, xmpp_stanza_t *s, void *arg)
{
	struct xmpp *x = arg;
	const char *type = xmpp_stanza_get_type(s), *from = xmpp_stanza_get_from(s);
	xmpp_stanza_t *p;

	x->heard_at = now_ms();
	if (from == NULL)
		return 1;
	note_occupant(x, s, from, type != NULL);
	if (type == NULL)
		return 1;
	if (strcmp(type, "subscribe") == 0) {
		p = xmpp_presence_new(x->ctx);
		xmpp_stanza_set_to(p, from);
		xmpp_stanza_set_type(p, "subscribed");
		xmpp_send(conn, p);
		xmpp_stanza_release(p);
	} else if ((strcmp(type, "error") == 0 || strcmp(type, "unavailable") == 0) &&
		   is_our_place(x, from)) {
		bridge_log(x->b, "%s: the room does not have us", from);
		x->rejoin_at = now_ms() + REJOIN_MS;
	}
	return 1;
}

/* The answer to our ping, good or bad: what went before it was taken. */
static int
on_iq(xmpp_conn_t *conn, xmpp_stanza_t *s, void *arg)
{
	struct xmpp *x = arg;
	const char *type = xmpp_stanza_get_type(s), *id = xmpp_stanza_get_id(s);

	(void)conn;
	x->heard_at = now_ms();
	x->asked_at = INSTANT_NONE;
	if (id != NULL && type != NULL && text_starts(id, "ping-") &&
	    (strcmp(type, "result") == 0 || strcmp(type, "error") == 0))
		bridge_delivered(x->b, id + 5);
	return 1;
}

/* ---- getting in ---- */

static void
join(struct xmpp *x, const char *room)
{
	xmpp_stanza_t *p = xmpp_presence_new(x->ctx), *muc = xmpp_stanza_new(x->ctx),
		      *history = xmpp_stanza_new(x->ctx);
	char *to = talloc_asprintf(x, "%s/%s", room, x->nick);

	xmpp_stanza_set_to(p, to);
	xmpp_stanza_set_name(muc, "x");
	xmpp_stanza_set_ns(muc, "http://jabber.org/protocol/muc");
	xmpp_stanza_set_name(history, "history");
	xmpp_stanza_set_attribute(history, "maxchars", "0");
	xmpp_stanza_add_child(muc, history);
	xmpp_stanza_add_child(p, muc);
	xmpp_send(x->conn, p);
	xmpp_stanza_release(history);
	xmpp_stanza_release(muc);
	xmpp_stanza_release(p);
	talloc_free(to);
}

static void
join_rooms(struct xmpp *x)
{
	for (const char **r = x->conf->rooms; *r != NULL; r++)
		join(x, *r);
	if (x->conf->agents_room != NULL)
		join(x, x->conf->agents_room);
}

static void
on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
    xmpp_stream_error_t *stream_error, void *arg)
{
	struct xmpp *x = arg;
	xmpp_stanza_t *p;

	if (event != XMPP_CONN_CONNECT) {
		x->lost = true;
		if (stream_error != NULL && stream_error->text != NULL)
			snprintf(x->why, sizeof(x->why), "%s", stream_error->text);
		else if (*x->why == '\0')
			snprintf(x->why, sizeof(x->why), "%s",
			    error ? strerror(error) : "the connection has ended");
		return;
	}
	xmpp_handler_add(conn, on_message, NULL, "message", NULL, x);
	xmpp_handler_add(conn, on_presence, NULL, "presence", NULL, x);
	xmpp_handler_add(conn, on_iq, NULL, "iq", NULL, x);
	p = xmpp_presence_new(x->ctx);
	xmpp_send(conn, p);
	xmpp_stanza_release(p);
	join_rooms(x);
	x->in = true;
	bridge_up(x->b);
}

static int
hang_up(struct xmpp *x)
{
	stepping = x;
	if (x->conn != NULL) {
		xmpp_handler_delete(x->conn, on_message);
		if (x->in && !x->lost) {
			xmpp_disconnect(x->conn);
			for (int i = 0; i < 20 && !x->lost; i++)
				xmpp_run_once(x->ctx, 5);
		}
		xmpp_conn_release(x->conn);
	}
	if (x->ctx != NULL)
		xmpp_ctx_free(x->ctx);
	xmpp_shutdown();
	stepping = NULL;
	return 0;
}

/* HOST and PORT of the url; neither: the account's domain says. */
static void
where(struct xmpp *x, char **host, unsigned short *port)
{
	const char *url = x->conf->at.url, *p = url ? strstr(url, "://") + 3 : NULL, *end;
	int64_t n = 0;

	*host = NULL;
	*port = 0;
	if (p == NULL)
		return;
	end = *p == '[' ? strchr(p, ']') : NULL;
	end = end ? end + 1 : p + strcspn(p, ":/");
	*host = *p == '[' && end > p + 1 ? talloc_strndup(x, p + 1, (size_t)(end - p - 2))
					 : talloc_strndup(x, p, (size_t)(end - p));
	if (*end == ':' &&
	    text_number(talloc_strndup(x, end + 1, strcspn(end + 1, "/")), &n) &&
	    n < 65536)
		*port = (unsigned short)n;
}

static enum rc
connect_to(struct xmpp *x, struct err *err)
{
	const struct remote *at = &x->conf->at;
	unsigned long flags = strcmp(at->tls, "none") == 0 ? XMPP_CONN_FLAG_DISABLE_TLS
							   : XMPP_CONN_FLAG_MANDATORY_TLS;
	char *secret = NULL, *host;
	unsigned short port;
	size_t n = 0;
	int rc;
	enum rc got =
	    desk_read_secret(bridge_desk(x->b), x, at->secret, 4096, &secret, &n, err);

	if (got != RC_OK)
		return got;
	secret[strcspn(secret, "\r\n")] = '\0';
	if (at->url != NULL && text_starts(at->url, "xmpps:"))
		flags |=
		    XMPP_CONN_FLAG_LEGACY_SSL; /* TLS from the first byte, XEP-0368 */
	xmpp_conn_set_flags(x->conn, (long)flags);
	/* One resource: a new process takes the place of one that died, and gets what
	 * that one had not acknowledged. */
	xmpp_conn_set_jid(x->conn, talloc_asprintf(x, "%s/tkt-%s", x->me, x->conf->name));
	xmpp_conn_set_pass(x->conn, secret);
	if (at->ca != NULL)
		xmpp_conn_set_cafile(x->conn, at->ca);
	xmpp_conn_set_sockopt_callback(x->conn, on_socket);
	where(x, &host, &port);
	stepping = x;
	rc = xmpp_connect_client(x->conn, host, port, on_connection, x);
	stepping = NULL;
	sodium_memzero(secret, n);
	return rc == XMPP_EOK ? RC_OK
			      : err_fail(err, RC_NET, "%s",
				    *x->why ? x->why : "no connection to the server");
}

static enum rc
open_xmpp(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct xmpp *x = talloc_zero(ctx, struct xmpp);

	x->b = b;
	x->conf = bridge_conf(b);
	x->fd = -1;
	x->opened = x->heard_at = now_ms();
	x->me = bare(x, x->conf->at.user);
	x->nick =
	    x->conf->nick ? x->conf->nick : talloc_strndup(x, x->me, strcspn(x->me, "@"));
	x->log = (xmpp_log_t){on_log, x};
	xmpp_initialize();
	talloc_set_destructor(x, hang_up);
	x->ctx = xmpp_ctx_new(NULL, &x->log);
	x->conn = x->ctx ? xmpp_conn_new(x->ctx) : NULL;
	if (x->conn == NULL)
		return err_fail(err, RC_BUG, "libstrophe does not start");
	*self = x;
	return connect_to(x, err);
}

/* ---- the channel ---- */

static size_t
wait_xmpp(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	struct xmpp *x = self;
	int64_t now = now_ms();
	bool busy = !x->in || x->fd < 0 || now - x->heard_at < ACTIVE_MS ||
		    xmpp_conn_send_queue_len(x->conn) > 0;

	if (busy && now + SLICE_MS < *until)
		*until = now + SLICE_MS;
	v[0] = (struct pollfd){.fd = x->fd, .events = POLLIN};
	return 1;
}

static void
ping(struct xmpp *x, const char *id)
{
	xmpp_stanza_t *iq = xmpp_iq_new(x->ctx, "get", id), *p = xmpp_stanza_new(x->ctx);

	xmpp_stanza_set_name(p, "ping");
	xmpp_stanza_set_ns(p, "urn:xmpp:ping");
	xmpp_stanza_add_child(iq, p);
	xmpp_send(x->conn, iq);
	xmpp_stanza_release(p);
	xmpp_stanza_release(iq);
}

static enum rc
step_xmpp(void *self, struct err *err)
{
	struct xmpp *x = self;
	int64_t now = now_ms();

	stepping = x;
	xmpp_run_once(x->ctx, 0);
	stepping = NULL;
	if (x->lost)
		return err_fail(err, RC_NET, "%s", x->why);
	if (!x->in && now - x->opened > LOGIN_MS)
		return err_fail(err, RC_NET, "the server does not let us in%s%s",
		    *x->why ? ": " : "", x->why);
	if (now - x->heard_at > GONE_MS)
		return err_fail(err, RC_NET, "the server does not answer");
	if (x->rejoin_at != INSTANT_NONE && now > x->rejoin_at) {
		x->rejoin_at = INSTANT_NONE;
		join_rooms(x);
	}
	if (x->in && x->asked_at == INSTANT_NONE && now - x->heard_at > QUIET_MS) {
		x->asked_at = now;
		ping(x, "alive");
	}
	return RC_OK;
}

static bool
ready_xmpp(void *self)
{
	return ((struct xmpp *)self)->in;
}

static enum rc
send_xmpp(void *self, const struct said *s, struct err *err)
{
	struct xmpp *x = self;
	void *ctx = talloc_new(x);
	const char *space = strchr(s->conversation, ' ');
	char *to = talloc_strndup(ctx, s->conversation,
		 space ? (size_t)(space - s->conversation) : strlen(s->conversation)),
	     *text = space ? talloc_asprintf(ctx, "%s: %s", space + 1, s->text)
			   : talloc_strdup(ctx, s->text);
	xmpp_stanza_t *m;

	(void)err;
	for (size_t i = 0; i < s->message->nattachments; i++)
		text = talloc_asprintf_append(
		    text, "\n[%s]", s->message->attachments[i].name);
	m = xmpp_message_new(x->ctx,
	    space || bridge_is_agents_room(x->b, to) ? "groupchat" : "chat", to,
	    talloc_asprintf(ctx, "tkt-%s", s->id));
	xmpp_message_set_body(m, text);
	xmpp_send(x->conn, m);
	xmpp_stanza_release(m);
	ping(x, talloc_asprintf(ctx, "ping-%s", s->id));
	talloc_free(ctx);
	return RC_OK;
}

const struct channel channel_xmpp = {.type = "xmpp",
    .open = open_xmpp,
    .wait = wait_xmpp,
    .step = step_xmpp,
    .ready = ready_xmpp,
    .send = send_xmpp};
