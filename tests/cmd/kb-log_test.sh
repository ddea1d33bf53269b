# kb-log: history over renames, with votes.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	echo 'Text.' | article x.md X
	ok kb-publish x.md
	common_checks kb-log x
	no_desk kb-log x
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say which article' kb-log
	fails 66 'no such article' kb-log yyyy
	kb-log x >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full: not 74"
}

history__merges_renames_votes_body() {
	desk
	checkout
	seq 20 | article co/a.md A
	seq 9 | article co/other.md Other
	push first
	echo 21 >>co/a.md
	push second
	ok kb-feedback a no
	ok kb-feedback a no
	git -C co mv a.md b.md
	push third
	echo 22 >>co/b.md
	push fourth
	ok kb-feedback b yes
	# A side branch that changes something else is not its history.
	git -C co checkout -q -b side HEAD~1
	echo x >>co/other.md
	git -C co commit -qam side
	git -C co checkout -q main
	git -C co merge -q -m merge side
	git -C co push -q origin HEAD:main 2>pushed || atf_fail "$(cat pushed)"
	ok kb-log b --feedback
	records
	jq -se 'map(.summary) == ["fourth", "third", "second", "first"] and map(.path) == ["b.md", "b.md", "a.md", "a.md"] and .[0].yes == 1' out >/dev/null || atf_fail "$(cat out)"
	ok kb-log b -n 1 -o human
	has fourth
	lacks third
	ok kb-log other
	jq -se 'map(.summary) == ["side", "first"]' out >/dev/null || atf_fail "$(cat out)"
	ok kb-stats
	jq -se '.[0].yes == 1 and .[0].no == 2' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/kb-log_test.sh
