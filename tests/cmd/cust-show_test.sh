# cust-show: people, and what matters beside a ticket.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks cust-show 1
	no_desk cust-show 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	cust-show 1 >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 66 'no customer 99' cust-show 99
	fails 66 'nobody has the address x@y.org' cust-show x@y.org
	fails 66 'no organization "x"' cust-show org:x
	fails 64 'is no customer: say a number' cust-show x
	fails 66 'no ticket 99' cust-show --ticket 99
	fails 66 'no ticket 2' cust-show --ticket 2 --as bob
	fails 64 'one of them' cust-show --search x 1
}

show__by_number_address_ticket_search_record_body() {
	desk --sample
	for how in 1 '#1' ann@example.com 'Ann <ANN@example.com>'; do
		ok cust-show "$how"
		records
		jq -e '.id == 1 and .name == "Ann Lee"' out >/dev/null || atf_fail "$how: $(cat out)"
	done
	ok cust-show --ticket 1 -o ids
	is 1
	ok cust-show --search LEE -o ids
	is 1
	ok cust-show --search 'example' -n 2 -o ids
	is '1
2'
	ok cust-show --search '%' -o ids
	is ''
	tkt-list id:1 | cust-show -o ids >out || atf_fail "$?"
	is 1
	echo '{"type":"event","id":0}' | cust-show >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat err)"
	ok cust-show 1 2 -o tsv
	has 'ann@example.com (unproven)'
}

context__has_tickets_organization_figures_body() {
	desk --sample
	cat >>desk/tkt.conf <<'X'
field satisfaction { type = number }
X
	ok tkt-config apply
	ok cust-set --create org:acme field.contract=gold
	ok cust-set 1 organization=acme notes='prefers mail'
	ok tkt-new -s second -r ann@example.com -m x -o ids
	ok tkt-set 4 status=solved field.satisfaction=4 time+=15m
	ok tkt-set 1 field.satisfaction=1
	ok cust-show --context 1
	records
	jq -se 'map(.type) == ["customer","organization","context","ticket","ticket"] and
		.[1].fields.contract == "gold" and .[2].open == 1 and .[2].tickets == 2 and
		.[2].satisfaction == 2.5 and .[2].time_spent_s == 900 and .[3].id == 1 and .[4].id == 4' out >/dev/null ||
		atf_fail "$(cat out)"
	ok cust-show -x 1 -o human
	has 'satisfaction 2.5 in 2 ratings'
	has 'prefers mail'
	# What a role does not see is not in there.
	ok tkt-set 4 queue=hardware
	ok cust-show --context 1 --as bob
	jq -se 'map(select(.type == "ticket") | .id) == [1]' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/cust-show_test.sh
