# cust-erase: what was said goes, what happened stays provable.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks cust-erase -N 1
	no_desk cust-erase 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say who, one person' cust-erase
	fails 64 'say who, one person' cust-erase 1 2
	fails 66 'no customer 99' cust-erase 99
	fails 66 'nobody has the address' cust-erase x@y.org
	fails 77 'may not customer.erase' cust-erase 1 --as carol
	cust-erase -N 1 >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

person() {
	desk --sample
	cat >>desk/tkt.conf <<'X'
field who { type = text }
X
	ok tkt-config apply
	echo 'the attachment of quokka' >quokka.txt
	printf 'From: Ann Lee <ann@example.com>\nTo: support@acme.example\nCc: bea@example.org\nSubject: quokka one\nMessage-ID: <q1@x>\n\nquokka text\n\nOn Monday Bea wrote:\n> quokka quoted\n' |
		mail-ingest >out || atf_fail "$(cat out)"
	own=$(jq .ticket out)
	ok tkt-reply "$own" -m 'dear quokka' -a quokka.txt --quiet
	ok tkt-reply "$own" --note -m 'quokka note' --draft --as alice --quiet
	ok tkt-set "$own" field.who=quokka external_id=quokka-1 subject='quokka two'
	ok cust-set 1 name=Quokka notes='a quokka' field.pet=quokka address+=ann@quokka.org
	to=$(tkt-show 2 | head -n 1 | jq -r .reply_to)
	printf 'From: Ann Lee <ann@quokka.org>\nTo: %s\nSubject: x\nMessage-ID: <q2@x>\n\nquokka elsewhere\n' "$to" |
		mail-ingest >out || atf_fail "$(cat out)"
	[ "$(jq .ticket out)" -eq 2 ] || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

erase__leaves_nothing_and_proves_itself_body() {
	person
	before=$(sqlite3 desk/store.db .dump | grep -ic quokka)
	[ "$before" -gt 5 ] || atf_fail "the test is wrong: $before"
	ok cust-erase -N ann@example.com
	records
	jq -e '.done == false and .tickets == 2 and .messages >= 4 and .attachments == 1' out >/dev/null || atf_fail "$(cat out)"
	[ "$(sqlite3 desk/store.db .dump | grep -ic quokka)" -eq "$before" ] || atf_fail "the dry run wrote"
	ok cust-erase ann@example.com
	records
	jq -e '.done and .receipt != null' out >/dev/null || atf_fail "$(cat out)"
	# The index's own segments are blobs of bytes to .dump: --reindex is what cleans them.
	ok tkt-fsck --all --reindex --gc --quiet
	ok tkt-fsck --all
	sqlite3 desk/store.db .dump | grep -iE 'quokka|ann@example|Ann Lee' | cut -c1-300 >left
	[ ! -s left ] || atf_fail "left: $(cat left)"
	strings -n 4 desk/store.db | grep -i quokka >left && atf_fail "in the file: $(head -n 3 left)"
	ok tkt-list quokka -o ids
	is ''
	fails 66 'nobody has the address' cust-show ann@example.com
	fails 65 'was erased already' cust-erase 1
	fails 65 'was erased' cust-set 1 name=x
	# Counts and instants stay; so do other people's words.
	ok tkt-list customer:1 --count
	jq -e '.count == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 2
	jq -se 'map(select(.type == "message")) | length == 2 and (.[0].body | test("paper jam")) and .[1].body == "" and
		.[1].flags == ["erased"]' out >/dev/null || atf_fail "$(cat out)"
	# Writing again is a new person.
	printf 'From: Ann Lee <ann@example.com>\nTo: support@acme.example\nSubject: back\nMessage-ID: <q3@x>\n\nhello\n' | mail-ingest >out
	ok cust-show ann@example.com
	jq -e '.id > 3' out >/dev/null || atf_fail "$(cat out)"
	# The same old mail is not filed again.
	printf 'From: Ann Lee <ann@example.com>\nTo: support@acme.example\nCc: bea@example.org\nSubject: quokka one\nMessage-ID: <q1@x>\n\nquokka text\n\nOn Monday Bea wrote:\n> quokka quoted\n' |
		mail-ingest >out || atf_fail "$(cat out)"
	jq -e '.outcome == "duplicate"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

erased__bytes_go_when_nobody_names_them_body() {
	person
	find desk/blobs -type f -exec touch -d '2 days ago' {} +
	n=$(find desk/blobs -type f | wc -l)
	ok cust-erase 1
	jq -e '.blobs == 3' out >/dev/null || atf_fail "$n: $(cat out)"
	[ "$(find desk/blobs -type f | wc -l)" -eq $((n - 3)) ] || atf_fail "$(find desk/blobs -type f)"
}

forged__erasure_is_found_body() {
	person
	ok cust-erase 1
	ok tkt-fsck --all
	cp -a desk copy
	sqlite3 copy/store.db "UPDATE message SET body = 'planted' WHERE flags = 16 AND ticket = $own"
	tkt-fsck -D copy --all -o human >out 2>err
	has 'was erased and has content again'
	sqlite3 copy/store.db "UPDATE message SET body = '' WHERE flags = 16; UPDATE event SET changes = NULL WHERE action = 'customer.created' AND customer = 2"
	tkt-fsck -D copy --all -o human >out 2>err
	has 'its changes were removed, and no erasure says so'
}

merged__people_are_erased_together_body() {
	person
	ok cust-merge --quiet bea@example.org ann@example.com
	ok cust-erase ann@example.com
	ok tkt-fsck --all
	fails 66 'nobody has the address' cust-show bea@example.org
	ok tkt-show 2
	jq -se 'map(select(.type == "message") | .body) | unique == [""]' out >/dev/null || atf_fail "$(cat out)"
}

others__mail_that_names_them_stays_and_is_proven_body() {
	desk --sample
	printf 'From: bob@x.org\nTo: support@acme.example\nCc: ann@example.com\nSubject: hi\nMessage-ID: <1@x>\n\nfrom bob\n' |
		mail-ingest >out || atf_fail "ingest"
	bobs=$(jq .ticket out)
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: mine\nMessage-ID: <2@x>\n\nfrom ann\n' |
		mail-ingest >out || atf_fail "ingest"
	ok cust-erase ann@example.com
	ok tkt-fsck --all
	ok tkt-show "$bobs"
	has 'from bob'
	lacks ann@example.com
	# The message that stayed is still proven, although its event says nothing any more.
	sqlite3 desk/store.db "UPDATE message SET body = 'forged' WHERE ticket = $bobs"
	tkt-fsck --all >out 2>err && atf_fail "a forged message passed"
	has 'its content is not what event'
}

moved__messages_go_from_wherever_they_are_body() {
	desk --sample
	ok tkt-new -s hers -r ann@example.com -m 'first of ann' -o ids
	hers=$(cat out)
	ok tkt-reply "$hers" -m 'to ann' --as alice --quiet
	ok tkt-new -s his -r bob@example.com -m 'first of bob' -o ids
	his=$(cat out)
	# Her thread is in his ticket now; and a part of his in one of her own.
	ok tkt-merge "$hers" "$his" --quiet
	ok cust-erase ann@example.com
	ok tkt-fsck --all
	tkt-export >all || atf_fail export
	grep -q 'first of ann\|to ann\|ann@example' all && atf_fail "$(grep 'of ann\|to ann\|ann@example' all)"
	ok tkt-show "$his"
	has 'first of bob'
}

cases cmd/cust-erase_test.sh
