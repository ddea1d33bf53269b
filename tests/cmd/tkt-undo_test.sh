# tkt-undo: the inverse, or the reason why not.
. "$TKT_SRC/tests/helpers.sh"

last() {
	tkt-log "$@" -o ids | tail -n 1
}

common__words_and_disk_body() {
	desk --sample
	ok tkt-set 3 priority=high
	e=$(last --ticket 3)
	common_checks tkt-undo "$e"
	no_desk tkt-undo 1
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 '"x" is not an event number' tkt-undo x
	fails 66 'no event 9999' tkt-undo 9999
	tkt-undo "$e" >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

undo__every_kind_of_value_body() {
	desk --sample
	ok tkt-set 3 tag+=a cc+=old@w.org field.floor=2
	ok tkt-list id:3
	jq 'del(.last_event, .updated_at)' out >before
	ok tkt-set 3 status=solved priority=urgent tag+=b tag-=a cc+=q@w.org cc-=old@w.org field.floor=9 field.cause=user \
		assignee=alice kind=task subject=New requester=other@w.org phase=spam
	e=$(last --ticket 3 --action ticket.changed --actor system)
	e=$(tkt-log --ticket 3 | jq -r 'select(.changes.subject and .changes.phase and .action != "ticket.created") | .id')
	ok tkt-undo "$e" -N -o human
	has '(not done)'
	ok tkt-undo "$e"
	records
	jq 'del(.last_event, .updated_at)' out >after
	diff before after >differ || atf_fail "$(cat differ)"
	ok tkt-list 'field.floor<3' -o ids
	is 3
	ok tkt-fsck --all
	ok tkt-undo "$(last --action ticket.undone)"
	jq -e '.phase == "spam" and .fields == {"cause":"user","floor":9} and .tags == ["b"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

refused__when_something_depends_on_it_body() {
	desk --sample
	ok tkt-set 3 priority=high tag+=x
	e=$(last --ticket 3)
	ok tkt-set 3 priority=low --as alice
	fails 1 "ticket 3: priority was changed since, by event $(last --ticket 3) (ticket.changed, agent:alice)" tkt-undo "$e"
	ok tkt-set 3 priority=high
	ok tkt-undo "$e"
	jq -e '.priority == "normal" and .tags == []' out >/dev/null || atf_fail "$(cat out)"
	# Twice is once too much.
	fails 1 'was changed since' tkt-undo "$e"
	ok tkt-fsck --all
}

refused__what_was_said_body() {
	desk --sample
	ok tkt-reply 1 -m hello --note --quiet --as alice
	fails 65 'what was said cannot be unsaid' tkt-undo "$(last --action message.added)"
	ok tkt-reply 1 -m hello --quiet
	sqlite3 desk/store.db 'UPDATE delivery SET state = 3'
	fails 65 'what was said cannot be unsaid' tkt-undo "$(last --action message.added)"
	fails 65 '(ticket.created) cannot be undone' tkt-undo "$(last --action ticket.created)"
	fails 65 '(config.applied) cannot be undone' tkt-undo "$(last --action config.applied)"
}

# As long as nobody has it, a reply can be taken back, with what it did.
reply__that_was_not_sent_body() {
	desk --sample
	printf 'undo = 30s\nrule told { on = message when = "message:reply by:agent" notify = {bob} set = "tag+=answered" }\n' >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-reply 1 -m 'Oh no.' --status solved --quiet --as alice
	id=$(last --action message.added)
	ok tkt-undo "$id"
	ok tkt-show 1
	jq -se '.[0].status == "new" and .[0].first_replied_at == null and .[0].tags == ["money"] and (.[-1].deliveries | map(.state)) == ["cancelled"]' out >/dev/null || atf_fail "$(tr '\n' ' ' <out)"
	ok tkt-show 1 -o human
	has '[cancelled to ann@example.com]'
	ok mail-queue list
	is ''
	ok tkt-fsck --all
}

set__keeps_what_others_added_body() {
	desk --sample
	ok tkt-set 3 tag+=a cc+=one@w.org
	e=$(last --ticket 3)
	ok tkt-set 3 tag+=b cc+=two@w.org
	ok tkt-undo "$e"
	jq -e '.tags == ["b"] and .cc == ["two@w.org"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

batch__all_or_nothing_body() {
	desk --sample
	tkt-list | tkt-set priority=urgent tag+=flood >out 2>err || atf_fail "$(cat err)"
	batch=$(tkt-log --action ticket.changed | jq 'select(.batch) | .batch' | tail -n 1)
	ok tkt-set 2 priority=low
	fails 1 'ticket 2: priority was changed since' tkt-undo "$batch"
	ok tkt-list tag:flood --count
	jq -e '.count == 3' out >/dev/null || atf_fail "half undone: $(cat out)"
	ok tkt-set 2 priority=urgent
	ok tkt-undo "$batch" -o ids
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	ok tkt-list tag:flood -o ids
	is ''
	ok tkt-log --action ticket.undone
	jq -se '(map(.batch) | unique | length) == 1 and (map(.changes.undo) | unique | length) == 1' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-fsck --all
}

batch__one_of_it_body() {
	desk --sample
	tkt-list --sort id | tkt-set priority=urgent >out 2>err || atf_fail "$(cat err)"
	batch=$(tkt-log --action ticket.changed | jq 'select(.batch) | .batch' | tail -n 1)
	ok tkt-undo --single "$batch" -o ids
	is 3
	ok tkt-list priority:urgent -o ids --sort id
	is '2
1'
}

rule__goes_along_body() {
	desk --sample
	ok tkt-set 3 tag+=vip
	e=$(last --ticket 3 --actor system)
	e=$(tkt-log --ticket 3 | jq -s 'map(select(.changes.tags)) | .[-1].id')
	ok tkt-undo "$e"
	jq -e '.priority == "normal" and .tags == []' out >/dev/null || atf_fail "$(cat out)"
	# The rule's part alone.
	ok tkt-set 3 tag+=vip
	ok tkt-undo "$(last --ticket 3 --actor rule:vip)"
	jq -e '.priority == "normal" and .tags == ["vip"]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

merge__and_back_body() {
	desk --sample
	ok tkt-set 3 cc+=q@w.org time+=5m
	ok tkt-new -s other -m x
	ok tkt-link 4 parent 3
	ok tkt-list --sort id
	jq 'del(.last_event, .updated_at)' out >before
	ok tkt-merge 3 1 -o human
	e=$(sed 's/.*event //' out)
	fails 65 "is a part of event $e: undo that" tkt-undo $((e + 1))
	# A message that comes meanwhile stays where it came to.
	ok tkt-reply 1 -m 'to both' --quiet
	ok tkt-undo "$e"
	ok tkt-list --sort id
	jq 'del(.last_event, .updated_at)' out >after
	sed 's/"new"/"open"/' before >x
	jq -se '.[0] | .id' after >/dev/null
	for id in 2 3 4; do
		jq -c "select(.id == $id)" before >b
		jq -c "select(.id == $id)" after >a
		diff b a >differ || atf_fail "ticket $id: $(cat differ)"
	done
	ok tkt-show 1
	jq -se 'map(select(.type == "message") | .body) | length == 2 and .[1] == "to both"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

merge__of_what_was_merged_on_is_refused_body() {
	desk --sample
	ok tkt-merge 3 1
	e=$(last --action ticket.merged)
	ok tkt-merge 1 2
	fails 1 'is in ticket 2 meanwhile' tkt-undo "$e"
	ok tkt-undo "$(last --action ticket.merged)"
	ok tkt-undo "$e"
	ok tkt-list -o ids --sort id
	is '3
2
1'
	ok tkt-fsck --all
}

rights__of_the_inverse_act_body() {
	desk --sample
	ok tkt-set 2 priority=high
	fails 77 'no access to queue "hardware"' tkt-undo "$(last --ticket 2)" --as bob
}

cases cmd/tkt-undo_test.sh
