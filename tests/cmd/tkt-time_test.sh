# tkt-time: what was spent on tickets.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-time 1 15m
	no_desk tkt-time 1 15m
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-time 1 15m >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say how long' tkt-time
	fails 64 'time "1" is no duration' tkt-time 1
	fails 64 'time "x" is no duration' tkt-time 1 x
	fails 64 'time "0s" is no duration' tkt-time 1 0s
	fails 66 'no ticket 99' tkt-time 99 15m
}

time__adds_up_body() {
	desk --sample
	ok tkt-time 1 15m --as alice
	records
	jq -e '.time_spent_s == 900' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-time 1 1h30m --as carol -m 'took it apart' -o human
	is 'ticket 1: 1:45 hours in all'
	ok tkt-show 1
	jq -se 'map(select(.kind == "note"))[0].body == "1h30m: took it apart"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1 -o human
	has '1:45 hours of work'
	fails 64 'only 105 minutes were spent' tkt-time --remove 1 2h
	ok tkt-time --remove 1 45m -o human
	is 'ticket 1: 1:00 hours in all'
	# Somebody else's hours stay when one entry is undone.
	ok tkt-undo "$(tkt-log --ticket 1 --actor agent:alice --action ticket.changed -o ids | tail -n 1)"
	jq -e '.time_spent_s == 2700' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

bulk__each_gets_it_body() {
	desk --sample
	tkt-list | tkt-time 5m >out 2>err || atf_fail "$(cat err)"
	jq -se 'map(.time_spent_s) == [300, 300, 300]' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/tkt-time_test.sh
