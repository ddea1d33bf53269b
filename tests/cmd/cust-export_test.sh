# cust-export: everything about a person.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks cust-export 1 x.tar.zst
	no_desk cust-export 1 x.tar.zst
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say who, and where to' cust-export
	fails 66 'no customer 99' cust-export 99
	fails 64 'an archive is called' cust-export 1 x.zip
	fails 66 'nosuch' cust-export 1 nosuch/x.tar
	cust-export 1 >/dev/full 2>err
	[ $? -ne 0 ] || atf_fail "/dev/full"
}

export__has_what_is_theirs_and_no_more_body() {
	desk --sample
	echo attached >a.txt
	printf 'From: bea@example.org\nTo: support@acme.example\nCc: ann@example.com\nSubject: of bea\nMessage-ID: <b@x>\n\nbea speaks\n' |
		mail-ingest >out
	to=$(tkt-show 4 | head -n 1 | jq -r .reply_to)
	printf 'From: ann@example.com\nTo: %s\nSubject: x\nMessage-ID: <c@x>\n\nann speaks\n' "$to" | mail-ingest >out
	ok tkt-reply 1 -m 'to ann' -a a.txt --quiet
	ok tkt-set 1 phase=spam
	ok cust-export ann@example.com ann.tar.zst --quiet
	[ "$(stat -c %a ann.tar.zst)" = 600 ] || atf_fail "readable by others"
	tar --zstd -xf ann.tar.zst || atf_fail "tar"
	jq -se 'map(select(.type == "customer") | .id) == [1]' records.jsonl >/dev/null || atf_fail "people"
	jq -se 'map(select(.type == "ticket") | .id) == [1,4]' records.jsonl >/dev/null || atf_fail "$(cat records.jsonl)"
	jq -se 'map(select(.type == "message") | .body) | any(. == "ann speaks") and any(. == "to ann") and (any(. == "bea speaks") | not)' \
		records.jsonl >/dev/null || atf_fail "messages"
	jq -se 'map(select(.type == "event" and .ticket == 4)) == []' records.jsonl >/dev/null || atf_fail "events of others"
	jq -se '.[-1].type == "end"' records.jsonl >/dev/null || atf_fail "no end"
	grep -rq attached blobs || atf_fail "the attachment is missing"
	[ -z "$(ls -- *.tmp 2>/dev/null)" ] || atf_fail "left: $(ls)"
}

cases cmd/cust-export_test.sh
