# tkt-log: the feed.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-log
	no_desk tkt-log
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-log >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say --ticket 42' tkt-log 42
	fails 64 'is no time' tkt-log --since later
}

filters__work_together_body() {
	desk --sample
	ok tkt-log
	records
	jq -se '.[0].action == "config.applied" and (map(.id) == [range(1; length + 1)])' out >/dev/null ||
		atf_fail "$(cat out)"
	export TKT_NOW=2026-11-22T12:00:00Z
	ok tkt-set 1 priority=high --as alice
	ok tkt-log --since 2026-11-22T11:00:00Z
	jq -se 'length == 1 and .[0].actor == "agent:alice"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log --since -1h -o ids
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
	ok tkt-log --until 2026-11-22T11:00:00Z --action ticket.created -o ids
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	ok tkt-log --ticket 2 --actor 'rule:*'
	jq -se 'length == 1 and .[0].changes.queue[1] == "hardware"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log -n 2 -o ids
	is '1
2'
	ok tkt-log --after 3 -n 1 -o ids
	is 4
	ok tkt-log -o human
	has '#1'
}

cursor__goes_on_where_it_stopped_body() {
	desk --sample
	ok tkt-log --cursor crm -n 2 -o ids
	is '1
2'
	ok tkt-log --cursor crm -n 1 -o ids
	is 3
	ok tkt-log --cursor other -n 1 -o ids
	is 1
	# What could not be written is not skipped: at least once.
	tkt-log --cursor crm -n 1 >/dev/full 2>err && atf_fail "/dev/full"
	ok tkt-log --cursor crm -n 1 -o ids
	is 4
}

follow__prints_and_ends_quietly_body() {
	desk --sample
	tkt-log --follow --after 0 --action ticket.created >feed 2>err &
	pid=$!
	lines() { [ "$(wc -l <feed)" -eq "$1" ]; }
	until_true 20 lines 3 || atf_fail "$(cat feed)"
	ok tkt-new -s live -m x
	until_true 20 lines 4 || atf_fail "$(cat feed)"
	kill -TERM $pid
	wait $pid || atf_fail "follow: $? $(cat err)"
	lines 4 || atf_fail "$(cat feed)"
}

roles__see_their_queues_only_body() {
	desk --sample
	fails 77 'may not log.read' tkt-log --as bob
	ok tkt-log --as carol -o ids -n 1
}

query__of_tickets_it_selects_body() {
	desk --sample
	ok tkt-set 3 priority=high --as alice
	ok tkt-set 1 tag+=x --as alice
	ok tkt-log priority:high --actor agent:alice
	jq -se 'map(.ticket) == [3]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log -id:3 tag:x,money --action 'ticket.*'
	jq -se '(map(.ticket) | unique) == [1] and (map(.id) | . == sort)' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log priority:urgent
	is ''
	ok tkt-set 2 phase=spam
	ok tkt-log tag:money,x queue:hardware -o ids
	is ''
	ok tkt-log is:spam --limit 1 -o ids
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
	fails 64 'unknown key "prority"' tkt-log prority:high
	# Whoever follows sees tickets that come to fit.
	tkt-log --follow --after "$(tkt-log -o ids | tail -n 1)" tag:hot >followed &
	pid=$!
	tkt-set 1 tag+=cold >out
	tkt-set 3 tag+=hot >out
	until_true 20 [ -s followed ]
	kill $pid
	wait $pid
	jq -se 'map(.ticket) == [3]' followed >/dev/null || atf_fail "$(cat followed)"
}

cases cmd/tkt-log_test.sh
