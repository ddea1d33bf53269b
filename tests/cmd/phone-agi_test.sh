# phone-agi: scripted calls, as Asterisk speaks (tests/agi.py); no PBX is in Debian 12.
. "$TKT_SRC/tests/helpers.sh"
unset TKT_NOW

# phone KEY...: a desk with a phone block; recordings go to ./rec.
phone() {
	desk --sample
	mkdir rec
	printf 'phone { country = 49  recordings = "%s/rec"  queue = inbox  %s }\n' "$PWD" "${1-}" >>desk/tkt.conf
	ok tkt-config apply
	export TKT_DESK="$PWD/desk"
}
# call ID NUMBER <SCRIPT: greets, then what the script says.
call() {
	{
		printf 'v request: tkt\nv channel: SIP/x\nv callerid: %s\nv calleridname: Ann Lee\nv dnid: 0301000\nv uniqueid: %s\n' "$2" "$1"
		printf '? ANSWER\n! 200 result=0\n? STREAM FILE tkt/welcome ""\n! 200 result=0 endpos=1600\n'
		cat
	} >script
	python3 "$TKT_SRC/tests/agi.py" script >out 2>err
}
menu() { printf '? GET DATA tkt/menu 6000 1\n! 200 result=%s\n' "$1"; }
record() { printf '? STREAM FILE tkt/after-the-tone ""\n! 200 result=0\n? RECORD FILE %s/rec/tkt-%s wav "#" 120000 0 BEEP s=5\nr rec/tkt-%s.wav 3\n! 200 result=%s endpos=24000\n' "$PWD" "$1" "$1" "$2"; }
thanks() { printf '? STREAM FILE tkt/thank-you ""\n! 200 result=0\n? SAY DIGITS %s ""\n! 200 result=0\n' "$1"; }
ends() { printf '? SET VARIABLE TKT_TICKET "*"\n! 200 result=1\n? STREAM FILE tkt/goodbye ""\n! 200 result=0\n? HANGUP\n! 200 result=1\n'; }
calls() { tkt-list -o ids channel:phone | sort -n | tr '\n' ' '; }
any_of() { jq -s -e "any(.[]; $1)" out >/dev/null || atf_fail "no record with $1: $(cut -c1-500 out)"; }

common__words_and_disk_body() {
	desk --sample
	common_checks phone-agi --listen 127.0.0.1:1
	no_desk phone-agi --listen 127.0.0.1:1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'it takes no words' phone-agi x
	fails 64 'use ADDRESS:PORT' phone-agi --listen nonsense:x
	fails 77 'may not desk.config' phone-agi --as carol
	printf 'GET / HTTP/1.1\r\n\r\n' | phone-agi >out 2>err
	[ $? -eq 65 ] && grep -q 'no AGI' err || atf_fail "$(cat err)"
	phone-agi </dev/null >out 2>err
	[ $? -eq 65 ] || atf_fail "nothing: not 65"
	printf 'agi_request: x\n\n' | phone-agi >out 2>err
	[ $? -eq 65 ] && grep -q 'without agi_uniqueid' err || atf_fail "$(cat err)"
	conf_wrong 'phone { country = Germany }' 'country "Germany": digits'
	conf_wrong 'phone { sounds = "a b" }' 'sounds "a b"'
	conf_wrong 'phone { sounds = "../x" }' 'sounds "../x"'
	conf_wrong 'phone { recordings = "rec" }' 'by its whole path'
	conf_wrong 'phone { status = all }' 'status "all": unknown'
	conf_wrong 'phone { voicemail = {"pbx"} }' 'a mail address'
	conf_wrong 'phone { queue = biling }' 'did you mean "billing"?'
}

voicemail__becomes_a_ticket_body() {
	phone
	{ menu 2; record 170.1-1 35; thanks 4; ends; } | call 170.1 '030 123-4567' || atf_fail "$(cat out err)"
	[ "$(calls)" = '4 ' ] || atf_fail "$(calls)"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .subject == "Voicemail from +49301234567" and .channel == "phone" and .requester.address == "+49301234567" and .requester.name == "Ann Lee" and .external_id == "call:170.1" and (.tags | index("voicemail"))'
	any_of '.type == "message" and .body == "Voicemail of 3 s." and .attachments[0].media_type == "audio/x-wav" and .attachments[0].size == 48044'
	[ ! -e rec/tkt-170.1-1.wav ] || atf_fail "the recording is left"
	# Whoever hangs up while they speak has said something all the same.
	{ menu 2; record 170.2-1 '-1 (hangup)'; } | call 170.2 0309876543 || atf_fail "$(cat out err)"
	[ "$(calls)" = '4 5 ' ] || atf_fail "$(calls) $(cat out err)"
	# The line is dropped in the middle of a word.
	{ menu 2; printf '? STREAM FILE tkt/after-the-tone ""\n! 200 result=0\n? RECORD FILE *\nr rec/tkt-170.3-1.wav 2\nx\n'; } | call 170.3 0301111111 || atf_fail "$(cat out err)"
	[ "$(calls)" = '4 5 6 ' ] || atf_fail "$(calls) $(cat out err)"
	# Nothing was said.
	{ menu 2; printf '? STREAM FILE tkt/after-the-tone ""\n! 200 result=0\n? RECORD FILE *\n! 200 result=0 (timeout) endpos=0\n? STREAM FILE tkt/nothing-recorded ""\n! 200 result=0\n? STREAM FILE tkt/goodbye ""\n! 200 result=0\n? HANGUP\n! 200 result=1\n'; } | call 170.4 0302222222 || atf_fail "$(cat out err)"
	[ "$(calls)" = '4 5 6 ' ] || atf_fail "$(calls)"
	# An anonymous caller; the same call again is the same ticket; names that would leave the folder do not.
	{ menu 2; record 170.5-1 35; thanks 7; ends; } | call 170.5 anonymous || atf_fail "$(cat out err)"
	{ menu 2; record 170.5-1 35; thanks 7; ends; } | call 170.5 anonymous || atf_fail "$(cat out err)"
	[ "$(calls)" = '4 5 6 7 ' ] || atf_fail "$(calls)"
	{ menu 2; printf '? STREAM FILE *\n! 200 result=0\n? RECORD FILE %s/rec/tkt-_*etc-1 wav*\nx\n' "$PWD"; } | call '../../etc' 0301234567 || atf_fail "$(cat out err)"
	# A link in the folder is no recording.
	printf 'secret, and longer than the head of a recording is' >secret
	{ menu 2; printf '? STREAM FILE *\n! 200 result=0\n? RECORD FILE *\n! 200 result=0 endpos=100\n'; } >rest
	ln -s "$PWD/secret" rec/tkt-170.6-1.wav
	call 170.6 0301234567 <rest && atf_fail "a link was read"
	grep -q 'secret' err && grep -rq 'longer than the head' desk/blobs && atf_fail "a link was filed"
	ok tkt-fsck
}

status__is_read_out_by_digits_body() {
	phone
	{ menu 1; printf '? STREAM FILE tkt/no-tickets ""\n! 200 result=0\n'; menu ''; menu ''; menu ''; printf '? STREAM FILE tkt/goodbye ""\n! 200 result=0\n? HANGUP\n! 200 result=1\n'; } | call 171.1 0301234567 || atf_fail "$(cat out err)"
	ok tkt-new -s 'Printer' -r '+49301234567' -m 'It burns.' -q inbox -o ids
	a=$(cat out)
	ok tkt-new -s 'Parcel' -r '+49301234567' -m 'It is late.' -q inbox -o ids
	b=$(cat out)
	ok tkt-set "$b" status=pending
	ok tkt-new -s 'Not theirs' -r '+4930999' -m 'x' -q inbox
	{
		menu 1
		printf '? STREAM FILE tkt/ticket ""\n! 200 result=0\n? SAY DIGITS %s ""\n! 200 result=0\n? STREAM FILE tkt/status-waiting ""\n! 200 result=0\n? GET DATA tkt/ticket-menu 6000 1\n! 200 result=\n' "$b"
		printf '? STREAM FILE tkt/ticket ""\n! 200 result=0\n? SAY DIGITS %s ""\n! 200 result=0\n? STREAM FILE tkt/status-open ""\n! 200 result=0\n? GET DATA tkt/ticket-menu 6000 1\n! 200 result=1\n' "$a"
		record 171.2-1 35
		thanks "$a"
		menu ''; menu ''; menu ''
		ends
	} | call 171.2 '0049 30 1234567' || atf_fail "$(cat out err)"
	ok tkt-show "$a" -o json
	any_of '.type == "message" and .body == "Voicemail of 3 s." and .direction == "in"'
	# A number alone may not be enough.
	sed -i 's/^phone {/phone { status = proven/' desk/tkt.conf
	ok tkt-config apply
	{ menu 1; printf '? STREAM FILE tkt/no-tickets ""\nx\n'; } | call 171.3 0301234567 || atf_fail "$(cat out err)"
	ok tkt-fsck
}

callback__is_queued_body() {
	phone
	{ menu 3; printf '? STREAM FILE tkt/call-back-number ""\n! 200 result=0\n? SAY DIGITS 49301234567 ""\n! 200 result=0\n? GET DATA tkt/call-back-menu 6000 1\n! 200 result=1\n'; thanks 4; ends; } | call 172.1 0301234567 || atf_fail "$(cat out err)"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .subject == "Call back +49301234567" and (.tags | index("callback"))'
	# Another number; what is none is asked for again.
	{ menu 3; printf '? GET DATA tkt/enter-number 15000 18\n! 200 result=12\n? GET DATA tkt/enter-number 15000 18\n! 200 result=040555666#\n'; thanks 5; ends; } | call 172.2 anonymous || atf_fail "$(cat out err)"
	ok tkt-show 5 -o json
	any_of '.type == "message" and .body == "Please call back: +4940555666"'
	# A person: the dialplan goes on.
	{ menu 9; printf '? STREAM FILE tkt/not-possible ""\n! 200 result=0\n'; menu 0; printf '? SET VARIABLE TKT_NEXT "person"\n! 200 result=1\n'; } | call 172.3 0301234567 || atf_fail "$(cat out err)"
	ok tkt-fsck
}

proof__ties_a_telephone_to_a_customer_body() {
	phone
	smtp
	send_to "$port"
	ok tkt-new -s 'By mail' -r 'Ann Lee <ann@example.net>' -m 'Hello.' -q inbox -o ids
	a=$(cat out)
	# The caller asks, hangs up, and calls again with the code: it is good for half an hour.
	{ menu 4; printf '? GET DATA tkt/enter-ticket 15000 12\n! 200 result=%s#\n? GET DATA tkt/enter-code 60000 8\nx\n' "$a"; } | call 173.1 0301234567 || atf_fail "$(cat out err)"
	ok mail-send
	code=$(cat sink/* | grep -oE '^[0-9]{8} is your code' | cut -c1-8)
	[ ${#code} -eq 8 ] || atf_fail "no code: $(cat sink/*)"
	# No word tells whether there is such a ticket.
	{ menu 4; printf '? GET DATA tkt/enter-ticket 15000 12\n! 200 result=9999\n? GET DATA tkt/enter-code 60000 8\n! 200 result=11111111\n? GET DATA tkt/wrong-code 60000 8\n! 200 result=%s\n? STREAM FILE tkt/code-right ""\n! 200 result=0\n' "$code"; menu 1; printf '? STREAM FILE tkt/ticket ""\n! 200 result=0\n? SAY DIGITS %s ""\nx\n' "$a"; } | call 173.2 0301234567 || atf_fail "$(cat out err)"
	ok cust-show ann@example.net -o json
	any_of '(.addresses | map(.value) | sort) == ["+49301234567", "ann@example.net"] and all(.addresses[]; .proven_at != null)'
	ok tkt-fsck
}
proof__ties_a_telephone_to_a_customer_cleanup() { smtp_stop; }

bad__lines_hang_ups_and_garbage_body() {
	phone
	# The caller is gone at every point of the way; commands that the switch does not know; nonsense between.
	{ menu 2; record @-1 35; thanks '*'; ends; } >whole
	n=$(grep -c '^?' whole)
	for i in $(seq 1 "$n"); do
		awk -v n="$i" '/^\?/ { k++ } { print } k == n && /^\?/ { print "x"; exit }' whole >part
		sed -i "s/@/174.$i/g" part
		call "174.$i" 0301234567 <part || atf_fail "cut at $i: $(cat out err)"
		awk -v n="$i" '/^\?/ { k++ } k == n && /^!/ { print "! 511 Command Not Permitted on a dead channel or intercept routine"; exit } { print }' whole >part
		sed -i "s/@/175.$i/g" part
		call "175.$i" 0301234567 <part || atf_fail "dead at $i: $(cat out err)"
	done
	{ menu 7; printf '? STREAM FILE tkt/not-possible ""\n! 510 Invalid or unknown command\n? GET DATA *\n! 520-Invalid command syntax.  Proper usage follows:\ns Usage: GET DATA\ns 520 End of proper usage.\n? GET DATA *\ns 100 Trying...\ns \377\376 garbage\ns HANGUP\n! 200 result=\n'; } | call 176.1 0301234567 || atf_fail "$(cat out err)"
	{ menu 2; printf '? STREAM FILE *\n! 200 result=0\n? RECORD FILE *\n! 510 Invalid or unknown command\n? STREAM FILE tkt/not-possible ""\nx\n'; } | call 176.2 0301234567 || atf_fail "$(cat out err)"
	python3 -c 'print("v callerid: " + "9" * 20000)' | call 176.3 0301234567
	[ $? -ne 139 ] || atf_fail "it dies"
	grep -rl 'Sanitizer' err && atf_fail "$(cat err)"
	ok tkt-fsck
}

listen__serves_many_calls_body() {
	phone 'missed = none'
	p=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	phone-agi --listen "$p" >served 2>serve.err </dev/null &
	echo $! >agi.pid
	until_true 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $p))" || atf_fail "$(cat serve.err)"
	for i in 1 2 3 4 5 6 7 8; do
		{
			printf 'v network: yes\nv request: agi://127.0.0.1/tkt\nv callerid: 03012345%s0\nv uniqueid: 177.%s\n' "$i" "$i"
			printf '? ANSWER\n! 200 result=0\n? STREAM FILE tkt/welcome ""\n! 200 result=0\n'
			menu 2
			record "177.$i-1" 35
			printf '? STREAM FILE tkt/thank-you ""\n! 200 result=0\n? SAY DIGITS * ""\n! 200 result=0\n'
			ends
		} >"script.$i"
		python3 "$TKT_SRC/tests/agi.py" -c "$p" "script.$i" >"out.$i" 2>&1 &
		echo $! >"pid.$i"
	done
	for i in 1 2 3 4 5 6 7 8; do
		wait "$(cat "pid.$i")" || atf_fail "call $i: $(cat "out.$i") $(cat serve.err)"
	done
	until_true 10 sh -c '[ $(grep -c "\"type\":\"call\"" served) -eq 8 ]' || atf_fail "$(cat served serve.err)"
	grep '"type"' served >out
	records
	[ "$(calls | wc -w)" -eq 8 ] || atf_fail "$(calls)"
	printf 'GET / HTTP/1.1\r\n\r\n' | python3 -c "import socket, sys; s = socket.create_connection(('127.0.0.1', $p)); s.sendall(sys.stdin.buffer.read()); s.recv(100)"
	until_true 10 grep -q 'no AGI' serve.err || atf_fail "$(cat serve.err)"
	kill "$(cat agi.pid)"
	wait "$(cat agi.pid)" || atf_fail "it does not end well"
	ok tkt-fsck
}
listen__serves_many_calls_cleanup() { [ ! -s agi.pid ] || kill "$(cat agi.pid)" 2>/dev/null || :; }

cases cmd/phone-agi_test.sh
