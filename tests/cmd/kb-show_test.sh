# kb-show: articles now and then.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	echo 'Text.' | article x.md X
	ok kb-publish x.md
	_formats='json, human, tsv, ids, md, html or text' common_checks kb-show x
	no_desk kb-show x
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say which article' kb-show
	fails 66 'no such article (did you mean "x"?)' kb-show y
	fails 66 'no such revision' kb-show x --rev nothing
	kb-show x >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full: not 74"
}

formats__each_of_them_body() {
	desk
	printf 'A *b* <i>c</i>.\n\n- one\n- two\n\n1. x\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n' | article x.md 'A title' 'summary: In short' 'aliases: y'
	ok kb-publish x.md
	ok kb-show y -o md
	diff out x.md || atf_fail "not as it was"
	ok kb-show x -o text
	is 'A b <i>c</i>.
- one
- two
1. x
a	b
1	2'
	ok kb-show x -o html
	has '<p>A <em>b</em> &lt;i&gt;c&lt;/i&gt;.</p>'
	has '<th scope="col" class="right">b</th>'
	ok kb-show x -o human
	has 'A title'
	has 'In short'
	ok kb-show x -o ids
	is x
	ok kb-show x
	records
}

versions__and_who_wrote_them_body() {
	desk --sample
	echo One. | article a/x.md X
	ok kb-publish a/x.md
	printf 'One.\nTwo.\n' | article a/x.md X
	ok kb-publish a/x.md --as alice
	ok kb-show x --rev HEAD~1 -o text
	is One.
	ok kb-show x --blame
	records
	jq -se 'map(.text)[3:] == ["One.", "Two."] and .[3].author == "Acme Support" and .[4].author == "Alice Ahrens"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show x --blame --rev HEAD~1 -o human
	lacks Two
}

cases cmd/kb-show_test.sh
