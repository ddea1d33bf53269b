# The knowledge base as a whole: real pushes, many at once, broken files, rewritten
# history, processes that die.
. "$TKT_SRC/tests/helpers.sh"

# What is published, as text: rows, words, aliases, and every file of the site.
published() {
	tkt-sql -D "$1" "SELECT id, language, path, title, state, audience, revision, author, created_at, changed_at FROM article ORDER BY path" 2>&1
	tkt-sql -D "$1" "SELECT a.path, l.alias, l.renamed FROM article_alias l JOIN article a ON a.n = l.n ORDER BY 1, 2" 2>&1
	tkt-sql -D "$1" "SELECT a.path, l.kind, l.target FROM article_link l JOIN article a ON a.n = l.n ORDER BY 1, 2, 3" 2>&1
	tkt-sql -D "$1" "SELECT word, language, stem, articles FROM article_word ORDER BY word, language" 2>&1
	tkt-sql -D "$1" "SELECT * FROM article_problem ORDER BY path, line, message" 2>&1
	(cd "$1/www" && find . -type f | sort | xargs sha256sum)
}

push__publishes_body() {
	desk
	checkout
	echo 'Text.' | article co/start/hello.md Hello
	push one || atf_fail "$(cat pushed)"
	grep -q 'published .*: 1 new, 0 changed, 0 removed' pushed || atf_fail "$(cat pushed)"
	ok kb-show hello -o ids
	[ -s desk/www/en/hello.html ] || atf_fail "no page"
	ok kb-publish
	jq -e '.added == 0 and .pages == 0 and .revision == .before' out >/dev/null || atf_fail "not a no-op: $(cat out)"
	ok tkt-log
	tail -n 1 out | jq -e '.action == "kb.published" and .changes.added == 1' >/dev/null || atf_fail "$(cat out)"
	# A branch that is not published publishes nothing.
	git -C co checkout -q -b draft
	echo 'More.' | article co/start/more.md More
	git -C co add -A && git -C co commit -q -m more
	git -C co push -q origin draft 2>pushed || atf_fail "$(cat pushed)"
	fails 66 'no such article' kb-show more
	# Until it is merged.
	git -C co checkout -q main && git -C co merge -q --no-ff -m merge draft
	git -C co push -q origin main 2>pushed || atf_fail "$(cat pushed)"
	ok kb-show more -o ids
	ok tkt-fsck --all
}

broken__files_leave_the_rest_published_body() {
	desk
	checkout
	rm desk/kb.git/hooks/pre-receive
	echo 'Good.' | article co/good.md Good
	echo 'Once good.' | article co/bad.md Bad
	push one
	printf 'no front matter\n' >co/bad.md
	printf -- '---\ntitle: x\n---\n\377\376\n' >co/latin.md
	{ printf -- '---\ntitle: x\n---\n' && head -c 104857600 /dev/zero | tr '\0' x; } >co/huge.md
	ln -s /etc/passwd co/link.md
	echo x | article co/a/good.md 'Another good'
	echo x | article co/x1.md X1 'aliases: x2'
	echo x | article co/x2.md X2 'aliases: x1'
	echo 'Better.' | article co/good.md Good
	echo 'See [up](../../../etc/passwd) and [hm](../secret/desk.key).' | article co/out.md Out
	push two || atf_fail "$(cat pushed)"
	for want in 'bad.md:1: no front matter' 'latin.md:4: it is not UTF-8' 'huge.md:1: larger than 1024 kB' \
		'link.md:1: a symbolic link is not followed' 'a/good.md:1: id "good" (en) is that of good.md' \
		'x2.md:3: alias "x1" is the id of x1.md' 'x1.md:3: alias "x2"'; do
		grep -qF "$want" pushed || echo "$want" >>missing
	done
	# One of a circle of aliases may come before the other is there.
	sed -i '/x1.md:3/d' missing 2>/dev/null
	[ ! -s missing ] || atf_fail "not said: $(cat missing pushed)"
	ok kb-show good
	jq -e '.body == "Better.\n"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show bad
	jq -e '.body == "Once good.\n"' out >/dev/null || atf_fail "its last good revision is gone: $(cat out)"
	fails 66 'no such article' kb-show latin
	grep -q passwd desk/www/en/out.html && atf_fail "a link leads out: $(cat desk/www/en/out.html)"
	kb-publish >out 2>err
	[ $? -eq 65 ] || atf_fail "the problems were not said again"
	grep -q 'bad.md:1' err || atf_fail "$(cat err)"
	# What is mended is published, also where another file was the reason.
	git -C co rm -q good.md huge.md latin.md link.md
	echo 'Good again.' | article co/bad.md Bad
	echo x | article co/x2.md X2
	push three || atf_fail "$(cat pushed)"
	ok kb-show bad
	jq -e '.body == "Good again.\n"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show good
	jq -e '.path == "a/good.md"' out >/dev/null || atf_fail "$(cat out)"
}

broken__files_that_move_in_a_row_body() {
	desk
	checkout
	rm desk/kb.git/hooks/pre-receive
	for i in 1 2 3; do
		seq $((i * 100)) $((i * 100 + 60)) | article co/n$i.md "N$i"
	done
	push one
	# Each takes the place of the next, and all are broken.
	for i in 3 2 1; do
		git -C co mv n$i.md n$((i + 1)).md
		git -C co commit -qm "move $i"
	done
	for i in 2 3 4; do
		sed -i '1d' co/n$i.md
	done
	deep=$(seq -s / 60)
	echo x | article "co/$deep/deep.md" Deep
	long=$(printf 'l%.0s' $(seq 200))
	echo x | article "co/$long/$long/$long/long.md" Long
	push two || atf_fail "$(cat pushed)"
	grep -q 'long.md:1: its path is longer than 512 bytes' pushed || atf_fail "$(cat pushed)"
	ok kb-show deep -o ids
	ok kb-stats -o ids
	[ "$(wc -l <out)" -eq 4 ] || atf_fail "$(cat out pushed)"
	kb-publish --all >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat err)"
	ok kb-show deep -o ids
}

history__rewritten_or_another_branch_body() {
	desk
	checkout
	echo 'One.' | article co/one.md One
	push one
	echo 'Two.' | article co/two.md Two
	push two
	git -C co reset -q --hard HEAD~1
	echo 'Three.' | article co/three.md Three
	push three --force || atf_fail "$(cat pushed)"
	fails 66 'no such article' kb-show two
	ok kb-show three -o ids
	[ ! -e desk/www/en/two.html ] || atf_fail "its page is still there"
	git -C co checkout -q -b other
	echo 'Four.' | article co/four.md Four
	git -C co add -A && git -C co commit -q -m four && git -C co push -q origin other 2>pushed
	echo 'kb { branch = other }' >>desk/tkt.conf
	ok tkt-config apply
	ok kb-publish
	ok kb-show four -o ids
	# A head that vanished leaves what is published.
	git -C desk/kb.git update-ref -d refs/heads/other
	fails 65 'branch "other" is gone; what was published stays' kb-publish
	ok kb-show four -o ids
	printf '%040d\n' 1 >desk/kb.git/refs/heads/other
	fails 65 'kb.git' kb-publish
	ok kb-show four -o ids
}

# The same rows and pages, whichever way they came about.
steps__equal_one_leap_body() {
	desk
	checkout
	rm desk/kb.git/hooks/pre-receive
	mkdir co/img && printf x >co/img/a.png && printf y >co/img/secret.png
	printf 'See [b](b.md), [gone](kb:gone), ![a](img/a.png)\n' | article co/a.md Alpha 'tags: [t, u]'
	seq 30 | article co/b.md Beta 'aliases: bee'
	seq 40 70 | article co/s/c.md Gamma 'tags: t'
	echo '![s](../img/secret.png)' | article co/s/i.md Inside 'audience: internal'
	printf -- '---\ntitle: Section S\nsummary: All of it\n---\n' >co/s/_index.md
	push 1
	git -C co mv b.md s/renamed.md && push 2
	seq 31 | article co/s/renamed.md Beta && push 3
	echo 'Deutsch.' | article co/a.de.md Alpha-de && push 4
	echo broken >co/s/c.md && push 5
	git -C co rm -q a.md && push 6
	echo 'Gone is here.' | article co/gone.md Gone 'tags: [u]' && push 7
	echo '[x](kb:renamed) [y](kb:b)' | article co/s/d.md Delta 'state: archived' && push 8
	seq 41 71 | article co/s/c.md Gamma 'tags: u' && push 9
	git -C co mv s/d.md s/e.md && push 10
	echo 'Back.' | article co/b.md 'Beta again' && push 11
	git -C co rm -q s/i.md && push 12
	cp -r desk leap
	rm -rf leap/www
	rm -f leap/store.db-wal leap/store.db-shm
	published desk >steps
	ok kb-publish -D leap --all
	published leap >leap.out
	diff steps leap.out >differ || atf_fail "--all differs: $(cat differ)"
	tkt-init --test fresh >/dev/null 2>&1
	rm -rf fresh/kb.git && cp -r desk/kb.git fresh/
	sed 's/^name.*/name = "Support"/' desk/tkt.conf >fresh/tkt.conf
	ok kb-publish -D fresh
	published fresh >fresh.out
	diff steps fresh.out >differ || atf_fail "a fresh desk differs: $(cat differ)"
	[ -e desk/www/files/img/secret.png ] && atf_fail "an internal picture is public"
	grep -q 'Section S' desk/www/en/s/s/index.html || atf_fail "the section has no title"
	# A look at what search says, too.
	ok kb-search gone -o ids
	has gone
	ok tkt-fsck --all
}

page__goes_in_a_language_without_others_body() {
	desk
	checkout
	echo 'Text.' | article co/a.md A
	echo 'Vieux.' | article co/b.fr.md B 'state: archived' 'aliases: c'
	push one
	[ -s desk/www/fr/b.html ] && [ -s desk/www/fr/c.html ] || atf_fail "no page"
	git -C co rm -q b.fr.md && push two
	[ ! -e desk/www/fr/b.html ] && [ ! -e desk/www/fr/c.html ] || atf_fail "the page is still there"
}

pushes__many_at_once_body() {
	desk
	checkout
	echo x | article co/zero.md Zero
	push zero
	for i in 1 2 3 4 5 6; do
		(
			git clone -q desk/kb.git co$i 2>/dev/null
			git -C co$i config user.name u$i && git -C co$i config user.email u@example.org
			echo "Text $i." | article co$i/a$i.md "A$i"
			git -C co$i add -A && git -C co$i commit -q -m "a$i"
			n=0
			until git -C co$i push -q origin HEAD:main 2>pushed$i; do
				n=$((n + 1))
				[ $n -lt 40 ] || exit 1
				git -C co$i pull -q --rebase origin main 2>>pulled$i
			done
			echo "Own $i." | kb-new own$i --title "Own $i" >own$i 2>&1 || echo "own $i: $(cat own$i)" >>bad
		) &
	done
	wait
	[ ! -s bad ] || atf_fail "$(cat bad)"
	ok kb-publish
	ok kb-stats -o ids
	[ "$(wc -l <out)" -eq 13 ] || atf_fail "$(cat out pushed*)"
	published desk >now
	ok kb-publish --all
	published desk >again
	diff now again >differ || atf_fail "$(cat differ)"
	[ "$(find desk/www -name '*.new' | wc -l)" -eq 0 ] || atf_fail "half a page is left"
}

killed__anywhere_it_goes_on_body() {
	desk
	checkout
	for i in $(seq 40); do
		seq "$i" 300 | article co/s$((i % 4))/a$i.md "Article $i" "tags: t$((i % 7))"
	done
	rm desk/kb.git/hooks/post-receive
	push one
	cp -r desk before
	before=$(date +%s%N)
	ok kb-publish
	whole=$((($(date +%s%N) - before) / 1000))
	published desk >want
	n=20
	[ -z "$TKT_LONG" ] || n=200
	for i in $(seq $n); do
		rm -rf desk && cp -r before desk
		kb-publish >/dev/null 2>&1 &
		sleep "$(awk -v w=$whole -v i=$i -v n=$n 'BEGIN { printf "%.4f", w * i / n / 1000000 }')"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
		# Old or new, and never between.
		rows=$(tkt-sql "SELECT count(*) FROM article" | tail -n 1 | tr -dc 0-9)
		case $rows in 0 | 40) ;; *) atf_fail "$i: $rows rows" ;; esac
		ok kb-publish
		published desk >got
		diff want got >differ || atf_fail "$i: $(cat differ)"
	done
}

ssh__agents_push_through_tkt_shell_body() {
	desk --sample
	git --version >/dev/null || atf_skip "git is not installed"
	cat >fake-ssh <<'X'
#!/bin/sh
shift
exec env SSH_ORIGINAL_COMMAND="$*" PATH="$PATH" tkt-shell -D "$DESK" "$AGENT"
X
	chmod +x fake-ssh
	export GIT_SSH="$PWD/fake-ssh" GIT_SSH_VARIANT=simple DESK="$PWD/desk" AGENT=alice
	unset TKT_DESK
	git clone -q ssh://host/kb.git co 2>err || atf_fail "$(cat err)"
	git -C co checkout -q -b main 2>/dev/null
	git -C co config user.name Alice && git -C co config user.email a@example.org
	echo x | article co/x.md X
	push one || atf_fail "$(cat pushed)"
	grep -q 'published .*: 1 new' pushed || atf_fail "$(cat pushed)"
	ok tkt-log -D desk
	tail -n 1 out | jq -e '.action == "kb.published" and .actor == "agent:alice"' >/dev/null || atf_fail "$(cat out)"
	echo y >>co/x.md
	AGENT=carol
	push two && atf_fail "carol may not push"
	grep -q 'may not kb.write' pushed || atf_fail "$(cat pushed)"
	git clone -q ssh://host/kb.git carols 2>err || atf_fail "$(cat err)"
	git clone -q ssh://host/etc no 2>err && atf_fail "another repository"
	grep -q 'the repository is kb.git' err || atf_fail "$(cat err)"
	AGENT=bob
	git clone -q ssh://host/kb.git no 2>err && atf_fail "bob may not read"
	return 0
}

site__folder_style_and_odd_names_body() {
	desk
	checkout
	mkdir -p www "full/x" co/_site
	printf 'kb { site = "%s/www" }\n' "$PWD" >>desk/tkt.conf
	ok tkt-config apply
	echo 'body { color: red }' >co/_site/style.css
	printf 'x' >"co/a #1 50%.png"
	echo '![x](<../a %231 50%25.png>)' | article 'co/Über <b> & "so" #1/x.md' X 'tags: t'
	push one || atf_fail "$(cat pushed)"
	[ -s www/en/x.html ] && [ ! -e desk/www ] || atf_fail "not there: $(cat pushed)"
	grep -q 'href="../custom.css"' www/en/x.html && grep -q red www/custom.css || atf_fail "its own style"
	grep -q '%C3%9Cber%20%3Cb%3E%20%26%20%22so%22%20%231/index.html' www/en/x.html || atf_fail "$(cat www/en/x.html)"
	[ -s "www/en/s/Über <b> & \"so\" #1/index.html" ] || atf_fail "no section"
	grep -q 'files/a%20%231%2050%25.png' www/en/x.html || atf_fail "$(grep img www/en/x.html)"
	[ -s "www/files/a #1 50%.png" ] || atf_fail "no picture"
	git -C co rm -qr _site && push two
	[ ! -e www/custom.css ] || atf_fail "the style is still there"
	# A folder of somebody's is left alone.
	sed -i "s|/www\"|/full\"|" desk/tkt.conf
	ok tkt-config apply
	fails 78 'not empty, and not a site of ours' kb-publish
	for bad in 'site = "www"' 'url = "javascript:x"' 'feedback = "x"' 'branch = "a b"' 'language = "English"' 'check = maybe' 'stale = soon'; do
		sed "/^kb {/d" desk/tkt.conf >new.conf && echo "kb { $bad }" >>new.conf
		cp new.conf desk/tkt.conf
		tkt-config check >out 2>err && atf_fail "$bad was taken"
		grep -q "tkt.conf:[0-9]*: ${bad%% *}" err || atf_fail "$bad: $(cat err)"
	done
}

backup__brings_articles_back_body() {
	desk
	checkout
	echo x | article co/x.md X
	push one
	git -C desk/kb.git pack-refs --all
	git -C desk/kb.git gc -q
	ok tkt-backup b.tar.zst --quiet
	ok tkt-restore b.tar.zst back --quiet
	ok kb-publish -D back
	published desk >want
	published back >got
	diff want got >differ || atf_fail "$(cat differ)"
	git -C co remote set-url origin "$PWD/back/kb.git"
	echo y | article co/y.md Y
	push two || atf_fail "$(cat pushed)"
	ok kb-show -D back y -o ids
}

hostile__markdown_never_becomes_script_body() {
	desk
	mkdir kb
	cat >text <<'X'
<script>alert(1)</script> <img src=x onerror=alert(1)> <a href="javascript:alert(1)">x</a>

[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](&#106;avascript:alert(1)) [d](java&#10;script:alert(1))
[e](data:text/html;base64,PHN) [f](vbscript:x) [g](<javascript:alert(1)>) [h](//evil.example/x) [i]( javascript:x)
![j](javascript:alert(1)) ![k](data:image/svg+xml;base64,AAAA) ![l](x.svg) [m](kb:"onmouseover=alert(1)) [n][r] <javascript:x>
[o](x.md"onclick="alert(1)) [p](https://e.example/"onclick="alert(1)) ![q" onerror="alert(1)](https://e.example/x.png "t\" onload=\"alert(1)")

[r]: javascript:alert(1)

`<script>` ~~<script>~~ <!-- <script> --> &lt;script&gt; <?php ?> <![CDATA[<script>]]>

```"><script>alert(1)</script>
</code></pre><script>alert(1)</script>
```

| <script> | "onclick |
|---|---|
| </td><script>alert(1)</script> | x |

# <script>alert(1)</script> "onclick=alert(1)
X
	article kb/x.md '"<script>alert(1)</script> \" onload=alert(1)"' 'summary: "</p><script>alert(1)</script>\""' <text
	ok kb-publish kb/x.md
	cat desk/www/en/*.html desk/www/index.html desk/www/en/*.xml >pages
	cat >check.py <<'X'
import html.parser, sys
class P(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        if tag in ("script", "svg", "iframe", "object", "embed", "base") or tag == "img" and dict(attrs).get("src") == "x":
            print("tag", tag, attrs)
        for k, v in attrs:
            if k.startswith("on") or k == "style":
                print("attribute", tag, k, v)
            v = "".join((v or "").split()).lower()
            if k in ("href", "src", "action") and ":" in v.split("/")[0] and not v.startswith(("https:", "http:", "mailto:", "tel:")):
                print("leads to", tag, k, v)
P().feed(open(sys.argv[1]).read())
X
	python3 check.py pages >bad
	[ ! -s bad ] || atf_fail "$(cat bad)"
	grep -q "default-src 'none'\|default-src &#39;none" pages || atf_fail "no policy"
	jq -e . desk/www/en/search.json >/dev/null || atf_fail "search.json"
	xmllint --noout desk/www/en/feed.xml desk/www/sitemap.xml || atf_fail "XML"
}

cases whole/kb_test.sh 300
