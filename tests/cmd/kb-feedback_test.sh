# kb-feedback: votes, with the version they speak of.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	echo 'Text.' | article x.md X
	ok kb-publish x.md
	common_checks kb-feedback x yes
	no_desk kb-feedback x yes
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'yes or no' kb-feedback x
	fails 64 'yes or no' kb-feedback x maybe
	fails 66 'no such article' kb-feedback yyyy yes
	fails 66 'no ticket 99' kb-feedback x yes --ticket 99
	fails 66 'no such revision' kb-feedback x yes --rev nothing
}

votes__by_revision_body() {
	desk --sample
	echo One. | article x.md X 'aliases: z'
	ok kb-publish x.md
	ok kb-show x
	first=$(jq -r .revision out)
	ok kb-feedback z no -m "$(printf 'too\033[31m short')" --ticket 1
	records
	jq -e --arg r "$first" '.article == "x" and .revision == $r and .helpful == false and .ticket == 1 and (.comment | contains("\u001b") | not)' out >/dev/null || atf_fail "$(cat out)"
	echo Two. | article x.md X
	ok kb-publish x.md
	ok kb-feedback x yes
	ok kb-feedback x yes --rev HEAD~1
	ok kb-log x --feedback
	jq -se 'map([.yes, .no]) == [[1, 0], [1, 1]]' out >/dev/null || atf_fail "$(cat out)"
	ok kb-log x --feedback -o tsv
	has '	1	1	Publish x'
}

forgotten__with_the_person_body() {
	desk --sample
	echo One. | article x.md X
	ok kb-publish x.md
	ok kb-feedback x no -m 'Ann says so' --ticket 1
	ok kb-feedback x no -m 'somebody says so'
	ok tkt-reply 1 --article x --as alice --quiet
	cust-erase 1 >out 2>err || atf_fail "$(cat err)"
	ok tkt-sql "SELECT comment FROM article_vote ORDER BY id" -o tsv
	lacks Ann
	has somebody
	ok kb-stats
	jq -e '.no == 2 and .cited == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

cases cmd/kb-feedback_test.sh
