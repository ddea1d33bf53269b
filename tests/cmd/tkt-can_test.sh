# tkt-can: yes or no, and which line says so.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-can bob
	no_desk tkt-can bob
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-can bob >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say who' tkt-can
	fails 66 '"bobb": no such agent (did you mean "bob"?)' tkt-can bobb
	fails 66 'nobody has the address' tkt-can x@y.org
	fails 64 '"ticket.raed": no such right (did you mean "ticket.read"?)' tkt-can bob ticket.raed
	fails 66 'no ticket 99' tkt-can bob ticket.read 99
	fails 77 'may not desk.config' tkt-can bob --as carol
}

agent__by_role_and_queues_body() {
	desk --sample
	ok tkt-can bob
	records
	jq -se 'map(select(.allowed) | .right) == ["ticket.read","ticket.create","ticket.change","ticket.reply","ticket.note","customer.read"]' \
		out >/dev/null || atf_fail "$(cat out)"
	ok tkt-can bob ticket.reply 1
	jq -e '.by == "role cashier: allow \"ticket.*\", queues billing, inbox"' out >/dev/null || atf_fail "$(cat out)"
	tkt-can bob ticket.reply 2 -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	has 'role cashier sees queues billing, inbox, not hardware'
	tkt-can carol desk.config >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	ok tkt-can alice desk.config
	# What it says is what happens.
	fails 77 'no access to queue' tkt-reply 2 -m x --as bob
	ok tkt-can bob --list phase:open -o ids --quiet
	is '3
1'
	ok tkt-list phase:open --as bob -o ids
	is '3
1'
}

customer__their_own_and_where_they_take_part_body() {
	desk --sample
	ok tkt-set 2 cc+=ann@example.com
	ok tkt-can ann@example.com ticket.read 1
	ok tkt-can ann@example.com ticket.read 2
	jq -e '.by == "a participant"' out >/dev/null || atf_fail "$(cat out)"
	tkt-can 1 ticket.read 3 >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	tkt-can ann@example.com ticket.note >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	ok tkt-can ann@example.com --list -o ids
	is '2
1'
}

cases cmd/tkt-can_test.sh
