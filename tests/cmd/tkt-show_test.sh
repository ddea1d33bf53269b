# tkt-show: threads, history, raw mail, attachments.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-show 1
	no_desk tkt-show 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-show 1 >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 66 'no ticket 99' tkt-show 99
	fails 64 '"x" is not a ticket number' tkt-show x
	fails 64 '"0" is not a ticket number' tkt-show 0
	fails 64 'is not a ticket number' tkt-show 99999999999999999999
	script -qec 'timeout 10 tkt-show' /dev/null </dev/null >out 2>&1
	[ $? -eq 64 ] || atf_fail "waits in silence: $(cat out)"
}

records__of_ticket_and_thread_body() {
	desk --sample
	ok tkt-reply 1 --note -m 'looks right' --as alice
	ok tkt-reply 1 -m 'Done.' --as alice --quiet
	tkt-show 1 2 >out || atf_fail show
	records
	jq -se 'map(.type) == ["ticket","message","message","message","ticket","message"] and
		.[2].kind == "note" and .[3].direction == "out" and .[3].author.name == "Alice Ahrens"' out >/dev/null ||
		atf_fail "$(cat out)"
}

pipe__takes_records_body() {
	desk --sample
	tkt-list queue:billing | tkt-show -o human >out || atf_fail show
	has 'Refund for invoice'
	echo '{"type":"message","id":7,"ticket":2}' | tkt-show -o ids >out || atf_fail show
	is 2
	echo '{"type":"ticket"}' | tkt-show >out 2>err
	[ $? -eq 65 ] || atf_fail "no id: $(cat err)"
	grep -q 'line 1: the record names no ticket' err || atf_fail "$(cat err)"
}

page__for_a_person_body() {
	desk --sample
	ok tkt-set 1 tag+=vip --as alice
	ok tkt-show 1 -o human
	has '#1  Refund for invoice AC-20391'
	has 'new · high · question · billing · alice'
	has 'Ann Lee'
	has 'money vip'
	has '  I was charged twice'
	TZ='' ok tkt-show 1 -o human
	has 'created 2026-11-22 11:00'
}

at__shows_the_past_body() {
	desk --sample
	export TKT_NOW=2026-11-22T11:00:00Z
	ok tkt-set 1 status=pending priority=urgent tag+=late field.cause=user
	export TKT_NOW=2026-11-22T12:00:00Z
	ok tkt-reply 1 -m 'solved' --status solved --as alice --quiet
	ok tkt-show 1 --at 2026-11-22T10:30:00Z
	jq -se '.[0].status == "new" and .[0].priority == "normal" and .[0].tags == ["money"] and length == 2' out \
		>/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1 --at 2026-11-22T11:00:00Z
	jq -se '.[0].status == "pending" and .[0].tags == ["late","money"] and .[0].fields.cause == "user" and length == 2' \
		out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1 --at 2026-11-23
	jq -se '.[0].status == "solved" and length == 3' out >/dev/null || atf_fail "$(cat out)"
	fails 66 'no ticket 1 at that time' tkt-show 1 --at 2026-11-21
	fails 64 'is no time' tkt-show 1 --at yesterday
}

raw__is_byte_for_byte_body() {
	desk --sample
	printf 'From: a@b.org\nTo: support@acme.example\nSubject: raw\nX: \377\000\n\nbody \001\n' >mail
	mail-ingest <mail >/dev/null || atf_fail ingest
	ok tkt-show --raw 4
	cmp out mail || atf_fail "not the same"
	ok tkt-show --raw 4 copy
	cmp copy mail || atf_fail "not the same file"
	fails 66 'has no raw mail' tkt-show --raw 1
	fails 66 'has no such attachment' tkt-show --attachment 1 1
	fails 64 'say one ticket' tkt-show --raw 1 2 3
}

roles__see_nothing_elsewhere_body() {
	desk --sample
	fails 66 'no ticket 2' tkt-show 2 --as bob
	fails 66 'no ticket 2' tkt-show --raw 2 --as bob
}

cases cmd/tkt-show_test.sh
