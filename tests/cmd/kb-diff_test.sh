# kb-diff: by words and by lines.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	echo 'Text.' | article x.md X
	ok kb-publish x.md
	common_checks kb-diff x HEAD
	no_desk kb-diff x HEAD
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say which article and revision' kb-diff x
	fails 66 'no such article' kb-diff yyyy HEAD
	fails 66 'no such revision' kb-diff x HEAD~7
	ok kb-diff x HEAD
	records
	jq -e '.text == ""' out >/dev/null || atf_fail "$(cat out)"
}

words__and_lines_body() {
	desk
	{ echo 'The quick brown fox.' && seq 20 && echo end; } | article x.md X
	ok kb-publish x.md
	{ echo 'The slow brown fox jumps.' && seq 20 && echo END; } | article x.md X
	ok kb-publish x.md
	kb-diff x HEAD~1 -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "not 1"
	has 'The [-quick-]{+slow+} brown [-fox.-]{+fox jumps.+}'
	has '@@'
	has '[-end-]{+END+}'
	grep -qx 10 out && atf_fail "too much of what stays: $(cat out)"
	kb-diff x HEAD~1 HEAD --lines -o human >out 2>err
	has '-The quick brown fox.'
	has '+The slow brown fox jumps.'
	kb-diff x HEAD~1 >out
	records
}

cases cmd/kb-diff_test.sh
