# tkt-tick: what is due.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	common_checks tkt-tick
	no_desk tkt-tick
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'takes options only' tkt-tick now
	tkt-tick >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

snooze__wakes_once_body() {
	desk --sample
	ok tkt-set 1 snoozed_until=2026-11-22T11:00:00Z
	ok tkt-list is:snoozed -o ids
	is 1
	ok tkt-tick
	records
	jq -e '.woken == 0' out >/dev/null || atf_fail "$(cat out)"
	export TKT_NOW=2026-11-22T11:00:00Z
	ok tkt-tick
	jq -e '.woken == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-tick
	jq -e '.woken == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show 1
	jq -se '.[0].snoozed_until == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

merge__keeps_the_index_whole_body() {
	desk
	for _ in 1 2 3 4 5 6 7 8 9; do
		ok tkt-new -s 'merge me' -m 'some words here'
	done
	ok tkt-tick
	jq -e '.merged > 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list merge words -o ids
	[ "$(wc -l <out)" -eq 9 ] || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

follow__ends_on_term_body() {
	desk
	tkt-tick --follow >out 2>err &
	pid=$!
	catches() { [ $((0x$(sed -n 's/^SigCgt:.//p' /proc/$pid/status) & 0x4000)) -ne 0 ]; }
	until_true 20 catches || atf_fail "SIGTERM is not caught"
	kill -TERM $pid
	wait $pid || atf_fail "$(cat err)"
}

retention__purges_what_a_rule_selects_body() {
	desk --sample
	cat >>desk/tkt.conf <<'X'
rule forget { on = time  when = "status:closed solved<-730d"  purge = true }
rule trash { on = time  when = "is:spam updated<-30d"  purge = true }
X
	ok tkt-config apply
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: old wombat\nMessage-ID: <w@x>\n\nwombat text\n' | mail-ingest >out
	ok tkt-new -s 'its part' -m 'wombat part' -o ids
	ok tkt-merge 5 4
	ok tkt-link 3 refers 4
	ok tkt-set 4 status=closed tag+=x field.floor=1 cc+=q@w.org
	ok tkt-set 2 phase=spam
	export TKT_NOW=2028-11-01T10:00:00Z
	ok tkt-tick
	records
	jq -e '.purged == 1' out >/dev/null || atf_fail "$(cat out)"
	fails 66 'no ticket 2' tkt-show 2
	ok tkt-show 4
	ok tkt-fsck --all
	export TKT_NOW=2028-12-01T10:00:00Z
	ok tkt-tick
	jq -e '.purged == 2' out >/dev/null || atf_fail "$(cat out)"
	for id in 4 5; do
		fails 66 "no ticket $id" tkt-show $id
	done
	ok tkt-list wombat -o ids
	is ''
	ok tkt-show 3
	head -n 1 out | jq -e '.links == []' >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
	[ -z "$(sqlite3 desk/store.db .dump | grep -i wombat)" ] || atf_fail "words are left"
	# The number is not given again, and the mail is not filed again.
	ok tkt-new -s new -m x -o ids
	is 6
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: old wombat\nMessage-ID: <w@x>\n\nwombat text\n' | mail-ingest >out
	jq -e '.outcome == "duplicate"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log --action ticket.purged
	jq -se 'map(.ticket) | sort == [2,4,5]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-log --ticket 4 --action ticket.created
	jq -e '.changes == null' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-tick
	jq -e '.purged == 0' out >/dev/null || atf_fail "$(cat out)"
}

retention__is_checked_body() {
	desk --sample
	cp desk/tkt.conf base.conf
	bad() {
		{ cat base.conf; echo "$2"; } >desk/tkt.conf
		tkt-config check >out 2>err
		[ $? -eq 78 ] || atf_fail "$2: $(tr '\n' ' ' <err)"
		grep -qF "$1" err || atf_fail "$2: $(tr '\n' ' ' <err)"
	}
	bad 'purge = true needs on = time' 'rule x { on = created when = "tag:x" purge = true }'
	bad 'a rule on = time needs a time term' 'rule x { on = time when = "status:closed" purge = true }'
	bad 'a ticket that is purged is gone' 'rule x { on = time when = "solved<-1d" set = "tag+=x" purge = true }'
}

cases cmd/tkt-tick_test.sh
