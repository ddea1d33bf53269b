# tkt-take: one ticket, one agent.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-take 3 --as alice
	no_desk tkt-take 3
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-take 3 --as alice >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'who takes it? say --as AGENT' tkt-take 3
}

take__the_second_is_told_body() {
	desk --sample
	ok tkt-take 3 --as alice
	records
	jq -e '.assignee == "alice"' out >/dev/null || atf_fail "$(cat out)"
	fails 1 'ticket 3: alice has it' tkt-take 3 --as bob
	ok tkt-take 3 --as alice -o human
	is 'ticket 3: alice has it already'
	fails 66 'no ticket 99' tkt-take 99 --as bob
	fails 77 'no access to queue "hardware"' tkt-take 2 --as bob
}

take__of_many_at_once_one_wins_body() {
	desk --sample
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ok tkt-new -q inbox -s "number $i" -m x -o ids
		id=$(cat out)
		tkt-take "$id" --as alice >alice 2>&1 &
		a=$!
		tkt-take "$id" --as carol >carol 2>&1 &
		b=$!
		wait $a
		ra=$?
		wait $b
		rb=$?
		case $ra$rb in
		01) grep -q "ticket $id: alice has it" carol || atf_fail "$(cat carol)" ;;
		10) grep -q "ticket $id: carol has it" alice || atf_fail "$(cat alice)" ;;
		*) atf_fail "alice $ra, carol $rb: $(cat alice carol)" ;;
		esac
	done
	ok tkt-fsck --all
}

take__from_a_pipe_body() {
	desk --sample
	ok tkt-new -q inbox -s free -m x
	tkt-list is:unassigned | tkt-take --as carol -o ids >out 2>err || atf_fail "$(cat err)"
	ok tkt-list is:unassigned -o ids
	is ''
}

cases cmd/tkt-take_test.sh
