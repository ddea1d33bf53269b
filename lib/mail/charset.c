/* Bytes of any charset -> valid UTF-8, by what is declared and by what is there (M23). */
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mail_priv.h"

/* What mail calls a charset, and what it means by it: senders say Latin-1 and gb2312 and
 * use their supersets (as the WHATWG Encoding Standard has it for the web). */
static const struct {
	const char *said, *meant;
} aliases[] = {{"iso-8859-1", "CP1252"}, {"latin1", "CP1252"}, {"iso8859-1", "CP1252"},
    {"iso_8859-1", "CP1252"}, {"ansi", "CP1252"}, {"x-ansi", "CP1252"},
    {"cp-1252", "CP1252"}, {"windows1252", "CP1252"}, {"iso-8859-9", "CP1254"},
    {"iso-8859-11", "CP874"}, {"tis-620", "CP874"}, {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-8-e", "ISO-8859-8"}, {"gb2312", "GB18030"}, {"gbk", "GB18030"},
    {"x-gbk", "GB18030"}, {"cp936", "GB18030"}, {"gb_2312-80", "GB18030"},
    {"euc-cn", "GB18030"}, {"hz-gb-2312", "GB18030"}, {"big5", "BIG5-HKSCS"},
    {"x-x-big5", "BIG5-HKSCS"}, {"cn-big5", "BIG5-HKSCS"}, {"euc-kr", "UHC"},
    {"ks_c_5601-1987", "UHC"}, {"ksc5601", "UHC"}, {"cp949", "UHC"},
    {"windows-949", "UHC"}, {"shift_jis", "CP932"}, {"shift-jis", "CP932"},
    {"sjis", "CP932"}, {"x-sjis", "CP932"}, {"windows-31j", "CP932"},
    {"ms_kanji", "CP932"}, {"euc-jp", "EUC-JP-MS"}, {"x-euc-jp", "EUC-JP-MS"},
    {"unicode-1-1-utf-7", "UTF-7"}, {"x-unicode-2-0-utf-7", "UTF-7"},
    {"x-mac-roman", "MACINTOSH"}, {"macroman", "MACINTOSH"},
    {"x-mac-cyrillic", "MAC-CYRILLIC"}, {"koi8r", "KOI8-R"}, {"x-koi8-r", "KOI8-R"},
    {"utf16", "UTF-16"}, {NULL, NULL}};

/* Names that say nothing. */
static const char *const nothing[] = {"us-ascii", "ascii", "utf-8", "utf8",
    "unicode-1-1-utf-8", "x-utf8", "unknown", "unknown-8bit", "x-unknown", "8bit", "7bit",
    "binary", "default", "default_charset", "none", "", NULL};

static bool
says_nothing(const char *charset)
{
	for (const char *const *w = nothing; *w != NULL; w++) {
		if (strcasecmp(charset, *w) == 0)
			return true;
	}
	return false;
}

/* ---- escaping what cannot be read ---- */

struct sink {
	char *s;
	size_t n, room;
	size_t bad; /* bytes that were no characters */
	void *ctx;
};

static void
reserve(struct sink *k, size_t n)
{
	if (k->n + n <= k->room)
		return;
	k->room = 2 * (k->n + n);
	k->s = mem_grow(k->ctx, k->s, char, k->room);
}

static void
take(struct sink *k, const char *s, size_t n)
{
	reserve(k, n);
	memcpy(k->s + k->n, s, n);
	k->n += n;
}

/* M4: a byte that is no character is kept, and shown as \xE9. */
static void
escape(struct sink *k, unsigned char byte)
{
	char text[8];

	take(k, text, (size_t)snprintf(text, sizeof(text), "\\x%02X", byte));
	k->bad++;
}

/* ---- UTF-8 ---- */

struct count {
	size_t multibyte, bad; /* characters past ASCII; bytes that are none */
};

static struct count
count_utf8(const char *s, size_t n)
{
	struct count c = {0};
	uint32_t cp;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = text_decode(s + i, n - i, &cp);
		c.multibyte += len > 1;
		c.bad += len == 0;
		len = len ? len : 1;
	}
	return c;
}

static void
from_utf8(struct sink *k, const char *s, size_t n)
{
	uint32_t cp;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		size_t start = i;

		while (i < n && (len = text_decode(s + i, n - i, &cp)) > 0)
			i += len;
		take(k, s + start, i - start);
		len = 0;
		if (i < n) {
			escape(k, (unsigned char)s[i]);
			len = 1;
		}
	}
}

/* ---- anything iconv knows ---- */

static bool
from_iconv(struct sink *k, const char *charset, const char *s, size_t n)
{
	iconv_t cd = iconv_open("UTF-8", charset);
	char *from = (char *)(uintptr_t)s;
	size_t left = n;

	if (cd == (iconv_t)-1)
		return false;
	while (left > 0) {
		char *to;
		size_t space;
		int e;

		reserve(k, 2 * left + 16);
		to = k->s + k->n;
		space = k->room - k->n;
		errno = 0;
		(void)iconv(cd, &from, &left, &to, &space);
		e = errno;
		k->n = (size_t)(to - k->s);
		if (left == 0 || e == E2BIG)
			continue;
		escape(k, (unsigned char)*from++); /* EILSEQ, or cut off at the end */
		left--;
	}
	iconv_close(cd);
	return true;
}

/* ---- ISO-2022-JP (RFC 1468): glibc refuses the NEC and half-width characters that
 * Japanese mailers put into it, so its code points go to CP932, which has them ---- */

enum jis { JIS_ASCII, JIS_KANJI, JIS_KANA };

static size_t
jis_escape(const char *s, size_t n, enum jis *mode)
{
	static const struct {
		const char *code;
		size_t n;
		enum jis mode;
	} codes[] = {{"\x1b$B", 3, JIS_KANJI}, {"\x1b$@", 3, JIS_KANJI},
	    {"\x1b$(B", 4, JIS_KANJI}, {"\x1b(B", 3, JIS_ASCII}, {"\x1b(J", 3, JIS_ASCII},
	    {"\x1b(I", 3, JIS_KANA}};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (n >= codes[i].n && memcmp(s, codes[i].code, codes[i].n) == 0) {
			*mode = codes[i].mode;
			return codes[i].n;
		}
	}
	return 0;
}

static bool
looks_like_jis(const char *s, size_t n)
{
	enum jis mode = JIS_ASCII;
	const char *p = s;

	while ((p = memchr(p, 0x1b, n - (size_t)(p - s))) != NULL) {
		if (jis_escape(p, n - (size_t)(p - s), &mode) > 0 && mode == JIS_KANJI)
			return true;
		p++;
	}
	return false;
}

static void
from_jis(struct sink *k, const char *s, size_t n)
{
	char *sjis = mem_array(k->ctx, char, n + 1);
	enum jis mode = JIS_ASCII;
	size_t o = 0, len;

	for (size_t i = 0; i < n; i += len) {
		unsigned char a = (unsigned char)s[i], b;

		len = a == 0x1b ? jis_escape(s + i, n - i, &mode) : 0;
		if (len > 0)
			continue;
		len = 1;
		if (mode == JIS_KANJI && a > 0x20 && a < 0x7f && i + 1 < n) {
			b = (unsigned char)s[i + 1];
			sjis[o++] = (char)(((a - 0x21) >> 1) + (a < 0x5f ? 0x81 : 0xc1));
			sjis[o++] =
			    (char)(a & 1 ? b + (b < 0x60 ? 0x1f : 0x20) : b + 0x7e);
			len = 2;
		} else if (mode == JIS_KANA && a > 0x20 && a < 0x60) {
			sjis[o++] = (char)(a | 0x80);
		} else {
			if (a == '\n') /* each line starts as ASCII */
				mode = JIS_ASCII;
			sjis[o++] = (char)a;
		}
	}
	(void)from_iconv(k, "CP932", sjis, o);
	talloc_free(sjis);
}

/* ---- choosing ---- */

/* Nothing useful is declared: UTF-8 where it is that, else Windows-1252. */
static void
guess(struct sink *k, const char *s, size_t n)
{
	struct count c = count_utf8(s, n);

	if (looks_like_jis(s, n))
		from_jis(k, s, n);
	else if (c.bad == 0 || c.multibyte > c.bad)
		from_utf8(k, s, n);
	else
		(void)from_iconv(k, "CP1252", s, n);
}

static const char *
meaning(const char *charset)
{
	for (size_t i = 0; aliases[i].said != NULL; i++) {
		if (strcasecmp(charset, aliases[i].said) == 0)
			return aliases[i].meant;
	}
	return charset;
}

/* In these nearly any bytes are text, but faultless UTF-8 is never meant as theirs; in
 * the East Asian ones it may be. */
static bool
is_single_byte(const char *charset)
{
	return strncasecmp(charset, "CP125", 5) == 0 ||
	       strncasecmp(charset, "windows-125", 11) == 0 ||
	       strncasecmp(charset, "iso-8859-", 9) == 0;
}

char *
charset_to_utf8(void *ctx, const char *charset, const char *s, size_t n, size_t *out)
{
	struct sink k = {.ctx = ctx, .room = n + n / 2 + 16};
	struct count c;

	k.s = mem_array(ctx, char, k.room);
	charset = charset ? charset : "";
	if (says_nothing(charset)) {
		guess(&k, s, n);
	} else if (strncasecmp(charset, "iso-2022-jp", 11) == 0) {
		from_jis(&k, s, n);
	} else {
		charset = meaning(charset);
		c = is_single_byte(charset) ? count_utf8(s, n) : (struct count){0};
		if (c.bad == 0 && c.multibyte > 0)
			from_utf8(&k, s, n); /* relabelled on its way */
		else if (!from_iconv(&k, charset, s, n))
			guess(&k, s, n);
		/* Mostly unreadable: the declaration is wrong. */
		if (k.bad > 8 && 4 * k.bad > n) {
			k.n = k.bad = 0;
			guess(&k, s, n);
		}
	}
	reserve(&k, 1);
	k.s[k.n] = '\0';
	*out = k.n;
	return k.s;
}
