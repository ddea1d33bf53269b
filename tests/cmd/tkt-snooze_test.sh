# tkt-snooze: asleep until a time, or until the customer writes.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-snooze 1 2d
	no_desk tkt-snooze 1 2d
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-snooze 1 2d >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say until when' tkt-snooze
	fails 64 '"soon" is no time' tkt-snooze 1 soon
	fails 64 'is not in the future' tkt-snooze 1 2020-01-01
	fails 64 'is not in the future' tkt-snooze 1 0s
	fails 64 '--wake or --keep' tkt-snooze --wake --keep 1
	fails 66 'no ticket 99' tkt-snooze 99 2d
}

snooze__and_wake_by_time_body() {
	desk --sample
	ok tkt-snooze 1 2d
	records
	jq -e '.snoozed_until == "2026-11-24T10:00:00Z"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-snooze 2 2026-12-01 -o human
	has 'ticket 2: asleep until'
	ok tkt-list is:snoozed -o ids --sort id
	is '2
1'
	ok tkt-list -is:snoozed -o ids
	is 3
	TKT_NOW=2026-11-24T10:00:01Z ok tkt-tick
	jq -e '.woken == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	head -n 1 out | jq -e '.snoozed_until == null' >/dev/null || atf_fail "$(cat out)"
	ok tkt-snooze --wake 2 -o human
	is 'ticket 2: awake'
	ok tkt-fsck --all
}

reply__wakes_unless_told_body() {
	desk --sample
	ok tkt-snooze 1 2d
	ok tkt-snooze --keep 3 2d
	for i in 1 3; do
		to=$(tkt-show $i | head -n 1 | jq -r .reply_to)
		from=$(tkt-show $i | head -n 1 | jq -r .requester.address)
		printf 'From: %s\nTo: %s\nSubject: x\nMessage-ID: <%s@x>\n\nmore\n' "$from" "$to" "$i" | mail-ingest >out ||
			atf_fail "$(cat out)"
	done
	ok tkt-list is:snoozed -o ids
	is 3
	# Woken by the clock, the next sleep is an ordinary one.
	TKT_NOW=2026-11-25T10:00:00Z ok tkt-tick
	export TKT_NOW=2026-11-25T11:00:00Z
	ok tkt-snooze 3 2d
	printf 'From: %s\nTo: %s\nSubject: x\nMessage-ID: <4@x>\n\nmore\n' "$from" "$to" | mail-ingest >out
	ok tkt-list is:snoozed -o ids
	is ''
}

undo__wakes_body() {
	desk --sample
	tkt-list | tkt-snooze 2d >out 2>err || atf_fail "$(cat err)"
	ok tkt-list is:snoozed --count
	jq -e '.count == 3' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-undo "$(tkt-log --action ticket.changed | jq .batch | tail -n 1)"
	ok tkt-list is:snoozed --count
	jq -e '.count == 0' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/tkt-snooze_test.sh
