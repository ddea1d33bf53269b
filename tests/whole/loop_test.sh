# Two desks that answer each other, and a robot on the other side: it stops (M33-M35).
. "$TKT_SRC/tests/helpers.sh"

# a_desk NAME ADDRESS: with acknowledgements, an answer to every message, and notices.
a_desk() {
	tkt-init --test "$1" >/dev/null 2>err || atf_fail "$(cat err)"
	cat >"$1/tkt.conf" <<X
name = "Desk $1"
mailbox in { address = "$2" queue = inbox }
queue inbox { members = {anna} }
role agent { allow = {"*"} }
agent anna { email = "anna@$1.example" role = agent }
rule ack { on = created when = "channel:email" reply = acknowledgement notify = {queue} }
rule again { on = message when = "message:reply" reply = acknowledgement }
rule opened { on = changed when = "changed:status" reply = acknowledgement }
smtp { url = "smtp://127.0.0.1:$port" }
X
	tkt-config apply -D "$1" >/dev/null 2>err || atf_fail "$(cat err)"
}
# carry: what was sent to a desk's address is delivered there; their number.
carry() {
	n=0
	for f in sink/*.eml; do
		[ -e "$f" ] || continue
		to=$(sed -n 's/^X-To: //p' "$f")
		from=$(sed -n 's/^X-From: //p' "$f")
		mkdir -p gone
		case $to in
		*@one.example) d=one ;;
		*@two.example) d=two ;;
		*) d= ;;
		esac
		case $to in anna@*) d= ;; esac
		if [ -n "$d" ]; then
			{
				echo "Return-Path: $from"
				sed '1,2d' "$f"
			} | mail-ingest -D "$d" --recipient "$to" >>ingested 2>err || atf_fail "$(cat err)"
			n=$((n + 1))
		fi
		mv "$f" gone/
	done
}

loop__two_desks_stop_body() {
	smtp
	a_desk one desk@one.example
	a_desk two desk@two.example
	# Somebody writes to one in the name of the other.
	printf 'From: desk@two.example\nTo: desk@one.example\nSubject: hello\nMessage-ID: <x@two.example>\n\nhello\n' | mail-ingest -D one >out
	rounds=0
	while [ $rounds -lt 30 ]; do
		mail-send -D one --quiet >/dev/null 2>&1
		mail-send -D two --quiet >/dev/null 2>&1
		carry
		[ "$n" -gt 0 ] || break
		rounds=$((rounds + 1))
	done
	[ $rounds -lt 6 ] || atf_fail "$rounds rounds: $(cat ingested)"
	one=$(sqlite3 one/store.db "SELECT count(*) FROM delivery WHERE kind <> 'notice'")
	two=$(sqlite3 two/store.db "SELECT count(*) FROM delivery WHERE kind <> 'notice'")
	[ "$one" -le 3 ] && [ "$two" -le 3 ] || atf_fail "one sent $one, two $two"
	echo "figure: two desks: $one and $two mails, $rounds rounds"
	[ "$(sqlite3 one/store.db 'SELECT count(*) FROM ticket')" -eq 1 ] || atf_fail "tickets"
	ok tkt-fsck --all -D one
	ok tkt-fsck --all -D two
}
loop__two_desks_stop_cleanup() { smtp_stop; }

# A robot that says of itself what it is, one that does not, and one that answers by the
# address the mail came from.
loop__out_of_office_robots_stop_body() {
	smtp
	a_desk one desk@one.example
	printf 'From: Rob <rob@away.example>\nTo: desk@one.example\nSubject: question\nMessage-ID: <q@away.example>\n\n?\n' | mail-ingest -D one >out
	for i in $(seq 12); do
		mail-send -D one --quiet >/dev/null 2>&1
		n=0
		for f in sink/*.eml; do
			[ -e "$f" ] || continue
			mkdir -p gone
			if grep -q '^X-To: rob@away.example' "$f"; then
				n=$((n + 1))
				id=$(sed -n 's/^Message-ID: //p' "$f" | head -n 1)
				to=$(sed -n 's/^Reply-To: //p' "$f" | head -n 1)
				# Every other time it does not say that it is one.
				[ $((i % 2)) -eq 0 ] && auto='Auto-Submitted: auto-replied' || auto='X-Nothing: here'
				printf 'From: Rob <rob@away.example>\nTo: %s\nSubject: Away: question\nMessage-ID: <r%s@away.example>\nIn-Reply-To: %s\n%s\n\nI am away until Monday.\n' "$to" "$i" "$id" "$auto" |
					mail-ingest -D one --recipient "$to" >>ingested
			fi
			mv "$f" gone/
		done
		[ $n -gt 0 ] || break
	done
	[ "$i" -le 4 ] || atf_fail "$i rounds"
	[ "$(sqlite3 one/store.db "SELECT count(*) FROM delivery WHERE target = 'rob@away.example'")" -le 2 ] || atf_fail "$(sqlite3 one/store.db 'SELECT * FROM delivery')"
	# It opened no ticket after ticket, either.
	[ "$(sqlite3 one/store.db 'SELECT count(*) FROM ticket')" -eq 1 ] || atf_fail tickets
}
loop__out_of_office_robots_stop_cleanup() { smtp_stop; }

# Our own mail comes back: it is discarded, and who keeps the desk is told once an hour.
loop__our_own_mail_comes_back_body() {
	smtp
	a_desk one desk@one.example
	printf 'From: eva@example.org\nTo: desk@one.example\nSubject: question\nMessage-ID: <q@example.org>\n\n?\n' | mail-ingest -D one >out
	mail-send -D one --quiet >/dev/null 2>&1
	f=$(grep -l '^X-To: eva' sink/*.eml | head -n 1)
	for i in 1 2 3; do
		sed "1,2d; s/^Message-ID: <t/Message-ID: <z$i/" "$f" | mail-ingest -D one >out
		jq -e '.outcome == "discarded" and .class == "loop"' out >/dev/null || atf_fail "$(cat out)"
	done
	[ "$(sqlite3 one/store.db "SELECT count(*) FROM event WHERE action = 'mail.loop'")" -eq 1 ] || atf_fail "told $(sqlite3 one/store.db "SELECT count(*) FROM event WHERE action = 'mail.loop'") times"
	[ "$(sqlite3 one/store.db "SELECT count(*) FROM delivery d JOIN event e ON e.id = d.event WHERE e.action = 'mail.loop' AND d.target = 'anna'")" -eq 1 ] || atf_fail "anna"
	# A flood is told of once, and waits.
	sed -i '1i limits { flood = 6 }' one/tkt.conf
	ok tkt-config apply -D one
	for i in $(seq 9); do
		printf 'From: eva@example.org\nTo: desk@one.example\nSubject: flood %s\nMessage-ID: <f%s@example.org>\n\n?\n' "$i" "$i" | mail-ingest -D one >out
	done
	jq -e '.outcome == "quarantined" and .rule == "M35"' out >/dev/null || atf_fail "$(cat out)"
	[ "$(sqlite3 one/store.db 'SELECT count(*) FROM ticket')" -eq 6 ] || atf_fail "$(sqlite3 one/store.db 'SELECT count(*) FROM ticket') tickets"
	[ "$(sqlite3 one/store.db "SELECT count(*) FROM event WHERE action = 'mail.flood'")" -eq 1 ] || atf_fail "told of the flood"
}
loop__our_own_mail_comes_back_cleanup() { smtp_stop; }

cases whole/loop_test.sh
