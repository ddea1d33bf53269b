# tkt-sla: check, tick, explain, report, rehearse, calendar, recompute, export.
. "$TKT_SRC/tests/helpers.sh"

_formats='json, human, tsv, ids, tap, junit or github'

# at TIME COMMAND...: then it is that time.
at() {
	TKT_NOW=$1
	shift
	export TKT_NOW
	"$@" >out 2>err || atf_fail "$*: exit $?: $(cat err)"
}

# exits STATUS COMMAND...
exits() {
	_want=$1
	shift
	"$@" >out 2>err
	_got=$?
	[ $_got -eq "$_want" ] || atf_fail "$*: exit $_got, not $_want: $(cat out err)"
}

# office: a desk with hours, a holiday and two policies.
office() {
	export TKT_NOW=2026-03-01T00:00:00Z
	desk
	mkdir desk/calendars
	ics 'DTSTART;VALUE=DATE:20200406' 'RRULE:FREQ=YEARLY' 'SUMMARY:Founding day' >desk/calendars/days.ics
	cat >>desk/tkt.conf <<'E'
timezone = "Europe/Berlin"
queue billing { }
agent alice { email = "alice@d.example" }
calendar office { mon-fri = {"09:00-17:00"} exceptions = {"2026-12-24 09:00-12:00 Christmas Eve"}
	holidays = {"calendars/days.ics"} }
sla fast { when = "priority:urgent" calendar = 24x7 first_response { normal = 1h }
	warn = {"50%"} remind = "every 1h" }
sla plain { calendar = office first_response { normal = 4h } next_response { normal = 2h }
	resolution { normal = 16h } warn = {"80%"} }
E
	sed -i '/^timezone = "UTC"/d' desk/tkt.conf
	ok tkt-config apply
}

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-sla check
	no_desk tkt-sla check
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 '"chekc": use check, tick, explain, report, rehearse, calendar, recompute or export (did you mean "check"?)' tkt-sla chekc
	fails 64 '"": use check' tkt-sla
	fails 64 '--output tap is for check' tkt-sla report -o tap
	fails 64 'unknown key "foo"' tkt-sla check foo:bar
	fails 64 'say which ticket' tkt-sla explain
	fails 64 '"x" is not a ticket number' tkt-sla explain x
	fails 66 'no ticket 99' tkt-sla explain 99
	fails 64 '--by "queu": no such group (did you mean "queue"?)' tkt-sla report --by queu
	fails 64 '--since "x" is no time' tkt-sla report --since x
	fails 64 'say which: tkt-sla rehearse --conf' tkt-sla rehearse
	fails 66 'none.conf' tkt-sla rehearse --conf none.conf
	fails 64 'say which calendar' tkt-sla calendar
	fails 64 'calendar "offce": no such calendar' tkt-sla calendar offce
	fails 64 '24x7 is always open' tkt-sla calendar 24x7
	fails 64 'tick takes no words' tkt-sla tick now
	ok tkt-sla check
	is ''
	tkt-sla report >/dev/full 2>err
	ok tkt-sla check -o github
	is ''
}

check__says_by_its_exit_status_what_is_late_body() {
	office
	at 2026-06-01T08:00:00Z tkt-new -s 'Hello <there> & "you"' -r ann@example.com -m x
	at 2026-06-01T08:00:00Z tkt-new -s 'Fire #1 \o/' -r bob@example.com -m x -p urgent -q billing
	export TKT_NOW=2026-06-01T08:29:59Z
	exits 0 tkt-sla check
	is ''
	export TKT_NOW=2026-06-01T08:30:00Z
	exits 2 tkt-sla check
	records
	[ "$(jq -c '[.ticket,.state,.warning,.remaining_s]' out)" = '[2,"running",true,1800]' ] || atf_fail "$(cat out)"
	# At the due second it runs still (S22).
	export TKT_NOW=2026-06-01T09:00:00Z
	exits 2 tkt-sla check
	export TKT_NOW=2026-06-01T09:00:01Z
	exits 1 tkt-sla check
	[ "$(jq -c '[.ticket,.state,.breached_at,.overdue_s]' out)" = '[2,"breached","2026-06-01T09:00:00Z",1]' ] || atf_fail "$(cat out)"
	exits 0 tkt-sla check queue:inbox
	exits 1 tkt-sla check -o ids
	is 2
	exits 1 tkt-sla check --all
	records
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	ok tkt-show 2 -o json
	records
	sed -n 1p out | jq -e '.sla == {policy:"fast",target:"first_response",state:"breached",due_at:"2026-06-01T09:00:00Z",remaining_s:0}' >/dev/null || atf_fail "$(cat out)"
	# An answer ends it; the breach stays in the report.
	at 2026-06-01T09:10:00Z tkt-reply 2 -m y --as alice --quiet
	exits 0 tkt-sla check
}

check__is_read_by_prove_junit_and_github_body() {
	office
	at 2026-06-01T08:00:00Z tkt-new -s 'Hello <there> & "you" 100%' -r ann@example.com -m x
	at 2026-06-01T08:00:00Z tkt-new -s 'Fire #1 \o/' -r bob@example.com -m x -p urgent
	export TKT_NOW=2026-06-01T12:30:00Z
	exits 1 tkt-sla check -o tap
	cp out tap
	sed -n 3,4p out >lines
	[ "$(cat lines)" = 'not ok 1 - ticket 2 first_response (fast) was due 2026-06-01T09:00:00Z and is breached: Fire \#1 \\o/
not ok 2 - ticket 1 first_response (plain) was due 2026-06-01T12:00:00Z and is breached: Hello <there> & "you" 100%' ] || atf_fail "$(cat tap)"
	printf '#!/bin/sh\nexec tkt-sla check -o tap\n' >sla.t
	chmod +x sla.t
	prove -e '' ./sla.t >proved 2>&1 && atf_fail "prove passed: $(cat proved)"
	grep -q 'Failed 2/2 subtests' proved || atf_fail "$(cat proved)"
	exits 1 tkt-sla check -o junit
	cp out report.xml
	xmllint --noout --schema "$TKT_SRC/tests/junit.xsd" report.xml 2>bad || atf_fail "$(cat bad report.xml)"
	[ "$(xmllint --xpath 'string(//testcase[2]/failure/@message)' report.xml)" = \
		'was due 2026-06-01T12:00:00Z and is breached: Hello <there> & "you" 100%' ] || atf_fail "$(cat report.xml)"
	[ "$(xmllint --xpath 'string(/testsuites/testsuite/@failures)' report.xml)" = 2 ] || atf_fail "$(cat report.xml)"
	exits 1 tkt-sla check -o github
	is '::error title=SLA fast%3A breached::ticket 2 first_response was due 2026-06-01T09:00:00Z and is breached: Fire #1 \o/
::error title=SLA plain%3A breached::ticket 1 first_response was due 2026-06-01T12:00:00Z and is breached: Hello <there> & "you" 100%25'
	# Nothing found passes, and says that it looked.
	ok tkt-sla check subject:nothing -o tap
	is 'TAP version 13
1..1
ok 1 - no clock is breached or in warning'
	prove -e '' ./sla.t </dev/null >/dev/null 2>&1
	printf '#!/bin/sh\nexec tkt-sla check subject:nothing -o tap\n' >sla.t
	prove -e '' ./sla.t >proved 2>&1 || atf_fail "$(cat proved)"
	ok tkt-sla check subject:nothing -o junit
	cp out report.xml
	xmllint --noout --schema "$TKT_SRC/tests/junit.xsd" report.xml 2>bad || atf_fail "$(cat bad report.xml)"
}

explain__over_a_clock_change_a_holiday_and_a_pause_body() {
	office
	# Friday before the clocks change; Monday the 30th CEST; the 6th of April is closed.
	at 2026-03-27T14:30:00Z tkt-new -s Hello -r ann@example.com -m x
	at 2026-03-30T08:00:00Z tkt-reply 1 -m y --as alice --quiet
	at 2026-03-30T09:00:00Z tkt-set 1 status=pending
	at 2026-04-03T13:00:00Z tkt-set 1 status=open
	export TKT_NOW=2026-04-07T08:00:00Z
	ok tkt-sla explain 1
	records
	jq -c 'select(.type == "segment" and .target == "resolution") | [.from_local,.to_local,.counted,.sum_s,.reason]' out >got
	[ "$(cat got)" = '["2026-03-27T15:30:00+01:00","2026-03-27T17:00:00+01:00",true,5400,"open"]
["2026-03-27T17:00:00+01:00","2026-03-30T09:00:00+02:00",false,5400,"closed"]
["2026-03-30T09:00:00+02:00","2026-03-30T11:00:00+02:00",true,12600,"open"]
["2026-03-30T11:00:00+02:00","2026-04-03T15:00:00+02:00",false,12600,"paused by event 6"]
["2026-04-03T15:00:00+02:00","2026-04-03T17:00:00+02:00",true,19800,"open"]
["2026-04-03T17:00:00+02:00","2026-04-07T09:00:00+02:00",false,19800,"closed: 2026-04-06 Founding day"]
["2026-04-07T09:00:00+02:00","2026-04-07T10:00:00+02:00",true,23400,"open"]' ] || atf_fail "$(cat got)"
	jq -se 'map(select(.type == "sla" and .target == "resolution")) | last | .elapsed_s == 23400' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-sla explain 1 -o human
	has 'policy fast: no: priority:urgent'
	has 'policy plain'
	has 'closed: 2026-04-06 Founding day'
	has 'first_response 1: met by reply'
	ok tkt-sla export
	records
	[ "$(jq -r 'select(.target == "resolution").what' out | tr '\n' ' ')" = 'started paused resumed ' ] || atf_fail "$(cat out)"
}

calendar__shows_spans_and_names_of_days_body() {
	office
	ok tkt-sla calendar office --from 2026-12-23 --to 2026-12-25 -o human
	is 'DATE        DAY  OPEN           HOURS  WHAT
2026-12-23  Wed  09:00-17:00  8:00:00  
2026-12-24  Thu  09:00-12:00  3:00:00  Christmas Eve
2026-12-25  Fri  09:00-17:00  8:00:00  '
	ok tkt-sla calendar office --from 2027-04-05 --to 2027-04-06
	records
	[ "$(jq -c '[.date,.open_s,.label]' out)" = '["2027-04-05",28800,null]
["2027-04-06",0,"Founding day"]' ] || atf_fail "$(cat out)"
	fails 64 '--from "soon" is no date' tkt-sla calendar office --from soon
	fails 64 'is compiled from 2024-01-01 to 2032-01-01' tkt-sla calendar office --from 2050-01-01
}

tick__tells_each_once_however_late_body() {
	office
	cat >>desk/tkt.conf <<'E'
rule escalate { on = sla.breached when = "queue:inbox" set = "priority=urgent tag+=late" }
E
	ok tkt-config apply
	at 2026-06-01T08:00:00Z tkt-new -s Fire -r bob@example.com -m x -p urgent
	at 2026-06-01T08:00:00Z tkt-new -s Hello -r ann@example.com -m x
	# A day without a tick, then three at once.
	export TKT_NOW=2026-06-02T08:30:00Z
	for n in 1 2 3; do
		tkt-tick >out$n 2>err$n &
	done
	wait
	cat err1 err2 err3 >err
	[ ! -s err ] || atf_fail "$(cat err)"
	[ "$(cat out1 out2 out3 | jq -s 'map(.told) | add')" -eq 5 ] || atf_fail "$(cat out1 out2 out3)"
	ok tkt-log --action 'sla.*'
	records
	jq -c '[.ticket,.action,.changes.sla.at,.changes.sla.threshold,.changes.sla.missed]' out >got
	sort got >sorted
	[ "$(cat sorted)" = '[1,"sla.breached","2026-06-01T09:00:00Z",null,null]
[1,"sla.reminded","2026-06-02T08:00:00Z",null,22]
[1,"sla.warned","2026-06-01T08:30:00Z","50%",null]
[2,"sla.breached","2026-06-01T12:00:00Z",null,null]
[2,"sla.warned","2026-06-01T11:12:00Z","80%",null]' ] || atf_fail "$(cat got)"
	ok tkt-list tag:late priority:urgent -o ids
	is '2
1'
	ok tkt-tick
	records
	jq -e '.told == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

late_answer__comes_behind_its_breach_in_the_log_body() {
	office
	at 2026-06-01T08:00:00Z tkt-new -s Fire -r bob@example.com -m x -p urgent
	at 2026-06-01T09:30:00Z tkt-reply 1 -m y --as alice --quiet
	ok tkt-log --ticket 1
	[ "$(jq -r .action out | tr '\n' ' ')" = 'ticket.created sla.warned sla.breached message.added ' ] || atf_fail "$(cat out)"
	at 2026-06-01T10:00:01Z tkt-tick
	jq -e '.told == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

report__counts_what_was_decided_in_the_period_body() {
	office
	for n in 1 2 3 4; do
		at 2026-06-01T08:00:00Z tkt-new -s "t$n" -r ann@example.com -m x -q "$([ $n -lt 3 ] && echo inbox || echo billing)"
	done
	at 2026-06-01T09:00:00Z tkt-reply 1 -m y --as alice --quiet
	at 2026-06-01T10:00:00Z tkt-reply 2 -m y --as alice --quiet
	at 2026-06-01T13:00:00Z tkt-reply 3 -m y --as alice --quiet
	at 2026-06-01T08:30:00Z true
	export TKT_NOW=2026-06-01T13:30:00Z
	at 2026-06-01T13:30:00Z tkt-set 4 status=solved
	ok tkt-sla report --by queue
	records
	jq -c 'select(.target == "first_response") | [.group,.met,.breached,.void_unanswered,.percent_met,.elapsed_p50_s,.elapsed_p90_s]' out >got
	# Ticket 4 was breached at noon, before it was solved without a word.
	[ "$(cat got)" = '["billing",0,2,0,0,18000,19800]
["inbox",2,0,0,100,3600,7200]' ] || atf_fail "$(cat got)"
	ok tkt-sla report --since 2026-06-01T12:30:00Z
	[ "$(jq -c 'select(.target == "first_response")' out)" = '' ] || atf_fail "$(cat out)"
	ok tkt-sla report --until 2026-06-01T09:30:00Z
	jq -se 'map(select(.target == "first_response")) | last | .met == 1 and .breached == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-sla report --by agent -o tsv
	has '	first_response	2	2	0	0	50.0'
}

rehearse__says_what_another_policy_would_have_done_body() {
	office
	at 2026-06-01T08:00:00Z tkt-new -s one -r ann@example.com -m x
	at 2026-06-01T08:00:00Z tkt-new -s two -r ann@example.com -m x
	at 2026-06-01T10:30:00Z tkt-reply 1 -m y --as alice --quiet
	at 2026-06-01T13:00:00Z tkt-reply 2 -m y --as alice --quiet
	sed 's/first_response { normal = 4h }/first_response { normal = 2h }/' desk/tkt.conf >desk/shorter.conf
	exits 1 tkt-sla rehearse --conf desk/shorter.conf
	records
	[ "$(jq -c 'select(.type == "rehearsal") | [.ticket,.target,.was.state,.would.state,.newly_breached]' out)" = \
		'[1,"first_response","met","breached",true]' ] || atf_fail "$(cat out)"
	jq -se 'map(select(.type == "rehearsal_sum")) | last | .tickets == 2 and .differ == 1 and .newly_breached == 1 and .no_longer_breached == 0' out >/dev/null || atf_fail "$(cat out)"
	sed 's/first_response { normal = 4h }/first_response { normal = 8h }/' desk/tkt.conf >desk/longer.conf
	exits 0 tkt-sla rehearse --conf desk/longer.conf subject:two -o human
	has 'would end otherwise, 0 newly breached, 1 no longer'
	# As it is, nothing differs; a file with errors is no policy.
	exits 0 tkt-sla rehearse --conf desk/tkt.conf
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
	echo 'sla x { }' >desk/wrong.conf
	exits 78 tkt-sla rehearse --conf desk/wrong.conf
	grep -q '^wrong.conf:1: sla "x" needs a calendar' err || atf_fail "$(cat err)"
	# The desk is as it was.
	ok tkt-config versions -o ids
	is '2
1'
}

recompute__repairs_and_by_todays_policies_is_logged_body() {
	office
	at 2026-06-01T08:00:00Z tkt-new -s one -r ann@example.com -m x
	at 2026-06-01T13:00:00Z tkt-reply 1 -m y --as alice --quiet
	sqlite3 desk/store.db "UPDATE sla_clock SET state = 'met', breached_at = NULL WHERE target = 'first_response'"
	exits 1 tkt-fsck --all
	has 'ticket 1: its clocks are not what the log says: first_response 1 met by reply'
	exits 0 tkt-sla recompute 1 -N
	[ "$(jq -c '[.target,.was.state,.is.state]' out)" = '["first_response","met","breached"]' ] || atf_fail "$(cat out)"
	records
	exits 1 tkt-fsck --all
	exits 0 tkt-sla recompute 1
	ok tkt-fsck --all
	sqlite3 desk/store.db "UPDATE ticket SET due_at = 1"
	exits 1 tkt-fsck --all
	has 'ticket 1: when it is due is not what its clocks say'
	exits 0 tkt-sla recompute 1
	ok tkt-fsck --all
	# Longer targets: ended clocks stay what they were, until an administrator says otherwise (S29).
	sed -i 's/first_response { normal = 4h }/first_response { normal = 8h }/' desk/tkt.conf
	at 2026-06-01T13:30:00Z tkt-config apply
	ok tkt-sla report
	jq -se 'map(select(.target == "first_response")) | last | .breached == 1' out >/dev/null || atf_fail "$(cat out)"
	exits 0 tkt-sla recompute --from-start 1
	[ "$(jq -c 'select(.target == "first_response") | [.was.state,.is.state]' out)" = '["breached","met"]' ] || atf_fail "$(cat out)"
	ok tkt-log --ticket 1 --action 'clocks.*'
	jq -e '.changes.version == 3' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
	# And once more changes nothing.
	exits 0 tkt-sla recompute --from-start 1
	is ''
	# Through JSON lines.
	tkt-list -o json | tkt-sla recompute >out 2>err || atf_fail "$(cat err)"
}

adopted__by_a_desk_that_has_tickets_body() {
	export TKT_NOW=2026-06-01T08:00:00Z
	desk
	at 2026-06-01T08:00:00Z tkt-new -s old -r ann@example.com -m x
	at 2026-06-01T08:30:00Z tkt-set 1 status=pending
	at 2026-06-01T09:30:00Z tkt-set 1 status=open
	ok tkt-sla check
	cat >>desk/tkt.conf <<'E'
sla all { calendar = 24x7 first_response { normal = 1h } resolution { normal = 3h } }
E
	at 2026-06-01T10:00:00Z tkt-config apply
	exits 1 tkt-sla check
	# S26: its hours so far count, less the pause; too much of them is a breach at the apply.
	jq -e '.target == "first_response" and .cause == "late_policy" and .breached_at == "2026-06-01T10:00:00Z"' out >/dev/null || atf_fail "$(cat out)"
	exits 1 tkt-sla check --all
	jq -se 'map(select(.target == "resolution")) | last | .elapsed_s == 3600 and .due_at == "2026-06-01T12:00:00Z"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-sla explain 1
	has 'before there was this policy'
	ok tkt-fsck --all
	# And without a policy again (S28).
	sed -i '/^sla/d' desk/tkt.conf
	at 2026-06-01T11:00:00Z tkt-config apply
	exits 0 tkt-sla check
	ok tkt-list sla:none -o ids
	is 1
	ok tkt-fsck --all
}

followers__of_a_new_policy_in_bulk_body() {
	office
	seq 1 1200 | sed 's/.*/{"subject":"t&","requester":"a@b.org","body":"x"}/' >drafts
	export TKT_NOW=2026-06-01T08:00:00Z
	tkt-new --json -o ids <drafts >ids 2>err || atf_fail "$(cat err)"
	sed -i 's/09:00-17:00"}$/&/; s/mon-fri = {"09:00-17:00"}/mon-fri = {"10:00-16:00"}/' desk/tkt.conf
	export TKT_NOW=2026-06-01T09:00:00Z
	tkt-config apply --quiet >out 2>err || atf_fail "$(cat err)"
	tkt-tick >out 2>err || atf_fail "$(cat err)"
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM sla_clock WHERE version = 3 AND target = 'first_response' AND due_at = 1780315200000")" -eq 1200 ] ||
		atf_fail "$(sqlite3 desk/store.db 'SELECT version, due_at, count(*) FROM sla_clock GROUP BY 1, 2')"
	ok tkt-fsck --all
}

lists__by_what_is_due_body() {
	office
	at 2026-06-01T08:00:00Z tkt-new -s late -r ann@example.com -m x -p urgent
	at 2026-06-01T10:00:00Z tkt-new -s soon -r ann@example.com -m x
	at 2026-06-01T10:30:00Z tkt-new -s waits -r ann@example.com -m x
	tkt-reply 3 -m y --as alice --quiet >/dev/null 2>&1
	at 2026-06-01T10:40:00Z tkt-set 3 status=pending
	export TKT_NOW=2026-06-01T11:00:00Z
	ok tkt-list sla:breached -o ids
	is 1
	ok tkt-list sla:ok -o ids
	is 2
	ok tkt-list sla:paused -o ids
	is 3
	ok tkt-list 'due<+4h' --sort due -o ids
	is '1
2'
	ok tkt-list is:overdue -o ids
	is 1
	ok tkt-list --sort due -o human
	has 'ID  STATUS   PRIORITY  QUEUE  ASSIGNEE  AGE     DUE  SUBJECT'
	[ "$(awk 'NR > 1 { print $NF, $(NF - 1) }' out | tr '\n' ' ')" = 'late -2h soon 3h waits paused ' ] || atf_fail "$(cat out)"
	PAGER='cat' script -qec 'NO_COLOR= tkt-list --sort due' /dev/null </dev/null >out 2>&1
	sed -n 2p out | grep -q "$(printf '\033')\\[31m" || atf_fail "not red: $(cat -v out)"
}

refresh__when_the_years_or_the_zones_moved_on_body() {
	office
	ok tkt-tick
	ok tkt-config versions -o ids
	is '2
1'
	# Another year: the calendars reach further, and clocks follow.
	at 2027-01-04T08:00:00Z tkt-new -s one -r ann@example.com -m x
	at 2027-01-04T08:00:10Z tkt-tick
	ok tkt-config versions -o ids
	is '3
2
1'
	ok tkt-sla calendar office --from 2032-12-31 --to 2032-12-31 -o human
	has 2032-12-31
	ok tkt-log --action config.refreshed
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
	# The rules of a zone: what we know of them is no longer true.
	sqlite3 desk/store.db "UPDATE meta SET value = '2027:0' WHERE key = 'tzdata'"
	ok tkt-tick
	ok tkt-config versions -o ids
	is '3
2
1'
	ok tkt-fsck --all
}

cases cmd/tkt-sla_test.sh
