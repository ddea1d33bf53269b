# tkt-rule: list, run, explain, test, rehearse; and rules on = time by tkt-tick.
. "$TKT_SRC/tests/helpers.sh"

# conf LINE...: appended to tkt.conf, and applied.
conf() {
	printf '%s\n' "$@" >>desk/tkt.conf
	tkt-config apply >/dev/null 2>err || atf_fail "tkt-config: $(cat err)"
}

common__words_and_disk_body() {
	desk --sample
	_formats='json, human, tsv, ids or tap' common_checks tkt-rule list
	no_desk tkt-rule list
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'what? list, run NAME ID' tkt-rule
	fails 64 'no such word (did you mean "test"?)' tkt-rule tset
	fails 64 'run which rule?' tkt-rule run
	fails 66 'no such rule on = hand or time' tkt-rule run nothing 1
	fails 64 '--on "creatd": unknown (did you mean "created"?)' tkt-rule explain 1 --on creatd
	fails 64 'test which cases?' tkt-rule test
	fails 66 'nowhere' tkt-rule test nowhere
	fails 65 'no cases in /dev/null' tkt-rule test /dev/null
	fails 64 'rehearse what?' tkt-rule rehearse
	fails 64 '-o tap is for test' tkt-rule list -o tap
	tkt-rule list >/dev/full 2>err
	status=$?
	[ $status -eq 74 ] || atf_fail "/dev/full: $status"
}

macro__acts_as_its_agent_body() {
	desk --sample
	printf -- '---\nset: tag+=canned\n---\nDear {{requester.name}}, done. {{agent.name}}\n' >desk/canned/done.md
	conf 'macro finish { when = "phase:open" set = "status=solved" reply = done notify = {carol} }' 'macro noop { set = "tag+=x" }'
	ok tkt-rule list
	records
	jq -se 'map(select(.block == "macro").rule) == ["finish", "noop"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-rule run finish 1 -N --as alice -o human
	has 'status "new" → "solved"'
	ok tkt-show 1
	jq -se '.[0].status == "new"' out >/dev/null || atf_fail "a dry run did it"
	ok tkt-rule run finish 1 2 --as alice
	ok tkt-show 1
	jq -se '.[0].status == "solved" and .[0].first_replied_at != null and (.[-1] | .kind == "reply" and .class == "human" and .author.id == "alice" and .body == "Dear Ann Lee, done. Alice Ahrens")' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	ok mail-queue list
	jq -se 'map(select(.ticket == 1) | [.kind, .target]) == [["reply", "ann@example.com"], ["notice", "carol"]]' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	# Its condition no longer holds; another agent's queue; rights.
	fails 1 'rule "finish" is not for it: phase:open' tkt-rule run finish 1 --as alice
	ok tkt-log --ticket 1
	jq -se 'map(select(.actor == "rule:finish")) | length >= 1 and .[0].changes.by == "agent:alice"' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	tkt-list -o json | tkt-rule run noop -o ids >out || atf_fail "a pipe"
	ok tkt-list tag:x -o ids
	[ "$(wc -l <out)" -eq 1 ] || [ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

explain__says_what_and_why_not_body() {
	desk --sample
	conf 'rule ack { on = created when = "channel:email" reply = acknowledgement hook = "https://example.com/h" run = {"/bin/true"} }' 'rule on-note { on = message when = "message:note by:agent" notify = {assignee} }'
	ok tkt-rule explain 1 -o human
	has 'ticket 1: route billing matches: queue=billing tag+=money (so it is already)'
	has 'ticket 1: route hardware does not match: subject:/printer|laptop|monitor/ or body:/paper jam/'
	has 'rule ack matches: reply acknowledgement; hook https://example.com/h; run /bin/true'
	ok tkt-rule explain 1
	records
	ok tkt-rule explain 1 --on message -o human
	has 'rule on-note does not match: message:note'
	echo '{"subject":"Printer","requester":"noreply@example.org","channel":"email","body":"?"}' | tkt-rule explain --json -o human >out
	has 'route hardware matches: queue=hardware kind=incident'
	has 'no reply: M35: an address that answers nobody'
	has 'chosen'
	echo '{"subject":"Printer","requester":"x@example.org","channel":"email","body":"?"}' | tkt-rule explain --json >out
	records
	jq -se 'map(select(.type == "candidate")) | length == 2 and (map(select(.chosen)) | length == 1)' out >/dev/null || atf_fail "$(cat out)"
	[ "$(sqlite3 desk/store.db 'SELECT max(id) FROM ticket')" -eq 3 ] || atf_fail "something was made"
}

# Rules see who did it and what changed; what they change lets others look.
happening__by_message_changed_body() {
	desk --sample
	conf 'rule taken { on = changed when = "changed:assignee by:agent" set = "tag+=taken" }' \
		'rule said { on = message when = "message:reply by:customer" set = "tag+=heard" }' \
		'rule chain { on = changed when = "tag:taken priority<high" set = "priority=high" }' \
		'rule notes { on = message when = "message:note" note = "seen by {{desk.name}}" }'
	ok tkt-set 3 assignee=bob --as alice
	ok tkt-show 3
	jq -se '.[0].tags == ["taken"] and .[0].priority == "high"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 2 assignee=bob
	ok tkt-list tag:taken -o ids
	is 3
	printf 'From: Ann Lee <ann@example.com>\nTo: support@acme.example\nSubject: [Acme Support #1]\nMessage-ID: <h1@x>\n\nx\n' | mail-ingest >out
	ok tkt-list tag:heard -o ids
	is 1
	ok tkt-reply 1 --note -m 'internal' --quiet --as alice
	ok tkt-show 1
	jq -se 'map(select(.kind == "note").body) == ["internal", "seen by Acme Support"]' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	# Each event names its cause.
	ok tkt-log --ticket 3
	jq -se 'map(select(.actor | startswith("rule:"))) | all(.cause != null)' out >/dev/null || atf_fail "$(cat out)"
	printf 'rule bad { on = time when = "solved<-1d by:agent" set = "tag+=x" }\n' >>desk/tkt.conf
	tkt-config check >out 2>err
	[ $? -eq 78 ] || atf_fail "not 78"
	grep -q '"by" asks what just happened: only rules can, but not those on = time' err || atf_fail "$(cat err)"
}

loop__ends_ten_deep_body() {
	desk --sample
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
		printf 'rule r%s { on = changed when = "tag:t%s" set = "tag+=t%s" }\n' $((14 - i)) $((14 - i)) $((15 - i))
	done >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-set 1 tag+=t1
	ok tkt-log --ticket 1
	jq -se 'map(.action) | index("rule.loop") != null' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	ok tkt-fsck --all
}

# The rules every desk wants, as tkt.conf(5) and the samples write them.
time__autoclose_wake_escalate_retain_body() {
	desk --sample
	conf 'rule autoclose { on = time when = "status:solved solved<-4d" set = "status=closed" note = "closed after four days" }' \
		'rule nag { on = time when = "phase:open waiting<-2h" notify = {queue} set = "priority=high" }' \
		'rule lead { on = time when = "phase:open waiting<-4h priority:high" notify = {alice} set = "priority=urgent" }' \
		'rule retention { on = time when = "status:closed solved<-30d" purge = true }'
	ok tkt-set 1 status=solved --as alice
	ok tkt-tick
	jq -e '.fired == 0' out >/dev/null || atf_fail "$(cat out)"
	export TKT_NOW=2026-11-22T12:30:00Z
	ok tkt-tick
	records
	jq -e '.fired == 2' out >/dev/null || atf_fail "$(cat out)"
	# Once: what a rule did is no reason to do it again.
	ok tkt-tick
	jq -e '.fired == 0' out >/dev/null || atf_fail "$(cat out)"
	export TKT_NOW=2026-11-22T14:30:00Z
	ok tkt-tick
	jq -e '.fired == 2' out >/dev/null || atf_fail "the ladder: $(cat out)"
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE rule = 'lead' AND target = 'alice'")" -eq 2 ] || atf_fail "alice"
	ok tkt-list 'priority:urgent' -o ids
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
	# Somebody changes it: the rule looks again.
	ok tkt-set 2 priority=normal --as carol
	ok tkt-tick
	jq -e '.fired >= 1' out >/dev/null || atf_fail "after a change: $(cat out)"
	export TKT_NOW=2026-11-26T11:00:00Z
	ok tkt-tick
	ok tkt-show 1
	jq -se '.[0].status == "closed" and .[-1].body == "closed after four days"' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	export TKT_NOW=2026-12-27T11:00:00Z
	ok tkt-tick
	jq -e '.purged == 1' out >/dev/null || atf_fail "$(cat out)"
	fails 66 'no ticket 1' tkt-show 1
	ok tkt-fsck --all
}

refused__says_so_and_stops_nothing_body() {
	desk --sample
	printf '{{ticket.fields.floor}} {{agent.name}}\n' >desk/canned/floor.md
	conf 'rule ack { on = created when = "channel:email" reply = floor set = "tag+=first" }' 'rule after { on = created set = "tag+=second" }'
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: x\nMessage-ID: <r1@x>\n\nx\n' | mail-ingest >out || atf_fail mail
	ok tkt-log --ticket 4
	jq -se 'map(select(.action == "rule.refused"))[0].changes.reason | contains("{{ticket.fields.floor}} has no value here")' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	ok tkt-show 4
	jq -se '.[0].tags == ["first", "second"]' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	ok mail-queue list
	is ''
	ok tkt-fsck --all
}

test__policy_has_unit_tests_body() {
	desk --sample
	conf 'rule ack { on = created when = "channel:email" reply = acknowledgement notify = {queue} }'
	printf 'From: A B <a@example.org>\nTo: billing@acme.example\nSubject: laptop\nMessage-ID: <t1@x>\n\nx\n' >mail.eml
	printf 'From: A B <a@example.org>\nTo: billing@acme.example\nSubject: laptop\nMessage-ID: <t1@x>\nAuto-Submitted: auto-generated\n\nx\n' >robot.eml
	cat >cases <<'X'
{"name":"invoice","draft":{"subject":"Invoice 7","requester":"a@b.org","channel":"email","body":"?"},"expect":{"queue":"billing","assignee":"alice","tags":["money"],"priority":"normal","rules":["ack","billing"],"deliveries":[{"kind":"ack","target":"a@b.org"},{"kind":"notice","target":"bob"},{"kind":"notice","target":"alice"}]}}
{"name":"a mail","mail":"mail.eml","expect":{"queue":"hardware","mailbox":"billing","kind":"incident"}}
{"name":"a robot","mail":"robot.eml","expect":{"deliveries":[{"kind":"notice"},{"kind":"notice"}]}}
X
	mkdir sub
	mv mail.eml robot.eml cases sub
	ok tkt-rule test sub/cases
	records
	jq -se 'map(.ok) == [true, true, true]' out >/dev/null || atf_fail "$(cat out)"
	# The desk itself was not touched, and is not needed.
	[ "$(sqlite3 desk/store.db 'SELECT max(id) FROM ticket')" -eq 3 ] || atf_fail "the desk was used"
	cp desk/tkt.conf other.conf
	sed -i 's/subject:.printer|laptop/subject:\/printer/' other.conf
	(unset TKT_DESK && tkt-rule test --conf other.conf sub/cases -o tap) >out 2>err
	[ $? -eq 1 ] || atf_fail "not 1: $(cat out err)"
	has 'ok 1 - invoice'
	has 'not ok 2 - a mail'
	has '# queue: wanted "hardware", got "billing"'
	has '1..3'
	fails 65 'line 1: "expect" is missing' sh -c 'echo "{\"draft\":{}}" >c; tkt-rule test c'
	fails 65 'a case has no key "expects"' sh -c 'echo "{\"draft\":{},\"expects\":{}}" >c; tkt-rule test c'
	echo '{"name":"n","mail":"gone.eml","expect":{}}' >c
	tkt-rule test c -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "a mail that is not there"
	has 'n: failed: gone.eml'
	[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'tkt-trial*' -newer sub/cases)" ] || atf_fail "a trial was left behind"
}

rehearse__history_under_another_policy_body() {
	desk --sample
	cp desk/tkt.conf new.conf
	sed -i 's/assign = least-busy/assign = none/; s/priority=high"/priority=urgent"/' new.conf
	ok tkt-rule rehearse --conf new.conf
	records
	jq -se 'map(select(.type == "replay")) | length == 1 and .[0].ticket == 1 and .[0].was.assignee == "alice" and .[0].would.assignee == null' out >/dev/null || atf_fail "$(cat out)"
	jq -se '.[-1] | .type == "replay_sum" and .tickets == 3 and .differ == 1 and .was.agents.alice.tickets == 1 and (.would.agents | has("alice") | not)' out >/dev/null || atf_fail "$(cat out)"
	# Capacity makes tickets wait, and the end of one lets the next begin.
	sed -i '/^queue hardware {/,/^}/s/members = {carol, bob}/members = {carol}/; /^agent carol {/a\	capacity = 1' desk/tkt.conf
	ok tkt-config apply
	i=0
	for t in 11:00 11:10 11:20; do
		i=$((i + 1))
		TKT_NOW=2026-11-22T$t:00Z tkt-new -s "printer $i" -r "p$i@example.org" -m x -q hardware --quiet -o ids >>ids
	done
	for n in $(cat ids); do
		TKT_NOW=2026-11-22T12:00:00Z tkt-set "$n" assignee=carol status=solved --quiet >/dev/null || atf_fail "tkt-set"
	done
	ok tkt-rule rehearse --conf desk/tkt.conf 'created>2026-11-22T10:30:00Z'
	jq -se '.[-1] | .differ == 0 and .tickets == 3 and .was.agents.carol == {"tickets": 3, "most_open": 1} and .was.waited == 2 and .was.waited_most_s == 3000' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-rule rehearse --conf new.conf -o human
	has 'as it would be: '
	ok tkt-fsck --all
}

cases cmd/tkt-rule_test.sh
