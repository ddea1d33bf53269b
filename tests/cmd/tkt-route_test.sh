# tkt-route: routes and assignment, again and explained.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-route 1
	no_desk tkt-route 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 66 'no ticket 99' tkt-route 99
}

route__applies_again_body() {
	desk --sample
	ok tkt-set 1 queue=inbox assignee=none tag-=money
	ok tkt-route -N 1
	jq -e '.queue == "billing"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list queue:billing -o ids
	is ''
	ok tkt-route 1
	records
	jq -e '.queue == "billing" and .tags == ["money"] and .assignee != null' out >/dev/null || atf_fail "$(cat out)"
	tkt-list | tkt-route -o ids >out || atf_fail pipe
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
}

explain__names_the_failing_term_body() {
	desk --sample
	ok tkt-route --explain -N 1
	records
	jq -se '(.[0] | del(.assign, .reply, .withheld, .note, .notify, .hook, .run)) == {"type":"rule","ticket":1,"rule":"billing","block":"route","matched":true,"failed":null,
		"set":"queue=billing tag+=money","applied":false} and
		.[1].failed == "subject:/printer|laptop|monitor/ or body:/paper jam/" and .[1].matched == false' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-route --explain -N 3 -o human
	has 'does not match: subject:/invoice|refund|payment/'
}

assign__least_busy_and_round_robin_body() {
	desk --sample
	for i in 1 2 3 4; do
		ok tkt-new -s x -m y -q billing -o ids
	done
	# Fewest open first, over all queues: alice and bob have one each to begin with.
	ok tkt-list queue:billing assignee:alice --counts -o tsv
	is 'tickets	3'
	for i in 1 2 3 4 5; do
		ok tkt-new -s x -m y -q hardware -o ids
	done
	ok tkt-list queue:hardware --sort -id
	jq -s 'map(.assignee) | join(" ")' out >turns
	case $(cat turns) in
	'"bob carol bob carol bob carol"') ;;
	*) atf_fail "not in turn: $(cat turns)" ;;
	esac
}

assign__stops_at_capacity_body() {
	desk --sample
	sed -i 's/capacity = 20/capacity = 1/' desk/tkt.conf
	ok tkt-config apply
	ok tkt-new -s x -m y -q billing
	ok tkt-new -s x -m y -q billing -o ids
	ok tkt-show 5
	jq -se '.[0].assignee == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-route --explain -N 5 -o human
	has 'assigned to nobody: every member is at capacity'
}

cases cmd/tkt-route_test.sh
