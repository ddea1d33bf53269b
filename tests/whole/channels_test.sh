# What holds on every channel: one person is one customer by proof alone; routing, SLA, canned
# replies; notes never leave.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/bridges.sh"
unset TKT_NOW

# code_of ADDRESS: the code in the newest mail to it.
code_of() {
	mail-send >/dev/null 2>&1
	grep -l "^To:.*$1" sink/* | tail -n 1 >letters
	grep -oE '\b[0-9]{8} is your code' "$(cat letters)" | cut -c1-8
}
customer() { tkt-show "$1" -o json | jq -r 'select(.type == "ticket") | .requester.id'; }

proof__joins_a_handle_and_a_mail_address_body() {
	desk --sample
	smtp
	send_to "$port"
	channel
	ok tkt-new -s 'A mail before' -r 'Ann Lee <ann@example.net>' -m 'Hello.' -o ids
	mailed=$(cat out)
	line m1 ann ann 'Hello from the chat.' '"authenticated":true'
	heard '"m1"'
	chat=$(chats | tr -d ' ')
	[ "$(customer "$mailed")" != "$(customer "$chat")" ] || atf_fail "joined by a guess"
	line m2 ann ann '!link Ann@Example.net' '"authenticated":true'
	heard 'A code is on its way to'
	code=$(code_of ann@example.net)
	[ ${#code} -eq 8 ] || atf_fail "no code: $(cat $(cat letters) | tr '\n' '|')"
	letter=$(cat letters)
	grep -q '^Auto-Submitted: auto-generated' "$letter" && grep -q 'chat:test/ann' "$letter" || atf_fail "$(cat "$letter")"
	# The code is nowhere else: not in the store, not in the log.
	tkt-log -o json >log
	grep -q "$code" log bridged bridge.err && atf_fail "the code is in a log"
	sqlite3 desk/store.db .dump | grep -q "$code" && atf_fail "the code is in the store"
	# Somebody else's is no use, nor is a wrong one.
	line b1 bob bob "!code $code" '"authenticated":true'
	heard '"conversation":"bob","name":"Acme Support","text":"I wait for no code'
	line m3 ann ann '!code 00000000' '"authenticated":true'
	heard 'That is not the code'
	[ "$(customer "$mailed")" != "$(customer "$chat")" ] || atf_fail "joined by a wrong code"
	line m4 ann ann "!code $(echo "$code" | cut -c1-4) $(echo "$code" | cut -c5-8)" '"authenticated":true'
	heard 'that mail address is yours'
	[ "$(customer "$mailed")" = "$(customer "$chat")" ] || atf_fail "not joined"
	# Once.
	line m5 ann ann "!code $code" '"authenticated":true'
	heard '"conversation":"ann","name":"Acme Support","text":"I wait for no code'
	line m6 ann ann '!link ann@example.net' '"authenticated":true'
	heard 'I know that this address is yours'
	ok cust-show ann@example.net -o json
	any_of '(.addresses | map(.value) | sort) == ["ann@example.net", "test/ann"] and all(.addresses[]; .proven_at != null)'
	# Nothing of it was filed as a message.
	[ "$(bodies "$chat")" = 'Hello from the chat.' ] || atf_fail "$(bodies "$chat")"
	ok tkt-fsck
	# It can be undone.
	ok tkt-undo "$(tkt-log --action customer.merged -o ids | tail -n 1)"
	[ "$(customer "$mailed")" != "$(customer "$chat")" ] || atf_fail "not undone"
	ok tkt-fsck
}
proof__joins_a_handle_and_a_mail_address_cleanup() {
	bridge_stop
	smtp_stop
}

proof__has_limits_body() {
	desk --sample
	smtp
	send_to "$port"
	channel
	# An account that nobody vouches for, a room, our own address, what is no address.
	line u1 eve eve '!link eve@example.net'
	heard 'does not tell me who you are'
	line u2 '#help eve' eve '!link eve@example.net' '"authenticated":true'
	heard 'say that to me alone'
	line u3 eve eve '!link support@acme.example' '"authenticated":true'
	heard 'no mail goes to support@acme.example'
	line u4 eve eve '!link nonsense' '"authenticated":true'
	heard 'is not an address'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'code'")" -eq 0 ] || atf_fail "a code was sent"
	# An address nobody had becomes one of theirs. The right code comes too late after five wrong ones.
	line e1 eve eve '!link eve@example.net' '"authenticated":true'
	heard '"e1"'
	until_true 10 [ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'code'")" -eq 1 ]
	sleep 0.5
	code=$(code_of eve@example.net)
	for i in 1 2 3 4 5; do line "w$i" eve eve "!code 1111111$i" '"authenticated":true'; done
	until_true 10 sh -c "[ \$(grep -c 'That is not the code' $f/got) -eq 5 ]" || atf_fail "$(sent)"
	line w6 eve eve "!code $code" '"authenticated":true'
	heard 'I wait for no code'
	# Three codes a day for one who asks, and for one address.
	line e2 eve eve '!link eve@example.net' '"authenticated":true'
	line e3 eve eve '!link other@example.net' '"authenticated":true'
	line e4 eve eve '!link eve@example.net' '"authenticated":true'
	heard 'too many codes today'
	for i in 1 2 3 4; do line "v$i" "v$i" "v$i" '!link victim@example.net' '"authenticated":true'; done
	heard '"conversation":"v4","name":"Acme Support","text":"There were too many codes'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE target = 'victim@example.net'")" -eq 3 ] || atf_fail "more mails"
	# A code is good for half an hour.
	sqlite3 desk/store.db "UPDATE proof SET asked_at = asked_at - 1801000 WHERE address = 'test/v1'"
	mail-send >/dev/null 2>err
	sqlite3 desk/store.db "SELECT state, last_error FROM delivery WHERE kind = 'code' AND event = (SELECT event FROM proof WHERE address = 'test/v1')" >got
	[ "$(cat got)" = '4|the code is waited for no more' ] || atf_fail "$(cat got)"
	code=$(grep -ohE '\b[0-9]{8} is your code' $(grep -l 'To:.*victim' sink/*) | head -n 1 | cut -c1-8)
	# The rows are forgotten after a day, and with the person.
	ok cust-erase chat:test/v2
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM proof WHERE address = 'test/v2'")" -eq 0 ] || atf_fail "a row is left"
	sqlite3 desk/store.db 'UPDATE proof SET asked_at = asked_at - 90000000'
	ok tkt-tick
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM proof')" -eq 0 ] || atf_fail "rows are left"
	ok tkt-fsck
}
proof__has_limits_cleanup() {
	bridge_stop
	smtp_stop
}

cases whole/channels_test.sh
