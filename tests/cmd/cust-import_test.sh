# cust-import: from other systems, again and again.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks cust-import </dev/null
	echo '{"external_id":"1","name":"x"}' >one
	no_desk cust-import ../one
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	cust-import one >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 66 'nosuch' cust-import nosuch
	fails 64 'one file at a time' cust-import one two
	fails 64 '--map is for --csv' cust-import --map name=x one
	fails 77 'may not customer.change' cust-import one --as carol
}

csv__with_every_kind_of_cell_body() {
	desk --sample
	printf '\357\273\277ID;Full Name;E-Mail;Company;Contract Level;Ignored\r\n17;"Lee; Ann ""A.""";ann@example.com;Acme;gold;\r\n\r\n18;"Zo\303\253\nNext";zoe@b.org;Acme;;x\r\n' >people.csv
	ok cust-import --csv people.csv
	records
	jq -se '.[0].id == 1 and .[0].name == "Lee; Ann \"A.\"" and .[0].fields == {"contract_level":"gold"} and
		.[0].organization == "Acme" and .[1].name == "Zoë Next" and .[1].fields == {"ignored":"x"}' out >/dev/null ||
		atf_fail "$(cat out)"
	before=$(tkt-log -o ids | wc -l)
	ok cust-import --csv people.csv -o human
	is '0 new, 0 changed, 2 as before'
	[ "$(tkt-log -o ids | wc -l)" -eq "$before" ] || atf_fail "events for nothing"
	printf 'ID,Tarif\n17,silver\n' | cust-import --csv --map field.contract_level=Tarif -o human >out 2>err || atf_fail "$(cat err)"
	is '0 new, 1 changed, 0 as before'
	fails 64 '--map naem=Tarif: no such key (did you mean "name"?)' cust-import --csv --map naem=Tarif people.csv
	fails 64 '--map name=Ful Name: no such column (did you mean "Full Name"?)' cust-import --csv --map 'name=Ful Name' people.csv
	ok tkt-fsck --all
}

csv__broken_rows_cost_only_themselves_body() {
	desk --sample
	cat >bad.csv <<'X'
external_id,name,email
1,Good,one@x.org
2,Stray "quote,two@x.org
3,"Two
lines",three@x.org
4,too,many,cells,here
5,Taken,bea@example.org
6,"never closed,six@x.org
7,Last,seven@x.org
X
	cust-import --csv bad.csv >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat err)"
	records
	cat err
	jq -se 'map(select(.type == "error") | .line) == [3,6,8]' out >/dev/null || atf_fail "$(cat out)"
	jq -se 'map(select(.type == "customer") | .external_id) == ["1","3","5","7"]' out >/dev/null || atf_fail "$(cat out)"
	grep -q '^cust-import: 3 lines could not be used$' err || atf_fail "$(cat err)"
	: >empty
	fails 65 'no row that names the columns' cust-import --csv empty
	ok tkt-fsck --all
}

csv__with_nuls_is_read_to_its_end_body() {
	desk --sample
	printf 'email,na\0me\na@b.org,x\0y\nc@d.org,z\n' >nul.csv
	cust-import --csv nul.csv -o human >out 2>err || atf_fail "$(cat out err)"
	is '2 new, 0 changed, 0 as before'
}

records__of_people_and_organizations_body() {
	desk --sample
	cat >in <<'X'
{"type":"organization","external_id":"o1","name":"Acme","domains":["acme.org"],"fields":{"seats":20,"vip":true}}
{"external_id":"c1","name":"Bo","address":"bo@acme.org","organization":"Acme"}
{"external_id":"c2","addresses":[{"kind":"email","value":"cy@acme.org"},"phone:+491"],"fields":{"contract":"gold"}}
not json
{"name":"nobody"}
{"external_id":"c3","name":7}
{"type":"ticket","id":1}
{"external_id":"c2","address":"bo@acme.org"}
{"external_id":"c1","name":"","notes":null,"language":"de"}
X
	cust-import <in >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat err)"
	records
	jq -se 'map(select(.type == "error") | .line) == [4,5,7,8]' out >/dev/null || atf_fail "$(cat out)"
	# An address that somebody has is never moved, and nobody is merged.
	grep -q 'bo@acme.org is an address of customer' err || atf_fail "$(cat err)"
	ok cust-show bo@acme.org
	jq -e '.name == "" and .language == "de" and .organization == "Acme"' out >/dev/null || atf_fail "$(cat out)"
	ok cust-show org:Acme
	jq -e '.fields == {"seats":"20","vip":"true"} and .customers == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

dry_run__imports_nothing_body() {
	desk --sample
	echo '{"external_id":"c1","address":"bo@acme.org","organization":"New"}' >in
	ok cust-import -N in -o human
	is '1 new, 0 changed, 0 as before (not done)'
	fails 66 'nobody has the address' cust-show bo@acme.org
	fails 66 'no organization' cust-show org:New
}

cases cmd/cust-import_test.sh
