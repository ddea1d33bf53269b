# tkt-set: the change language on numbers and pipes.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-set 1 status=open
	no_desk tkt-set 1 status=open
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-set 1 status=open >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

changes__of_every_kind_body() {
	desk --sample
	ok tkt-set 1 status=open assignee=me priority=high queue=inbox tag+=x tag-=money kind=task \
		field.floor=3 field.cause=defect field.order=AB-1234 cc+=Bob@X.org follower+=bob \
		'subject=A new "subject"' requester=new@example.com external_id=Z-1 --as alice
	records
	jq -e '.status == "open" and .assignee == "alice" and .priority == "high" and .queue == "inbox" and
		.tags == ["x"] and .kind == "task" and .fields == {"cause":"defect","floor":3,"order":"AB-1234"} and
		.cc == ["bob@x.org"] and .followers == ["bob"] and .subject == "A new \"subject\"" and
		.requester.address == "new@example.com" and .external_id == "Z-1"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 1 field.floor= assignee=none cc-=bob@x.org
	jq -e '.fields.floor == null and .assignee == null and .cc == []' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

status__carries_phase_and_solved_body() {
	desk --sample
	ok tkt-set 1 status=solved
	jq -e '.phase == "resolved" and .solved_at == "2026-11-22T10:00:00Z"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 1 status=open
	jq -e '.phase == "open" and .solved_at == null' out >/dev/null || atf_fail "$(cat out)"
}

nothing__to_change_is_no_event_body() {
	desk --sample
	ok tkt-set 1 priority=normal
	ok tkt-log --ticket 1 --action ticket.changed --actor system -o ids
	before=$(wc -l <out)
	ok tkt-set 1 priority=normal queue=billing
	ok tkt-log --ticket 1 --action ticket.changed --actor system -o ids
	[ "$(wc -l <out)" -eq "$before" ] || atf_fail "an event for nothing"
}

bulk__one_batch_body() {
	desk --sample
	tkt-list | tkt-set priority=urgent >out 2>err || atf_fail "$(cat err)"
	records
	ok tkt-log --action ticket.changed --actor system
	batch=$(jq -s 'map(select(.changes.priority[1] == "urgent") | .batch) | unique | if length == 1 then .[0] else "many" end' out)
	ok tkt-log --batch "$batch" -o ids
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "batch $batch: $(cat out)"
	ok tkt-set 1 '#2' 3 status=open -o ids
	is '1
2
3'
}

errors__name_what_is_wrong_body() {
	desk --sample
	fails 64 '"sttus" cannot be set (did you mean "status"?)' tkt-set 1 sttus=open
	fails 64 'status "opne": no such status (did you mean "open"?)' tkt-set 1 status=opne
	fails 64 'queue "biling": no such queue (did you mean "billing"?)' tkt-set 1 queue=biling
	fails 64 'agent "bobb": no such agent (did you mean "bob"?)' tkt-set 1 assignee=bobb
	fails 64 'tag holds many values' tkt-set 1 tag=x
	fails 64 'status holds one value' tkt-set 1 status+=x
	fails 64 'is not of the form field=value' tkt-set 1 status
	fails 64 'say what to change' tkt-set 1
	fails 64 '"me" is nobody here' tkt-set 1 assignee=me
	fails 64 'does not match' tkt-set 1 field.order=x
	fails 64 'is not for queue "billing"' tkt-set 1 field.floor=3
	fails 64 'at most 64 bytes' tkt-set 1 'tag+=a b'
	fails 64 'organization "acme": no such organization' tkt-set 1 organization=acme
	fails 66 'no ticket 99' tkt-set 99 status=open
	# What came before the bad one is done.
	fails 66 'no ticket 99' tkt-set 1 99 2 status=hold
	ok tkt-list status:hold -o ids
	is 1
	printf '{"type":"ticket","id":3}\nnot json\n' | tkt-set status=hold >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat err)"
	grep -q '^tkt-set: line 2: ' err || atf_fail "$(cat err)"
	ok tkt-list status:hold -o ids --sort id
	is '3
1'
}

dry_run__previews_body() {
	desk --sample
	ok tkt-set -N 1 status=solved -o human
	has 'ticket 1: status "new" → "solved" (not done)'
	ok tkt-list status:solved -o ids
	is ''
	ok tkt-fsck --all
}

rules__see_the_change_body() {
	desk --sample
	ok tkt-set 3 tag+=vip
	jq -e '.priority == "high"' out >/dev/null || atf_fail "the trigger did not fire: $(cat out)"
	ok tkt-log --actor rule:vip
	jq -se 'length == 1 and .[0].cause != null' out >/dev/null || atf_fail "$(cat out)"
	# Moved to a queue that assigns, it is assigned.
	ok tkt-set 3 queue=billing
	jq -e '.assignee != null' out >/dev/null || atf_fail "$(cat out)"
}

roles__bind_body() {
	desk --sample
	fails 77 'agent "bob" (role "cashier") has no access to queue "hardware"' tkt-set 2 status=open --as bob
	ok tkt-set 1 status=open --as bob
	ok tkt-log --ticket 1 --actor agent:bob
	jq -se '.[0].changes.by | startswith("unix:")' out >/dev/null || atf_fail "$(cat out)"
}

lifecycle() {
	desk --sample
	cat >>desk/tkt.conf <<'X'
lifecycle repair {
	status triage { phase = open  next = {bench, parts, rejected} }
	status bench { phase = open  next = {parts, fixed} }
	status parts { phase = waiting  next = {bench} }
	status fixed { phase = resolved  next = {bench, archived} }
	status rejected { phase = resolved }
	status archived { phase = closed  next = {archived} }
	transition fix { to = {fixed}  require = {field.cause, assignee, children, reply} }
	transition reject { from = {triage}  to = {rejected}  roles = {admin} }
}
queue workshop { lifecycle = repair  members = {carol, alice} }
trigger hopeless { when = "queue:workshop tag:hopeless"  set = "status=archived" }
X
	ok tkt-config apply
}

late__writes_are_refused_on_request_body() {
	desk --sample
	at() {
		TKT_NOW=$1 "$2" "$3" "$4" "$5" "$6"
	}
	ok at 2026-11-22T11:00:00Z tkt-set 1 priority=high -o ids
	export TKT_NOW=2026-11-22T12:00:00Z
	fails 1 'ticket 1: it was changed at 2026-11-22T11:00:00Z' tkt-set 1 priority=low --if-updated-before 2026-11-22T10:30:00Z
	ok tkt-set 1 priority=low --if-updated-before 2026-11-22T11:30:00Z
	ok tkt-set 2 priority=low --if-updated-before -1h
	fails 64 'is no time' tkt-set 1 priority=low --if-updated-before soon
	# A pipe: records carry the time they were read; what was not touched meanwhile goes on.
	tkt-list id:1,2,3 >seen
	ok tkt-set 2 tag+=meanwhile
	tkt-set tag+=late --if-unchanged -o ids <seen >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out err)"
	[ "$(wc -l <err)" -eq 1 ] && grep -q '^tkt-set: ticket 2: it was changed at ' err || atf_fail "$(cat err)"
	ok tkt-list tag:late -o ids
	lacks 2
	fails 64 'if-unchanged' tkt-set 1 tag+=x --if-unchanged
	ok tkt-fsck --all
}

lifecycle__transitions_conditions_and_rights_body() {
	lifecycle
	ok tkt-new -q workshop -s toaster -r ann@example.com -m broken -o ids
	id=$(cat out)
	ok tkt-show "$id"
	records
	head -n 1 out | jq -e '.status == "triage" and .phase == "open"' >/dev/null || atf_fail "$(cat out)"
	fails 65 'lifecycle "repair" does not lead from triage to fixed (only to bench, parts, rejected)' \
		tkt-set "$id" status=fixed
	fails 64 'status "solved": queue "workshop" does not have it' tkt-set "$id" status=solved
	fails 77 'triage to rejected (transition "reject"): agent "carol" (role "agent") may not' \
		tkt-set "$id" status=rejected --as carol
	ok tkt-set "$id" status=bench
	fails 65 'bench to fixed (transition "fix"): field.cause is not set' tkt-set "$id" status=fixed
	ok tkt-set "$id" field.cause=defect
	fails 65 'nobody is assigned' tkt-set "$id" status=fixed
	fails 65 'the customer had no reply' tkt-set "$id" status=fixed assignee=carol
	tkt-reply "$id" -m 'it is done' --as carol >/dev/null 2>&1 || atf_fail reply
	ok tkt-new -q workshop -s part -m x -o ids
	child=$(cat out)
	ok tkt-link "$child" parent "$id"
	fails 65 "its child, ticket $child, is open" tkt-set "$id" status=fixed assignee=carol
	ok tkt-set "$child" status=rejected --as alice
	ok tkt-set "$id" status=fixed assignee=carol
	records
	jq -e '.phase == "resolved" and .solved_at != null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list status:fixed,rejected -o ids --sort id
	is "$child
$id"
	# The customer writes: back to work, whatever "next" says.
	echo "Subject: still broken
From: ann@example.com
To: $(tkt-show "$id" | head -n 1 | jq -r .reply_to)
Message-ID: <again@x>

It is not." | mail-ingest >out || atf_fail "$(cat out)"
	ok tkt-list "id:$id"
	jq -e '.status == "bench" and .reopened == 1 and .solved_at == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

lifecycle__other_queue_other_status_body() {
	lifecycle
	ok tkt-set 1 queue=workshop
	jq -e '.status == "triage"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 2 status=pending
	ok tkt-set 2 queue=workshop
	jq -e '.status == "parts"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 2 queue=inbox status=solved
	jq -e '.status == "solved"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 2 status=closed queue=billing
	ok tkt-set 2 queue=workshop
	jq -e '.status == "archived"' out >/dev/null || atf_fail "$(cat out)"
}

lifecycle__a_rule_that_asks_too_much_is_refused_body() {
	lifecycle
	ok tkt-new -q workshop -s toaster -m broken -t hopeless -o ids
	id=$(cat out)
	ok tkt-log --ticket "$id" --action rule.refused
	ok tkt-set "$id" tag+=x
	jq -e '.status == "triage"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log --ticket "$id" --action rule.refused
	jq -se '.[0].changes.reason | test("does not lead from triage to archived")' out >/dev/null || atf_fail "$(cat out)"
}

me__is_one_agent_body() {
	desk --sample
	ok tkt-set 3 assignee=none
	ok tkt-set 3 assignee=me --as alice
	fails 1 'ticket 3: alice has it' tkt-set 3 assignee=me --as bob
	ok tkt-set 3 assignee=me --as alice
	ok tkt-set 3 assignee=bob
}

cases cmd/tkt-set_test.sh
