/* B and D by binary search over compiled spans; the compiled form in and out. */
#include "desk/calendar.h"

#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"

enum { PAIR = 8 }; /* bytes of a span: two 32 bit numbers */

const struct calendar calendar_always = {
    .name = "24x7", .id = "24x7", .from = INT64_MIN, .to = INT64_MAX, .always = true};

/* The last span that opened by t, or SIZE_MAX. */
static size_t
opened_by(const struct calendar *c, int64_t t)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->spans[mid].open <= t)
			low = mid + 1;
		else
			high = mid;
	}
	return low - 1;
}

/* Open seconds from the beginning of the calendar to t. */
static int64_t
sum(const struct calendar *c, int64_t t)
{
	size_t i = opened_by(c, t);
	const struct span *s;

	if (i == SIZE_MAX)
		return 0;
	s = &c->spans[i];
	return s->before + (t < s->close ? t : s->close) - s->open;
}

int64_t
calendar_between(const struct calendar *c, int64_t a, int64_t b)
{
	if (b <= a)
		return 0;
	return c->always ? b - a : sum(c, b) - sum(c, a);
}

int64_t
calendar_after(const struct calendar *c, int64_t a, int64_t n)
{
	size_t low = 0, high = c->n;
	int64_t want;

	if (n <= 0)
		return a;
	if (c->always)
		return a + n;
	/* The first span that reaches the sum: used up at closing time is due then, not
	 * at the next opening (S10). */
	want = sum(c, a) + n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct span *s = &c->spans[mid];

		if (s->before + s->close - s->open < want)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == c->n)
		return c->to;
	return c->spans[low].open + want - c->spans[low].before;
}

const struct span *
calendar_span(const struct calendar *c, int64_t t)
{
	size_t i = opened_by(c, t);

	if (i != SIZE_MAX && t < c->spans[i].close)
		return &c->spans[i];
	return i + 1 < c->n ? &c->spans[i + 1] : NULL;
}

/* ---- the compiled form ---- */

static void
put32(unsigned char *to, int64_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)((uint64_t)v >> (8 * i));
}

static int64_t
get32(const unsigned char *from)
{
	return (int64_t)from[0] | (int64_t)from[1] << 8 | (int64_t)from[2] << 16 |
	       (int64_t)from[3] << 24;
}

json_t *
calendar_to_json(const struct calendar *c)
{
	size_t bytes = c->n * PAIR, room;
	unsigned char *raw = mem_array(NULL, unsigned char, bytes + 1);
	int64_t at = c->from;
	char *text;
	json_t *o;

	for (size_t i = 0; i < c->n; i++) {
		put32(raw + i * PAIR, c->spans[i].open - at);
		put32(raw + i * PAIR + 4, c->spans[i].close - c->spans[i].open);
		at = c->spans[i].close;
	}
	room = sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_ORIGINAL);
	text = mem_array(raw, char, room);
	sodium_bin2base64(text, room, raw, bytes, sodium_base64_VARIANT_ORIGINAL);
	o = json_pack("{s:s,s:I,s:I,s:s}", "zone", c->zone, "from", (json_int_t)c->from,
	    "to", (json_int_t)c->to, "spans", text);
	talloc_free(raw);
	return o;
}

static bool
read_spans(struct calendar *c, const unsigned char *raw, size_t bytes)
{
	int64_t at = c->from, before = 0;

	c->n = bytes / PAIR;
	c->spans = mem_array(c, struct span, c->n + 1);
	for (size_t i = 0; i < c->n; i++) {
		struct span *s = &c->spans[i];

		s->open = at + get32(raw + i * PAIR);
		s->close = s->open + get32(raw + i * PAIR + 4);
		s->before = before;
		before += s->close - s->open;
		at = s->close;
	}
	return bytes % PAIR == 0 && at <= c->to;
}

enum rc
calendar_from_json(void *ctx, const char *name, const char *id, json_t *o,
    struct calendar **out, struct err *err)
{
	struct calendar *c = talloc_zero(ctx, struct calendar);
	const char *zone = NULL, *spans = NULL;
	json_int_t from = 0, to = 0;
	unsigned char *raw;
	size_t bytes = 0;

	if (json_unpack(o, "{s:s,s:I,s:I,s:s}", "zone", &zone, "from", &from, "to", &to,
		"spans", &spans) != 0)
		return err_fail(err, RC_CONFIG, "calendar \"%s\" is damaged", name);
	*c = (struct calendar){.name = talloc_strdup(c, name),
	    .zone = talloc_strdup(c, zone),
	    .id = talloc_strdup(c, id),
	    .from = from,
	    .to = to};
	raw = mem_array(c, unsigned char, strlen(spans) + 1);
	if (sodium_base642bin(raw, strlen(spans), spans, strlen(spans), NULL, &bytes,
		NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    !read_spans(c, raw, bytes))
		return err_fail(err, RC_CONFIG, "calendar \"%s\" is damaged", name);
	talloc_free(raw);
	*out = c;
	return RC_OK;
}
