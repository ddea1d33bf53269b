# The rules of mail out, by their numbers in tkt-mail(7): M25-M28, M31-M36. (M29 and M30, forwards
# by agents, are whole/mail_test's.)
. "$TKT_SRC/tests/helpers.sh"

# ask FROM SUBJECT ID [HEADERS [TO]]: a mail comes in.
ask() {
	printf 'From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s>\n%s\nwords of %s\n' "$1" "${5:-support@acme.example}" "$2" "$3" "${4-}" "$3" | mail-ingest >out || atf_fail mail-ingest
}
sending() {
	desk --sample
	smtp
	[ $# -eq 0 ] || printf '%s\n' "$@" >>desk/tkt.conf
	send_to "$port"
}
# to: who got mail so far, sorted; one FILE: the mail to somebody.
to() { sed -n 's/^X-To: //p' sink/*.eml 2>/dev/null | sort | tr '\n' ' '; }
one() { grep -l "^X-To: $1" sink/*.eml | tail -n 1; }
# header FILE NAME: unfolded.
header() { sed -n '1,/^$/p' "$1" | sed -e ':a' -e 'N;s/\n[ 	]/ /;ta' -e 'P;D' | sed -n "s/^$2: //p"; }

m25__to_whom_it_was_written_less_ours_and_barred_body() {
	sending
	ask 'gone@example.com' first m0@x
	sqlite3 desk/store.db "UPDATE address SET suppressed_at = 1 WHERE value = 'gone@example.com'"
	ask 'Ann Lee <ann@example.com>' lamp m1@x 'Cc: boss@example.com, support@acme.example, gone@example.com
'
	tkt-reply 5 -m hi --as alice >out 2>err
	grep -qx 'tkt-reply: ticket 5: to ann@example.com, boss@example.com' err || atf_fail "$(cat err)"
	ok mail-send
	[ "$(to)" = 'ann@example.com boss@example.com ' ] || atf_fail "$(to)"
	# Who writes again is there again.
	ask 'gone@example.com' again m2@x
	ok tkt-reply 6 -m hi --quiet --as alice
	ok mail-send
	[ "$(to)" = 'ann@example.com boss@example.com gone@example.com ' ] || atf_fail "$(to)"
}
m25__to_whom_it_was_written_less_ours_and_barred_cleanup() { smtp_stop; }

m26__the_requester_is_a_field_body() {
	sending
	ask 'ann@example.com' lamp m1@x 'Cc: boss@example.com
'
	ask 'boss@example.com' 'Re: lamp' m2@x 'In-Reply-To: <m1@x>
'
	ok tkt-show 4
	jq -se '.[0].requester.address == "ann@example.com"' out >/dev/null || atf_fail "$(head -n 1 out)"
	ok tkt-set 4 requester=carl@example.org
	ok tkt-reply 4 -m hi --quiet --as alice
	ok mail-send
	f=$(one carl@example.org)
	[ "$(header "$f" To)" = 'carl@example.org' ] || atf_fail "$(header "$f" To)"
}
m26__the_requester_is_a_field_cleanup() { smtp_stop; }

m27__participants_of_that_ticket_only_and_no_bcc_body() {
	sending
	ask 'ann@example.com' one m1@x 'Cc: dora@example.com
Bcc: hidden@example.com
'
	ask 'ann@example.com' two m2@x
	ok tkt-reply 4 5 -m hi --quiet --as alice
	ok mail-send
	[ "$(to)" = 'ann@example.com ann@example.com dora@example.com ' ] || atf_fail "$(to)"
	! grep -qi '^bcc\|hidden' sink/*.eml || atf_fail "$(grep -i 'bcc\|hidden' sink/*.eml)"
}
m27__participants_of_that_ticket_only_and_no_bcc_cleanup() { smtp_stop; }

m28__machine_mail_goes_to_the_requester_body() {
	sending 'rule ack { on = created when = "channel:email" reply = acknowledgement }' 'rule told { on = changed when = "changed:status by:agent" notify = {requester} }'
	ask 'ann2@example.com' lamp m1@x 'Cc: boss@example.com
'
	ok tkt-set 4 status=hold --as alice
	ok mail-send
	[ "$(to)" = 'ann2@example.com ann2@example.com ' ] || atf_fail "$(to)"
	grep -q 'is now hold' sink/*.eml || atf_fail "the update"
}
m28__machine_mail_goes_to_the_requester_cleanup() { smtp_stop; }

m31__ids_of_a_long_thread_body() {
	sending
	ask 'ann@example.com' lamp m1@x
	id=m1@x
	for i in 2 3 4 5 6 7 8 9 10 11 12 13 14; do
		ask 'ann@example.com' lamp "m$i@$(printf 'x%.0s' $(seq $((i * 6)))).example" "In-Reply-To: <$id>
"
		id="m$i@$(printf 'x%.0s' $(seq $((i * 6)))).example"
	done
	ok tkt-reply 4 --note -m 'internal' --quiet --as alice
	ok tkt-reply 4 -m hi --quiet --as alice
	ok mail-send
	f=$(one ann@example.com)
	refs=$(header "$f" References)
	[ "$(echo "$refs" | wc -w)" -le 10 ] && [ "${#refs}" -le 900 ] || atf_fail "$refs"
	case $refs in "<t4."*" <m1@x> "*"<$id>") ;; *) atf_fail "root, first, ... last: $refs" ;; esac
	[ "$(header "$f" In-Reply-To)" = "<$id>" ] || atf_fail "$(header "$f" In-Reply-To)"
	header "$f" Message-ID | grep -Eq '^<t4\.[0-9]+\.[a-z2-7]{8}\.[a-z2-7]{16}@acme\.example>$' || atf_fail "$(header "$f" Message-ID)"
}
m31__ids_of_a_long_thread_cleanup() { smtp_stop; }

m32__token_from_and_envelope_body() {
	sending 'rule ack { on = created when = "channel:email" reply = acknowledgement }'
	ask 'eve@example.com' lamp m1@x '' billing@acme.example
	ok tkt-reply 4 -m hi --quiet --as alice
	ok mail-send
	ack=$(grep -l '^Auto-Submitted' sink/*.eml)
	reply=$(grep -L '^Auto-Submitted' sink/*.eml)
	for f in $ack $reply; do
		[ "$(header "$f" From)" = 'Acme Billing <billing@acme.example>' ] || atf_fail "$(header "$f" From)"
		[ "$(header "$f" Reply-To)" = "$(tkt-show 4 | jq -r 'select(.type == "ticket").reply_to')" ] || atf_fail "$(header "$f" Reply-To)"
	done
	[ "$(header "$ack" X-From)" = '<>' ] || atf_fail "$(header "$ack" X-From)"
	header "$reply" X-From | grep -Eq '^<billing\+d[0-9]+\.1\.[a-z2-7]{16}@acme\.example>$' || atf_fail "$(header "$reply" X-From)"
}
m32__token_from_and_envelope_cleanup() { smtp_stop; }

m33__machines_say_so_and_people_do_not_body() {
	sending 'rule ack { on = created when = "channel:email" reply = acknowledgement notify = {queue} }' 'rule later { on = time when = "updated<-1h" reply = acknowledgement }'
	ask 'eve@example.com' lamp m1@x
	ok tkt-reply 4 -m hi --quiet --as alice
	ok mail-send
	grep -l '^Auto-Submitted: auto-replied' sink/*.eml >acks
	[ "$(wc -l <acks)" -eq 1 ] || atf_fail "$(cat acks)"
	[ "$(header "$(one carol)" Auto-Submitted)" = auto-generated ] && header "$(one carol)" List-Id | grep -q . && header "$(one carol)" List-Unsubscribe | grep -q mailto: || atf_fail "a notice"
	for f in $(grep -L '^Auto-Submitted' sink/*.eml); do
		for h in X-Auto-Response-Suppress List-Id List-Unsubscribe Precedence; do
			[ -z "$(header "$f" $h)" ] || atf_fail "a person's $h"
		done
	done
	rm sink/*
	export TKT_NOW=2026-11-22T12:00:00Z
	ok tkt-tick
	ok mail-send
	[ "$(header "$(one eve@example.com)" Auto-Submitted)" = auto-generated ] || atf_fail "by time"
}
m33__machines_say_so_and_people_do_not_cleanup() { smtp_stop; }

m34__loop_header_on_every_mail_body() {
	sending 'rule all { on = created when = "channel:email" reply = acknowledgement notify = {queue} }'
	ask 'eve@example.com' lamp m1@x
	ok tkt-reply 4 -m hi --quiet --as alice
	ok mail-send
	id=$(sqlite3 desk/store.db "SELECT value FROM meta WHERE key = 'desk'")
	for f in sink/*.eml; do
		[ "$(header "$f" X-Tkt-Loop)" = "$id 4" ] || atf_fail "$f: $(header "$f" X-Tkt-Loop)"
	done
}
m34__loop_header_on_every_mail_cleanup() { smtp_stop; }

m35__one_a_ticket_three_a_day_body() {
	sending 'rule ack { on = created when = "channel:email" reply = acknowledgement }' 'rule ack2 { on = message when = "by:customer" reply = acknowledgement }'
	acks() { sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'ack'"; }
	ask 'eve@example.com' lamp m1@x
	ask 'eve@example.com' 'Re: lamp' m2@x 'In-Reply-To: <m1@x>
'
	[ "$(acks)" -eq 1 ] || atf_fail "one a ticket: $(acks)"
	for i in 3 4 5; do ask 'eve@example.com' "lamp $i" "m$i@x"; done
	[ "$(acks)" -eq 3 ] || atf_fail "three a day: $(acks)"
	ask 'noreply@example.com' lamp m6@x
	ask 'rob@example.com' lamp m7@x 'Auto-Submitted: auto-generated
'
	ask 'support@acme.example' lamp m8@x
	[ "$(acks)" -eq 3 ] || atf_fail "to nobody else: $(acks)"
	ok tkt-rule explain 4 -o human
	has 'no reply: M35'
}
m35__one_a_ticket_three_a_day_cleanup() { smtp_stop; }

m36__again_later_and_visibly_failed_body() {
	sending
	ask 'defer@example.com' lamp m1@x
	ask 'nouser@example.com' lamp m2@x
	ok tkt-set 5 assignee=alice
	ok tkt-reply 4 5 -m hi --quiet --as alice
	ok mail-send
	times=
	for at in 10:00 10:01 10:03 10:07 10:15 10:31 11:03 12:07 14:15 18:15 22:15; do
		due=$(sqlite3 desk/store.db "SELECT strftime('%H:%M', due_at / 1000, 'unixepoch') FROM delivery WHERE target LIKE 'defer%'")
		times="$times $due"
		export TKT_NOW="2026-11-22T$due:30Z"
		mail-send >out 2>err || atf_fail "$at: $(cat err)"
	done
	[ "$(echo "$times" | wc -w)" -eq 11 ] && echo "$times" | grep -q '^ 10:01 10:0[34] 10:0[78] 10:1[56] 10:3[1-4] 11:0' || atf_fail "growing: $times"
	ok tkt-show 5 -o human
	has '[failed to nouser@example.com: 550 5.1.1 no such user]'
	has 'Message'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'notice' AND target = 'alice'")" -eq 1 ] || atf_fail "the assignee"
	ok tkt-log --ticket 5
	jq -se 'map(.action) | index("delivery.failed") != null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}
m36__again_later_and_visibly_failed_cleanup() { smtp_stop; }

notices__of_the_queues_that_are_wanted_body() {
	sending 'rule all { on = created notify = {queue} }'
	sed -i 's/^agent bob {/&\n\tnotice_queues = {billing}/' desk/tkt.conf
	ok tkt-config apply
	ok tkt-new -s a -m x -q inbox --quiet
	[ "$(sqlite3 desk/store.db "SELECT group_concat(target) FROM delivery")" = 'alice,carol' ] || atf_fail "$(sqlite3 desk/store.db "SELECT group_concat(target) FROM delivery")"
	ok tkt-new -s b -m x -q billing --quiet
	[ "$(sqlite3 desk/store.db "SELECT group_concat(target) FROM delivery WHERE ticket = 5")" = 'alice,bob' ] || atf_fail "billing"
}
notices__of_the_queues_that_are_wanted_cleanup() { smtp_stop; }

# An address list of ten thousand: refused or held, and the next one is served.
lists__of_ten_thousand_body() {
	sending
	{
		printf 'From: ann@example.com\nTo: support@acme.example\nCc: '
		seq 10000 | sed 's/.*/ r&@example.com,/'
		printf ' last@example.com\nSubject: many\nMessage-ID: <m1@x>\n\nx\n'
	} | mail-ingest >out || atf_fail mail
	jq -e '.outcome == "quarantined" and .reason == "too many recipients"' out >/dev/null || atf_fail "$(cat out)"
	# shellcheck disable=SC2046 # words
	fails 64 'more than 64 --cc' tkt-reply 1 -m x $(seq 100 | sed 's/.*/--cc=r&@example.com/')
	jq -nc '{subject: "s", requester: "ann@example.com", body: "b", cc: [range(10000) | "r\(.)@example.com"]}' >draft
	tkt-new --json <draft >out 2>err
	[ $? -eq 65 ] || [ "$(jq '.cc | length' out)" -le 200 ] || atf_fail "$(head -c 300 out)"
	ok tkt-reply 1 -m hi --quiet --as alice
	ok mail-send
	[ "$(to)" = 'ann@example.com ' ] || atf_fail "$(to)"
}
lists__of_ten_thousand_cleanup() { smtp_stop; }

cases whole/out_test.sh
