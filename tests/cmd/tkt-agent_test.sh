# tkt-agent: presence, load, and what it means for assignment.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-agent list
	no_desk tkt-agent
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'no such word (did you mean "status"?)' tkt-agent statsu
	fails 64 'status what? online, away or offline (did you mean "away"?)' tkt-agent status awy
	fails 64 'whose status?' tkt-agent status away
	fails 64 '--until "2026-11-21" has passed' tkt-agent status away bob --until 2026-11-21
	fails 64 '--until "soon" is no time' tkt-agent status away bob --until soon
	fails 64 'are for absences' tkt-agent status online bob --release
	fails 66 'no such agent (did you mean "carol"?)' tkt-agent status away carlo
	fails 77 'may not desk.config' tkt-agent status away bob --as carol
	tkt-agent -o human >/dev/full 2>err
	status=$?
	[ $status -eq 74 ] || atf_fail "/dev/full: $status"
}

list__load_and_presence_body() {
	desk --sample
	ok tkt-agent
	records
	jq -se 'map(.name) == ["alice", "bob", "carol"] and .[0].open == 1 and .[0].capacity == 20 and .[2].capacity == null and all(.status == "online" and .since == null) and .[1].queues == ["inbox", "billing", "hardware"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-agent status away --until +30m --as carol
	records
	jq -e '.status == "away" and .until == "2026-11-22T10:30:00Z"' out >/dev/null || atf_fail "$(cat out)"
	export TKT_NOW=2026-11-22T10:30:00Z
	ok tkt-agent list carol
	jq -e '.status == "online" and .until == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-agent -o human
	has 'Carol Chen'
	ok tkt-agent status offline bob -N
	ok tkt-agent list bob
	jq -e '.status == "online"' out >/dev/null || atf_fail "a dry run did it"
}

# hw N: a new ticket for the queue hardware; prints who has it.
hw() { tkt-new -s "printer $1" -r "p$1@example.org" -m x --quiet | jq -r '.assignee'; }

assignment__passes_over_who_is_away_body() {
	desk --sample
	ok tkt-agent status offline carol
	[ "$(hw 1) $(hw 2)" = 'bob bob' ] || atf_fail "carol is offline"
	ok tkt-agent status away bob
	[ "$(hw 3)" = null ] || atf_fail "nobody is there"
	ok tkt-route 6 --explain -N -o human
	has 'carol, 0 open: away'
	has 'assigned to nobody: every member is away, lacks a skill or is at capacity'
	# Who comes back gets what waits: the most urgent first.
	[ "$(hw 4)" = null ] || atf_fail "nobody is there"
	ok tkt-set 7 priority=urgent
	sed -i '/^agent carol {/,/^}/s/^}/\tcapacity = 1\n}/' desk/tkt.conf
	ok tkt-config apply
	tkt-agent status online carol >out 2>err
	grep -q 'carol: 0 tickets released, 1 assigned' err || atf_fail "$(cat err)"
	ok tkt-list assignee:carol -o ids
	is 7
	# And the next one when that is done.
	ok tkt-set 7 status=solved --as carol
	ok tkt-list assignee:carol phase:open -o ids
	is 6
	ok tkt-fsck --all
}

release__gives_tickets_to_others_body() {
	desk --sample
	ok tkt-new -s 'printer' -r p@example.org -m x --quiet
	tkt-agent status offline --release bob >out 2>err
	grep -q 'bob: [1-9][0-9]* tickets released, [1-9][0-9]* assigned' err || atf_fail "$(cat err)"
	ok tkt-list assignee:bob phase:open -o ids
	is ''
	ok tkt-list 'queue:hardware assignee:carol' -o ids
	[ -s out ] || atf_fail "carol got nothing"
}

skills__of_queue_and_ticket_body() {
	desk --sample
	sed -i 's/^field floor/field skills { type = text }\n&/; s/^agent bob {/&\n\tskills = {german, network}/; s/^route urgent/route deutsch { when = "subject:drucker" set = "queue=hardware field.skills=\\"german network\\"" }\n&/' desk/tkt.conf
	ok tkt-config apply
	for i in 1 2 3; do
		[ "$(tkt-new -s "Drucker $i" -r "d$i@example.org" -m x --quiet | jq -r .assignee)" = bob ] || atf_fail "not bob"
	done
	ok tkt-route 4 --explain -N
	sed -i '/^queue hardware {/a\	skills = {juggling}' desk/tkt.conf
	ok tkt-config apply
	[ "$(hw 9)" = null ] || atf_fail "nobody juggles"
	ok tkt-route 7 --explain -N -o human
	has 'bob, 4 open: lacks the skill juggling'
}

sticky__goes_to_who_served_them_last_body() {
	desk --sample
	sed -i 's/assign = round-robin/assign = sticky/' desk/tkt.conf
	ok tkt-config apply
	ok tkt-set 2 assignee=carol
	for i in 1 2 3; do
		[ "$(tkt-new -s "printer $i" -r bea@example.org -m x --quiet | jq -r .assignee)" = carol ] || atf_fail "not carol"
	done
	# Somebody new: as least-busy.
	[ "$(hw 1)" = bob ] || atf_fail "not bob"
	ok tkt-route 7 --explain -N
}

absent__is_a_term_and_a_rule_body() {
	desk --sample
	cat >>desk/tkt.conf <<'X'
rule vacation { on = time when = "absent<-1d phase:open" set = "assignee=none" assign = least-busy }
X
	ok tkt-config apply
	ok tkt-set 2 assignee=bob
	ok tkt-agent status offline bob
	ok tkt-list 'absent<-1h' -o ids
	is ''
	export TKT_NOW=2026-11-23T11:00:00Z
	ok tkt-list 'absent<-1d' -o ids
	is 2
	ok tkt-tick
	jq -e '.fired == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 2
	jq -se '.[0].assignee == "carol"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-tick
	jq -e '.fired == 0' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/tkt-agent_test.sh
