# mail-ingest: storing, duplicates, threads, attachments, hostile mail.
. "$TKT_SRC/tests/helpers.sh"

# mail FROM SUBJECT MESSAGE-ID [HEADER...]: a mail on stdout; body from $body.
mail() {
	printf 'From: %s\nTo: support@acme.example\nSubject: %s\nMessage-ID: %s\n' "$1" "$2" "$3"
	shift 3
	for h in "$@"; do
		printf '%s\n' "$h"
	done
	printf '\n%s\n' "${body-hello}"
}

common__words_and_disk_body() {
	desk --sample
	common_checks mail-ingest m
	no_desk mail-ingest
	[ $? -eq 75 ] || atf_fail "no desk: not 75, the MTA would bounce"
	fails 75 'no such mailbox' mail-ingest --mailbox sales "$TKT_SRC/share/sample/mail/01-refund.eml"
	fails 64 'is not an RFC 3339 instant' mail-ingest --received-at now
	fails 75 'the mail is empty' mail-ingest
	fails 75 'nofile' mail-ingest nofile
	mail a@b.org x '<1@b>' | mail-ingest >/dev/full 2>err
	# The mail is filed; whoever asked for the record must hear that it was not written.
	[ $? -eq 75 ] || atf_fail "/dev/full: $(cat err)"
	script -qec 'timeout 10 mail-ingest' /dev/null </dev/null >out 2>&1
	[ $? -eq 64 ] || atf_fail "waits in silence"
	rm desk/secret/desk.key
	mail a@b.org x '<2@b>' | mail-ingest >out 2>err
	[ $? -eq 75 ] || atf_fail "missing secret: not 75"
}

new__ticket_with_everything_body() {
	desk --sample
	ok mail-ingest "$TKT_SRC"/share/sample/mail/*.eml
	records
	ok tkt-list -o ids
	tickets=$(wc -l <out)
	ok mail-ingest "$TKT_SRC"/share/sample/mail/*.eml
	jq -se 'map(.outcome) | unique == ["duplicate"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list -o ids
	[ "$(wc -l <out)" -eq "$tickets" ] || atf_fail "doubled"
	ok tkt-fsck --all
}

duplicate__only_the_same_mail_body() {
	desk --sample
	mail a@b.org x '<d@b>' >m
	mail-ingest <m >out
	jq -e '.outcome == "created" and .ticket == 4' out >/dev/null || atf_fail "$(cat out)"
	# Headers change on the way.
	{ echo 'Received: from elsewhere'; cat m; } | mail-ingest >out
	jq -e '.outcome == "duplicate" and .ticket == 4 and .rule == "M3"' out >/dev/null || atf_fail "$(cat out)"
	# The same id with other words is another mail.
	body=other mail a@b.org x '<d@b>' | mail-ingest >out
	jq -e '.outcome == "created" and .ticket == 5' out >/dev/null || atf_fail "$(cat out)"
	# To another mailbox of ours it is another delivery.
	mail-ingest --mailbox billing <m >out
	jq -e '.outcome == "created" and .ticket == 6' out >/dev/null || atf_fail "$(cat out)"
}

duplicate__of_parallel_deliveries_body() {
	desk --sample
	mail a@b.org x '<p@b>' >m
	for i in 1 2 3 4 5 6 7 8; do
		mail-ingest <m >"r$i" &
	done
	wait
	cat r? >out
	[ "$(grep -c created out)" -eq 1 ] || atf_fail "$(cat out)"
	[ "$(grep -c duplicate out)" -eq 7 ] || atf_fail "$(cat out)"
}

no_id__is_stable_body() {
	desk --sample
	printf 'From: a@b.org\nSubject: no id\n\nx\n' >m
	mail-ingest <m >out
	jq -e '.outcome == "created" and (.external_id | endswith("@generated.invalid>"))' out >/dev/null || atf_fail "$(cat out)"
	mail-ingest <m >out
	jq -e '.outcome == "duplicate"' out >/dev/null || atf_fail "$(cat out)"
}

thread__by_token_id_and_reference_body() {
	desk --sample
	mail 'Ann <ann@example.com>' 'Invoice 7' '<a1@example.com>' | mail-ingest >out
	ok tkt-show 4
	token=$(jq -r 'select(.type == "ticket") | .reply_to' out)
	root=$(jq -r 'select(.type == "ticket") | .root_id' out)
	# (1) the token, wherever it stands, in any case
	body=one mail ann@example.com 're: x' '<a2@example.com>' "Cc: $(echo "$token" | tr a-z A-Z)" | mail-ingest >out
	jq -e '.outcome == "appended" and .ticket == 4 and .rule == "M15.1"' out >/dev/null || atf_fail "$(cat out)"
	body=two mail ann@example.com 'x' '<a3@example.com>' | mail-ingest --recipient "$token" >out
	jq -e '.ticket == 4 and .rule == "M15.1"' out >/dev/null || atf_fail "$(cat out)"
	body=three mail ann@example.com 'x' '<a4@example.com>' | ORIGINAL_RECIPIENT=$token mail-ingest >out
	jq -e '.ticket == 4 and .rule == "M15.1"' out >/dev/null || atf_fail "$(cat out)"
	# (2) our own id
	body=four mail ann@example.com 'x' '<a5@example.com>' "In-Reply-To: $root" | mail-ingest >out
	jq -e '.ticket == 4 and .rule == "M15.2"' out >/dev/null || atf_fail "$(cat out)"
	# (3) a foreign one, also when a route moved the ticket
	body=five mail ann@example.com 'x' '<a6@example.com>' 'References: <zzz@x> <a1@example.com> <yyy@x>' | mail-ingest >out
	jq -e '.ticket == 4 and .rule == "M15.3"' out >/dev/null || atf_fail "$(cat out)"
	# Never by equal subject; never by a forged token or id.
	body=six mail ann@example.com 'Re: Invoice 7' '<a7@example.com>' | mail-ingest >out
	jq -e '.outcome == "created"' out >/dev/null || atf_fail "$(cat out)"
	forged=$(echo "$token" | sed 's/t4\.a/t4.B/; s/t4\.[^B]/t4.a/')
	body=seven mail eve@evil.org 'x' '<e1@evil.org>' "Cc: $forged" 'In-Reply-To: <t4.aaaaaaaaaaaaaaaa@acme.example>' | mail-ingest >out
	jq -e '.outcome == "created"' out >/dev/null || atf_fail "$(cat out)"
	# A revoked token.
	ok tkt-set 4 token=new
	body=eight mail ann@example.com 'x' '<a8@example.com>' | mail-ingest --recipient "$token" >out
	jq -e '.outcome == "created"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

reopen__or_follow_up_body() {
	desk --sample
	mail ann@example.com 'x' '<a1@example.com>' | mail-ingest >out
	ok tkt-set 4 status=solved
	body=again mail ann@example.com 'x' '<a2@example.com>' 'In-Reply-To: <a1@example.com>' | mail-ingest >out
	jq -e '.outcome == "appended"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list status:open -o ids
	is 4
	ok tkt-set 4 status=pending
	body=again2 mail ann@example.com 'x' '<a3@example.com>' 'In-Reply-To: <a1@example.com>' | mail-ingest >out
	ok tkt-list status:open -o ids
	is 4
	# An out-of-office note wakes nobody.
	ok tkt-set 4 status=pending
	body=away mail ann@example.com 'x' '<a4@example.com>' 'In-Reply-To: <a1@example.com>' 'Auto-Submitted: auto-replied' | mail-ingest >out
	jq -e '.class == "auto-reply" and .outcome == "internal" and .rule == "M14"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list status:pending -o ids
	is 4
	ok tkt-set 4 status=closed
	body=late mail ann@example.com 'x' '<a5@example.com>' 'In-Reply-To: <a1@example.com>' | mail-ingest >out
	jq -e '.outcome == "created" and .rule == "M19"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list link:4
	jq -e '.links == [{"rel":"follows","ticket":4}]' out >/dev/null || atf_fail "$(cat out)"
	# Past the reopen window.
	body=w mail ann@example.com 'x' '<w1@example.com>' | mail-ingest -o ids >out
	w=$(cat out)
	ok tkt-set "$w" status=solved
	TKT_NOW=2026-12-22T10:00:00Z
	body=w2 mail ann@example.com 'x' '<w2@example.com>' 'In-Reply-To: <w1@example.com>' | mail-ingest >out
	jq -e '.rule == "M19"' out >/dev/null || atf_fail "$(cat out)"
}

strangers__are_heard_and_get_nothing_body() {
	desk --sample
	mail ann@example.com 'x' '<a1@example.com>' 'Cc: boss@example.com' | mail-ingest >out
	# A thread's id is no secret: a stranger who knows it gets a ticket of their own.
	body=hi mail stranger@example.net 'x' '<s1@example.net>' 'In-Reply-To: <a1@example.com>' | mail-ingest >out
	jq -e '.outcome == "created" and .ticket == 5 and .rule == "M17"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 5
	jq -se '.[0].links == [{"rel":"refers","ticket":4}]' out >/dev/null || atf_fail "$(cat out)"
	# The token is one: they are heard, and get nothing until somebody says so.
	ok tkt-show 4
	token=$(jq -r 'select(.type == "ticket") | .reply_to' out)
	body=hi mail stranger@example.net 'x' '<s2@example.net>' "Cc: $token" | mail-ingest >out
	jq -e '.outcome == "appended" and .ticket == 4' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 4
	jq -se '.[2].flags == ["unverified"]' out >/dev/null || atf_fail "$(cat out)"
	tkt-reply 4 -m 'to whom?' --as alice >out 2>err || atf_fail reply
	grep -qx 'tkt-reply: ticket 4: to ann@example.com, boss@example.com' err || atf_fail "$(cat err)"
}

content__charsets_html_attachments_body() {
	desk --sample
	printf 'From: =?iso-8859-1?q?J=F6rg?= <j@b.org>\nTo: support@acme.example\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe =80\n' |
		mail-ingest >out || atf_fail ingest
	ok tkt-show 4
	jq -se '.[0].subject == "Grüße" and .[0].requester.name == "Jörg" and (.[1].body | startswith("Grüße"))' out >/dev/null || atf_fail "$(cat out)"
	# No charset declared, Windows-1252 bytes.
	printf 'From: j@b.org\nSubject: x\n\nprice: \200 5\n' | mail-ingest >out
	ok tkt-show 5
	jq -se '.[1].body == "price: € 5"' out >/dev/null || atf_fail "$(cat out)"
	cat >m <<'X'
From: j@b.org
Subject: html
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<html><head><title>t</title><style>p{}</style></head><body><p>Hello <b>big</b>
world</p><script>evil()</script><p>see <a href="https://x.org/a">here</a></p></body></html>
--b
Content-Type: image/png
Content-Disposition: attachment; filename="../../etc/a.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b
Content-Type: message/rfc822

From: inner@b.org
Subject: inner

inside
--b--
X
	mail-ingest <m >out || atf_fail ingest
	ok tkt-show 6
	jq -se '.[1].body == "Hello big world\n\nsee here <https://x.org/a>" and
		(.[1].attachments | map(.name)) == ["a.png","inner.eml"] and .[1].attachments[0].size == 8' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show --attachment 1 6
	printf '\211PNG\r\n\032\n' | cmp - out || atf_fail "other bytes"
}

hostile__is_filed_or_quarantined_body() {
	desk --sample
	head -c 100000 /dev/urandom | mail-ingest >out || atf_fail "noise"
	printf '\n' | mail-ingest >out || atf_fail "a newline"
	jq -e '.outcome == "quarantined" and .reason == "no sender"' out >/dev/null || atf_fail "$(cat out)"
	printf 'From: a@b.org\nSubject: \033[31mred\007\n\n\033]0;x\007\n' | mail-ingest >out || atf_fail "escapes"
	{
		printf 'From: a@b.org\nSubject: deep\nMIME-Version: 1.0\n'
		i=0
		while [ $i -lt 150 ]; do
			printf 'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' $i $i
			i=$((i + 1))
		done
		printf 'Content-Type: text/plain\n\nx\n'
	} | mail-ingest >out || atf_fail deep
	jq -e '.outcome == "quarantined" and .reason == "nested too deeply"' out >/dev/null || atf_fail "$(cat out)"
	{
		printf 'From: a@b.org\nSubject: parts\nContent-Type: multipart/mixed; boundary=b\n\n'
		yes -- '--b

x' | head -n 6000
	} | mail-ingest >out || atf_fail parts
	jq -e '.outcome == "quarantined" and .reason == "too many parts"' out >/dev/null || atf_fail "$(cat out)"
	{ echo 'From: a@b.org'; seq 1 20000 | sed 's/.*/X-Filler-&: some words/'; printf '\nx\n'; } | mail-ingest >out || atf_fail headers
	jq -e '.outcome == "quarantined" and .reason == "headers too large"' out >/dev/null || atf_fail "$(cat out)"
	awk 'BEGIN { printf "From: a@b.org\nTo: x@b.org"; for (i = 0; i < 300; i++) printf ",\n r%d@b.org", i; print "\n\nx" }' |
		mail-ingest >out || atf_fail people
	jq -e '.outcome == "quarantined" and .reason == "too many recipients"' out >/dev/null || atf_fail "$(cat out)"
	sed -i '1i limits { mail_size = 100kB }' desk/tkt.conf
	ok tkt-config apply
	{ mail a@b.org big '<big@b>'; head -c 1000000 /dev/zero | tr '\0' x; } | mail-ingest >out || atf_fail big
	jq -e '.outcome == "quarantined" and .reason == "larger than mail_size"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

log__one_line_a_mail_body() {
	desk --sample
	mail a@b.org x '<l@b>' | mail-ingest --log stderr >out 2>err || atf_fail "exit $?"
	grep -qx 'mail-ingest: created ticket=4 message=[0-9]* class=human rule=M14 id=<l@b>' err || atf_fail "$(cat err)"
	mail a@b.org x '<l@b>' | mail-ingest --log syslog >out 2>err || atf_fail "syslog: $?"
	[ ! -s err ] || atf_fail "$(cat err)"
	fails 64 'use syslog or stderr' mail-ingest --log file
}

received_at__is_when_it_was_said_body() {
	desk --sample
	mail a@b.org x '<r@b>' 'Date: Thu, 1 Jan 2099 00:00:00 +0000' | mail-ingest --received-at 2026-11-20T08:00:00Z >out
	ok tkt-show 4
	jq -se '.[0].created_at == "2026-11-20T08:00:00Z" and .[1].created_at == "2026-11-20T08:00:00Z"' out >/dev/null || atf_fail "$(cat out)"
}

sender__is_proven_by_an_aligned_pass_body() {
	desk --sample
	{
		echo 'authserv = "mx.acme.example"'
		cat desk/tkt.conf
	} >conf
	cat conf >desk/tkt.conf
	ok tkt-config apply --quiet
	printf 'From: ev@b.org\nSubject: x\n\nx\n' | mail-ingest >out || atf_fail mail
	printf 'Authentication-Results: evil.example; dmarc=pass header.from=b.org\nFrom: ev@b.org\nSubject: y\n\nx\n' | mail-ingest >out || atf_fail mail
	sqlite3 desk/store.db "SELECT proven_at FROM address WHERE value = 'ev@b.org'" >out
	is ''
	printf 'Authentication-Results: mx.acme.example; dmarc=pass header.from=b.org\nFrom: ev@b.org\nSubject: z\n\nx\n' | mail-ingest >out || atf_fail mail
	ok cust-show ev@b.org
	jq -se '.[0].addresses[0].proven_at == "2026-11-22T10:00:00Z"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

sender__is_proven_by_the_token_of_their_ticket_body() {
	desk --sample
	to=$(tkt-show 1 | head -n 1 | jq -r .reply_to)
	proven() {
		sqlite3 desk/store.db "SELECT value FROM address WHERE proven_at IS NOT NULL"
	}
	# Somebody to whom it was forwarded has the token, but is nobody of that ticket.
	printf 'From: eve@evil.org\nTo: %s\nSubject: x\n\nfrom eve\n' "$to" | mail-ingest >out || atf_fail mail
	[ -z "$(proven)" ] || atf_fail "a stranger: $(proven)"
	printf 'From: bea@example.org\nTo: support@acme.example\nSubject: [#1] x\n\nno token\n' | mail-ingest >out || atf_fail mail
	[ -z "$(proven)" ] || atf_fail "without a token: $(proven)"
	printf 'From: ann@example.com\nTo: %s\nSubject: x\n\nfrom ann\n' "$to" | mail-ingest >out || atf_fail mail
	[ "$(proven)" = ann@example.com ] || atf_fail "ann: $(proven)"
	ok tkt-fsck --all
}

cases cmd/mail-ingest_test.sh
