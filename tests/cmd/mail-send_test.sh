# mail-send: what leaves, to whom, and what becomes of it (M31-M36).
. "$TKT_SRC/tests/helpers.sh"

# asked: a mail comes in and is ticket 4.
asked() {
	printf 'From: Ann Lee <%s>\nTo: support@acme.example\nSubject: Broken lamp\nMessage-ID: <a1@example.com>\nDate: Sun, 22 Nov 2026 09:00:00 +0000\n\nIt is broken.\n' ann@example.com |
		mail-ingest >out || atf_fail "mail-ingest"
}
mails() { cat sink/*.eml 2>/dev/null; }
# state: event.n state attempts of all deliveries, one a line.
state() { sqlite3 desk/store.db "SELECT target || ' ' || state || ' ' || attempts FROM delivery ORDER BY event, n"; }

common__words_and_disk_body() {
	desk --sample
	common_checks mail-send
	no_desk mail-send
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'mail-send takes options only' mail-send now
	fails 77 'may not desk.config' mail-send --as carol
	ok mail-send
	is ''
	asked
	ok tkt-reply 4 -m hi --quiet
	mail-send -N >/dev/full 2>err
	status=$?
	[ $status -eq 74 ] || atf_fail "/dev/full: $status"
}

reply__is_good_mail_body() {
	desk --sample
	smtp
	send_to "$port"
	asked
	printf 'a file\n' >a.txt
	printf 'Dear Ann,\n\nsee **this**, <b>that</b> and [x](javascript:alert(1)).\n' >text
	tkt-reply 4 -a a.txt --cc boss@example.com --as alice <text >out 2>err || atf_fail "$(cat err)"
	ok mail-send
	records
	jq -se 'length == 2 and all(.state == "sent" and .attempts == 1 and .sent_at != null)' out >/dev/null || atf_fail "$(cat out)"
	[ "$(find sink -name '*.eml' | wc -l)" -eq 2 ] || atf_fail "mails"
	python3 - <<'P' >out 2>&1 || atf_fail "$(cat out)"
import email, email.policy, glob, re
mails = [email.message_from_file(open(f), policy=email.policy.default) for f in sorted(glob.glob("sink/*.eml"))]
a, b = mails
assert a["X-To"] == "ann@example.com" and b["X-To"] == "boss@example.com"
for m in mails:
    assert m["From"] == "Acme Support <support@acme.example>", m["From"]
    assert m["To"] == "Ann Lee <ann@example.com>" and m["Cc"] == "boss@example.com"
    assert re.fullmatch(r"support\+t4\.[a-z2-7]{16}@acme\.example", m["Reply-To"]), m["Reply-To"]
    assert m["Subject"] == "Re: Broken lamp [Acme Support #4]", m["Subject"]
    assert re.fullmatch(r"<t4\.\d+\.[a-z2-7]{8}\.[a-z2-7]{16}@acme\.example>", m["Message-ID"])
    assert m["In-Reply-To"] == "<a1@example.com>"
    refs = m["References"].split()
    assert len(refs) == 2 and refs[0].startswith("<t4.") and refs[1] == "<a1@example.com>", refs
    for name in ("Auto-Submitted", "List-Id", "X-Auto-Response-Suppress", "Bcc"):
        assert m[name] is None, name
    assert m["X-Tkt-Loop"].endswith(" 4")
    text, html = m.get_body(("plain",)).get_content(), m.get_body(("html",)).get_content()
    assert text == "Dear Ann,\n\nsee **this**, <b>that</b> and [x](javascript:alert(1)).\n\n-- \nAlice Ahrens\nAcme Support\n", text
    assert "<strong>this</strong>" in html and "<b>" not in html and "javascript" not in html, html
    assert [p.get_filename() for p in m.iter_attachments()] == ["a.txt"]
    assert [p.get_content() for p in m.iter_attachments()] == ["a file\n"]
assert a["Message-ID"] == b["Message-ID"]
assert re.fullmatch(r"<support\+d\d+\.1\.[a-z2-7]{16}@acme\.example>", a["X-From"]), a["X-From"]
assert re.fullmatch(r"<support\+d\d+\.2\.[a-z2-7]{16}@acme\.example>", b["X-From"]), b["X-From"]
P
	ok mail-send
	is ''
	ok tkt-fsck --all
}
reply__is_good_mail_cleanup() { smtp_stop; }

# What comes back finds its ticket, each way alone.
thread__a_reply_to_each_mail_finds_its_ticket_body() {
	desk --sample
	smtp
	printf 'rule ack { on = created when = "channel:email" reply = acknowledgement }\nrule tell { on = message when = "by:customer" notify = {alice, requester} }\n' >>desk/tkt.conf
	send_to "$port"
	asked
	ok tkt-reply 4 -m 'One.' --as alice --quiet
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: Re: [Acme Support #4]\nIn-Reply-To: <a1@example.com>\n\nAnd?\n' | mail-ingest >out
	ok tkt-reply 4 -m 'Two.' --as alice --quiet
	ok mail-send
	python3 - <<'P' >list 2>&1 || atf_fail "$(cat list)"
import email, glob
for i, f in enumerate(sorted(glob.glob("sink/*.eml"))):
    m = email.message_from_file(open(f))
    to = m["X-To"]
    refs = m["References"].split()
    ways = {"token": ("To: %s\n" % m["Reply-To"], "M15.1"),
            "answer": ("To: support@acme.example\nIn-Reply-To: %s\n" % m["Message-ID"], "M15.2"),
            "references": ("To: support@acme.example\nReferences: %s %s\n" % (" ".join(refs), m["Message-ID"]), "M15.2"),
            # A relay gave our mail an id of its own: what it referred to is all there is.
            "relay": ("To: support@acme.example\nIn-Reply-To: <%d@relay.example>\nReferences: %s <%d@relay.example>\n" % (i, " ".join(refs), i), "M15.2")}
    for name, (head, rule) in ways.items():
        with open("back-%d-%s" % (i, name), "w") as out:
            out.write("From: %s\nSubject: something else\nMessage-ID: <%d-%s@back>\n%s\nback\n" % (to, i, name, head))
        print("back-%d-%s" % (i, name), to, rule)
P
	[ "$(wc -l <list)" -ge 16 ] || atf_fail "few mails: $(cat list)"
	while read -r file to rule; do
		mail-ingest <"$file" >out || atf_fail "$file"
		jq -e --arg rule "$rule" '.ticket == 4 and (.rule == $rule or .rule == "M18a" or .rule == "M17") and (.outcome == "appended" or .outcome == "internal")' out >/dev/null ||
			atf_fail "$file from $to: $(cat out)"
	done <list
}
thread__a_reply_to_each_mail_finds_its_ticket_cleanup() { smtp_stop; }

failure__six_ways_and_the_others_go_on_body() {
	desk --sample
	smtp
	send_to "$port"
	for to in defer nouser drop full busy hang fine; do
		tkt-new -s "$to" -r "$to@example.org" -m x -q inbox -o ids >id --quiet
		ok tkt-reply "$(cat id)" -m "to $to" --quiet --as alice
	done
	ok mail-send
	records
	grep -q 'To: fine@example.org' sink/*.eml || atf_fail "the last one: $(state) $(cat out err)"
	state | tr '\n' ' ' >was
	for s in 'defer@example.org 0 1' 'nouser@example.org 4 1' 'drop@example.org 0 1' 'full@example.org 4 1' 'busy@example.org 0 1' 'hang@example.org 0 1' 'fine@example.org 3 1'; do
		grep -q "$s" was || atf_fail "$s: $(cat was)"
	done
	[ "$(sqlite3 desk/store.db "SELECT last_error FROM delivery WHERE target LIKE 'nouser%'")" = '550 5.1.1 no such user' ] || atf_fail "error"
	# A permanent failure is seen: an event, a note, and the address is barred.
	ok tkt-show 5 -o human
	has 'did not reach nouser@example.org: 550 5.1.1 no such user'
	ok tkt-log --ticket 5
	jq -se 'map(select(.action == "delivery.failed"))[0].changes.target == "nouser@example.org"' out >/dev/null || atf_fail "$(cat out)"
	ok cust-show nouser@example.org
	jq -e '.addresses[0].suppressed_at != null' out >/dev/null || atf_fail "$(cat out)"
	tkt-reply 5 -m again >out 2>err
	grep -q 'nobody to send it to' err || atf_fail "$(cat err)"
	# 552: full, not gone.
	ok cust-show full@example.org
	jq -e '.addresses[0].suppressed_at == null' out >/dev/null || atf_fail "$(cat out)"
	# Tried again when it is time, and not before.
	rm -f sink/*
	export TKT_NOW=2026-11-22T10:00:30Z
	ok mail-send
	is ''
	export TKT_NOW=2026-11-22T10:01:05Z
	mail-send >out 2>err
	state | grep -q 'defer@example.org 0 2' || atf_fail "$(state)"
	# Five days later it is given up.
	export TKT_NOW=2026-11-27T10:30:00Z
	mail-send >out 2>err
	state | grep -q 'defer@example.org 4 3' || atf_fail "$(state)"
	sqlite3 desk/store.db "SELECT last_error FROM delivery WHERE target LIKE 'defer%'" | grep -q 'given up after five days: 451' || atf_fail "given up"
	ok tkt-fsck --all
}
failure__six_ways_and_the_others_go_on_cleanup() { smtp_stop; }

failure__no_service_touches_one_mail_body() {
	desk --sample
	send_to 1
	for i in 1 2 3; do
		ok tkt-reply $i -m hi --quiet --as alice
	done
	fails 69 'no service, what is due waits' mail-send
	[ "$(state | grep -c ' 0 1')" -eq 1 ] && [ "$(state | grep -c ' 0 0')" -ge 2 ] || atf_fail "$(state)"
}

acknowledgement__within_its_limits_body() {
	desk --sample
	smtp
	printf 'rule ack { on = created when = "channel:email" reply = acknowledgement notify = {queue} }\n' >>desk/tkt.conf
	send_to "$port"
	acks() { sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'ack' AND target = '$1'"; }
	mail() { printf 'From: %s\nTo: support@acme.example\nSubject: s\nMessage-ID: <%s>\n%s\nx\n' "$1" "$2" "$3" | mail-ingest >out; }
	for i in 1 2 3 4 5 6; do mail eve@example.com "n$i@x" ''; done
	[ "$(acks eve@example.com)" -eq 3 ] || atf_fail "a sender: $(acks eve@example.com)"
	# From the fifth new ticket on nobody is told, either.
	[ "$(sqlite3 desk/store.db "SELECT count(DISTINCT ticket) FROM delivery WHERE kind = 'notice'")" -eq 4 ] || atf_fail notices
	mail noreply@example.com m1@x ''
	mail no-reply+7@example.com m2@x ''
	mail billing@acme.example m3@x ''
	mail robot@example.com m4@x 'Auto-Submitted: auto-generated
'
	mail list@example.com m5@x 'List-Id: <l.example.com>
'
	mail quiet@example.com m6@x 'X-Auto-Response-Suppress: All
'
	mail bulk@example.com m7@x 'List-Unsubscribe: <mailto:u@example.com>
'
	mail null@example.com m8@x 'Return-Path: <>
'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'ack'")" -eq 3 ] || atf_fail "$(state)"
	# A day later there are acknowledgements again; one a ticket.
	export TKT_NOW=2026-11-23T10:00:01Z
	mail eve@example.com n9@x ''
	[ "$(acks eve@example.com)" -eq 4 ] || atf_fail "the day after"
	ok mail-send
	grep -l 'Auto-Submitted: auto-replied' sink/*.eml | head -n 1 >first
	[ -s first ] || atf_fail "no acknowledgement left"
	grep -q '^X-From: <>$' "$(cat first)" && grep -q 'X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply' "$(cat first)" || atf_fail "$(cat "$(cat first)")"
	grep -l 'Auto-Submitted: auto-generated' sink/*.eml | head -n 1 >first
	for h in 'List-Id: <inbox.acme.example>' 'List-Unsubscribe: <mailto:' 'X-Auto-Response-Suppress: DR' 'Reply-To: support+a'; do
		grep -q "^$h" "$(cat first)" || atf_fail "$h: $(cat "$(cat first)")"
	done
	! grep -q 'Reply-To: support+t' "$(cat first)" || atf_fail "the customer's token in a notice"
}
acknowledgement__within_its_limits_cleanup() { smtp_stop; }

digest__several_notices_in_one_mail_body() {
	desk --sample
	smtp
	sed -i 's/^agent carol {/&\n\tdigest = 30m\n\tquiet = "18:00-07:00"/' desk/tkt.conf
	printf 'rule tell { on = created notify = {queue} }\n' >>desk/tkt.conf
	send_to "$port"
	for i in 1 2 3; do tkt-new -s "case $i" -r "c$i@example.org" -q inbox -m x --quiet >/dev/null; done
	ok mail-send
	[ "$(grep -l 'X-To: carol' sink/*.eml | wc -l)" -eq 0 ] || atf_fail "at once"
	[ "$(grep -l 'X-To: bob' sink/*.eml | wc -l)" -eq 3 ] || atf_fail "bob wants each"
	export TKT_NOW=2026-11-22T10:30:00Z
	ok mail-send
	[ "$(grep -l 'X-To: carol' sink/*.eml | wc -l)" -eq 1 ] || atf_fail "one digest"
	grep -q '^Subject: \[Acme Support\] 3 notices' sink/*.eml || atf_fail "$(mails)"
	# At night nobody is woken: 23:10 in Berlin is quiet until seven.
	export TKT_NOW=2026-11-22T22:10:00Z
	tkt-new -s night -r n@example.org -q inbox -m x --quiet >/dev/null
	[ "$(sqlite3 desk/store.db "SELECT strftime('%H:%M', max(due_at) / 1000, 'unixepoch') FROM delivery WHERE target = 'carol'")" = 06:00 ] || atf_fail "quiet hours"
}
digest__several_notices_in_one_mail_cleanup() { smtp_stop; }

senders__send_no_mail_twice_body() {
	desk --sample
	smtp
	send_to "$port"
	for i in $(seq 60); do echo "{\"subject\":\"s$i\",\"requester\":\"c$i@example.org\",\"body\":\"b\"}"; done | tkt-new --json -o ids --quiet >ids
	# shellcheck disable=SC2046 # ids are words
	ok tkt-reply $(cat ids) -m 'the same for all' --quiet --as alice
	mail-send >o1 2>&1 &
	one=$!
	mail-send >o2 2>&1 &
	two=$!
	mail-send >o3 2>&1
	wait $one $two
	[ "$(find sink -name '*.eml' | wc -l)" -eq 60 ] || atf_fail "$(find sink -name '*.eml' | wc -l) mails"
	[ "$(grep -h '^Message-ID' sink/*.eml | sort -u | wc -l)" -eq 60 ] || atf_fail "twice"
}
senders__send_no_mail_twice_cleanup() { smtp_stop; smtp_stop; }

crash__repeats_with_the_same_id_or_not_at_all_body() {
	desk --sample
	unset TKT_NOW
	smtp
	send_to "$port"
	for i in $(seq 100); do echo "{\"subject\":\"s$i\",\"requester\":\"c$i@example.org\",\"body\":\"b\"}"; done | tkt-new --json -o ids --quiet >ids
	# shellcheck disable=SC2046 # ids are words
	ok tkt-reply $(cat ids) -m 'the same for all' --quiet --as alice
	kills=0
	for i in $(seq 200); do
		mail-send >/dev/null 2>&1 &
		pid=$!
		sleep 0.0$((i % 7))$((i % 3))
		if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
		wait $pid 2>/dev/null
		[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM delivery WHERE state < 2')" -gt 0 ] || break
	done
	mail-send >/dev/null 2>err || atf_fail "$(cat err)"
	[ "$(grep -h '^X-To' sink/*.eml | sort -u | wc -l)" -eq 100 ] || atf_fail "lost"
	# Whoever got one twice got the same one twice.
	[ "$(grep -h '^Message-ID' sink/*.eml | sort -u | wc -l)" -eq 100 ] || atf_fail "another id"
	echo "figure: mail-send killed $kills times: $(find sink -name '*.eml' | wc -l) hand-overs of 100 mails"
	ok tkt-fsck --all
}
crash__repeats_with_the_same_id_or_not_at_all_cleanup() { smtp_stop; }

tls__certificates_and_logins_body() {
	desk --sample
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=smtp.test \
		-addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1 || atf_fail openssl
	cat key.pem cert.pem >both.pem
	pin=$(openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64)
	smtp --cert both.pem --implicit --login robot:secret
	cp desk/tkt.conf base.conf
	say() {
		cp base.conf desk/tkt.conf
		printf 'smtp { url = "smtps://127.0.0.1:%s" timeout = 5s %s }\n' "$port" "$*" >>desk/tkt.conf
		tkt-config apply >/dev/null 2>err || atf_fail "$(cat err)"
		sqlite3 desk/store.db 'UPDATE delivery SET due_at = 0 WHERE state < 2'
	}
	ok tkt-reply 1 -m hi --quiet --as alice
	say ''
	fails 69 'no service' mail-send
	sqlite3 desk/store.db 'SELECT last_error FROM delivery' | grep -qi 'certificate' || atf_fail "$(sqlite3 desk/store.db 'SELECT last_error FROM delivery')"
	say 'pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="'
	fails 69 'no service' mail-send
	# The right key, but no login: the server's word, and not the mail's fault.
	say "pin = \"sha256//$pin\""
	fails 69 'no service' mail-send
	say "pin = \"sha256//$pin\" user = robot secret = smtp"
	fails 66 'secret/smtp' mail-send
	(umask 022 && echo wrong >desk/secret/smtp)
	chmod 644 desk/secret/smtp
	fails 78 'others can read it' mail-send
	chmod 600 desk/secret/smtp
	fails 69 'no service' mail-send
	echo secret >desk/secret/smtp
	[ "$(find sink -name '*.eml' | wc -l)" -eq 0 ] || atf_fail "sent without a login"
	say "ca = \"$PWD/cert.pem\" user = robot secret = smtp"
	ok mail-send
	[ "$(find sink -name '*.eml' | wc -l)" -eq 1 ] || atf_fail "not sent"
	! grep -rq secret err out || atf_fail "the password is shown"
	# STARTTLS, and a token.
	smtp_stop
	rm smtp.port
	smtp --cert both.pem --bearer t0ken
	cp base.conf desk/tkt.conf
	echo t0ken >desk/secret/smtp
	send_to "$port" "ca = \"$PWD/cert.pem\" user = robot secret = smtp auth = xoauth2"
	ok tkt-reply 2 -m hi --quiet --as alice
	ok mail-send
	[ "$(find sink -name '*.eml' | wc -l)" -eq 2 ] || atf_fail "xoauth2"
	grep -q STARTTLS smtp.port.log || atf_fail "in clear text"
}
tls__certificates_and_logins_cleanup() { smtp_stop; }

sendmail__is_a_program_body() {
	desk --sample
	cat >sendmail <<X
#!/bin/sh
printf '%s\n' "\$@" >"$PWD/args"
cat >"$PWD/mail"
[ ! -e "$PWD/status" ] || exit \$(cat "$PWD/status")
X
	chmod 755 sendmail
	printf 'smtp { sendmail = "%s" }\n' "$PWD/sendmail" >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-reply 1 -m 'Hello.' --quiet --as alice
	echo 75 >status
	ok mail-send
	jq -e '.state == "queued"' out >/dev/null || atf_fail "$(cat out)"
	rm status
	export TKT_NOW=2026-11-22T10:02:00Z
	ok mail-send
	jq -e '.state == "sent"' out >/dev/null || atf_fail "$(cat out)"
	grep -q '^support+d' args && [ "$(tail -n 1 args)" = ann@example.com ] && [ "$(sed -n 1,2p args | tr '\n' ' ')" = '-i -f ' ] || atf_fail "$(cat args)"
	grep -q '^To: Ann Lee <ann@example.com>' mail && ! grep -q "$(printf '\r')" mail || atf_fail "$(cat mail)"
	echo 67 >status
	ok tkt-reply 1 -m 'Hello again.' --quiet --as alice
	ok mail-send
	jq -e '.state == "failed"' out >/dev/null || atf_fail "$(cat out)"
}

undo__a_reply_waits_and_can_be_taken_back_body() {
	desk --sample
	smtp
	printf 'undo = 30s\n' >>desk/tkt.conf
	send_to "$port"
	ok tkt-reply 1 -m 'Oh no.' --quiet --as alice -o ids
	id=$(cat out)
	ok mail-send
	is ''
	ok mail-queue cancel "$id"
	ok tkt-reply 1 -m 'Oh yes.' --quiet --as alice -o ids
	export TKT_NOW=2026-11-22T10:00:31Z
	ok mail-send
	[ "$(find sink -name '*.eml' | wc -l)" -eq 1 ] && grep -q 'Oh yes' sink/*.eml || atf_fail "$(mails)"
}
undo__a_reply_waits_and_can_be_taken_back_cleanup() { smtp_stop; }

follow__sends_what_becomes_due_body() {
	desk --sample
	unset TKT_NOW
	smtp
	send_to "$port"
	mail-send --follow >follow.out 2>follow.err &
	echo $! >follow.pid
	sleep 0.5
	ok tkt-reply 1 -m 'Hello.' --quiet --as alice
	arrived() { [ "$(find sink -name '*.eml' | wc -l)" -eq "$1" ]; }
	until_true 20 arrived 1 || atf_fail "not sent: $(cat follow.err)"
	# Another server is applied: the next mail goes there.
	smtp_stop
	rm smtp.port
	smtp
	sed -i '/^smtp/d' desk/tkt.conf
	send_to "$port"
	ok tkt-reply 1 -m 'Hello there.' --quiet --as alice
	until_true 20 arrived 2 || atf_fail "not sent to the new one: $(cat follow.err)"
	kill -TERM "$(cat follow.pid)"
	wait "$(cat follow.pid)" || atf_fail "its end: $?"
}
follow__sends_what_becomes_due_cleanup() {
	smtp_stop
	kill "$(cat follow.pid)" 2>/dev/null || :
}

# Headers are encoded: nothing that a customer or agent says begins a new one.
injection__ends_in_a_header_body() {
	desk --sample
	smtp
	send_to "$port"
	printf 'From: "A =?utf-8?q?=0d=0aBcc:_evil@example.org?=" <ann2@example.com>\nTo: support@acme.example\nSubject: =?utf-8?q?x=0d=0aBcc:_evil@example.org=0d=0a=0d=0abody?=\nMessage-ID: <i1@x>\n\nx\n' | mail-ingest >out
	ok tkt-reply 4 -m 'Hello.' --quiet --as alice
	printf '{"subject":"y\\r\\nBcc: evil@example.org","requester":"B\\nBcc: evil@example.org <b@example.com>","body":"z"}\n' | tkt-new --json -o ids --quiet >ids 2>err
	[ ! -s ids ] || ok tkt-reply "$(cat ids)" -m 'Hello.' --quiet --as alice
	ok mail-send
	! grep -qi '^bcc' sink/*.eml || atf_fail "$(mails)"
	! grep -q 'RCPT TO:<evil' smtp.port.log || atf_fail "$(cat smtp.port.log)"
}
injection__ends_in_a_header_cleanup() { smtp_stop; }

large__attachments_stay_here_body() {
	desk --sample
	smtp
	printf 'limits { mail_out = 10kB }\nurl = "https://help.acme.example"\n' >>desk/tkt.conf
	send_to "$port"
	head -c 8000 /dev/urandom >small.bin
	head -c 9000 /dev/urandom >large.bin
	ok tkt-reply 1 -m 'See these.' -a small.bin -a large.bin --quiet --as alice
	ok mail-send
	grep -q 'filename=small.bin' sink/*.eml || atf_fail "the small one"
	! grep -q 'filename=large.bin' sink/*.eml || atf_fail "the large one"
	sed -e ':a' -e '/=$/N; s/=\n//; ta' sink/*.eml | grep -q 'large.bin (9 kB): https://help.acme.example/attachment/[0-9]*\.2\.[a-z2-7]\{16\}' || atf_fail "$(mails)"
}
large__attachments_stay_here_cleanup() { smtp_stop; }

internal__a_note_never_leaves_body() {
	desk --sample
	smtp
	send_to "$port"
	ok tkt-reply 1 -m 'the customer is a nuisance' --note --quiet --as alice -o ids
	note=$(cat out)
	# Even a row that should not be there sends nothing.
	sqlite3 desk/store.db "INSERT INTO delivery (event, n, ticket, via, target, state, due_at) VALUES ($note, 1, 1, 'mail', 'ann@example.com', 0, 0)"
	ok mail-send
	jq -se '.[0] | .state == "failed" and (.last_error | contains("internal"))' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	! grep -q 'ann@example.com>$' smtp.port.log && ! grep -q nuisance sink/*.eml || atf_fail "$(mails | tr '\n' ' ')"
}
internal__a_note_never_leaves_cleanup() { smtp_stop; }

cases cmd/mail-send_test.sh
