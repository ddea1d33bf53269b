# tkt-link: how tickets belong together.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-link 1 refers 2
	no_desk tkt-link 1 refers 2
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-link 1 refers 2 >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say what belongs together how' tkt-link 1
	fails 64 'link "duplicate": no such link (did you mean "duplicates"?)' tkt-link 1 duplicate 2
	fails 64 '"x" is not a ticket number' tkt-link 1 refers x
	fails 66 'no ticket 99' tkt-link 1 refers 99
	fails 66 'no ticket 99' tkt-link 99 refers 1
}

link__is_seen_from_both_ends_body() {
	desk --sample
	ok tkt-link 2 blocks 1
	records
	jq -e '.links == [{"rel":"blocks","ticket":1}]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	records
	head -n 1 out | jq -e '.linked_by == [{"rel":"blocks","ticket":2}]' >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1 -o human
	has '#2 blocks this'
	ok tkt-list link:1 -o ids
	is 2
	ok tkt-link 2 blocks 1 -o human
	is 'ticket 2: blocks 1 (as before)'
	ok tkt-link -r 2 blocks 1 -o human
	is 'ticket 2: no longer blocks 1'
	ok tkt-log --ticket 2 --action 'ticket.*linked' -o ids
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

circles__are_refused_body() {
	desk --sample
	fails 65 'ticket 1: a ticket has no link to itself' tkt-link 1 parent 1
	ok tkt-link 1 parent 2
	ok tkt-link 2 parent 3
	fails 65 'ticket 3: parent ticket 1: a circle' tkt-link 3 parent 1
	fails 65 'ticket 1: its parent is ticket 2' tkt-link 1 parent 3
	ok tkt-link 1 blocks 2
	fails 65 'a circle' tkt-link 2 blocks 1
	ok tkt-link 1 refers 2
	ok tkt-link 2 refers 1
	ok tkt-fsck --all
}

bulk__one_event_a_ticket_body() {
	desk --sample
	ok tkt-new -s more -m x
	tkt-list -id:4 | tkt-link duplicates 4 -N -o human >out 2>err || atf_fail "$(cat err)"
	has '(not done)'
	tkt-list -id:4 | tkt-link duplicates 4 >out 2>err || atf_fail "$(cat err)"
	records
	ok tkt-log --action ticket.linked
	jq -se 'length == 3 and (map(.batch) | unique | length) == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-undo "$(jq -s '.[0].batch' out)"
	ok tkt-list link:4 -o ids
	is ''
	ok tkt-fsck --all
}

unseen__queues_stay_so_body() {
	desk --sample
	fails 66 'no ticket 2' tkt-link 1 refers 2 --as bob
	fails 77 'no access to queue "hardware"' tkt-link 2 refers 1 --as bob
}

cases cmd/tkt-link_test.sh
