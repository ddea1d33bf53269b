# kb-publish: files into commits, commits into index and site.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	common_checks kb-publish
	no_desk kb-publish
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 '--revert or --remove' kb-publish --remove --revert HEAD x
	fails 64 'say which articles' kb-publish --remove
	fails 64 'no files' kb-publish --id x y.md
	fails 64 'small letters' kb-publish --id 'X y'
	fails 64 'a folder of kb.git' kb-publish --section ../x y.md
	fails 66 'no such article' kb-publish --remove nothing
	fails 66 'nothing.md' kb-publish nothing.md
	echo x >x.sh
	fails 65 'neither an article' kb-publish x.sh
	# Nothing was committed yet: there is nothing to do.
	ok kb-publish
	is ''
	echo Hi. | article hi.md Hi
	kb-publish hi.md >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full: not 74"
	rm -rf desk/kb.git
	fails 66 'has no knowledge base yet' kb-publish
	mkdir desk/kb.git
	fails 65 'is not a git repository' kb-publish
	rmdir desk/kb.git
	tkt-init --upgrade desk 2>/dev/null >&2 || atf_fail "upgrade: $?"
	[ -x desk/kb.git/hooks/post-receive ] || atf_fail "no kb.git"
}

files__go_where_their_id_is_body() {
	desk --sample
	echo 'Some text.' | article billing/refund.md Refunds 'tags: [money]'
	ok kb-publish billing/refund.md
	records
	jq -e '.added == 1 and .before == null and .problems == 0 and .pages > 5' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show refund
	records
	jq -e '.path == "billing/refund.md" and .section == "billing" and .author == "Acme Support" and .tags == ["money"]' out >/dev/null || atf_fail "$(cat out)"
	# From wherever the file comes, it is the article with its id.
	mkdir -p /tmp/kbp.$$ && echo 'Other text.' | article "/tmp/kbp.$$/refund.md" Refunds
	ok kb-publish "/tmp/kbp.$$/refund.md" --as alice -m 'Say it otherwise'
	rm -rf "/tmp/kbp.$$"
	jq -e '.changed == 1 and .added == 0' out >/dev/null || atf_fail "$(cat out)"
	ok kb-log refund
	records
	jq -se 'map(.author) == ["Alice Ahrens", "Acme Support"] and .[0].summary == "Say it otherwise"' out >/dev/null || atf_fail "$(cat out)"
	# Translations stand beside what they translate.
	printf -- '---\ntitle: Geld zurück\nlanguage: de\n---\nText.\n' | kb-publish --id refund >out 2>err || atf_fail "$(cat err)"
	ok kb-show refund -l de
	jq -e '.path == "billing/refund.de.md" and .language == "de"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show refund -l fr
	jq -e '.language == "en"' out >/dev/null || atf_fail "$(cat out)"
	# The same again changes nothing.
	ok kb-show refund -o md
	cp out refund.md
	ok kb-publish refund.md
	jq -e '.added == 0 and .changed == 0 and .revision == .before' out >/dev/null || atf_fail "$(cat out)"
	ok kb-publish --remove refund
	ok kb-show refund -l en
	jq -e '.language == "de"' out >/dev/null || atf_fail "$(cat out)"
	[ ! -e desk/www/en/refund.html ] || atf_fail "its page is still there"
	ok tkt-fsck --all
}

files__wrong_ones_are_not_committed_body() {
	desk
	echo Text. | article good.md Good
	printf 'no front matter\n' >bad.md
	fails 65 'bad.md:1: no front matter' kb-publish good.md bad.md
	fails 66 'no such article' kb-show good
	printf -- '---\ntitle: x\n---\n\377\n' >latin.md
	fails 65 'latin.md:4: it is not UTF-8' kb-publish latin.md
	{ printf -- '---\ntitle: x\n---\n' && head -c 1100000 /dev/zero | tr '\0' x; } >big.md
	fails 65 'larger than 1024 kB' kb-publish big.md
	echo x | article up.md Up 'audience: everybody'
	fails 65 'up.md:3: audience "everybody": no such word' kb-publish up.md
	ok kb-publish -N good.md
	fails 66 'no such article' kb-show good
}

revert__and_rename_body() {
	desk
	checkout
	echo 'One.' | article co/a/old.md Old
	push one
	echo 'Two.' | article co/a/old.md Old
	push two
	git -C co mv a/old.md a/new.md
	push three
	ok kb-show old
	jq -e '.id == "new" and .body == "Two.\n"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-log new -o ids
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	ok kb-publish --revert HEAD~2 new
	ok kb-show new
	jq -e '.body == "One.\n"' out >/dev/null || atf_fail "$(cat out)"
	grep -q 'new.html' desk/www/en/old.html || atf_fail "the old address leads nowhere"
}

agents__need_the_right_body() {
	desk --sample
	echo x | article x.md X
	fails 77 'may not kb.write' kb-publish x.md --as carol
	sed -i 's/"kb.read"/"kb.*"/' desk/tkt.conf
	ok tkt-config apply
	ok kb-publish x.md --as carol
	ok kb-show x
	jq -e '.author == "Carol Chen"' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/kb-publish_test.sh
