# Mail from end to end: what the rules of tkt-mail(7) leave in the store. (What they decide
# is lib/decide_test's, what mails say lib/mail_test's.)
. "$TKT_SRC/tests/helpers.sh"

# mail FROM SUBJECT MESSAGE-ID [HEADER...]: a mail on stdout; body from $body.
mail() {
	printf 'From: %s\nTo: %s\nSubject: %s\nMessage-ID: %s\n' "$1" "${to-support@acme.example}" "$2" "$3"
	shift 3
	for h in "$@"; do
		printf '%s\n' "$h"
	done
	printf '\n%s\n' "${body-hello}"
}
# mac WORDS: the desk's MAC over printf's expansion of WORDS.
mac() {
	python3 - "$1" desk/secret/desk.key <<'P'
import base64, hashlib, hmac, sys
key = bytes.fromhex(open(sys.argv[2]).readline())
what = sys.argv[1].encode().decode("unicode_escape").encode()
print(base64.b32encode(hmac.new(key, what, hashlib.sha256).digest()[:10]).decode().lower())
P
}
# was FILTER: the ingest record in ./out.
was() {
	jq -e "$1" out >/dev/null || atf_fail "not $1: $(cat out)"
}
proven='Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example'
# authserv: the desk believes mx.acme.example.
authserv() {
	sed -i '1i authserv = "mx.acme.example"' desk/tkt.conf
	ok tkt-config apply
}

dsn__fails_the_delivery_and_tells_the_log_body() {
	desk --sample
	mail ann@example.com x '<a1@example.com>' | mail-ingest >out
	tkt-reply 4 -m 'here you are' --as alice -o json >out 2>err || atf_fail "$(cat err)"
	event=$(sqlite3 desk/store.db 'SELECT event FROM delivery WHERE ticket = 4')
	verp="support+d$event.1.$(mac "delivery\\n$event\\n1")@acme.example"
	report='Content-Type: multipart/report; report-type=delivery-status; boundary=b'
	body='--b

gone
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ann@example.com
Action: delayed
Status: 4.2.2
--b--'
	to=$verp
	mail MAILER-DAEMON@mx.example.com 'Delayed' '<d1@mx>' "$report" 'Return-Path: <>' | mail-ingest >out
	was '.outcome == "dsn" and .ticket == 4 and .class == "dsn" and .rule == "M7"'
	[ "$(sqlite3 desk/store.db 'SELECT state FROM delivery')" = 0 ] || atf_fail "a delay is no failure"
	body=$(echo "$body" | sed 's/delayed/failed/; s/4.2.2/5.1.1/; /^Status/a Diagnostic-Code: smtp; 550 no such user')
	mail MAILER-DAEMON@mx.example.com 'Failed' '<d2@mx>' "$report" 'Return-Path: <>' | mail-ingest >out
	was '.outcome == "dsn" and .ticket == 4'
	[ "$(sqlite3 desk/store.db 'SELECT state, last_error FROM delivery')" = '4|5.1.1 550 no such user' ] ||
		atf_fail "$(sqlite3 desk/store.db 'SELECT * FROM delivery')"
	ok tkt-log --ticket 4
	records
	jq -se 'map(select(.action == "delivery.failed"))[0].changes.report.recipients == [{"address":"ann@example.com","action":"failed","status":"5.1.1","diagnostic":"550 no such user"}]' out >/dev/null || atf_fail "$(cat out)"
	jq -se 'map(.action) | index("delivery.delayed") != null' out >/dev/null || atf_fail "$(cat out)"
	# Somebody who guesses fails nothing.
	to="support+d$event.1.aaaaaaaaaaaaaaaa@acme.example"
	mail MAILER-DAEMON@evil.org 'Failed' '<d3@mx>' "$report" 'Return-Path: <>' | mail-ingest >out
	was '.outcome == "quarantined" and .rule == "M7"'
	# A failed one changes neither status nor list.
	ok tkt-show 4
	jq -se '.[0].status == "open" and (map(select(.type == "message")) | length) == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

read_receipt__and_complaint_are_noted_body() {
	desk --sample
	mail ann@example.com x '<a1@example.com>' | mail-ingest >out
	ok tkt-show 4
	root=$(jq -r 'select(.type == "ticket") | .root_id' out)
	body="--b
Content-Type: message/disposition-notification

Original-Message-ID: $root
Disposition: manual-action/MDN-sent-manually; displayed
--b--"
	mail ann@example.com 'Read: x' '<r1@x>' 'Content-Type: multipart/report; report-type=disposition-notification; boundary=b' | mail-ingest >out
	was '.outcome == "noted" and .ticket == 4 and .class == "mdn"'
	ok tkt-log --ticket 4 --action 'message.*'
	records
	has '"disposition":"manual-action/MDN-sent-manually; displayed"'
	body=$(echo "$body" | sed 's/<t4/<t5/')
	mail ann@example.com 'Read: x' '<r2@x>' 'Content-Type: multipart/report; report-type=disposition-notification; boundary=b' | mail-ingest >out
	was '.outcome == "noted" and .ticket == null'
	ok tkt-fsck --all
}

agent__writes_notes_and_answers_by_mail_body() {
	desk --sample
	authserv
	mail ann@example.com x '<a1@example.com>' 'Cc: boss@example.com' | mail-ingest >out
	body='internal thoughts' mail 'Alice <alice@acme.example>' 're: x' '<n1@acme>' 'In-Reply-To: <a1@example.com>' "$proven" | mail-ingest >out
	was '.outcome == "internal" and .ticket == 4 and .rule == "M18a"'
	body='@reply
You will hear from us.' mail 'Alice <alice@acme.example>' 're: x' '<n2@acme>' 'In-Reply-To: <a1@example.com>' "$proven" | mail-ingest >out
	was '.outcome == "appended" and .rule == "M18a"'
	ok tkt-show 4
	records
	jq -se '(.[2] | .kind == "note" and .author.id == "alice") and (.[3] | .kind == "reply" and .direction == "out" and .body == "You will hear from us.")' out >/dev/null || atf_fail "$(cat out)"
	[ "$(sqlite3 desk/store.db 'SELECT group_concat(target) FROM delivery')" = 'ann@example.com,boss@example.com' ] || atf_fail "deliveries"
	# Without the proof nobody is an agent.
	body='@reply
evil' mail 'Alice <alice@acme.example>' 're: x' '<n3@acme>' 'In-Reply-To: <a1@example.com>' | mail-ingest >out
	was '.outcome == "created" and .rule == "M17"'
	# By the agent's own token, and a queue that the agent does not see.
	token="support+a4.$(mac 'agent\n4\nsupport\n0\nalice')@acme.example"
	to=$token body='more' mail alice@acme.example 're: x' '<n4@acme>' | mail-ingest >out
	was '.outcome == "internal" and .rule == "M18a"'
	ok tkt-set 4 queue=hardware
	body='@reply
bob' mail bob@acme.example 're: x' '<n5@acme>' 'In-Reply-To: <a1@example.com>' "$proven" | mail-ingest >out
	was '.outcome == "created" and .rule == "M17"'
	ok tkt-fsck --all
}

forward__opens_for_the_original_sender_body() {
	desk --sample
	authserv
	body='@fwd
She also called me.

---------- Forwarded message ---------
Von: Bo Beck <bo@example.net>
Datum: heute
Betreff: Drucker
An: alice@acme.example

Er brennt.' mail alice@acme.example 'Fwd: Drucker' '<f1@acme>' "$proven" | mail-ingest >out
	was '.outcome == "created" and .rule == "M29"'
	ok tkt-show "$(jq .ticket out)"
	jq -se '(.[0] | .requester.address == "bo@example.net" and .requester.name == "Bo Beck" and .subject == "Drucker" and .cc == []) and
		(.[1] | .body == "Er brennt." and .author.address == "bo@example.net") and
		(.[2] | .kind == "note" and .author.id == "alice" and .body == "She also called me.")' out >/dev/null || atf_fail "$(cat out)"
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM delivery')" = 0 ] || atf_fail "somebody is written to"
	# As an attachment: the customer's own thread finds the ticket.
	body='--b

@fwd
--b
Content-Type: message/rfc822

From: Cy <cy@example.net>
To: alice@acme.example
Subject: inner
Message-ID: <inner@example.net>

inside
--b--' mail alice@acme.example 'Fwd: inner' '<f2@acme>' "$proven" 'Content-Type: multipart/mixed; boundary=b' | mail-ingest >out
	was '.outcome == "created" and .rule == "M29"'
	ticket=$(jq .ticket out)
	body='more' mail cy@example.net 'Re: inner' '<c2@example.net>' 'In-Reply-To: <inner@example.net>' | mail-ingest >out
	was ".outcome == \"appended\" and .ticket == $ticket"
	printf 'From: Cy <cy@example.net>\nTo: support@acme.example\nSubject: inner\nMessage-ID: <inner@example.net>\n\ninside' | mail-ingest >out
	was ".outcome == \"duplicate\" and .ticket == $ticket"
	ok tkt-fsck --all
}

two_queues__one_ticket_each_body() {
	desk --sample
	to='support@acme.example, billing@acme.example'
	mail ann@example.com x '<q1@example.com>' >m
	# Two deliveries, as a mail server makes them.
	mail-ingest --recipient support@acme.example <m >out
	was '.outcome == "created" and .ticket == 4 and .mailbox == "support"'
	mail-ingest --recipient billing@acme.example <m >out
	was '.outcome == "created" and .ticket == 5 and .mailbox == "billing"'
	ok tkt-show 5
	jq -se '.[0].links == [{"rel":"same-mail","ticket":4}] and .[0].queue == "billing" and .[0].cc == []' out >/dev/null || atf_fail "$(cat out)"
	# One delivery for all: the same.
	sed 's/q1@/q2@/' m | mail-ingest >out
	jq -se 'map(.outcome) == ["created", "created"] and map(.mailbox) == ["support", "billing"]' out >/dev/null || atf_fail "$(cat out)"
	sed 's/q1@/q2@/' m | mail-ingest >out
	jq -se 'map(.outcome) == ["duplicate", "duplicate"]' out >/dev/null || atf_fail "$(cat out)"
	# An answer that also went there is one message.
	mail ann@example.com 're: x' '<q3@example.com>' 'In-Reply-To: <q1@example.com>' >m
	mail-ingest --recipient support@acme.example <m >out
	was '.outcome == "appended" and .ticket == 4'
	ok tkt-show 4
	token=$(jq -r 'select(.type == "ticket") | .reply_to' out)
	to="$token, billing@acme.example" mail ann@example.com 're: x' '<q4@example.com>' >m
	mail-ingest --recipient "$token" <m >out
	was '.outcome == "appended" and .ticket == 4'
	mail-ingest --recipient billing@acme.example <m >out
	was '.outcome == "duplicate" and .rule == "M20" and .ticket == 4'
	ok tkt-fsck --all
}

foreign_key__keeps_one_case_in_one_ticket_body() {
	desk --sample
	cat >>desk/tkt.conf <<'X'
foreign nagios { from = "*@mon.example"  key = "\\[host=([a-z0-9]+)\\]" }
foreign jira { from = "jira@example.net"  header = "X-JIRA-Key"  key = "([A-Z]+-[0-9]+)" }
X
	ok tkt-config apply
	mail n@mon.example 'DOWN [host=web1] http' '<k1@mon>' | mail-ingest >out
	was '.outcome == "created" and .ticket == 4'
	mail other@mon.example 'UP [host=web1] http' '<k2@mon>' | mail-ingest >out
	was '.outcome == "appended" and .ticket == 4 and .rule == "M15.4"'
	mail n@mon.example 'DOWN [host=web2] http' '<k3@mon>' | mail-ingest >out
	was '.outcome == "created" and .ticket == 5'
	mail jira@example.net 'new' '<k4@mon>' 'X-JIRA-Key: ABC-12' | mail-ingest >out
	mail jira@example.net 'changed' '<k5@mon>' 'X-JIRA-Key: ABC-12' | mail-ingest >out
	was '.outcome == "appended" and .ticket == 6'
	# Once it is closed, the next one begins a new case, and later ones belong to that.
	ok tkt-set 4 status=closed
	mail n@mon.example 'DOWN [host=web1] http' '<k6@mon>' | mail-ingest >out
	was '.outcome == "created" and .ticket == 7 and .rule == "M19"'
	mail n@mon.example 'UP [host=web1] http' '<k7@mon>' | mail-ingest >out
	was '.outcome == "appended" and .ticket == 7'
	printf 'foreign x { from = "a@b"  key = "no group" }\n' >>desk/tkt.conf
	tkt-config check >out 2>err
	[ $? -eq 78 ] && grep -q 'one group in parentheses' err || atf_fail "$(cat err)"
}

old_key__still_opens_body() {
	desk --sample
	mail ann@example.com x '<a1@example.com>' | mail-ingest >out
	ok tkt-show 4
	token=$(jq -r 'select(.type == "ticket") | .reply_to' out)
	# tkt-mail(7): a new first line signs, the old ones are still read.
	od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >new
	{ cat new; echo; cat desk/secret/desk.key; } >keys && cat keys >desk/secret/desk.key
	ok tkt-show 4
	[ "$(jq -r 'select(.type == "ticket") | .reply_to' out)" != "$token" ] || atf_fail "the new key does not sign"
	to=$token mail ann@example.com 're: x' '<a2@example.com>' | mail-ingest >out
	was '.outcome == "appended" and .rule == "M15.1"'
	echo nonsense >>desk/secret/desk.key
	fails 78 'is not a key' tkt-show 4
}

explain__writes_nothing_body() {
	desk --sample
	before=$(find desk -type f | sort | xargs sha256sum | grep -v -e -wal -e -shm)
	ok mail-ingest --explain "$TKT_SRC"/share/sample/mail/*.eml
	records
	jq -se 'map(.outcome) == ["created", "created", "created", "created", "quarantined", "created"] and (map(.verdicts | length) | min) > 8' out >/dev/null || atf_fail "$(cat out)"
	after=$(find desk -type f | sort | xargs sha256sum | grep -v -e -wal -e -shm)
	[ "$before" = "$after" ] || atf_fail "it wrote"
	chmod -R a-w desk
	ok mail-ingest --explain "$TKT_SRC/share/sample/mail/01-refund.eml" -o human
	has 'M15.1  no   no token in an address'
	has 'created (M14)'
	chmod -R u+w desk
}

# ---- places ----

files__may_be_pipes_body() {
	desk --sample
	mkfifo pipe
	{
		sleep 0.2
		mail a@b.org piped '<pipe@x>'
	} >pipe &
	ok mail-ingest pipe
	was '.outcome == "created"'
	# In a maildir one shall hold up nobody.
	mkdir -p d/new d/cur d/tmp
	mkfifo d/new/1.fifo
	mail a@b.org beside '<beside@x>' >d/new/2.mail
	timeout 20 mail-ingest --maildir d >out 2>err
	status=$?
	[ $status -eq 75 ] || atf_fail "exit $status: $(cat err)"
	was '.outcome == "created"'
}

mbox__is_split_and_repeatable_body() {
	desk --sample
	{
		printf '\nFrom ann@example.com Sat Nov 21 10:00:00 2026\n'
		mail ann@example.com one '<b1@x>'
		printf '\n>From the start\n>>From twice\nFrom here on it is text\n\n'
		printf 'From bo@example.net Sun Nov 22 09:00:00 2026\n'
		mail bo@example.net two '<b2@x>'
		printf '\nFrom MAILER-DAEMON Sun Nov 22 09:30:00 2026\n'
		mail robot@example.net three '<b3@x>'
	} >box
	ok mail-ingest --mbox box
	jq -se 'map(.outcome) == ["created", "created", "created"] and .[2].class == "auto-generated"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 4
	jq -se '.[1].created_at == "2026-11-21T10:00:00Z" and .[1].body == "hello\n\nFrom the start\n>From twice\nFrom here on it is text"' out >/dev/null || atf_fail "$(cat out)"
	ok mail-ingest --mbox box
	jq -se 'map(.outcome) | unique == ["duplicate"]' out >/dev/null || atf_fail "$(cat out)"
	fails 75 'is no mbox' mail-ingest --mbox desk/tkt.conf
	fails 75 'nofile' mail-ingest --mbox nofile
	: >empty
	ok mail-ingest --mbox empty
	is ''
	fails 64 'one of them' mail-ingest --mbox box box
}

maildir__is_read_and_drained_body() {
	desk --sample
	mkdir -p d/new d/cur d/tmp
	for i in 1 2 3; do
		mail "a$i@example.com" "s $i" "<m$i@x>" >"d/new/176380000$i.M1P$i.host"
	done
	mail a4@example.com 's 4' '<m4@x>' >'d/cur/1763800000.M1P4.host:2,S'
	echo x >d/tmp/1763800009.half
	ok mail-ingest --maildir d
	jq -se 'map(.external_id) == ["<m4@x>", "<m1@x>", "<m2@x>", "<m3@x>"] and (map(.outcome) | unique == ["created"])' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 4
	jq -se '.[1].created_at == "2025-11-22T08:26:40Z"' out >/dev/null || atf_fail "$(cat out)"
	[ "$(ls d/new | wc -l)" -eq 3 ] || atf_fail "it moved what it was only asked to read"
	ok mail-ingest --maildir d --drain
	jq -se 'map(.outcome) == ["duplicate", "duplicate", "duplicate"]' out >/dev/null || atf_fail "$(cat out)"
	[ "$(ls d/new | wc -l)" -eq 0 ] && [ -f 'd/cur/1763800001.M1P1.host:2,' ] || atf_fail "$(find d)"
	# One that cannot be read stops no other.
	: >d/new/1763800010.empty
	mail a5@example.com 's 5' '<m5@x>' >d/new/1763800011.ok
	mail-ingest --maildir d --drain >out 2>err
	status=$?
	[ $status -eq 75 ] || atf_fail "exit $status"
	was '.outcome == "created"'
	fails 75 'is no maildir' mail-ingest --maildir desk
	fails 64 'needs --maildir' mail-ingest --follow
}

maildir__followed_body() {
	desk --sample
	mkdir -p d/new d/cur d/tmp
	mail a1@example.com 's 1' '<m1@x>' >d/new/1763800001.a
	env --default-signal=INT mail-ingest --maildir d --follow -o json >out 2>err &
	pid=$!
	for i in 2 3 4 5; do
		sleep 0.1
		mail "a$i@example.com" "s $i" "<m$i@x>" >d/tmp/t && mv d/tmp/t "d/new/176380000$i.a"
	done
	n=0
	while [ "$(grep -c created out)" -lt 5 ] && [ $n -lt 50 ]; do
		n=$((n + 1))
		sleep 0.1
	done
	# Confined while it waits (where the kernel can).
	grep -q 'Seccomp:.*2' /proc/$pid/status || atf_fail "not confined"
	ticks() { awk '{ print $14 + $15 }' /proc/$pid/stat; }
	before=$(ticks)
	sleep 2
	[ $(($(ticks) - before)) -le 1 ] || atf_fail "it burns CPU while idle"
	kill -INT $pid
	wait $pid
	[ "$(grep -c created out)" -eq 5 ] || atf_fail "$(cat out err)"
	[ "$(ls d/new | wc -l)" -eq 0 ] || atf_fail "$(find d)"
}

# ---- trouble ----

blobs__on_another_disk_body() {
	desk --sample
	mv desk/blobs elsewhere
	ln -s ../elsewhere desk/blobs
	mail a@b.org x '<l1@x>' | mail-ingest >out 2>err || atf_fail "$(cat err)"
	was '.outcome == "created"'
	ok tkt-fsck --all
}

older_store__is_brought_up_by_itself_body() {
	desk --sample
	mail a@b.org x '<o1@x>' | mail-ingest >out
	# As the first schema left it.
	sqlite3 desk/store.db 'ALTER TABLE mail_id DROP COLUMN class; ALTER TABLE mail_id DROP COLUMN rule;
		ALTER TABLE mail_id DROP COLUMN evidence; DROP TABLE mail_key;
		ALTER TABLE ticket DROP COLUMN time_spent_s; ALTER TABLE ticket DROP COLUMN reopened;
		ALTER TABLE ticket DROP COLUMN snooze_keep; ALTER TABLE customer DROP COLUMN notes;
		DROP INDEX organization_external; DROP INDEX org_domain_of; DROP INDEX event_batch;
		ALTER TABLE organization DROP COLUMN notes; ALTER TABLE organization DROP COLUMN external_id;
		DROP TABLE draft; DROP TABLE customer_field; DROP TABLE organization_field;
		DROP TABLE sla_ticket; DROP TABLE sla_clock; ALTER TABLE version DROP COLUMN event;
		CREATE TABLE sla_clock (ticket INTEGER) STRICT; DROP TABLE fired; DROP INDEX ticket_waiting;
		DROP INDEX delivery_ticket; DROP INDEX delivery_acks; DROP INDEX delivery_ack_of; DROP INDEX delivery_failed;
		ALTER TABLE delivery DROP COLUMN kind; ALTER TABLE delivery DROP COLUMN rule;
		ALTER TABLE delivery DROP COLUMN sent_at; ALTER TABLE agent_state DROP COLUMN status;
		ALTER TABLE agent_state DROP COLUMN since; ALTER TABLE agent_state DROP COLUMN until;
		DROP TABLE article_search; DROP TABLE article_alias; DROP TABLE article_tag; DROP TABLE article_link;
		DROP TABLE article_text; DROP TABLE article_section_title; DROP TABLE article_problem; DROP TABLE article_word;
		DROP TABLE article_vote; DROP TABLE article_cite; DROP TABLE article_view; DROP TABLE article_miss; DROP TABLE article;
		DROP TABLE conversation; DROP TABLE heard; DROP TABLE channel_place;
		DROP TABLE proof; DROP TABLE bot_talk; DROP TABLE bot_heard;
		DELETE FROM migration WHERE number > 1; PRAGMA user_version = 1' || atf_fail "sqlite3"
	mail a@b.org x '<o1@x>' | mail-ingest >out || atf_fail "old store"
	was '.outcome == "duplicate"'
	mail a@b.org x '<o2@x>' | mail-ingest >out || atf_fail "old store"
	was '.outcome == "created"'
	[ "$(sqlite3 desk/store.db 'PRAGMA user_version')" -ge 4 ] || atf_fail "not brought up"
	ok tkt-fsck --all
}

trouble__is_tried_again_body() {
	desk --sample
	mail a@b.org x '<t1@x>' >m
	mv desk/secret/desk.key key
	mail-ingest <m >out 2>err
	status=$?
	[ $status -eq 75 ] || atf_fail "no key: $status"
	mv key desk/secret/desk.key
	# Somebody holds the store for longer than we wait (30 s).
	flock desk/store.lock sleep 40 &
	holder=$!
	sleep 0.2
	mail-ingest <m >out 2>err
	status=$?
	kill $holder
	[ $status -eq 75 ] && [ "$(wc -l <err)" -eq 1 ] || atf_fail "locked: $status: $(cat err)"
	pkill -P $holder 2>/dev/null
	if [ "$(id -u)" -eq 0 ]; then
		mkdir ro && cp -a desk ro/ && mount --bind ro/desk ro/desk 2>/dev/null && mount -o remount,bind,ro ro/desk && {
			mail-ingest -D ro/desk <m >out 2>err
			status=$?
			umount ro/desk
			[ $status -eq 75 ] || atf_fail "read-only: $status: $(cat err)"
		}
		mkdir small && mount -t tmpfs -o size=1200k none small && {
			tkt-init --test -D small/d small/d >/dev/null 2>&1 || tkt-init --test small/d >/dev/null
			head -c 600000 /dev/urandom | base64 >big
			{ cat m; cat big; } | mail-ingest -D small/d >out 2>err
			status=$?
			head -c 100000000 /dev/zero >small/fill 2>/dev/null
			mail-ingest -D small/d <m >out2 2>err2
			second=$?
			left=$(find small/d/blobs -name 'tmp.*' | wc -l)
			rm -f small/fill
			mail-ingest -D small/d <m >out3 2>err3
			third=$?
			umount small
			[ $status -eq 75 ] || [ $second -eq 75 ] || atf_fail "full disk: $status $second: $(cat err err2)"
			[ "$left" -eq 0 ] || atf_fail "each retry would leave $left files more"
			[ $third -eq 0 ] || atf_fail "not after space returned: $(cat err3)"
		}
	fi
	ok mail-ingest <m
	was '.outcome == "created"'
}

cases whole/mail_test.sh
