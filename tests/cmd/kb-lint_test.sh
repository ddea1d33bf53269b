# kb-lint: findings in checkouts, commits and pushes.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	mkdir kb
	echo 'Text.' | article kb/x.md X
	_formats='json, human, tsv, ids or github' common_checks kb-lint kb
	fails 64 'one folder or revision' kb-lint kb kb
	fails 64 'a tag as "en"' kb-lint -l English kb
	fails 64 '--since is for' kb-lint --since HEAD kb
	fails 64 '--external is for' kb-lint --external HEAD
	fails 66 'no such folder' kb-lint /nowhere
	unset TKT_DESK
	fails 66 'no desk here' kb-lint nowhere
	ok kb-lint kb
	is ''
}

findings__each_with_its_place_body() {
	mkdir kb
	cd kb || exit 1
	printf 'no front matter\n' >none.md
	printf -- '---\ntitle: [a\n---\n' >yaml.md
	printf -- '---\ntags: x\n---\n' >untitled.md
	printf -- '---\ntitle: x\n---\n\nb\303(\n' >latin.md
	echo x | article Upper.md X
	echo x | article a/twin.md X
	echo x | article b/twin.md X
	echo x | article key.md X 'sumary: y'
	echo x | article al1.md X 'aliases: [al2, both]'
	echo x | article al2.md X 'aliases: [al1, both]'
	printf '# A\n### B\n\n[x](#a) [y](#nix) [z](key.md#nix) [w](gone.md) ![p](img/p.png)\n[q](kb:key) [r](kb:gone) [s](../../out.md) [t](javascript:x) [u](//host/x) [v](mailto:a@b)\n' | article links.md X
	ln -s /etc/passwd evil.md
	mkdir .hidden && echo x >.hidden/x.md
	echo '# hi' >README.md
	cd .. || exit 1
	kb-lint kb >out 2>err
	[ $? -eq 1 ] || atf_fail "not 1: $(cat err)"
	records
	jq -r '"\(.path):\(.line) \(.level) \(.rule)"' out >got
	cat >want <<'X'
Upper.md:1 error id
al1.md:3 error alias
al2.md:3 error alias
al2.md:3 error alias
b/twin.md:1 error id
evil.md:1 error link
key.md:3 warning unknown-key
latin.md:5 error utf-8
links.md:5 warning heading
links.md:7 warning anchor
links.md:7 warning anchor
links.md:7 warning link
links.md:7 warning image
links.md:8 warning link
links.md:8 warning link
links.md:8 warning link
links.md:8 warning link
none.md:1 error front-matter
untitled.md:1 error title
yaml.md:3 error front-matter
X
	diff want got >differ || atf_fail "$(cat differ out)"
	kb-lint kb --errors -o ids >out
	lacks links.md
	kb-lint kb -o github >out
	has '::error file=none.md,line=1,title=front-matter::no front matter'
	kb-lint kb -o human >out 2>err
	has 'key.md:3: warning: sumary: no such key (did you mean "summary"?) [unknown-key]'
	grep -q '10 errors, 10 warnings' err || atf_fail "$(cat err)"
}

size__tables_do_not_explode_body() {
	mkdir kb
	awk 'BEGIN { for (i = 0; i < 100; i++) printf "|a"; print "|"; for (i = 0; i < 100; i++) printf "|---"; print "|"; for (i = 0; i < 500000; i++) print "a" }' | article kb/x.md X
	timeout 60 kb-lint kb >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat err)"
	has 'its HTML would be larger than 16 MB'
	head -c 900000 /dev/zero | tr '\0' '[' | article kb/x.md X
	ok timeout 20 kb-lint kb
}

commits__and_what_is_new_body() {
	desk
	checkout
	mv desk/kb.git/hooks/pre-receive .
	echo x >co/old.md
	push one
	echo y >co/new.md
	push two
	kb-lint HEAD -o ids >out
	is 'new.md
old.md'
	kb-lint HEAD --since HEAD~1 -o ids >out
	is new.md
	ok kb-lint HEAD --since HEAD
	fails 66 'no such revision' kb-lint nothing
}

push__is_refused_with_errors_body() {
	desk
	checkout
	echo x | article co/a.md A 'unknown: y'
	push one || atf_fail "a warning: $(cat pushed)"
	grep -q 'a.md:3: warning: unknown: no such key' pushed || atf_fail "$(cat pushed)"
	echo bad >co/b.md
	push two && atf_fail "a broken article was taken"
	grep -q 'b.md:1: no front matter' pushed || atf_fail "$(cat pushed)"
	grep -q 'the push is refused' pushed || atf_fail "$(cat pushed)"
	# On a branch that is not published anything may be tried.
	git -C co push -q origin HEAD:refs/heads/try 2>pushed || atf_fail "$(cat pushed)"
	echo 'kb { check = warn }' >>desk/tkt.conf
	ok tkt-config apply
	git -C co push -q origin HEAD:main 2>pushed || atf_fail "$(cat pushed)"
	ok kb-show a -o ids
	# What was wrong before does not lock others out.
	sed -i 's/check = warn/check = reject/' desk/tkt.conf
	ok tkt-config apply
	echo more | article co/c.md C
	push three || atf_fail "$(cat pushed)"
	ok kb-show c -o ids
}

external__links_are_asked_once_body() {
	http
	mkdir kb
	u=http://127.0.0.1:$hport
	echo "[a]($u/200) [b]($u/200#x) [c]($u/404) [d](http://127.0.0.1:1/) [e]($u/get) [f]($u/403) [g]($u/to?$u/410)" | article kb/x.md X
	kb-lint kb --external >out 2>err
	jq -se 'length == 7 and all(.message | endswith("a private address is not asked"))' out >/dev/null || atf_fail "$(cat out err)"
	kb-lint kb --external --private >out 2>err
	records
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	has 'connect to server'
	has '/404\": the server says 404'
	has '/410\": the server says 410'
	[ "$(grep -l '^HEAD /200' asked/* | wc -l)" -eq 1 ] || atf_fail "the same link was asked twice"
}
external__links_are_asked_once_cleanup() { http_stop; }

cases cmd/kb-lint_test.sh
