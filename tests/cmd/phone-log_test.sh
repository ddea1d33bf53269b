# phone-log: call records of Asterisk, and of others with a header; voicemail by mail.
. "$TKT_SRC/tests/helpers.sh"
unset TKT_NOW

phone() {
	desk --sample
	printf 'phone { country = 49  queue = inbox  voicemail = {"pbx@acme.example"}  %s }\n' "${1-}" >>desk/tkt.conf
	ok tkt-config apply
	export TKT_DESK="$PWD/desk"
	day=$(date +%Y-%m-%d)
}
# row SRC DST HOW SECONDS ID [CLID]: as Asterisk's cdr_csv writes it.
row() { printf '"","%s","%s","in","%s","SIP/a","SIP/b","Dial","SIP/201","%s 00:00:01","%s","%s 00:00:%02d",%d,%d,"%s","DOCUMENTATION","%s",""\n' "$1" "$2" "${6-}" "$day" "" "$day" "$(($4 + 1))" "$4" "$([ "$3" = ANSWERED ] && echo "$4" || echo 0)" "$3" "$5"; }
did() { jq -r '[.did, (.ticket // "")] | @tsv' out | tr '\t\n' ': '; }
any_of() { jq -s -e "any(.[]; $1)" out >/dev/null || atf_fail "no record with $1: $(cut -c1-500 out)"; }

common__words_and_disk_body() {
	desk --sample
	common_checks phone-log
	no_desk phone-log /dev/null
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 66 nonesuch phone-log nonesuch
	ok phone-log /dev/null
	fails 77 'may not' phone-log --as carol /dev/null
}

calls__are_filed_where_they_belong_body() {
	phone
	printf '{"subject":"Printer","requester":"+49301234567","body":"It burns.","queue":"inbox","created_at":"%sT00:00:00Z"}\n' "$(date -d yesterday +%Y-%m-%d)" | tkt-new --json -o ids >out 2>err || atf_fail "$(cat err)"
	a=$(cat out)
	{
		row 0301234567 201 ANSWERED 50 1.1 '""Ann Lee"" <0301234567>'
		row 0309999999 201 'NO ANSWER' 20 1.2 '""Bob Low"" <0309999999>'
		row 0309999999 201 BUSY 5 1.3
		row 0308888888 201 ANSWERED 30 1.4
		row 201 202 ANSWERED 30 1.5
		row 201 0301234567 ANSWERED 58 1.6
		row anonymous 201 'NO ANSWER' 9 1.7
	} >Master.csv
	ok phone-log Master.csv --dry-run
	[ "$(did)" = "noted:$a missed:5 missed:5 nothing: internal: noted:$a missed:5 " ] || atf_fail "$(did)"
	[ -z "$(tkt-list -o ids channel:phone)" ] || atf_fail "filed"
	ok phone-log Master.csv
	records
	[ "$(did)" = "noted:$a missed:5 missed:5 nothing: internal: noted:$a missed:6 " ] || atf_fail "$(did)"
	ok phone-log Master.csv
	[ "$(did)" = "duplicate:$a duplicate:5 duplicate:5 duplicate: internal: duplicate:$a duplicate:6 " ] || atf_fail "$(did)"
	ok tkt-show "$a" -o json
	any_of '.kind == "note" and .body == "+49301234567 called 201: answered, 50 s."'
	any_of '.kind == "note" and .body == "201 called +49301234567: answered, 58 s."'
	ok tkt-show 5 -o json
	any_of '.type == "ticket" and .subject == "Missed call from +49309999999" and .requester.name == "Bob Low" and (.tags | index("missed-call")) and .channel == "phone"'
	any_of '.type == "message" and .body == "Missed call to 201, after 5 s."'
	# A ticket of tomorrow gets no call of today.
	ok tkt-new -s 'Later' -r '+49308888888' -m 'x' -q inbox -o ids
	ok phone-log Master.csv
	[ "$(tkt-show "$(tkt-list -o ids requester:+49308888888)" -o json | jq -s 'map(select(.kind == "note")) | length')" -eq 0 ] || atf_fail "a call of before"
	# Zones: the switch's clock is local.
	[ "$(sqlite3 desk/store.db "SELECT created_at / 1000 FROM message WHERE body LIKE 'Missed call to 201, after 20 s.'")" = "$(TZ=Europe/Berlin date -d "$day 00:00:01" +%s)" ] || atf_fail "not its time"
	ok tkt-fsck
}

rows__with_a_header_and_bad_ones_body() {
	phone 'missed = none'
	cat >calls.csv <<X
Start_Time;Caller;Callee;Duration;Talked;Result;Call_ID
${day}T00:00:10Z;+1 (555) 010-0100;201;40;0;no answer;x1
yesterday;0301234567;201;1;1;ANSWERED;x2
${day} 00:00:10;0301234567;;1;1;ANSWERED;x3
2019-01-01 00:00:10;0301234567;201;1;0;NO ANSWER;x4
${day} 00:00:10;0301234567;201;many;1;ANSWERED;x5
${day} 00:00:11;0301234567;201;7;7;ANSWERED;x6
X
	phone-log calls.csv >out 2>err
	[ $? -eq 65 ] || atf_fail "not 65: $(cat out err)"
	[ "$(jq -r .did out | tr '\n' ' ')" = 'nothing old nothing ' ] || atf_fail "$(cat out)"
	# Old ones when they are asked for.
	phone-log calls.csv --since 2018-01-01 2>err | jq -s -e 'any(.[]; .external_id == "x4" and .did != "old")' >/dev/null || atf_fail "$(cat err)"
	jq -s -e '.[0].from == "+15550100100" and .[0].to == "201"' out >/dev/null || atf_fail "$(cat out)"
	for w in 'line 3: start "yesterday" is no time' 'line 4: no dst' 'line 6: duration and billsec' '3 rows could not be filed'; do
		grep -qF "$w" err || atf_fail "no \"$w\": $(cat err)"
	done
}

voicemail__by_mail_is_the_callers_body() {
	phone
	# Asterisk's own words, with its headers and without; others'.
	mailed() { mail-ingest -o json 2>err || atf_fail "$(cat err)"; }
	part='MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

%s

--b
Content-Type: audio/x-wav; name="msg0000.wav"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="msg0000.wav"

UklGRiQAAABXQVZFZm10IBAAAAABAAEA

--b--
'
	{ printf 'From: "PBX" <pbx@acme.example>\nTo: support@acme.example\nSubject: [PBX]: New message 1 in mailbox 201\nMessage-ID: <v1@pbx>\nX-Asterisk-CallerID: 0301234567\nX-Asterisk-CallerIDName: Ann Lee\nPrecedence: bulk\nAuto-Submitted: auto-generated\n'; printf "$part" 'Just wanted to let you know you were just left a 0:12 long message.'; } | mailed >out
	any_of '.outcome == "created" and .class == "human"'
	{ printf 'From: "PBX" <pbx@acme.example>\nTo: support@acme.example\nSubject: [PBX]: New message 2 in mailbox 201\nMessage-ID: <v2@pbx>\n'; printf "$part" 'Just wanted to let you know you were just left a 0:12 long message (number 2) in mailbox 201 from "Bob Low" <+49 30 999-9999>, on Sunday.'; } | mailed >out
	{ printf 'From: <pbx@acme.example>\nTo: support@acme.example\nSubject: Nachricht von 030 555 666 7\nMessage-ID: <v3@pbx>\n'; printf "$part" 'x'; } | mailed >out
	{ printf 'From: <pbx@acme.example>\nTo: support@acme.example\nSubject: New voicemail\nMessage-ID: <v4@pbx>\n'; printf "$part" 'from an unknown caller'; } | mailed >out
	# Somebody else who writes so is a mail.
	{ printf 'From: <eve@example.net>\nTo: support@acme.example\nSubject: New voicemail from 0301234567\nMessage-ID: <v5@pbx>\nX-Asterisk-CallerID: 0301234567\n'; printf "$part" 'x'; } | mailed >out
	for t in 4 5 6 7 8; do tkt-show $t -o json | jq -r 'select(.type == "ticket") | [.channel, .subject, .requester.address, .requester.name] | @tsv'; done | tr '\t' '|' >got
	cat >want <<'X'
phone|Voicemail from +49301234567|+49301234567|Ann Lee
phone|Voicemail from +49309999999|+49309999999|Bob Low
phone|Voicemail from +49305556667|+49305556667|
phone|Voicemail from an anonymous caller|anonymous|Anonymous caller
email|New voicemail from 0301234567|eve@example.net|
X
	cmp -s got want || atf_fail "$(cat got)"
	ok tkt-show 4 -o json
	any_of '.type == "message" and .channel == "phone" and .attachments[0].name == "msg0000.wav"'
	# An aligned pass of the mail proves no telephone.
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM address WHERE kind = 'phone' AND proven_at IS NOT NULL")" -eq 0 ] || atf_fail "proven"
	# The same again is the same.
	{ printf 'From: <pbx@acme.example>\nTo: support@acme.example\nSubject: New voicemail\nMessage-ID: <v4@pbx>\n'; printf "$part" 'from an unknown caller'; } | mailed >out
	any_of '.outcome == "duplicate"'
	ok tkt-fsck
}

cases cmd/phone-log_test.sh
