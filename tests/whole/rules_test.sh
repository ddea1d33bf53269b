# The sample rules of share/recipes/rules.conf; and internal notes, which never leave.
. "$TKT_SRC/tests/helpers.sh"

ruled() {
	desk --sample
	cp "$TKT_SRC/share/recipes/rules.conf" desk/
	cp "$TKT_SRC/share/canned/ask-again.md" desk/canned/
	printf 'include("rules.conf")\n' >>desk/tkt.conf
	ok tkt-config apply
}
mail() { printf 'From: Ann Lee <ann@example.com>\nTo: support@acme.example\nSubject: %s\nMessage-ID: <%s@x>\n\n%s\n' "$1" "$2" "${3:-x}" | mail-ingest >out || atf_fail mail; }
told() { sqlite3 desk/store.db "SELECT group_concat(kind || ':' || target, ' ') FROM (SELECT kind, target FROM delivery WHERE ticket = $1 AND event > $2 ORDER BY event, n)"; }
last() { sqlite3 desk/store.db 'SELECT max(id) FROM event'; }

samples__tell_and_acknowledge_body() {
	ruled
	mail 'hello' s1
	[ "$(told 4 0)" = 'ack:ann@example.com notice:alice notice:bob notice:carol' ] || atf_fail "created: $(told 4 0)"
	at=$(last)
	ok tkt-set 4 assignee=bob --as alice
	[ "$(told 4 "$at")" = 'notice:bob' ] || atf_fail "assigned: $(told 4 "$at")"
	at=$(last)
	mail '[Acme Support #4]' s2
	[ "$(told 4 "$at")" = 'notice:bob' ] || atf_fail "message: $(told 4 "$at")"
	at=$(last)
	ok tkt-reply 4 -m 'Answer.' --quiet --as bob
	[ "$(told 4 "$at")" = 'reply:ann@example.com' ] || atf_fail "who did it knows: $(told 4 "$at")"
	# A colleague is mentioned, and follows from now on.
	ok tkt-reply 4 --note -m 'What does @carol say?' --quiet --as bob
	at=$(last)
	mail '[Acme Support #4]' s3
	[ "$(told 4 "$at")" = 'notice:bob notice:carol' ] || atf_fail "followers: $(told 4 "$at")"
	# Assignment by the queue tells, too.
	at=$(last)
	mail 'printer is broken' s4
	[ "$(told 5 "$at")" = 'ack:ann@example.com notice:carol notice:bob' ] || atf_fail "by assignment: $(told 5 "$at")"
	ok tkt-fsck --all
}

samples__escalate_ask_and_close_body() {
	ruled
	ok tkt-set 3 queue=inbox assignee=carol
	export TKT_NOW=2026-11-22T12:10:00Z
	ok tkt-tick
	ok tkt-list id:3 priority:high -o ids
	is 3
	export TKT_NOW=2026-11-22T14:10:00Z
	ok tkt-tick
	ok tkt-list id:3 priority:urgent -o ids
	is 3
	# The clock of urgent tickets is over: that is told, and acted on.
	export TKT_NOW=2026-11-22T15:30:00Z
	ok tkt-tick
	ok tkt-list id:3 tag:breached -o ids
	is 3
	[ "$(sqlite3 desk/store.db "SELECT group_concat(target) FROM delivery WHERE rule = 'breached' AND ticket = 3")" = 'carol,alice,bob' ] || atf_fail "$(sqlite3 desk/store.db "SELECT * FROM delivery WHERE ticket = 3")"
	ok tkt-reply 3 -m 'Which one?' --status pending --quiet --as carol
	export TKT_NOW=2026-11-25T16:00:00Z
	ok tkt-tick
	ok tkt-show 3
	jq -se '.[0].tags | index("asked") != null' out >/dev/null || atf_fail "$(head -n 1 out)"
	jq -se '.[-1] | .kind == "reply" and (.body | contains("we have not heard from you"))' out >/dev/null || atf_fail "$(tail -n 1 out)"
	export TKT_NOW=2026-11-29T16:00:00Z
	ok tkt-tick
	ok tkt-list id:3 status:solved -o ids
	is 3
	export TKT_NOW=2026-12-07T16:00:00Z
	ok tkt-tick
	ok tkt-list id:3 status:closed -o ids
	is 3
	export TKT_NOW=2029-12-07T16:00:00Z
	ok tkt-tick
	fails 66 'no ticket 3' tkt-show 3
	ok tkt-fsck --all
}

# Whatever rules, templates, hooks of hostile or careless policy ask for: what a note says
# reaches agents alone.
notes__never_leave_body() {
	desk --sample
	smtp
	http
	printf 'all: {{message.text}}\n' >desk/canned/leak.md
	printf '{{ticket.status}} {{message.text}}\n' >desk/templates/update.md 2>/dev/null || { mkdir desk/templates && printf '{{ticket.status}} {{message.text}}\n' >desk/templates/update.md; }
	cat >>desk/tkt.conf <<X
webhook out { url = "http://127.0.0.1:$hport/ok" private_allowed = true }
rule a { on = message reply = leak notify = {requester, assignee, queue, followers} hook = out note = "a note of a rule" }
rule b { on = changed reply = acknowledgement notify = {requester} hook = out }
macro m { reply = leak note = "SECRETWORD by hand" }
rule t { on = time when = "updated<-1s" notify = {requester} hook = out note = "SECRETWORD by time" }
X
	send_to "$port"
	# By command, by an agent's mail, by a split and a merge, as a draft, as a forward.
	ok tkt-reply 1 --note -m 'SECRETWORD of alice' --quiet --as alice --cc partner@example.com
	token=$(sqlite3 desk/store.db 'SELECT 1' >/dev/null && mail-send -N 2>/dev/null | sed -n 's/^Reply-To: \(support+a1[^ ]*\)/\1/p' | head -n 1)
	[ -z "$token" ] || printf 'From: alice@acme.example\nTo: %s\nSubject: Re\nMessage-ID: <n1@x>\n\nSECRETWORD by mail\n' "$token" | mail-ingest >out
	ok tkt-reply 1 --note --draft -m 'SECRETWORD draft' --quiet --as bob
	ok tkt-reply 1 --send --quiet --as bob
	ok tkt-set 1 priority=high --as alice
	tkt-rule run m 1 --as alice >out 2>err
	ok tkt-reply 1 -m 'public words' --quiet --as alice
	note=$(sqlite3 desk/store.db "SELECT max(id) FROM message WHERE kind = 'note'")
	ok tkt-split "$note" -s 'apart' --quiet
	ok tkt-merge --into 1 4 --quiet
	export TKT_NOW=2026-11-22T10:05:00Z
	ok tkt-tick
	last=$(sqlite3 desk/store.db 'SELECT max(id) FROM event')
	hook-send --replay "1..$last" out >out 2>err || atf_fail "$(cat err)"
	for i in 1 2 3; do
		mail-send >out 2>err || atf_fail "$(cat err)"
		hook-send >out 2>err || atf_fail "$(cat err)"
	done
	[ "$(find sink -name '*.eml' | wc -l)" -ge 3 ] || atf_fail "nothing left at all"
	for f in sink/*.eml; do
		to=$(sed -n 's/^X-To: //p' "$f")
		case $to in *@acme.example) continue ;; esac
		python3 - "$f" <<'P' || atf_fail "$to: $(cat "$f")"
import email, sys
m = email.message_from_file(open(sys.argv[1]))
text = "".join(p.get_payload(decode=True).decode() for p in m.walk() if not p.is_multipart())
sys.exit("SECRETWORD" in text or "a note of a rule" in text or "SECRETWORD" in str(m))
P
	done
	! grep -l SECRETWORD asked/* || atf_fail "a hook has it"
	ok tkt-fsck --all
}
notes__never_leave_cleanup() {
	smtp_stop
	http_stop
}

cases whole/rules_test.sh
