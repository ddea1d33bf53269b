# tkt-tick: what is due.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	common_checks tkt-tick
	no_desk tkt-tick
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'takes options only' tkt-tick now
	tkt-tick >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

snooze__wakes_once_body() {
	desk --sample
	ok tkt-set 1 snoozed_until=2026-11-22T11:00:00Z
	ok tkt-list is:snoozed -o ids
	is 1
	ok tkt-tick
	records
	jq -e '.woken == 0' out >/dev/null || atf_fail "$(cat out)"
	export TKT_NOW=2026-11-22T11:00:00Z
	ok tkt-tick
	jq -e '.woken == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-tick
	jq -e '.woken == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	jq -se '.[0].snoozed_until == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

merge__keeps_the_index_whole_body() {
	desk
	for _ in 1 2 3 4 5 6 7 8 9; do
		ok tkt-new -s 'merge me' -m 'some words here'
	done
	ok tkt-tick
	jq -e '.merged > 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list merge words -o ids
	[ "$(wc -l <out)" -eq 9 ] || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

follow__ends_on_term_body() {
	desk
	tkt-tick --follow >out 2>err &
	pid=$!
	sleep 0.3
	kill -TERM $pid
	wait $pid || atf_fail "$(cat err)"
}

cases cmd/tkt-tick_test.sh
