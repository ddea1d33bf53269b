# tkt-reply: replies, notes, recipients, statuses.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-reply 1 -m x
	no_desk tkt-reply 1 -m x
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 66 'no ticket 99' tkt-reply 99 -m x
	fails 64 'the text is empty' tkt-reply 1 -m ''
	fails 64 'the text is empty' tkt-reply 1
	fails 64 'status "solvd": no such status (did you mean "solved"?)' tkt-reply 1 -m x --status solvd
	fails 64 'is not an address' tkt-reply 1 -m x --cc nobody
}

reply__answers_and_opens_body() {
	desk --sample
	tkt-reply 1 -m 'We will refund it.' --as alice --cc boss@example.com >out 2>err || atf_fail "$(cat err)"
	grep -qx 'tkt-reply: ticket 1: to ann@example.com, boss@example.com' err || atf_fail "$(cat err)"
	records
	ok tkt-show 1
	jq -se '.[0].status == "open" and .[0].first_replied_at == "2026-11-22T10:00:00Z" and .[0].cc == ["boss@example.com"]' \
		out >/dev/null || atf_fail "$(cat out)"
	sqlite3 desk/store.db 'SELECT via, target, state FROM delivery ORDER BY n' >out
	is 'mail|ann@example.com|0
mail|boss@example.com|0'
	# The queue says what comes after a reply.
	ok tkt-reply 2 -m 'Off and on again?' --as carol --quiet
	ok tkt-list status:pending -o ids
	is 2
	ok tkt-reply 3 -m 'Here.' --status solved --as carol --quiet
	ok tkt-list status:solved -o ids
	is 3
}

note__stays_inside_body() {
	desk --sample
	ok tkt-reply 1 --note -m 'call her first' --as alice
	ok tkt-show 1
	jq -se '.[0].status == "new" and .[0].first_replied_at == null and .[2].kind == "note"' out >/dev/null ||
		atf_fail "$(cat out)"
	sqlite3 desk/store.db 'SELECT count(*) FROM delivery' >out
	is 0
}

stdin__pipe_and_files_body() {
	desk --sample
	printf 'from stdin\n' | tkt-reply 1 --quiet >out || atf_fail stdin
	jq -e '.body == "from stdin"' out >/dev/null || atf_fail "$(cat out)"
	tkt-list queue:billing,inbox | tkt-reply -m 'to both' --quiet -o ids >out || atf_fail pipe
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
	tkt-list | tkt-reply >out 2>err
	[ $? -eq 64 ] || atf_fail "a pipe without -m"
	echo data >f.txt
	ok tkt-reply 1 -m x -a f.txt --quiet
	jq -e '.attachments[0].name == "f.txt"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

dry_run__does_nothing_body() {
	desk --sample
	tkt-reply -N 1 -m x >out 2>err || atf_fail "$(cat err)"
	grep -q 'to ann@example.com' err || atf_fail "$(cat err)"
	ok tkt-show 1
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
}

roles__and_merged_body() {
	desk --sample
	fails 77 'has no access to queue "hardware"' tkt-reply 2 -m x --as bob
	sqlite3 desk/store.db 'UPDATE ticket SET phase = 4, merged_into = 2 WHERE id = 1'
	fails 65 'it is merged into ticket 2' tkt-reply 1 -m x
}

editor__quotes_the_last_message_body() {
	desk --sample
	cat >editor <<'X'
#!/bin/sh
grep -q '^> I was charged twice' "$1" || exit 1
echo 'my answer' >"$1"
X
	chmod +x editor
	EDITOR="$PWD/editor" script -qec 'tkt-reply 1' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	EDITOR=true script -qec 'tkt-reply 1' /dev/null </dev/null >out 2>&1
	[ $? -eq 64 ] || atf_fail "unchanged text: $(cat out)"
	has 'the text was not changed'
}

draft__is_kept_sent_and_thrown_away_body() {
	desk --sample
	tkt-reply 1 --draft -m 'We look into it.' --status pending --as alice >out 2>err || atf_fail "$(cat err)"
	grep -qF 'ticket 1: kept (tkt-reply --send 1 sends it)' err || atf_fail "$(cat err)"
	ok tkt-show 1 --as alice
	jq -se '[.[] | select(.type == "message")] | length == 1' out >/dev/null || atf_fail "a draft is no message: $(cat out)"
	jq -se '.[0].status == "new"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1 --as carol -o human
	has 'alice has a draft of a reply'
	sqlite3 desk/store.db 'SELECT count(*) FROM delivery' >out
	is 0
	# Every agent has their own.
	fails 66 'carol has no draft there' tkt-reply 1 --send --as carol
	fails 64 '--send sends the draft: -m is too much' tkt-reply 1 --send -m x --as alice
	fails 64 '--draft or --send, not both' tkt-reply 1 --send --draft --as alice
	fails 64 'say which tickets' tkt-reply --send --as alice
	fails 64 '-a and --cc go with --send' tkt-reply 1 --draft -m x --cc a@b.org --as alice
	tkt-reply 1 --send --as alice -N >out 2>err || atf_fail "$(cat err)"
	tkt-reply 1 --send --as alice >out 2>err || atf_fail "$(cat err)"
	grep -qF 'ticket 1: to ann@example.com' err || atf_fail "$(cat err)"
	jq -e '.body == "We look into it." and .author.id == "alice"' out >/dev/null || atf_fail "$(cat out)"
	fails 66 'alice has no draft there' tkt-reply 1 --send --as alice
	ok tkt-list id:1
	jq -e '.status == "pending"' out >/dev/null || atf_fail "$(cat out)"
	# An empty text throws it away.
	tkt-reply 1 --draft -m x --as alice --quiet >/dev/null || atf_fail draft
	printf '' | tkt-reply 1 --draft --as alice >out 2>err || atf_fail "$(cat err)"
	grep -qF 'ticket 1: thrown away' err || atf_fail "$(cat err)"
	fails 66 'alice has no draft there' tkt-reply 1 --send --as alice
	ok tkt-fsck --all
}

draft__is_where_the_editor_begins_body() {
	desk --sample
	cat >editor <<'X'
#!/bin/sh
cat "$1" >seen
echo 'the end of it' >>"$1"
X
	chmod +x editor
	tkt-reply 1 --draft -m 'half a sentence' --as alice --quiet >/dev/null || atf_fail draft
	EDITOR="$PWD/editor" script -qec 'tkt-reply 1 --as alice' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	[ "$(head -n 1 seen)" = 'half a sentence' ] || atf_fail "$(cat seen)"
	ok tkt-show 1
	has 'half a sentence\nthe end of it'
	fails 66 'alice has no draft there' tkt-reply 1 --send --as alice
	# What was meant for colleagues does not begin an answer.
	tkt-reply 1 --draft --note -m 'between us' --as alice --quiet >/dev/null || atf_fail draft
	EDITOR="$PWD/editor" script -qec 'tkt-reply 1 --as alice' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	! grep -q 'between us' seen || atf_fail "$(cat seen)"
	ok tkt-reply 1 --send --as alice --quiet
	jq -e '.kind == "note" and .body == "between us"' out >/dev/null || atf_fail "$(cat out)"
}

draft__sent_late_says_what_came_since_body() {
	desk --sample
	printf 'From: a@b.org\nTo: support@acme.example\nSubject: x\nMessage-ID: <first@b>\n\nHello?\n' | mail-ingest -o ids >out || atf_fail mail
	id=$(tkt-list 'subject:x' -o ids)
	tkt-reply "$id" --draft -m 'Just a moment.' --as alice --quiet >/dev/null || atf_fail draft
	printf 'From: a@b.org\nTo: support@acme.example\nSubject: Re: x\nMessage-ID: <late@b>\nIn-Reply-To: <first@b>\n\nForget it.\n' >late
	ok mail-ingest <late
	tkt-reply "$id" --send --as alice >out 2>err || atf_fail "$(cat err)"
	grep -q "ticket $id: the customer wrote again meanwhile (message [0-9]*)" err || atf_fail "$(cat err)"
}

note__mentions_make_followers_body() {
	desk --sample
	ok tkt-reply 1 --note -m 'What do you think, @carol? @nobody and mail@bob.example do not count.' --as alice
	ok tkt-show 1
	sed -n 1p out | jq -e '.followers == ["carol"]' >/dev/null || atf_fail "$(cat out)"
}

if_unchanged__a_late_reply_is_not_sent_body() {
	desk --sample
	tkt-list id:1,3 >seen
	ok tkt-set 3 priority=high
	tkt-reply -m 'Hello.' --if-unchanged --quiet <seen >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out err)"
	grep -q '^tkt-reply: ticket 3: it was changed at ' err || atf_fail "$(cat err)"
	[ "$(wc -l <out)" -le 1 ] || atf_fail "$(cat out)"
	ok tkt-show 3
	lacks 'Hello.'
	ok tkt-fsck --all
}

canned__in_the_language_of_who_asks_body() {
	desk --sample
	printf -- '---\ntitle: Refund\nset: status=solved tag+=refunded\n---\nDear {{requester.name}},\n\n{{ticket.subject}} is done.\n\n{{agent.name}}\n' >desk/canned/refund.md
	printf -- '---\nlanguage: de\n---\nGuten Tag {{requester.name}}, {{ticket.subject}} ist erledigt.\n' >desk/canned/refund.de.md
	ok tkt-config apply
	fails 64 '--canned is the text' tkt-reply 1 --canned refund -m x
	fails 66 'no such reply (did you mean "refund"?)' tkt-reply 1 --canned refnd
	# A preview sends nothing; a value that is missing stops it.
	tkt-reply 1 --canned refund --as alice -N -o human >out 2>err || atf_fail "$(cat err)"
	has 'Dear Ann Lee,'
	fails 65 'ticket 1: text "refund": {{agent.name}} has no value here' tkt-reply 1 --canned refund
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM delivery')" -eq 0 ] || atf_fail "something was sent"
	ok cust-set 2 language=de-AT
	ok tkt-reply 1 2 --canned refund --quiet --as alice
	jq -se '.[0].body == "Dear Ann Lee,\n\nRefund for invoice AC-20391 is done.\n\nAlice Ahrens" and (.[1].body | startswith("Guten Tag "))' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	jq -se '.[0].status == "solved" and (.[0].tags | index("refunded") != null)' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-config show --names canned
	is 'acknowledgement
refund'
	printf '{{ticket.subjct}}\n' >desk/canned/typo.md
	tkt-config check >out 2>err
	[ $? -eq 78 ] || atf_fail "an unknown value passes"
	grep -q 'canned/typo.md:1: {{ticket.subjct}}: no such value' err || atf_fail "$(cat err)"
}

scheduled__unless_the_customer_writes_first_body() {
	desk --sample
	fails 64 '--at "2026-11-21" has passed' tkt-reply 1 --at 2026-11-21 -m x
	fails 64 '--at keeps a reply and its status' tkt-reply 1 --at +1h --note -m x
	ok tkt-reply 1 --at +1h -m 'In an hour.' --status pending --quiet --as alice
	ok tkt-reply 2 --at +1h -m 'In an hour, too.' --quiet --as carol
	ok tkt-tick
	jq -e '.sent == 0' out >/dev/null || atf_fail "$(cat out)"
	# Ticket 2's customer is faster: carol is told, and her text is still there.
	from=$(tkt-show 2 | jq -r 'select(.type == "ticket").requester.address')
	printf 'From: %s\nTo: support@acme.example\nSubject: [Acme Support #2]\nMessage-ID: <f1@x>\n\nnever mind\n' "$from" | mail-ingest >out
	[ "$(sqlite3 desk/store.db "SELECT target FROM delivery WHERE kind = 'notice'")" = carol ] || atf_fail "not told"
	export TKT_NOW=2026-11-22T11:00:00Z
	ok tkt-tick
	jq -e '.sent == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	jq -se '.[0].status == "pending" and .[-1].body == "In an hour." and .[-1].author.id == "alice"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-reply --send 2 --quiet --as carol
	ok tkt-fsck --all
}

article__title_summary_link_body() {
	desk --sample
	printf 'kb { url = "https://help.acme.example/" }\n' >>desk/tkt.conf
	ok tkt-config apply
	echo 'Long text.' | article refund.md 'Get a refund' 'summary: How to ask.'
	echo 'Langer Text.' | article refund.de.md 'Geld zurück' 'language: de'
	echo 'For us.' | article ours.md Ours 'audience: internal'
	echo 'Not yet.' | article soon.md Soon 'state: draft'
	ok kb-publish refund.md refund.de.md ours.md soon.md
	ok tkt-reply 1 -m 'Look:' --article refund --as alice --quiet
	jq -e '.body == "Look:\n\nGet a refund\nHow to ask.\nhttps://help.acme.example/en/refund.html"' out >/dev/null || atf_fail "$(cat out)"
	# It may be all there is, and it is in the requester's language.
	ok cust-show 2
	ok cust-set 2 language=de
	ok tkt-reply 2 --article refund --as alice --quiet </dev/null
	jq -e '.body == "Geld zurück\nhttps://help.acme.example/de/refund.html"' out >/dev/null || atf_fail "$(cat out)"
	fails 77 'is internal: not for customers' tkt-reply 1 -m x --article ours
	fails 77 'is a draft: not for customers' tkt-reply 1 -m x --article soon
	ok tkt-reply 1 --note -m 'See' --article ours --as alice --quiet
	fails 66 'no such article' tkt-reply 1 -m x --article nothing
	fails 64 '--article goes with --send' tkt-reply 1 -m x --article refund --draft
	ok kb-stats
	jq -se 'map(select(.cited > 0) | "\(.article) \(.language) \(.cited)") == ["refund de 1", "refund en 1", "ours en 1"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-reply 3 -m x --article refund -N --quiet
	ok tkt-fsck --all
}

cases cmd/tkt-reply_test.sh
