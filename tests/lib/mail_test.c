/* lib/mail: what mails say. The mails are our own. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/text.h"
#include "desk.h"
#include "mail/mail_priv.h"
#include "mail/words.h"

static const struct config config = {.mail_parts_max = 100,
    .mail_depth_max = 20,
    .mail_header_max = 100000,
    .mail_people_max = 200};

static struct mail *
parse(const char *raw)
{
	return mail_parse(NULL, &config, raw, strlen(raw), NULL);
}

ATF_TC_WITHOUT_HEAD(html__becomes_readable_text);
ATF_TC_BODY(html__becomes_readable_text, tc)
{
	static const struct {
		const char *html, *text;
	} cases[] = {
	    {"<p>a</p><p>b<br>c</p>", "a\n\nb\nc"},
	    {"<script>x</script><style>y</style>z", "z"},
	    {"<a href=\"https://x.org\">here</a>", "here <https://x.org>"},
	    {"<a href=\"https://x.org\">https://x.org</a>", "https://x.org"},
	    {"<a href=\"javascript:x()\">here</a>", "here"},
	    {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
	    {"a &amp; b &lt;c&gt; &euro;", "a & b <c> €"},
	    {"", ""},
	};
	char *deep = talloc_strdup(NULL, "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    html_to_text(NULL, cases[i].html, strlen(cases[i].html), 1000).s;

		ATF_CHECK_MSG(
		    strcmp(text, cases[i].text) == 0, "%s: \"%s\"", cases[i].html, text);
	}
	for (int i = 0; i < 5000; i++)
		deep = talloc_strdup_append_buffer(deep, "<div>");
	deep = talloc_strdup_append_buffer(deep, "text");
	ATF_CHECK_STREQ("text", html_to_text(NULL, deep, strlen(deep), 1000).s);
}

/* ---- charsets (M23) ---- */

ATF_TC_WITHOUT_HEAD(charset__declared_misdeclared_none);
ATF_TC_BODY(charset__declared_misdeclared_none, tc)
{
	static const struct {
		const char *charset, *bytes, *text;
	} cases[] = {
	    {"utf-8", "Gr\xc3\xbc\xc3\x9f", "Grüß"},
	    {NULL, "Gr\xc3\xbc\xc3\x9f", "Grüß"},
	    {NULL, "Gr\xfc\xdf", "Grüß"},
	    {"utf-8", "Gr\xfc\xdf", "Grüß"},
	    {"us-ascii", "price \x80", "price €"},
	    {"iso-8859-1", "\x93quoted\x94 \x80", "“quoted” €"},
	    {"iso-8859-1", "Gr\xc3\xbc\xc3\x9f", "Grüß"},
	    {"iso-8859-15", "\xa4", "€"},
	    {"gb2312", "\xe9\x46", "镕"}, /* only in GBK */
	    {"gb18030", "\x94\x39\xda\x33", "💩"},
	    {"iso-2022-jp", "\x1b$BF|K\\8l\x1b(B", "日本語"},
	    {"iso-2022-jp", "\x1b$B-!-j\x1b(B", "①㈱"}, /* NEC row 13 */
	    {"iso-2022-jp", "\x1b(I1\x1b(B", "ｱ"},
	    {NULL, "\x1b$BF|K\\8l\x1b(B", "日本語"},
	    {"us-ascii", "\x1b$BF|K\\8l\x1b(B ok", "日本語 ok"},
	    {"shift_jis", "\x87\x40\x93\xfa", "①日"},
	    {"euc-kr", "\x81\x41", "갂"}, /* only in UHC */
	    {"big5", "\xa4\xa4\xa4\xe5", "中文"},
	    {"koi8-r", "\xf0\xf2\xe9\xf7\xe5\xf4", "ПРИВЕТ"},
	    {"utf-7", "Hi +AOk-", "Hi é"},
	    {"unicode-1-1-utf-7", "+AOk-", "é"},
	    {"no-such-charset", "Gr\xfc", "Grü"},
	    {"unknown-8bit", "Gr\xc3\xbc", "Grü"},
	    /* A byte that is nothing is kept, and shown. */
	    {"utf-8", "日本語日本語\xff", "日本語日本語\\xFF"},
	    {"koi8-u", "a", "a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = 0;
		char *s = charset_to_utf8(
		    NULL, cases[i].charset, cases[i].bytes, strlen(cases[i].bytes), &n);

		ATF_CHECK_MSG(strcmp(s, cases[i].text) == 0,
		    "%zu (%s): \"%s\", not \"%s\"", i,
		    cases[i].charset ? cases[i].charset : "none", s, cases[i].text);
		ATF_CHECK_EQ(strlen(s), n);
	}
}

ATF_TC_WITHOUT_HEAD(encoded_words__broken_in_every_usual_way);
ATF_TC_BODY(encoded_words__broken_in_every_usual_way, tc)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
	    {"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
	    {"=?utf-8?b?5pel?= =?utf-8?b?5pys6Kqe?=", "日本語"},
	    /* a character split between two words */
	    {"=?utf-8?b?5pel5p?= =?UTF-8?B?ys6Kqe?=", "日本語"},
	    {"=?utf-8?q?a=E6=97?= =?utf-8?q?=A5b?=", "a日b"},
	    {"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"},    /* no padding */
	    {"=?utf-8?b?R3LDv MOfZQ==?=", "Grüße"}, /* a blank inside */
	    {"=?utf-8?q?hello big world?=", "hello big world"},
	    {"=?utf-8?q?hello_big_world?=", "hello big world"},
	    {"Re:=?utf-8?q?=C3=BC?=x=?utf-8?q?=C3=BC?=", "Re:üxü"},
	    {"a =?utf-8?q?b?= c", "a b c"},
	    {"a =?utf-8?q?b?= =?iso-8859-1?q?=FC?= c", "a bü c"},
	    {"=?utf-8?q?=C3=BC", "=?utf-8?q?=C3=BC"}, /* never closed */
	    {"=?utf-8?q?Gr=FC=DFe?=", "Grüße"},	      /* Latin-1 called UTF-8 */
	    {"=?x-foo?q?abc=FC?=", "abcü"},
	    {"=?UTF-8*en?Q?=C3=BC?=", "ü"},
	    {"\"=?utf-8?q?=C3=BC?=\"", "\"ü\""},
	    {"=?iso-8859-1?q?=80uro?=", "€uro"},
	    {"=?gb2312?b?wve4uZmN?=", "瞒腹檷"},
	    {"=?shift_jis?b?h0CT+g==?=", "①日"},
	    {"=?iso-2022-jp?b?GyRCLSEtahsoQg==?=", "①㈱"},
	    {"Gr\xfc\xdf"
	     "e",
		"Grüße"}, /* raw Latin-1 */
	    {"Gr\xc3\xbc\xc3\x9f"
	     "e",
		"Grüße"},
	    {"=?utf-8?q?=?=", "="},
	    {"=?utf-8?q?\?= x", "x"},
	    {"=?", "=?"},
	    {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
	    {"50 =? 60", "50 =? 60"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *s = mail_decode(NULL, cases[i].value, 1000);

		ATF_CHECK_MSG(strcmp(s, cases[i].text) == 0, "%s: \"%s\", not \"%s\"",
		    cases[i].value, s, cases[i].text);
	}
}

/* ---- text ---- */

ATF_TC_WITHOUT_HEAD(flowed__is_joined);
ATF_TC_BODY(flowed__is_joined, tc)
{
	static const struct {
		const char *in, *out;
		bool delsp;
	} cases[] = {
	    {"one \ntwo\nthree\n", "one two\nthree\n", false},
	    {"one \ntwo\n", "onetwo\n", true},
	    {"> a \n> b\n> c\nd \n", "> a b\n> c\nd ", false},
	    {">> a \n> b\n", ">> a \n> b\n", false},
	    {"text \n-- \nsig\n", "text \n-- \nsig\n", false},
	    {" From me\n >x\n", "From me\n>x\n", false},
	    {"a\r\nb \r\nc\r\n", "a\nb c\n", false},
	    {"", "", false},
	    {" ", "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *s = talloc_strdup(NULL, cases[i].in);
		size_t n = flowed_join(s, strlen(s), cases[i].delsp);

		ATF_CHECK_MSG(
		    n == strlen(cases[i].out) && memcmp(s, cases[i].out, n) == 0,
		    "%zu: \"%.*s\", not \"%s\"", i, (int)n, s, cases[i].out);
	}
}

ATF_TC_WITHOUT_HEAD(files_in_the_text__become_parts);
ATF_TC_BODY(files_in_the_text__become_parts, tc)
{
	struct mail *m = parse("From: a@b.org\n\nSee this:\n"
			       "begin 644 hello.txt\n"
			       "#0V%T\n"
			       "`\n"
			       "end\n"
			       "and\n"
			       "=ybegin line=128 size=3 name=a b.bin\n"
			       "\x8b\x8c\x8d\n"
			       "=yend size=3\n"
			       "bye\n");

	ATF_REQUIRE_EQ(2, m->nparts);
	ATF_CHECK_STREQ("hello.txt", m->parts[0].name);
	ATF_CHECK_STREQ("text/plain", m->parts[0].media_type);
	ATF_CHECK(m->parts[0].n == 3 && memcmp(m->parts[0].data, "Cat", 3) == 0);
	ATF_CHECK_STREQ("a b.bin", m->parts[1].name);
	ATF_CHECK(m->parts[1].n == 3 && memcmp(m->parts[1].data, "abc", 3) == 0);
	ATF_CHECK_STREQ(
	    "See this:\n[attached: hello.txt]\nand\n[attached: a b.bin]\nbye", m->body);
	/* What only begins like one stays text. */
	m = parse("From: a@b.org\n\nbegin 644 x\nthis is prose, not a file\nend\n");
	ATF_CHECK_EQ(0, m->nparts);
	ATF_CHECK_STREQ("begin 644 x\nthis is prose, not a file\nend", m->body);
}

/* The body is this, and it has these attachments ("name type,name type"). */
static void
has(const char *what, const char *raw, const char *body, const char *parts)
{
	struct mail *m = parse(raw);
	char *list = talloc_strdup(m, "");

	for (size_t i = 0; i < m->nparts; i++)
		list = talloc_asprintf_append(list, "%s%s %s", i ? "," : "",
		    m->parts[i].name, m->parts[i].media_type);
	ATF_CHECK_MSG(
	    strcmp(m->body, body) == 0, "%s: \"%s\", not \"%s\"", what, m->body, body);
	ATF_CHECK_MSG(
	    strcmp(list, parts) == 0, "%s: \"%s\", not \"%s\"", what, list, parts);
	talloc_free(m);
}

#define HEAD "From: a@b.org\nSubject: s\nMIME-Version: 1.0\n"

ATF_TC_WITHOUT_HEAD(structure__text_is_found_and_the_rest_attached);
ATF_TC_BODY(structure__text_is_found_and_the_rest_attached, tc)
{
	has("plain is preferred",
	    HEAD "Content-Type: multipart/alternative; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\nplain\n"
		 "--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n",
	    "plain", "");
	has("empty plain beside html",
	    HEAD "Content-Type: multipart/alternative; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\n \n"
		 "--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n",
	    "html", "");
	has("an invitation",
	    HEAD "Content-Type: multipart/alternative; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\nmeet\n"
		 "--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n"
		 "--b--\n",
	    "meet", "invite.ics text/calendar");
	has("Apple: text around pictures",
	    HEAD
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: text/plain\n\nabove\n"
	    "--b\nContent-Type: image/png; name=a.png\nContent-Disposition: inline\n\nx\n"
	    "--b\nContent-Type: text/plain\n\nbelow\n--b--\n",
	    "above\n\nbelow", "a.png image/png");
	has("the picture of an html text",
	    HEAD "Content-Type: multipart/related; boundary=b\n\n"
		 "--b\nContent-Type: text/html\n\nlook <img src=cid:x alt=cat>\n"
		 "--b\nContent-Type: image/gif\nContent-ID: <x>\n\nGIF89a\n--b--\n",
	    "look cat", "image.gif image/gif");
	has("the attachment inside of the alternative that is not shown",
	    HEAD "Content-Type: multipart/alternative; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\nplain\n"
		 "--b\nContent-Type: multipart/mixed; boundary=c\n\n"
		 "--c\nContent-Type: text/html\n\nhtml\n"
		 "--c\nContent-Type: application/pdf\n\n%PDF-1\n--c--\n--b--\n",
	    "plain", "document.pdf application/pdf");
	has("signed",
	    HEAD "Content-Type: multipart/signed; boundary=b; "
		 "protocol=\"application/pgp-signature\"\n\n"
		 "--b\nContent-Type: text/plain\n\ntext\n"
		 "--b\nContent-Type: application/pgp-signature\n\nsig\n--b--\n",
	    "text", "signature.asc application/pgp-signature");
	has("encrypted",
	    HEAD "Content-Type: multipart/encrypted; boundary=b\n\n"
		 "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
		 "--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n"
		 "--b--\n",
	    "",
	    "version.txt application/pgp-encrypted,encrypted.asc "
	    "application/octet-stream");
	has("a nested mail, a winmail.dat, a type that says nothing",
	    HEAD
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: message/rfc822\n\nSubject: =?utf-8?q?inn=C3=A9r?=\n\ny\n"
	    "--b\nContent-Type: application/ms-tnef\n\nx\n"
	    "--b\nContent-Type: application/octet-stream; name=x\n\n%PDF-1\n--b--\n",
	    "",
	    "innér.eml message/rfc822,winmail.dat application/ms-tnef,x "
	    "application/pdf");
	has("no delimiter in sight",
	    HEAD "Content-Type: multipart/mixed; boundary=b\n\nlost?\n", "lost?", "");
	has("never closed",
	    HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nopen\n", "open",
	    "");
	has("names by RFC 2231, by RFC 2047, with paths",
	    HEAD "Content-Type: multipart/mixed; boundary=b\n\n"
		 "--b\nContent-Disposition: attachment; filename*0*=utf-8''na%C3%AF;\n"
		 " filename*1=\"ve.txt\"\n\nx\n"
		 "--b\nContent-Type: text/csv; name=\"=?utf-8?q?=C3=BC.csv?=\"\n\nx\n"
		 "--b\nContent-Disposition: attachment; "
		 "filename=\"..\\\\..\\\\c\\\\y.log\"\n\nx\n"
		 "--b\nContent-Disposition: attachment; filename=\"/etc/passwd\"\n\nx\n"
		 "--b--\n",
	    "", "naïve.txt text/plain,ü.csv text/csv,y.log text/plain,passwd text/plain");
	has("a mark and empty lines above",
	    "\xef\xbb\xbf\r\n\nFrom: a@b.org\nContent-Type: text/html\n\n<b>x</b>", "x",
	    "");
	has("a From line above",
	    "From a@b.org Sat Nov 21 10:00:00 2026\nFrom: a@b.org\nContent-Type: "
	    "text/html\n\n<b>x</b>",
	    "x", "");
	has("html says its charset",
	    HEAD "Content-Type: text/html\n\n"
		 "<meta charset=koi8-r><p>\xf0\xf2\xe9</p>",
	    "ПРИ", "");
}

ATF_TC_WITHOUT_HEAD(html__is_laid_out);
ATF_TC_BODY(html__is_laid_out, tc)
{
	static const struct {
		const char *html, *text;
	} cases[] = {
	    {"<ul><li>one<li>two</ul>after", "- one\n- two\n\nafter"},
	    {"<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"},
	    {"a<blockquote>q<br>r</blockquote>b", "a\n>\n> q\n> r\n\nb"},
	    {"<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>>\n>> b"},
	    {"<pre>a  b\n c</pre>", "a  b\n c"},
	    {"<img alt=logo src=x>", "logo"},
	    {"a<br><br><br>b", "a\n\nb"},
	    {"<a href='mailto:a@b.org'>a@b.org</a>", "a@b.org"},
	    {"<p>a</p>\n\n<p>b</p>", "a\n\nb"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct html_text t =
		    html_to_text(NULL, cases[i].html, strlen(cases[i].html), 1000);

		ATF_CHECK_MSG(
		    strcmp(t.s, cases[i].text) == 0, "%s: \"%s\"", cases[i].html, t.s);
	}
}

/* ---- what is new, and what is history (M22) ---- */

static void
splits(const char *subject, const char *new, const char *rest)
{
	char *whole = talloc_asprintf(NULL, "%s%s", new, rest);
	size_t n = strlen(whole), cut = quote_split(whole, n, n, subject);

	ATF_CHECK_MSG(
	    cut == strlen(new), "cut at %zu, not %zu, of:\n%s", cut, strlen(new), whole);
	talloc_free(whole);
}

ATF_TC_WITHOUT_HEAD(quote__attributions_in_many_languages);
ATF_TC_BODY(quote__attributions_in_many_languages, tc)
{
	static const char *const lines[] = {
	    "On Mon, Jan 5, 2026 at 10:00 AM Ann Lee <ann@example.com> wrote:",
	    "On Mon, 5 Jan 2026 at 10:00, Ann Very Long Name\n<ann@example.com> wrote:",
	    "On 2026-01-05 10:00, Ann wrote:",
	    "On 5 Jan 2026, at 10:00, Ann wrote:",
	    "Ann Lee <ann@example.com> writes:",
	    "Am 05.01.2026 um 10:00 schrieb Ann Lee:",
	    "Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Ann Lee <\nann@example.com>:",
	    "Le lun. 5 janv. 2026 à 10:00, Ann Lee <ann@example.com> a écrit :",
	    "Le 05/01/2026 à 10:00, Ann Lee a écrit :",
	    "El lun, 5 ene 2026 a las 10:00, Ann Lee (<ann@example.com>) escribió:",
	    "Il giorno lun 5 gen 2026 alle ore 10:00 Ann Lee <\nann@example.com> ha "
	    "scritto:",
	    "Op ma 5 jan 2026 om 10:00 schreef Ann Lee <ann@example.com>:",
	    "Em seg., 5 de jan. de 2026 às 10:00, Ann Lee <ann@example.com>\nescreveu:",
	    "pon., 5 sty 2026 o 10:00 Ann Lee <ann@example.com> napisał(a):",
	    "W dniu 05.01.2026 o 10:00, Ann Lee pisze:",
	    "Den mån 5 jan. 2026 kl 10:00 skrev Ann Lee <ann@example.com>:",
	    "Den man. 5. jan. 2026 kl. 10.00 skrev Ann Lee <ann@example.com>:",
	    "man. 5. jan. 2026 kl. 10:00 skrev Ann Lee <ann@example.com>:",
	    "ma 5. tammik. 2026 klo 10.00 Ann Lee (ann@example.com) kirjoitti:",
	    "po 5. 1. 2026 v 10:00 odesílatel Ann Lee <ann@example.com> napsal:",
	    "po 5. 1. 2026 o 10:00 Ann Lee <ann@example.com> napísal(a):",
	    "Ann Lee <ann@example.com> ezt írta (időpont: 2026. jan. 5., H, 10:00):",
	    "În lun., 5 ian. 2026 la 10:00, Ann Lee <ann@example.com> a scris:",
	    "пн, 5 янв. 2026 г. в 10:00, Ann Lee <ann@example.com>:",
	    "05.01.2026 10:00, Ann Lee пишет:",
	    "пн, 5 січ. 2026 р. о 10:00 Ann Lee <ann@example.com> пише:",
	    "Ann Lee <ann@example.com>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:",
	    "Στις Δευ 5 Ιαν 2026 στις 10:00, ο χρήστης Ann Lee "
	    "<ann@example.com>\nέγραψε:",
	    "2026年1月5日(月) 10:00 Ann Lee <ann@example.com>:",
	    "Ann Lee <ann@example.com> 于2026年1月5日周一 10:00写道：",
	    "Ann Lee <ann@example.com> 於 2026年1月5日 週一 上午10:00寫道：",
	    "2026년 1월 5일 (월) 오전 10:00, Ann Lee <ann@example.com>님이 작성:",
	    "Vào Th 2, 5 thg 1, 2026 vào lúc 10:00 Ann Lee <ann@example.com> đã viết:",
	    "Pada Sen, 5 Jan 2026 pukul 10.00 Ann Lee <ann@example.com> menulis:",
	    "\u202bבתאריך יום ב׳, 5 בינו׳ 2026 ב-10:00 מאת \u202aAnn Lee\u202c\u200f "
	    "<\u202aann@example.com\u202c\u200f>:\u202c",
	    "في الاثنين، 5 يناير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Ann Lee "
	    "<ann@example.com>:",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *raw = talloc_asprintf(NULL,
		    "From: b@c.org\nSubject: Re: x\nContent-Type: text/plain; "
		    "charset=utf-8\n\nThank you.\n\n%s\n\n> first\n> second\n>\n> Ann\n",
		    lines[i]);
		struct mail *m = parse(raw);

		ATF_CHECK_MSG(
		    strcmp(m->body, "Thank you.") == 0, "%s: \"%s\"", lines[i], m->body);
		ATF_CHECK(strstr(m->quoted, "> second") != NULL);
		talloc_free(m);
		talloc_free(raw);
	}
}

ATF_TC_WITHOUT_HEAD(quote__header_blocks_in_many_languages);
ATF_TC_BODY(quote__header_blocks_in_many_languages, tc)
{
	static const char *const blocks[] = {
	    "From: Ann <ann@example.com>\nSent: Monday, January 5, 2026 10:00 AM\nTo: "
	    "Support <s@x.org>\nSubject: printer",
	    "From: Ann\nDate: Monday, January 5, 2026\nTo: Support\nCc: Bob\nSubject: x",
	    "Von: Ann\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Support\nBetreff: x",
	    "De : Ann\nEnvoyé : lundi 5 janvier 2026 10:00\nÀ : Support\nObjet : x",
	    "De: Ann\nEnviado el: lunes, 5 de enero de 2026\nPara: S\nAsunto: x",
	    "Da: Ann\nInviato: lunedì 5 gennaio 2026\nA: Support\nOggetto: x",
	    "Van: Ann\nVerzonden: maandag 5 januari 2026\nAan: S\nOnderwerp: x",
	    "De: Ann\nEnviada em: segunda-feira, 5 de janeiro\nPara: S\nAssunto: x",
	    "Od: Ann\nWysłano: poniedziałek, 5 stycznia\nDo: S\nTemat: x",
	    "Från: Ann\nSkickat: den 5 januari\nTill: S\nÄmne: x",
	    "Fra: Ann\nSendt: 5. januar\nTil: S\nEmne: x",
	    "Lähettäjä: Ann\nLähetetty: maanantai\nVastaanottaja: S\nAihe: x",
	    "Od: Ann\nOdesláno: pondělí\nKomu: S\nPředmět: x",
	    "Od: Ann\nOdoslané: pondelok\nKomu: S\nPredmet: x",
	    "Feladó: Ann\nElküldve: hétfő\nCímzett: S\nTárgy: x",
	    "De la: Ann\nTrimis: luni\nCătre: S\nSubiect: x",
	    "От: Ann\nОтправлено: понедельник\nКому: S\nТема: x",
	    "Від: Ann\nНадіслано: понеділок\nКому: S\nТема: x",
	    "Kimden: Ann\nGönderildi: Pazartesi\nKime: S\nKonu: x",
	    "Από: Ann\nΣτάλθηκε: Δευτέρα\nΠρος: S\nΘέμα: x",
	    "差出人: Ann\n送信日時: 2026年1月5日\n宛先: S\n件名: x",
	    "发件人: Ann\n发送时间: 2026年1月5日\n收件人: S\n主题: x",
	    "寄件者: Ann\n寄件日期: 2026年1月5日\n收件者: S\n主旨: x",
	    "보낸 사람: Ann\n보낸 날짜: 2026년\n받는 사람: S\n제목: x",
	    "*From:* Ann <ann@example.com>\n*Sent:* Monday\n*To:* S\n*Subject:* x",
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		splits("Re: x", "Thank you.",
		    talloc_asprintf(NULL, "\n\n%s\n\nold text\n", blocks[i]));
		splits("Re: x", "Thank you.",
		    talloc_asprintf(NULL,
			"\n\n________________________________\n%s\n\nold", blocks[i]));
	}
	splits("Re: x", "Thanks",
	    "\n\n-----Original Message-----\nFrom: A\nSent: today\nTo: B\nSubject: "
	    "x\n\nold");
	splits("Re: x", "Thanks",
	    "\n\n-------- Original Message --------\nSubject: x\nDate: now\nFrom: "
	    "A\nTo: B\n\nold");
	splits("AW: x", "Danke",
	    "\n\nGesendet: Montag, 5. Januar 2026 um 10:00 Uhr\nVon: \"Ann\" "
	    "<ann@example.com>\nAn: s@x.org\nBetreff: x\n\nalt");
	splits(
	    "Re: x", "Sent: yesterday\nFrom: the shop in Rome\nStill nothing here.", "");
	splits("AW: x", "Danke",
	    "\n\n-----Ursprüngliche Nachricht-----\nVon: A\nGesendet: heute\nAn: "
	    "B\nBetreff: "
	    "x\n\nalt");
}

ATF_TC_WITHOUT_HEAD(quote__unsure_means_uncut);
ATF_TC_BODY(quote__unsure_means_uncut, tc)
{
	/* Answers between quotes, and below them. */
	splits("Re: x", "On Mon, 5 Jan 2026, Ann wrote:\n> one\nyes\n> two\nno\n", "");
	splits("Re: x", "On Mon, 5 Jan 2026, Ann wrote:\n> one\n> two\n\nI agree.\n", "");
	/* Nothing would remain. */
	splits("Re: x", "On Mon, 5 Jan 2026, Ann wrote:\n> one\n", "");
	/* Quoted, but by nobody; a colon before an example. */
	splits("x", "This is the log:\n> error 1\n> error 2\n", "");
	/* Forwards. */
	splits("Fwd: x", "see\n\nOn Mon, 5 Jan 2026, Ann wrote:\n> one\n", "");
	splits("WG: x", "s. u.\n\nVon: A\nGesendet: heute\nAn: B\nBetreff: x\n\nalt", "");
	splits("x",
	    "fyi\n\n---------- Forwarded message ---------\nFrom: Ann\nDate: "
	    "now\nSubject: "
	    "x\nTo: B\n\ntext",
	    "");
	/* Labels of a form that a customer fills in. */
	splits("order", "From: Berlin\nTo: Rome\nWeight: 3 kg\n", "");
	/* Two labels are no block; mixed languages neither. */
	splits("x", "hello\nFrom: Ann\nSubject: y\nwhat does it mean?", "");
	splits("x", "hello\nFrom: Ann\nGesendet: y\nOggetto: z\nmore", "");
	/* A mail that is all quotes. */
	splits("x", "> a\n> b\n", "");
	splits("x", "", "");
}

ATF_TC_WITHOUT_HEAD(quote__signatures_and_footers);
ATF_TC_BODY(quote__signatures_and_footers, tc)
{
	splits("x", "hello", "\n-- \nAnn Lee\nAcme\n");
	splits("x", "hello\n--\nnot a signature", "");
	splits("Re: x", "yes",
	    "\n\n-- \nAnn\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> one\n> two\n");
	splits("Re: x", "yes", "\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> one\n-- \nAnn\n");
	/* Apple, Proton */
	splits("Re: x", "yes",
	    "\n\n> On Jan 5, 2026, at 10:00 AM, Bob <bob@x.org> wrote:\n> \n> one\n");
	splits("Re: x", "yes",
	    "\n\n> On Jan 5, 2026, at 10:00 AM, Bob Long Name\n> <bob@x.org> wrote:\n> "
	    "one\n");
	splits("Re: x", "yes",
	    "\n\n------- Original Message -------\nOn Monday, January 5th, 2026 at "
	    "10:00, "
	    "Bob <bob@x.org> wrote:\n\n\n> one\n");
	splits("Re: x", "we use\n> On error we wrote it down\n> and went on", "");
	splits("Re: x", "yes",
	    "\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> "
	    "one\n_______________________________________________\nusers mailing "
	    "list\nusers@x.org\n");
	splits("Re: x", "new text",
	    "\n\n##- Please type your reply above this line -##\n\nold\n");
}

ATF_TC_WITHOUT_HEAD(quote__marks_of_html_clients);
ATF_TC_BODY(quote__marks_of_html_clients, tc)
{
	static const struct {
		const char *html, *body;
	} cases[] = {
	    {"<div>yes</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">On "
	     "Mon, Jan 5, 2026 Ann &lt;a@b&gt; wrote:<br></div><blockquote "
	     "class=\"gmail_quote\">old</blockquote></div>",
		"yes"},
	    /* answered between: uncut */
	    {"<div>see below</div><div class=gmail_quote>On Mon, Jan 5, 2026 Ann "
	     "wrote:<blockquote>old</blockquote><div>mine</div><blockquote>older</"
	     "blockquote></div>",
		NULL},
	    /* answered below: uncut */
	    {"<div class=gmail_quote>On Mon, Jan 5, 2026 Ann "
	     "wrote:<blockquote>old</blockquote></div><div>my answer</div>",
		NULL},
	    {"<div>yes</div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> "
	     "Ann<br><b>Sent:</b> "
	     "now</div><div>old</div>",
		"yes"},
	    {"<p>yes</p><div id=appendonsend></div><hr><div>From: "
	     "Ann</div><div>old</div>",
		"yes"},
	    {"<p>ja</p><div class=\"moz-cite-prefix\">Am 05.01.2026 um 10:00 schrieb "
	     "Ann:<br></div><blockquote type=\"cite\">old</blockquote>",
		"ja"},
	    {"<p>yes</p><div class=\"yahoo_quoted\"><div>On Monday, Ann "
	     "wrote:</div><div>old</div></div>",
		"yes"},
	    {"<p>yes</p><div class=\"protonmail_quote\">On Monday Ann "
	     "wrote:<br><blockquote>old</blockquote></div>",
		"yes"},
	    {"<p>yes</p><blockquote type=cite>On Jan 5, 2026, Ann "
	     "wrote:<br>old</blockquote>",
		"yes"},
	    {"<p class=MsoNormal>yes</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><div "
	     "style='border-top:solid #E1E1E1 1.0pt'><p "
	     "class=MsoNormal><b>From:</b> Ann<br><b>Sent:</b> Monday<br><b>To:</b> "
	     "Bob<br><b>Subject:</b> x</p></div><p class=MsoNormal>old</p>",
		"yes"},
	    {"<p>yes</p><p>From: Ann<br>Sent: Monday<br>To: Bob<br>Subject: "
	     "x</p><p>old</p>",
		"yes"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mail *m = parse(talloc_asprintf(NULL,
		    "From: b@c.org\nSubject: Re: x\nContent-Type: text/html\n\n%s",
		    cases[i].html));

		if (cases[i].body == NULL)
			ATF_CHECK_MSG(*m->quoted == '\0', "%zu: \"%s\" | \"%s\"", i,
			    m->body, m->quoted);
		else
			ATF_CHECK_MSG(strcmp(m->body, cases[i].body) == 0,
			    "%zu: \"%s\" | \"%s\"", i, m->body, m->quoted);
		talloc_free(m);
	}
}

/* ---- the sender's server, and whose mail it is ---- */

ATF_TC_WITHOUT_HEAD(authentication_results__of_our_server_only);
ATF_TC_BODY(authentication_results__of_our_server_only, tc)
{
	static const struct {
		const char *headers;
		int result;
	} cases[] = {
	    {"", AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; dmarc=pass header.from=b.org\n",
		AUTH_PASS},
	    {"Authentication-Results: MX.acme.example 1; dmarc=pass (p=none) "
	     "header.from=b.org\n",
		AUTH_PASS},
	    {"Authentication-Results: evil.org; dmarc=pass header.from=b.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; dkim=pass header.d=b.org\n",
		AUTH_PASS},
	    {"Authentication-Results: mx.acme.example; dkim=pass header.d=mail.b.org\n",
		AUTH_PASS},
	    {"Authentication-Results: mx.acme.example; dkim=pass header.d=evil.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; dkim=pass header.d=xb.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; dkim=fail header.d=b.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; spf=pass "
	     "smtp.mailfrom=bounce@b.org\n",
		AUTH_PASS},
	    {"Authentication-Results: mx.acme.example; spf=pass "
	     "smtp.mailfrom=x@evil.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example;\n dkim=pass header.d=b.org;\n "
	     "dmarc=fail header.from=b.org\n",
		AUTH_FAIL},
	    {"Authentication-Results: mx.acme.example; none\n", AUTH_NONE},
	    /* in a comment, or in a reason, it is nothing */
	    {"Authentication-Results: mx.acme.example; spf=none (dmarc=pass "
	     "header.from=b.org; dmarc=pass)\n",
		AUTH_NONE},
	    /* in quotes neither, and no longer method's name is one */
	    {"Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=\"x; "
	     "dmarc=pass header.from=b.org\"@evil.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=\"x\\\"; "
	     "dmarc=pass header.from=b.org\"@evil.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; spf=none (a \\) b; dmarc=pass "
	     "header.from=b.org)\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; dmarcx=none dmarc=pass "
	     "header.from=b.org\n",
		AUTH_NONE},
	    {"Authentication-Results: mx.acme.example; dmarc/1=pass header.from=b.org\n",
		AUTH_NONE},
	    /* the topmost counts: ours says nothing, the one below is forged */
	    {"Authentication-Results: mx.acme.example; none\nAuthentication-Results: "
	     "mx.acme.example; dmarc=pass header.from=b.org\n",
		AUTH_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mail *m = parse(
		    talloc_asprintf(NULL, "%sFrom: a@b.org\n\nx\n", cases[i].headers));

		ATF_CHECK_MSG(
		    (int)mail_authenticated(m, m, "other.example mx.acme.example")
			    .result == cases[i].result,
		    "%s", cases[i].headers);
		ATF_CHECK_EQ(AUTH_NONE, mail_authenticated(m, m, NULL).result);
		talloc_free(m);
	}
}

ATF_TC_WITHOUT_HEAD(forwarded__in_six_languages);
ATF_TC_BODY(forwarded__in_six_languages, tc)
{
	static const char *const blocks[] = {
	    "---------- Forwarded message ---------\nFrom: Ann Lee "
	    "<ann@example.com>\nDate: "
	    "Mon\nSubject: printer\nTo: <bob@x.org>",
	    "Begin forwarded message:\n\nFrom: \"Ann Lee\" <ann@example.com>\nSubject: "
	    "printer\nDate: Monday\nTo: bob@x.org",
	    "-------- Forwarded Message --------\nSubject: 	printer\nDate: 	"
	    "Mon\nFrom: 	"
	    "Ann Lee <ann@example.com>\nTo: 	bob@x.org",
	    "-----Original Message-----\nFrom: Ann Lee [mailto:ann@example.com]\nSent: "
	    "Monday\nTo: Bob\nSubject: printer",
	    "-------- Weitergeleitete Nachricht --------\nBetreff: printer\nDatum: "
	    "Mo\nVon: Ann Lee <ann@example.com>\nAn: bob@x.org",
	    "-------- Message transféré --------\nSujet : printer\nDate : lun.\nDe : Ann "
	    "Lee <ann@example.com>\nPour : bob@x.org",
	    "-------- Mensaje reenviado --------\nAsunto: printer\nFecha: lun\nDe: Ann "
	    "Lee "
	    "<ann@example.com>\nPara: bob@x.org",
	    "-------- Messaggio Inoltrato --------\nOggetto: printer\nData: lun\nDa: Ann "
	    "Lee <ann@example.com>\nA: bob@x.org",
	    "-------- Doorgestuurd bericht --------\nOnderwerp: printer\nDatum: ma\nVan: "
	    "Ann Lee <ann@example.com>\nAan: bob@x.org",
	};
	struct forwarded f;

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct mail *m = parse(talloc_asprintf(NULL,
		    "From: alice@acme.example\nSubject: Fwd: printer\nContent-Type: "
		    "text/plain; charset=utf-8\n\n@fwd\nShe called, too.\n\n%s\n\nIt is "
		    "on "
		    "fire.\n",
		    blocks[i]));

		ATF_CHECK_STREQ("fwd", mail_command(m));
		ATF_REQUIRE_MSG(mail_forwarded(m, &config, m, &f), "%s", blocks[i]);
		ATF_CHECK_STREQ("ann@example.com", f.from.value);
		ATF_CHECK_STREQ("Ann Lee", f.from.name);
		ATF_CHECK_STREQ("printer", f.subject);
		ATF_CHECK_MSG(strcmp(f.body, "It is on fire.") == 0, "%s: \"%s\"",
		    blocks[i], f.body);
		ATF_CHECK_STREQ("She called, too.\n\n", f.above);
		talloc_free(m);
	}
}

/* In the sandbox: 0, or the number of the first thing that is not as it should be. */
static int
confined(void)
{
	if (open("in/a", O_WRONLY | O_CREAT, 0600) < 0)
		return 1;
	if (rename("in/a", "in/sub/b") != 0)
		return 2;
	if (open("out/a", O_WRONLY | O_CREAT, 0600) >= 0)
		return 3;
	if (open("/etc/passwd", O_RDONLY) < 0)
		return 4;
	if (execl("/bin/true", "true", (char *)NULL) >= 0)
		return 5;
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_INET6, SOCK_DGRAM, 0) >= 0)
		return 6;
	return socket(AF_UNIX, SOCK_DGRAM, 0) < 0 ? 7 : 0;
}

ATF_TC_WITHOUT_HEAD(sandbox__writes_nothing_and_runs_nothing);
ATF_TC_BODY(sandbox__writes_nothing_and_runs_nothing, tc)
{
	const char *const writable[] = {"in", NULL};
	int status = 0;
	pid_t child;

	ATF_REQUIRE(mkdir("in", 0700) == 0 && mkdir("in/sub", 0700) == 0 &&
		    mkdir("out", 0700) == 0);
	child = fork();
	if (child == 0)
		_exit(!sandbox_enter(writable) ? 42 : confined());
	ATF_REQUIRE_EQ(child, waitpid(child, &status, 0));
	ATF_REQUIRE(WIFEXITED(status));
	if (WEXITSTATUS(status) == 42)
		atf_tc_skip("this kernel has no Landlock or no seccomp");
	ATF_CHECK_EQ(0, WEXITSTATUS(status));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, html__becomes_readable_text);
	ATF_TP_ADD_TC(tp, html__is_laid_out);
	ATF_TP_ADD_TC(tp, charset__declared_misdeclared_none);
	ATF_TP_ADD_TC(tp, encoded_words__broken_in_every_usual_way);
	ATF_TP_ADD_TC(tp, flowed__is_joined);
	ATF_TP_ADD_TC(tp, files_in_the_text__become_parts);
	ATF_TP_ADD_TC(tp, structure__text_is_found_and_the_rest_attached);
	ATF_TP_ADD_TC(tp, quote__attributions_in_many_languages);
	ATF_TP_ADD_TC(tp, quote__header_blocks_in_many_languages);
	ATF_TP_ADD_TC(tp, quote__unsure_means_uncut);
	ATF_TP_ADD_TC(tp, quote__signatures_and_footers);
	ATF_TP_ADD_TC(tp, quote__marks_of_html_clients);
	ATF_TP_ADD_TC(tp, authentication_results__of_our_server_only);
	ATF_TP_ADD_TC(tp, forwarded__in_six_languages);
	ATF_TP_ADD_TC(tp, sandbox__writes_nothing_and_runs_nothing);
	return atf_no_error();
}
