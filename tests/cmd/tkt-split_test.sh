# tkt-split: messages become a ticket of their own.
. "$TKT_SRC/tests/helpers.sh"

thread() {
	desk --sample
	to=$(tkt-show 1 | head -n 1 | jq -r .reply_to)
	printf 'From: ann@example.com\nTo: %s\nSubject: another thing\nMessage-ID: <two@x>\n\nthe second question\n' "$to" |
		mail-ingest >out || atf_fail "$(cat out)"
	second=$(jq .message out)
	first=$(tkt-show 1 | jq 'select(.type == "message") | .id' | head -n 1)
}

common__words_and_disk_body() {
	thread
	common_checks tkt-split "$second"
	no_desk tkt-split "$second"
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 66 'no message 9999' tkt-split 9999
	fails 64 '"x" is not a message number' tkt-split x
	fails 64 'is named twice' tkt-split "$second" "$second"
	fails 65 'nothing would be left of it' tkt-split "$first" "$second"
	other=$(tkt-show 2 | jq 'select(.type == "message") | .id')
	fails 65 'split one ticket at a time' tkt-split "$second" "$other"
	fails 64 'no such queue' tkt-split "$second" queue=x
	tkt-split "$second" >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

split__is_like_the_old_one_body() {
	thread
	ok tkt-split "$second" queue=hardware tag+=x
	records
	jq -e --argjson t 4 '.id == $t and .subject == "Refund for invoice AC-20391" and .queue == "hardware" and .tags == ["x"] and
		.requester.address == "ann@example.com" and .links == [{"rel":"refers","ticket":1}]' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-show 4
	jq -se 'map(select(.type == "message"))[0].body == "the second question"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	jq -se 'map(select(.type == "message")) | length == 1' out >/dev/null || atf_fail "$(cat out)"
	# The answer to its mail comes to the new ticket.
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: Re: another\nIn-Reply-To: <two@x>\n\nmore\n' |
		mail-ingest >out || atf_fail "$(cat out)"
	jq -e '.ticket == 4' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
	# Then and there it was all in ticket 1.
	created=$(tkt-log --ticket 4 --action ticket.created | jq .id)
	[ -n "$created" ] || atf_fail "no event"
}

split__and_back_body() {
	thread
	ok tkt-split "$second" -s Other -N -o human
	has '(not made)'
	ok tkt-split "$second" -s Other -o human
	event=$(sed 's/.*event //' out)
	ok tkt-undo "$event"
	ok tkt-show 1
	jq -se 'map(select(.type == "message")) | length == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list is:deleted -o ids
	is 4
	ok tkt-fsck --all
	# And once more, the other way round.
	ok tkt-undo "$(tkt-log --action ticket.undone -o ids | head -n 1)"
	ok tkt-show 4
	jq -se 'map(select(.type == "message")) | length == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

split__with_a_life_of_its_own_stays_body() {
	thread
	ok tkt-split "$second"
	event=$(tkt-log --ticket 4 --action ticket.created -o ids)
	ok tkt-set 4 priority=high
	fails 1 'ticket 4: it was changed since, by event' tkt-undo "$event"
	ok tkt-fsck --all
}

messages__from_a_pipe_body() {
	thread
	tkt-show 1 | jq -c 'select(.type == "message" and .body == "the second question")' |
		tkt-split -s Piped -o ids >out 2>err || atf_fail "$(cat err)"
	is 4
	tkt-list id:1 | tkt-split >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat err)"
	grep -q 'a record of type "ticket" is no message' err || atf_fail "$(cat err)"
}

cases cmd/tkt-split_test.sh
