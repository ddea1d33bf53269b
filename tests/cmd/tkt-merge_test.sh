# tkt-merge: one ticket of several, and mail follows.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-merge 3 1
	no_desk tkt-merge 3 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-merge 3 1 >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say which, and into which' tkt-merge 1
	fails 64 '"x" is not a ticket number' tkt-merge 1 x
}

refused__what_makes_no_sense_body() {
	desk --sample
	fails 65 'ticket 1: a ticket is not merged into itself' tkt-merge 1 1
	fails 66 'no ticket 99' tkt-merge 99 1
	fails 66 'no ticket 99' tkt-merge 1 99
	ok tkt-merge 3 1
	fails 65 'ticket 3: it is merged into ticket 1' tkt-merge 3 2
	fails 65 'ticket 2: ticket 3 is merged into ticket 1' tkt-merge 2 3
	ok tkt-set 2 phase=spam
	fails 65 'ticket 2: it is spam' tkt-merge 2 1
	fails 65 'ticket 1: ticket 2 is spam' tkt-merge 1 2
	fails 77 'no access' tkt-merge 2 1 --as bob
	fails 65 'it is merged into ticket 1' tkt-set 3 status=open
	ok tkt-fsck --all
}

merge__messages_people_links_time_follow_body() {
	desk --sample
	ok tkt-set 3 cc+=q@w.org follower+=bob time+=10m
	ok tkt-set 1 time+=5m
	ok tkt-new -s child -m x -o ids
	ok tkt-link 4 parent 3
	ok tkt-link 1 refers 3
	ok tkt-link 3 blocks 2
	ok tkt-merge 3 1
	records
	jq -e '.id == 1 and .cc == ["chidi@example.net","q@w.org"] and .followers == ["bob"] and .time_spent_s == 900 and
		.links == [{"rel":"blocks","ticket":2}]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 4
	head -n 1 out | jq -e '.links == [{"rel":"parent","ticket":1}]' >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 3
	head -n 1 out | jq -e '.phase == "merged" and .merged_into == 1' >/dev/null || atf_fail "$(cat out)"
	# Its words are found where it went.
	ok tkt-list 'find the page any more' -o ids
	is 1
	ok tkt-show 1
	jq -se 'map(select(.type == "message")) | length == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

history__shows_each_thread_as_it_was_body() {
	desk --sample
	TKT_NOW=2026-11-22T11:00:00Z tkt-merge 3 1 -o ids >out || atf_fail merge
	TKT_NOW=2026-11-22T12:00:00Z tkt-undo "$(tkt-log --ticket 3 -o ids | tail -n 1)" >out || atf_fail undo
	export TKT_NOW=2026-11-22T13:00:00Z
	thread() {
		tkt-show "$1" --at "$2" | jq -rs '(.[0].phase) + " " + (map(select(.type == "message") | .id) | join(","))'
	}
	[ "$(thread 3 2026-11-22T10:30:00Z)" = 'open 11' ] || atf_fail "3 before: $(thread 3 2026-11-22T10:30:00Z)"
	[ "$(thread 3 2026-11-22T11:30:00Z)" = 'merged ' ] || atf_fail "3 merged: $(thread 3 2026-11-22T11:30:00Z)"
	[ "$(thread 1 2026-11-22T11:30:00Z)" = "$(thread 1 2026-11-22T10:30:00Z),11" ] || atf_fail "1 merged: $(thread 1 2026-11-22T11:30:00Z)"
	[ "$(thread 3 2026-11-22T12:30:00Z)" = 'open 11' ] || atf_fail "3 after: $(thread 3 2026-11-22T12:30:00Z)"
	[ "$(thread 1 2026-11-22T12:30:00Z)" = "$(thread 1 2026-11-22T10:30:00Z)" ] || atf_fail "1 after"
}

mail__follows_the_pointer_body() {
	desk --sample
	to=$(tkt-show 3 | head -n 1 | jq -r .reply_to)
	ok tkt-merge 3 1
	printf 'From: chidi@example.net\nTo: %s\nSubject: Re: x\nMessage-ID: <late@x>\n\nlater\n' "$to" |
		mail-ingest >out || atf_fail "$(cat out)"
	jq -e '.ticket == 1 and .outcome == "appended"' out >/dev/null || atf_fail "$(cat out)"
	# A chain of merges is followed to its end.
	ok tkt-merge 1 2
	printf 'From: chidi@example.net\nTo: %s\nSubject: Re: x\nMessage-ID: <later@x>\n\nlater\n' "$to" |
		mail-ingest >out || atf_fail "$(cat out)"
	jq -e '.ticket == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

open__question_opens_the_target_body() {
	desk --sample
	ok tkt-set 1 status=solved
	ok tkt-merge 3 1
	jq -e '.status == "open"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 1 status=solved
	ok tkt-reply 2 -m answered --quiet
	ok tkt-merge 2 1
	jq -e '.status == "solved"' out >/dev/null || atf_fail "$(cat out)"
}

bulk__of_a_pipe_and_preview_body() {
	desk --sample
	tkt-list -id:2 | tkt-merge --into 2 -N -o human >out 2>err || atf_fail "$(cat err)"
	has '(not done)'
	ok tkt-list -o ids --sort id
	is '3
2
1'
	tkt-list -id:2 | tkt-merge --into 2 >out 2>err || atf_fail "$(cat err)"
	records
	ok tkt-list -o ids
	is 2
	ok tkt-fsck --all
}

if_unchanged__a_late_change_is_seen_body() {
	desk --sample
	tkt-list id:3 >seen
	ok tkt-set 3 priority=high
	tkt-merge --into 1 --if-unchanged <seen >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out err)"
	grep -q '^tkt-merge: ticket 3: it was changed at ' err || atf_fail "$(cat err)"
	tkt-list id:3 | tkt-merge --into 1 --if-unchanged >out 2>err || atf_fail "$(cat err)"
}

cases cmd/tkt-merge_test.sh
