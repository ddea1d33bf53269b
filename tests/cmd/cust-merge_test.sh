# cust-merge: one person, and two again.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks cust-merge 2 1 --quiet
	no_desk cust-merge 2 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say who is whom' cust-merge 1
	fails 66 'no customer 99' cust-merge 99 1
	fails 66 'no customer 99' cust-merge 1 99 --quiet
	fails 65 'is not merged into itself' cust-merge 1 1 --quiet
	cust-merge --quiet 2 1 >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 77 'may not customer.change' cust-merge 3 1 --quiet --as carol
}

merge__addresses_tickets_fields_and_back_body() {
	desk --sample
	ok cust-set 2 field.a=2 field.b=2 language=de
	ok cust-set 1 field.a=1
	ok tkt-new -s more -r bea@example.org -m x
	cust-show 1 2 >before
	tkt-list --sort id | jq -c '[.id, .requester]' >tickets
	cust-merge bea@example.org ann@example.com >out 2>err || atf_fail "$(cat err)"
	grep -q 'nobody proved that bea@example.org is theirs' err || atf_fail "$(cat err)"
	records
	jq -e '.id == 1 and (.addresses | map(.value)) == ["ann@example.com","bea@example.org"] and
		.fields == {"a":"1","b":"2"} and .language == "de"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list requester:bea@example.org -o ids --sort id
	is '4
2
1'
	ok cust-show 2 -o ids
	is 1
	fails 65 'is not merged into itself' cust-merge 2 1 --quiet
	# New mail from the old address is hers, too.
	printf 'From: bea@example.org\nTo: support@acme.example\nSubject: hello\n\nx\n' | mail-ingest >out
	ok tkt-list customer:1 --count
	jq -e '.count == 4' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
	ok tkt-undo "$(tkt-log --action customer.merged -o ids)" -o ids
	cust-show 1 2 >after
	diff before after >differ || atf_fail "$(cat differ)"
	tkt-list --sort id 'id:1..4' | jq -c '[.id, .requester]' >tickets.after
	diff tickets tickets.after >differ || atf_fail "$(cat differ)"
	ok tkt-fsck --all
}

undo__is_refused_when_the_ticket_went_on_body() {
	desk --sample
	ok cust-merge --quiet 2 1
	ok tkt-set 2 requester=chidi@example.net
	fails 1 'ticket 2: requester was changed since' tkt-undo "$(tkt-log --action customer.merged -o ids)"
	ok tkt-fsck --all
}

dry_run__merges_nobody_body() {
	desk --sample
	ok cust-merge --quiet -N 2 3 1 -o human
	has 'merged into customer 1, with 2 tickets'
	has '(not done)'
	ok cust-show 2 -o ids
	is 2
}

cases cmd/cust-merge_test.sh
