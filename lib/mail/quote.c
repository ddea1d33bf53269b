/* What was written now, and the history below it (M22). Every rule needs a marker that a
 * person hardly types; where anything is unclear, nothing is cut. */
#include <ctype.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "mail/mail_priv.h"
#include "mail/words.h"

enum {
	LINES_MAX = 20000,   /* a longer text is not searched */
	ATTRIBUTION_MAX = 4, /* lines */
	HEADERS_MAX = 8,     /* lines of a header block */
	SIGNATURE_MAX = 20   /* lines of a signature */
};

struct line {
	size_t at, n; /* without trailing blanks */
	bool quoted;
};
struct lines {
	const char *s;
	size_t n; /* bytes */
	struct line *v;
	size_t count;
};

static struct lines
split(void *ctx, const char *s, size_t n)
{
	struct lines l = {.s = s, .n = n};
	size_t count = 1, at = 0;

	for (const char *p = s; (p = memchr(p, '\n', (size_t)(s + n - p))) != NULL; p++)
		count++;
	if (count > LINES_MAX)
		return l;
	l.v = mem_array(ctx, struct line, count);
	while (at <= n && l.count < count) {
		const char *nl = at < n ? memchr(s + at, '\n', n - at) : NULL;
		size_t end = nl ? (size_t)(nl - s) : n, last = end;

		while (last > at && (s[last - 1] == ' ' || s[last - 1] == '\t'))
			last--;
		l.v[l.count++] = (struct line){at, last - at, last > at && s[at] == '>'};
		at = end + 1;
	}
	return l;
}

static const char *
text_of(const struct lines *l, size_t i)
{
	return l->s + l->v[i].at;
}

/* ---- markers ---- */

/* A block of headers at line i, all in one language, with something below it. Outlook
 * begins with From; GMX with the date, and then all four must be there; behind a line
 * that says "Original Message" any order will do. Returns the line behind it, or 0. */
static size_t
header_block(const struct lines *l, size_t i, bool announced)
{
	unsigned languages = ~0U, here;
	bool seen[LABEL_SUBJECT + 1] = {false};
	size_t value, line = i, labels = 0, wanted = announced ? 3 : 0;

	for (; line < l->count && line < i + HEADERS_MAX; line++) {
		enum label label =
		    words_label(text_of(l, line), l->v[line].n, &value, &here);

		if (line == i && wanted == 0)
			wanted = label == LABEL_FROM ? 3 : label == LABEL_DATE ? 4 : 0;
		if (wanted == 0)
			return 0;
		if (label == LABEL_NONE) {
			/* The rest of a long list of people. */
			if (labels > 0 && l->v[line].n > 0 && seen[LABEL_TO] &&
			    !seen[LABEL_SUBJECT])
				continue;
			break;
		}
		if (seen[label] || (languages & here) == 0)
			break;
		languages &= here;
		seen[label] = true;
		labels += label != LABEL_CC;
	}
	if (labels < wanted || !seen[LABEL_FROM] || !seen[LABEL_DATE])
		return 0;
	for (size_t k = line; k < l->count; k++) {
		if (l->v[k].n > 0)
			return line;
	}
	return 0;
}

/* "________________________________", Outlook's rule above the block. */
static bool
is_rule(const struct lines *l, size_t i)
{
	const char *s = text_of(l, i);

	return l->v[i].n >= 20 &&
	       (strspn(s, "_") >= l->v[i].n || strspn(s, "-") >= l->v[i].n);
}

static bool
has_date(const char *s, size_t n)
{
	for (size_t i = 0; i + 3 < n; i++) {
		if (isdigit((unsigned char)s[i]) &&
		    (s[i + 1] == ':' || s[i + 1] == '.') &&
		    isdigit((unsigned char)s[i + 2]) && isdigit((unsigned char)s[i + 3]))
			return true;
		if ((memcmp(s + i, "19", 2) == 0 || memcmp(s + i, "20", 2) == 0) &&
		    isdigit((unsigned char)s[i + 2]) && isdigit((unsigned char)s[i + 3]))
			return true;
	}
	return false;
}

static bool
ends_in_colon(const char *s, size_t n)
{
	/* Marks of direction: as they are, and as cleaning left them. */
	while (n > 3 && (memcmp(s + n - 3, "\xef\xbf\xbd", 3) == 0 ||
			    memcmp(s + n - 3, "\xe2\x80\x8e", 3) == 0 ||
			    memcmp(s + n - 3, "\xe2\x80\x8f", 3) == 0))
		n -= 3;
	return n > 1 &&
	       (s[n - 1] == ':' || (n > 3 && memcmp(s + n - 3, "\xef\xbc\x9a", 3) == 0));
}

/* Lines above `quote` that say who wrote it: the first of them, or `quote`. */
static size_t
attribution(const struct lines *l, size_t quote)
{
	size_t last = quote, first;

	for (int blank = 0; blank < 2 && last > 0 && l->v[last - 1].n == 0; blank++)
		last--;
	if (last == 0 || !ends_in_colon(text_of(l, last - 1), l->v[last - 1].n))
		return quote;
	/* One that begins as they do wins, however many lines it takes. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t k = 1; k <= ATTRIBUTION_MAX && k <= last; k++) {
			const char *s;
			size_t n;

			first = last - k;
			if (l->v[first].n == 0 || l->v[first].quoted)
				break;
			s = text_of(l, first);
			n = l->v[last - 1].at + l->v[last - 1].n - l->v[first].at;
			if (pass == 0 && words_begins(s, n) && words_wrote(s, n))
				return first;
			if (pass == 1 && has_date(s, n) && memchr(s, '@', n) != NULL &&
			    (words_wrote(s, n) || k <= 2))
				return first;
		}
	}
	return words_wrote(text_of(l, last - 1), l->v[last - 1].n) ? last - 1 : quote;
}

/* Apple Mail quotes the attribution, too: "> On ... wrote:". */
static bool
quoted_attribution(const struct lines *l, size_t first)
{
	for (size_t k = first; k < l->count && k < first + ATTRIBUTION_MAX; k++) {
		const char *s = text_of(l, first);
		size_t n = l->v[k].at + l->v[k].n - l->v[first].at;

		while (n > 0 && (*s == '>' || *s == ' '))
			s++, n--;
		if (!l->v[k].quoted)
			return false;
		if (ends_in_colon(s, n))
			return words_wrote(s, n) &&
			       (words_begins(s, n) || has_date(s, n));
	}
	return false;
}

/* A signature or a list's footer that begins here. */
static bool
is_signature(const struct lines *l, size_t i)
{
	size_t n = i + 1 < l->count ? l->v[i + 1].at - l->v[i].at - 1 : l->n - l->v[i].at;

	if (n == 3 && memcmp(text_of(l, i), "-- ", 3) == 0)
		return true;
	return is_rule(l, i) && i + 1 < l->count && *text_of(l, i) == '_' &&
	       memmem(text_of(l, i + 1), l->v[i + 1].n, "mailing list", 12) != NULL;
}

/* The line of the signature, or the number of lines. */
static size_t
signature(const struct lines *l)
{
	for (size_t i = 0; i < l->count; i++) {
		size_t own = 0;

		if (!is_signature(l, i))
			continue;
		for (size_t k = i + 1; k < l->count; k++)
			own += !l->v[k].quoted && l->v[k].n > 0;
		if (own <= SIGNATURE_MAX)
			return i;
	}
	return l->count;
}

/* Where quoted lines go on to the end of [0, end), and who wrote them stands above. */
static size_t
quoted_tail(const struct lines *l, size_t end)
{
	size_t first = end;
	bool any = false;

	while (first > 0 && (l->v[first - 1].quoted || l->v[first - 1].n == 0)) {
		first--;
		any = any || l->v[first].quoted;
	}
	while (first < end && !l->v[first].quoted)
		first++;
	if (!any)
		return l->count;
	if (quoted_attribution(l, first))
		return first;
	/* Without a word of who wrote it, it may be an example. */
	end = attribution(l, first);
	return end < first ? end : l->count;
}

static bool
is_reply_line(const char *s, size_t n)
{
	const char *a = memmem(s, n, "##-", 3);

	return a != NULL && memmem(a, n - (size_t)(a - s), "-##", 3) != NULL;
}

/* The first line of what is surely history, or the number of lines. */
static size_t
history(const struct lines *l)
{
	size_t sig = signature(l), cut = quoted_tail(l, l->count);

	if (cut == l->count && sig < l->count)
		cut = quoted_tail(l, sig);
	cut = cut < sig ? cut : sig;
	for (size_t i = 0; i < cut; i++) {
		const char *s = text_of(l, i);

		if (l->v[i].n == 0)
			continue;
		if (is_reply_line(s, l->v[i].n))
			return i;
		if (words_original_line(s, l->v[i].n) && i + 1 < l->count) {
			size_t next = i + 1;

			while (next < l->count && l->v[next].n == 0)
				next++;
			if (next < l->count && header_block(l, next, true) > 0)
				return i;
		}
		if (header_block(l, i, false) > 0) {
			size_t above = i;

			while (above > 0 && l->v[above - 1].n == 0)
				above--;
			return above > 0 && is_rule(l, above - 1) ? above - 1 : i;
		}
	}
	/* Proton writes both: "Original Message", and who wrote it below. */
	for (size_t above = cut; cut < l->count && above > 0; above--) {
		const struct line *line = &l->v[above - 1];

		if (line->n == 0)
			continue;
		return words_original_line(text_of(l, above - 1), line->n) ? above - 1
									   : cut;
	}
	return cut;
}

/* ---- the split ---- */

static bool
is_forward(const struct lines *l, const char *subject)
{
	if (subject_forwarded(subject) != NULL)
		return true;
	for (size_t i = 0; i < l->count; i++) {
		if (!l->v[i].quoted && words_forward_line(text_of(l, i), l->v[i].n))
			return true;
	}
	return false;
}

size_t
quote_split(const char *s, size_t n, size_t hint, const char *subject)
{
	void *tmp = talloc_new(NULL);
	struct lines l = split(tmp, s, n);
	size_t line, cut = n;
	bool text = false, mixed = false;

	if (l.count > 0 && !is_forward(&l, subject)) {
		line = history(&l);
		cut = line < l.count ? l.v[line].at : n;
		cut = hint < cut ? hint : cut;
	}
	for (size_t i = 0; i < l.count && l.v[i].at < cut; i++) {
		mixed = mixed || l.v[i].quoted; /* answers between quotes */
		text = text || l.v[i].n > 0;
	}
	talloc_free(tmp);
	if (!text || mixed)
		return n;
	/* Blank lines between belong to the history, so that both together are the whole.
	 */
	while (cut < n && cut > 0 && strchr(" \t\n", s[cut - 1]) != NULL)
		cut--;
	return cut;
}
