# The site as people see it: pages in a real browser, an HTML checker, an accessibility
# checker.
. "$TKT_SRC/tests/helpers.sh"

# A knowledge base with everything a page can hold.
site() {
	desk
	cat >>desk/tkt.conf <<'X'
url = "https://acme.example/portal"
kb { url = "https://help.acme.example/"  feedback = "https://acme.example/feedback"  search = "https://acme.example/search" }
X
	ok tkt-config apply
	mkdir -p kb/img
	base64 -d >kb/img/b.png <<'X'
iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNkYPhfz0AEYBxVSF+FAP5FDvcfRYWgAAAAAElFTkSuQmCC
X
	printf -- '---\ntitle: Billing and money\nsummary: Whatever costs something.\n---\n' | tee kb/_index.md >/dev/null
	mkdir kb/billing && mv kb/_index.md kb/billing/
	cat >text <<'X'
You can ask for a refund within **30 days**. See [cards](cards/card.md#fees), ~~or not~~ <https://example.org>.

# How to ask

1. Open *your invoices*.
2. Press `Refund`.
   - [x] done
   - [ ] to do

![the button](../img/b.png "Press it")

## When it arrives

| Way | Days | Remark |
|:---|---:|:---:|
| Card | 5 | a remark that is long enough to make this table wide on any phone, whatever it is |
| Transfer | 3 | - |

### Fees

> None.

```sh
curl --a-long-line-of-code https://example.org/that/does/not/fit/on/a/phone/screen/at/all/because/it/is/long
```

---

The end <script>alert(1)</script>.
X
	article kb/billing/refund.md 'Get a refund' 'summary: How to ask for your money back.' 'tags: [money, refunds]' 'aliases: money-back' <text
	echo 'Sie können Ihr Geld zurückverlangen.' | article kb/billing/refund.de.md 'Geld zurück' 'tags: [money]'
	printf '## Fees\n\nNone.\n' | article kb/billing/cards/card.md 'Cards & "quotes" <b>' 'tags: money'
	echo 'Old.' | article kb/start/old.md 'Old' 'state: archived'
	printf 'مرحبا\n' | article kb/start/hello.ar.md 'مرحبا'
	(cd kb && kb-publish billing/_index.md billing/refund.md billing/refund.de.md billing/cards/card.md start/old.md start/hello.ar.md img/b.png) >out 2>err || atf_fail "$(cat err)"
	sleep 1
	export TKT_NOW=2026-11-23T10:00:00Z
	echo 'More.' >>text
	article kb/billing/refund.md 'Get a refund' 'summary: How to ask for your money back.' 'tags: [money, refunds]' 'aliases: money-back' <text
	(cd kb && kb-publish billing/refund.md) >out 2>err || atf_fail "$(cat err)"
}

# Every link of every page leads somewhere.
links__lead_somewhere_body() {
	site
	cat >links.py <<'X'
import html.parser, os, sys, urllib.parse
pages, wanted = {}, []
class P(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if a.get("id"):
            pages[self.path].add(a["id"])
        for k in ("href", "src"):
            v = a.get(k)
            if v is not None and not urllib.parse.urlparse(v).scheme:
                wanted.append((self.path, v))
for root, _, files in os.walk(sys.argv[1]):
    for f in files:
        if f.endswith(".html"):
            p = P(); p.path = os.path.join(root, f); pages[p.path] = set()
            p.feed(open(p.path).read())
bad = 0
for page, v in wanted:
    u = urllib.parse.urlparse(v)
    to = os.path.normpath(os.path.join(os.path.dirname(page), urllib.parse.unquote(u.path))) if u.path else page
    if not os.path.exists(to) or (u.fragment and to in pages and urllib.parse.unquote(u.fragment) not in pages[to]):
        print(page, v); bad += 1
print(len(pages), "pages,", len(wanted), "links")
sys.exit(bad > 0)
X
	python3 links.py desk/www >out 2>&1 || atf_fail "$(cat out)"
	has pages
	for f in en/refund.html de/refund.html en/money-back.html en/s/billing/index.html en/s/billing/cards/index.html \
		en/t/money.html de/t/money.html en/all.html en/feed.xml en/search.json en/old.html ar/hello.html \
		index.html sitemap.xml style.css files/img/b.png; do
		[ -s "desk/www/$f" ] || atf_fail "no $f"
	done
	grep -q 'This translation is older\|Diese .*bersetzung ist' desk/www/de/refund.html || atf_fail "the translation is not marked"
	grep -q 'archived' desk/www/en/old.html || atf_fail "the archived one is not marked"
	grep -q 'old.html' desk/www/en/all.html desk/www/sitemap.xml && atf_fail "the archived one is listed"
	grep -q 'dir="rtl"' desk/www/ar/hello.html || atf_fail "Arabic runs from the right"
	grep -q '<loc>https://help.acme.example/en/refund.html</loc>' desk/www/sitemap.xml || atf_fail "sitemap"
	xmllint --noout desk/www/sitemap.xml desk/www/*/feed.xml || atf_fail "XML"
	jq -e 'map(.id) == ["refund", "card"] and .[0].tags == "money refunds"' desk/www/en/search.json >/dev/null || atf_fail "$(cat desk/www/en/search.json)"
	grep -q 'name="revision" value="[0-9a-f]*"' desk/www/en/refund.html || atf_fail "no form"
}

html__checker_finds_nothing_body() {
	[ -x "$TKT_WEB/node_modules/.bin/html-validate" ] || atf_skip "html-validate is not there (make deps)"
	site
	find desk/www -name '*.html' >pages
	# Void elements, quotes and blanks are ours to choose; the rest of its rules hold.
	echo '{"root": true, "extends": ["html-validate:recommended"]}' >.htmlvalidate.json
	xargs "$TKT_WEB/node_modules/.bin/html-validate" <pages >out 2>&1 || atf_fail "$(cat out)"
}

# page FILE WIDTH SCRIPT...: what chromium makes of a page, with a script that the page
# itself would not allow.
look() {
	sed -e '/http-equiv="Content-Security-Policy"/d' "$1" >"$1.try.html"
	{ printf '<script>' && cat "$3" && printf '</script>\n'; } >>"$1.try.html"
	HOME=$PWD timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--allow-file-access-from-files --virtual-time-budget=10000 ${4:+"$4"} \
		--window-size="$2,900" --dump-dom "file://$PWD/$1.try.html" 2>chromium.err |
		sed -n 's/.*<title>RESULT \(.*\)<\/title>.*/\1/p'
	rm "$1.try.html"
}

accessibility__checker_finds_nothing_body() {
	command -v chromium >/dev/null || atf_skip "chromium is not installed"
	[ -s "$TKT_WEB/node_modules/axe-core/axe.min.js" ] || atf_skip "axe-core is not there (make deps)"
	site
	cp "$TKT_WEB/node_modules/axe-core/axe.min.js" axe.js
	cat >>axe.js <<'X'
;addEventListener("load", () => axe.run(document).then(r => { document.title = "RESULT " +
  r.passes.length + " " + r.violations.map(v => v.id + "(" + v.nodes.map(n => n.target).join("|") + ")").join(",") }));
X
	for page in index.html en/refund.html de/refund.html en/s/billing/index.html en/t/money.html en/all.html ar/hello.html; do
		for width in 1280 400; do
			said=$(look "desk/www/$page" $width axe.js)
			case $said in
			[1-9]*' ') ;;
			*) echo "$page at $width: $said" >>bad ;;
			esac
		done
		said=$(look "desk/www/$page" 1280 axe.js --force-dark-mode)
		case $said in [1-9]*' ') ;; *) echo "$page, dark: $said" >>bad ;; esac
	done
	[ ! -s bad ] || atf_fail "$(cat bad chromium.err)"
}

browser__fits_a_phone_and_runs_no_script_body() {
	command -v chromium >/dev/null || atf_skip "chromium is not installed"
	site
	cat >width.js <<'X'
addEventListener("load", () => { document.title = "RESULT " + innerWidth + " " + document.documentElement.scrollWidth });
X
	for page in index.html en/refund.html en/all.html ar/hello.html; do
		said=$(look "desk/www/$page" 500 width.js)
		[ -n "$said" ] && [ "${said% *}" -ge "${said#* }" ] || atf_fail "$page is wider than a phone: $said $(cat chromium.err)"
	done
	# With the page's own policy no script runs, not even one that got in somehow.
	sed 's|</body>|<script>document.title = "RUN"</script></body>|' desk/www/en/refund.html >desk/www/en/try.html
	HOME=$PWD timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--virtual-time-budget=5000 --dump-dom "file://$PWD/desk/www/en/try.html" >out 2>err
	has '<title>Get a refund'
	for width in 1280 500; do
		HOME=$PWD timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
			--window-size=$width,1200 --screenshot="$PWD/shot-$width.png" "file://$PWD/desk/www/en/refund.html" >out 2>err
		[ "$(head -c 4000 "shot-$width.png" | wc -c)" -eq 4000 ] || atf_fail "no screenshot: $(cat err)"
	done
}

cases whole/site_test.sh 300
