/* What is special about plain text: flowed lines, and files that stand in it. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mail_priv.h"

/* ---- format=flowed (RFC 3676) ---- */

static size_t
line_end(const char *s, size_t at, size_t n)
{
	const char *nl = memchr(s + at, '\n', n - at);

	return nl ? (size_t)(nl - s) : n;
}

size_t
flowed_join(char *s, size_t n, bool delsp)
{
	size_t o = 0, depth_before = 0, next;
	bool open = false; /* the line before flows into this one */

	for (size_t at = 0; at < n; at = next) {
		size_t end = line_end(s, at, n), depth = 0, text, last;
		bool flows, signature;

		next = end + 1;
		last = end > at && s[end - 1] == '\r' ? end - 1 : end;
		while (at + depth < last && s[at + depth] == '>')
			depth++;
		text = at + depth;
		if (text < last && s[text] == ' ') /* stuffed */
			text++;
		signature = last - text == 3 && memcmp(s + text, "-- ", 3) == 0;
		flows = last > text && s[last - 1] == ' ' && !signature;
		if (open && depth == depth_before && !signature) {
			o -= delsp;
		} else {
			if (open)
				s[o++] = '\n';
			/* "> x" stays "> x"; a stuffed line loses its blank. */
			memmove(s + o, s + at, depth);
			o += depth;
			if (depth > 0 && text > at + depth)
				s[o++] = ' ';
		}
		memmove(s + o, s + text, last - text);
		o += last - text;
		if (!flows && end < n)
			s[o++] = '\n';
		open = flows;
		depth_before = depth;
	}
	return o;
}

/* ---- files in the text ---- */

enum { FILES_MAX = 50 }; /* looked for in one text: a search may read all of it */

void
mail_add_part(struct mail *m, const char *name, const char *media_type,
    const char *content_id, const void *data, size_t n)
{
	if (m->nparts >= (size_t)ATTACHMENTS_MAX)
		return;
	m->parts = mem_grow(m, m->parts, struct mail_part, m->nparts + 1);
	m->parts[m->nparts++] =
	    (struct mail_part){name, media_type, content_id, data, n, false};
}

/* One line of uuencoded bytes; false when it is none. */
static bool
uu_line(const char *s, size_t n, unsigned char *out, size_t *got)
{
	size_t want = n > 0 ? (size_t)((s[0] - ' ') & 63) : 0, o = 0, i = 1;

	if (n == 0 || s[0] < ' ' || s[0] > '`')
		return false;
	for (; o < want; i += 4) {
		unsigned v[4];

		for (size_t k = 0; k < 4; k++) {
			/* Blanks at the end are lost on the way. */
			char c = i + k < n ? s[i + k] : ' ';

			if (c < ' ' || c > '`')
				return false;
			v[k] = (unsigned)(c - ' ') & 63;
		}
		if (i > n)
			return false;
		out[o++] = (unsigned char)(v[0] << 2 | v[1] >> 4);
		out[o++] = (unsigned char)(v[1] << 4 | v[2] >> 2);
		out[o++] = (unsigned char)(v[2] << 6 | v[3]);
	}
	*got = want;
	return n <= i + 2; /* a checksum character may follow */
}

/* "begin 644 name" at `at`: decodes up to "end". Where the text goes on, or 0. */
static size_t
uudecode(struct mail *m, const char *s, size_t at, size_t n, const char **name)
{
	size_t end = line_end(s, at, n), o = 0, got,
	       mode = strspn(s + at + 6, "01234567");
	size_t text = at + 6 + mode;
	unsigned char *out, line[96];

	if (mode < 3 || mode > 4 || text >= end || s[text] != ' ')
		return 0;
	out = mem_array(m, unsigned char, n - at + 1);
	*name = text_clean(m, s + text, end - text, TEXT_LINE, FILE_NAME_MAX);
	for (at = end + 1; at < n; at = end + 1) {
		size_t len;

		end = line_end(s, at, n);
		len = end - at;
		len -= len > 0 && s[at + len - 1] == '\r';
		if (len == 3 && memcmp(s + at, "end", 3) == 0) {
			out = mem_grow(m, out, unsigned char, o + 1);
			mail_add_part(m, *name, NULL, NULL, out, o);
			return end < n ? end + 1 : n;
		}
		if (!uu_line(s + at, len, line, &got))
			break;
		memcpy(out + o, line, got);
		o += got;
	}
	talloc_free(out);
	return 0;
}

/* "=ybegin line=128 size=99 name=a b.bin" (yEnc 1.3). */
static size_t
ydecode(struct mail *m, const char *s, size_t at, size_t n, const char **name)
{
	size_t end = line_end(s, at, n), o = 0;
	const char *title = memmem(s + at, end - at, " name=", 6);
	unsigned char *out;

	if (title == NULL)
		return 0;
	out = mem_array(m, unsigned char, n - at + 1);
	*name = text_clean(
	    m, title + 6, (size_t)(s + end - title - 6), TEXT_LINE, FILE_NAME_MAX);
	for (at = end + 1; at < n; at = end + 1) {
		end = line_end(s, at, n);
		if (end - at >= 5 && memcmp(s + at, "=yend", 5) == 0) {
			out = mem_grow(m, out, unsigned char, o + 1);
			mail_add_part(m, *name, NULL, NULL, out, o);
			return end < n ? end + 1 : n;
		}
		if (end - at >= 6 && memcmp(s + at, "=ypart", 6) == 0)
			continue;
		for (size_t i = at; i < end; i++) {
			if (s[i] == '\r' && i + 1 == end)
				continue;
			if (s[i] == '=' && i + 1 < end)
				out[o++] = (unsigned char)(s[++i] - 64 - 42);
			else
				out[o++] = (unsigned char)(s[i] - 42);
		}
	}
	talloc_free(out);
	return 0;
}

static bool
at_line(const char *s, size_t at, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n - at > len && memcmp(s + at, word, len) == 0;
}

char *
inline_files(struct mail *m, char *text, size_t *n)
{
	size_t next, o = 0;
	char *out = NULL;
	int tries = 0;

	if (*n == 0 || (memmem(text, *n, "begin ", 6) == NULL &&
			   memmem(text, *n, "=ybegin ", 8) == NULL))
		return text;
	out = mem_array(m, char, *n + FILE_NAME_MAX + 32);
	for (size_t at = 0; at < *n; at = next) {
		const char *name = NULL;
		size_t after = 0;
		int len;

		if (tries == FILES_MAX)
			;
		else if (at_line(text, at, *n, "begin ") && ++tries)
			after = uudecode(m, text, at, *n, &name);
		else if (at_line(text, at, *n, "=ybegin ") && ++tries)
			after = ydecode(m, text, at, *n, &name);
		if (after > 0) {
			/* Shorter than what it stands for, or nearly. */
			len = snprintf(
			    out + o, FILE_NAME_MAX + 16, "[attached: %s]\n", name);
			o += (size_t)len;
			next = after;
			if (o > after)
				out = mem_grow(
				    m, out, char, *n + o - after + FILE_NAME_MAX + 32);
			continue;
		}
		next = line_end(text, at, *n) + 1;
		next = next > *n ? *n : next;
		memcpy(out + o, text + at, next - at);
		o += next - at;
	}
	*n = o;
	return out;
}
