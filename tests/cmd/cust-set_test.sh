# cust-set: what changes people.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks cust-set 1 name=x
	no_desk cust-set 1 name=x
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	cust-set 1 name=x >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say what to change' cust-set 1
	fails 64 '"nme" cannot be set (did you mean "name"?)' cust-set 1 nme=x
	fails 64 'address holds many values' cust-set 1 address=x@y.org
	fails 64 'name holds one value' cust-set 1 name+=x
	fails 64 'is not in the tz database' cust-set 1 timezone=Mars
	fails 64 'is no language tag' cust-set 1 'language=a b'
	fails 64 '"domain" cannot be set' cust-set 1 domain+=x.org
	fails 64 'field "A B"' cust-set 1 'field.A B=x'
	fails 64 'organization "x": no such organization (cust-set --create "org:x" makes it)' cust-set 1 organization=x
	fails 66 'no customer 99' cust-set 99 name=x
	fails 77 'may not customer.change' cust-set 1 name=x --as carol
}

customer__every_kind_of_change_body() {
	desk --sample
	ok cust-set --create org:acme
	ok cust-set 1 'name=Ann L. Lee' address+=ann@private.org address+=phone:+49123 language=de timezone=Europe/Berlin \
		notes='prefers mail' external_id=C-1 organization=acme field.contract=gold --as alice
	records
	jq -e '.name == "Ann L. Lee" and (.addresses | map(.value)) == ["ann@example.com","ann@private.org","+49123"] and
		.organization == "acme" and .fields == {"contract":"gold"} and .external_id == "C-1"' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-log --action customer.changed
	jq -e '.actor == "agent:alice" and .customer == 1 and .changes["field.contract"] == [null,"gold"]' out >/dev/null ||
		atf_fail "$(cat out)"
	# Mail from the second address is hers.
	printf 'From: ann@private.org\nTo: support@acme.example\nSubject: hello\n\nx\n' | mail-ingest >out || atf_fail "$(cat out)"
	ok tkt-list customer:1 -o ids
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
	before=$(tkt-log -o ids | wc -l)
	ok cust-set 1 language=de
	[ "$(tkt-log -o ids | wc -l)" -eq "$before" ] || atf_fail "an event for nothing"
	ok cust-set 1 address-=ann@private.org field.contract= organization=none -o human
	has 'organization 1 → null'
	ok tkt-undo "$(tkt-log --action customer.changed -o ids | tail -n 1)"
	ok cust-show 1
	jq -e '.organization == "acme" and .fields.contract == "gold" and (.addresses | length) == 3' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-fsck --all
}

address__of_somebody_else_is_refused_body() {
	desk --sample
	fails 65 'bea@example.org is an address of customer 2 (cust-merge joins people)' cust-set 1 address+=bea@example.org
	fails 65 'it has no address x@y.org' cust-set 1 address-=x@y.org
	ok cust-set 2 external_id=X
	fails 65 'customer 2 has this external_id already' cust-set 1 external_id=X
	# All or nothing.
	fails 65 'customer 2 has this external_id already' cust-set 3 1 external_id=X
	ok cust-show 3
	jq -e '.external_id == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

organization__domains_let_new_customers_join_body() {
	desk --sample
	ok cust-set --create org:acme domain+=@Acme.ORG field.tier=1 notes=n
	records
	jq -e '.domains == ["acme.org"]' out >/dev/null || atf_fail "$(cat out)"
	fails 64 'is no domain' cust-set org:acme domain+=x
	ok cust-set --create org:other
	fails 65 'acme.org is a domain of another organization' cust-set org:other domain+=acme.org
	fails 65 'there is an organization "other" already' cust-set org:acme name=other
	printf 'From: Bo <bo@acme.org>\nTo: support@acme.example\nSubject: hello\n\nx\n' | mail-ingest >out
	ok cust-show bo@acme.org
	jq -e '.organization == "acme"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list organization:acme -o ids
	is 4
	ok cust-set org:acme name=acme-inc domain-=acme.org
	ok tkt-undo "$(tkt-log --action organization.changed -o ids | tail -n 1)"
	ok cust-show org:acme
	jq -e '.domains == ["acme.org"] and .customers == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

create__and_pipes_body() {
	desk --sample
	ok cust-set --create new@x.org name=New -o ids
	is 4
	ok cust-set --create new@x.org name=Newer
	jq -e '.id == 4 and .name == "Newer"' out >/dev/null || atf_fail "$(cat out)"
	fails 66 'no customer 77' cust-set --create 77 name=x
	cust-show 1 2 | cust-set field.seen=yes -N -o human >out 2>err || atf_fail "$(cat err)"
	has '(not done)'
	tkt-list id:1,3 | cust-set field.seen=yes >out 2>err || atf_fail "$(cat err)"
	jq -se 'map(.fields.seen) == ["yes","yes"]' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/cust-set_test.sh
