# kb-import: bundles, folders of other generators, Zendesk's help centre; hostile archives.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks kb-import nowhere
	mkdir empty
	no_desk kb-import ../empty
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say what' kb-import
	fails 66 'nowhere' kb-import nowhere
	fails 77 'may not kb.write' kb-import empty --as carol
	ok kb-import empty
	is ''
	echo x >x.tar.zst
	fails 65 'x.tar.zst' kb-import x.tar.zst
	echo '{"articles": [' >x.json
	fails 65 'x.json:' kb-import x.json
}

hugo__and_jekyll_body() {
	desk
	mkdir -p site/content/Guides/first-steps site/static/img site/_posts
	printf -- '---\ntitle: Über uns\ndescription: Who we are\ntags: [Team Work, "x"]\ncategories:\n  - About\ndraft: true\nweight: 3\naliases: [/old/about/]\n---\nText. ![p](/img/p.png)\n' >'site/content/Guides/Über uns.md'
	printf '+++\ntitle = "Das \\"Erste\\""\ndate = 2020-01-02T00:00:00Z\ntags = ["a", "b"]\ndraft = false\nlinkTitle = "x"\n[params]\ntitle = "no"\n+++\nErstens.\n' >site/content/Guides/first-steps/index.de.md
	printf '{\n"title": "JSON front",\n"slug": "by-json"\n}\n\nThird.\n' >site/content/json.md
	printf -- '---\ntitle: Guides for all\n---\n' >site/content/Guides/_index.md
	printf -- '---\nlayout: post\ntitle: "A post"\nexcerpt: Short\npublished: true\ncategories: news talk\n---\nPosted.\n' >site/_posts/2020-01-02-a-post.markdown
	printf 'No front matter at all.\n' >site/content/plain.md
	printf 'png' >site/static/img/p.png
	printf 'x' >site/config.toml
	printf -- '---\ntitle: [broken\n---\n' >site/content/broken.md
	ln -s /etc/passwd site/content/evil.md
	kb-import site >out 2>err
	[ $? -eq 65 ] || atf_fail "not 65: $(cat err)"
	grep -q '2 left out as wrong' err || atf_fail "$(cat err)"
	records
	jq -r 'select(.path) | "\(.from) \(.path)"' out | sort >got
	cat >want <<'X'
_posts/2020-01-02-a-post.markdown a-post.md
content/Guides/_index.md guides/_index.md
content/Guides/first-steps/index.de.md guides/first-steps.de.md
content/Guides/Über uns.md guides/ueber-uns.md
content/json.md by-json.md
content/plain.md plain.md
static/img/p.png img/p.png
X
	LC_ALL=C sort want | diff - got >differ || atf_fail "$(cat differ)"
	ok kb-show ueber-uns
	jq -e '.title == "Über uns" and .summary == "Who we are" and .state == "draft" and .tags == ["about", "team-work", "x"]' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show about -o ids
	is ueber-uns
	ok kb-show first-steps
	jq -e '.title == "Das \"Erste\"" and .language == "de" and .tags == ["a", "b"] and .body == "Erstens.\n"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show a-post
	jq -e '.title == "A post" and .tags == ["news", "talk"] and .summary == "Short"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show by-json -o text
	is 'Third.'
	# Again: nothing changes, and nothing is there twice.
	kb-import site >out 2>err
	ok kb-log plain -o ids
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
	# The same as an archive.
	rm site/content/evil.md
	tar -C site -cf site.tar content _posts static
	kb-import site.tar -N >out 2>err
	grep -q 'by-json' out || atf_fail "$(cat out err)"
}

zendesk__help_centre_body() {
	desk
	cat >export.json <<'X'
{"articles": [
 {"id": 360001, "title": "Refunds & you", "locale": "en-us", "section_id": 2, "draft": false, "label_names": ["Money", "back pay"], "user_segment_id": null,
  "body": "<h2>How</h2><p>Ask <b>us</b>, see <a href=\"https://acme.zendesk.com/hc/en-us/articles/360002-Other\">other</a>.</p><ul><li>one</li><li>two</li></ul><script>alert(1)</script><table><tr><th>a</th></tr><tr><td>1 | 2</td></tr></table>"},
 {"id": 360001, "title": "Geld zurück", "locale": "de", "section_id": 2, "draft": false, "label_names": [], "user_segment_id": null, "body": "<p>Fragen.</p>"},
 {"id": 360002, "title": "Other", "locale": "en-us", "section_id": 2, "draft": true, "user_segment_id": 9, "body": "<pre><code>x &lt; y</code></pre>"},
 {"id": 360003, "title": "Nothing", "locale": "en-us", "section_id": 2, "body": null}],
 "sections": [{"id": 2, "name": "Pay & refund", "category_id": 5}], "categories": [{"id": 5, "name": "Billing"}]}
X
	kb-import export.json >out 2>err
	[ $? -eq 65 ] || atf_fail "not 65: $(cat err)"
	records
	ok kb-show refunds-you
	jq -e '.title == "Refunds & you" and .path == "billing/pay-refund/refunds-you.md" and .tags == ["back-pay", "money"] and .audience == "public"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show refunds-you -o md
	has '## How

Ask **us**, see [other](kb:360002).

- one
- two

| a |
|---|
| 1 \| 2 |'
	lacks alert
	ok kb-show 360001 -l de
	jq -e '.id == "refunds-you" and .language == "de" and .title == "Geld zurück"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show other
	jq -e '.state == "draft" and .audience == "internal" and .body == "x < y\n"' out >/dev/null || atf_fail "$(cat out)"
}

bundle__there_and_back_body() {
	desk
	fails 65 'nothing is published yet' kb-publish --bundle b.tar.zst
	mkdir -p kb/a/img
	echo '![p](img/p.png) ![s](img/s.png)' | article kb/a/x.md X 'tags: t'
	echo '![s](img/s.png)' | article kb/a/in.md Inside 'audience: internal'
	echo 'Not ready.' | article kb/a/soon.md Soon 'state: draft'
	printf -- '---\ntitle: Part A\n---\n' >kb/a/_index.md
	printf p >kb/a/img/p.png && printf q >kb/a/img/q.png && printf s >kb/a/img/s.png
	(cd kb && kb-publish a/x.md a/in.md a/soon.md a/_index.md a/img/p.png a/img/q.png a/img/s.png --bundle ../b.tar.zst --quiet) >out 2>err || atf_fail "$(cat err)"
	tar -tf b.tar.zst | sort >names
	for f in manifest.json articles/a/x.md articles/a/_index.md articles/a/img/p.png www/en/x.html www/style.css; do
		grep -qx "$f" names || atf_fail "$f is not in it: $(cat names)"
	done
	grep -E 'in\.md|soon|q\.png|secret' names && atf_fail "what is internal is in it"
	tkt-init --test other >/dev/null 2>&1
	ok kb-import -D other b.tar.zst
	ok kb-show -D other x -o md
	diff out kb/a/x.md || atf_fail "not as it was"
	cmp desk/www/en/s/a/index.html other/www/en/s/a/index.html || atf_fail "another page"
	fails 66 'no such article' kb-show -D other soon
	ok kb-publish --bundle all.tar.gz --internal --quiet
	tar -tf all.tar.gz | grep -q articles/a/in.md || atf_fail "not all"
	fails 64 'is called .tar.zst' kb-publish --bundle b.rar
}

hostile__archives_are_refused_body() {
	desk
	mkdir -p x/y
	echo hi | article x/ok.md OK
	(cd x/y && tar -cPf ../../up.tar ../ok.md)
	fails 65 'up.tar' kb-import up.tar
	tar -C x -cPf abs.tar --transform 's|^|/tmp/|' ok.md
	fails 65 'abs.tar' kb-import abs.tar
	ln -s /etc/passwd x/evil.md
	tar -C x -cf link.tar evil.md
	fails 65 'link.tar' kb-import link.tar
	head -c 1000 /dev/urandom >x/ok.md.zst
	tar -C x -cf cut.tar ok.md
	head -c 700 cut.tar >cut2.tar
	fails 65 'cut2.tar' kb-import cut2.tar
	fails 66 'no such article' kb-show ok
	mkdir bomb && head -c 300000000 /dev/zero >bomb/a.png
	tar -C bomb --zstd -cf bomb.tar.zst a.png && rm bomb/a.png
	kb-import bomb.tar.zst >out 2>err
	[ $? -eq 65 ] || atf_fail "a bomb: $(cat err)"
	[ ! -e /tmp/ok.md ] || atf_fail "it wrote outside"
}

cases cmd/kb-import_test.sh
