# tkt-config: checking, applying, showing, rolling back.
. "$TKT_SRC/tests/helpers.sh"

# wrong TEXT-OF-CONF EXPECTED...: check says exactly these lines, and exits 78.
wrong() {
	printf '%b' "$1" >desk/tkt.conf
	shift
	tkt-config check >out 2>err
	[ $? -eq 78 ] || atf_fail "not 78: $(cat desk/tkt.conf)"
	for text in "$@"; do
		grep -qF -- "$text" err || atf_fail "no \"$text\" in: $(cat err)"
	done
}

common__words_and_disk_body() {
	desk
	common_checks tkt-config show
	no_desk tkt-config check
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 '"aply": use check, apply, diff, show, versions, rollback or refresh (did you mean "apply"?)' \
		tkt-config aply
	fails 64 'use check' tkt-config
}

check__errors_name_file_and_line_body() {
	desk
	wrong 'queue q { }\nqueue q { }\n' 'tkt.conf:2: '
	wrong 'queue q {\n\tmembrs = {a}\n}\n' 'tkt.conf:2: no such option'
	wrong 'queue q { }\nqueue r {\n' 'tkt.conf:2: this block is never closed'
	wrong 'queue q { }\nname = "x\n' 'tkt.conf:' 'string is still open'
	wrong 'name = x\n' 'a desk needs at least one queue'
	wrong 'queue q { }\nmailbox m { address = "a@b.c"\n queue = r }\n' \
		'tkt.conf:3: queue "r": no such queue'
	wrong 'queue q { }\nmailbox m { address = "a@b.c" }\nmailbox n { address = "A@b.c" }\n' \
		'tkt.conf:3: address "a@b.c" belongs to another mailbox'
	wrong 'queue billing { }\nroute r {\n when = "queue:biling"\n}\n' \
		'tkt.conf:3: query: queue "biling": no such value (did you mean "billing"?)' '^'
	wrong 'queue q { }\nroute r {\n set = "prio=high"\n}\n' 'tkt.conf:3: set: "prio" cannot be set'
	wrong 'queue q { }\nroute r {\n when = "updated<-4d"\n}\n' 'cannot be part of a condition'
	wrong 'queue q { }\nagent a { role = agnt }\nrole agent { }\n' \
		'tkt.conf:2: role "agnt": no such role (did you mean "agent"?)'
	wrong 'queue q { }\nrole r { allow = {"tickets.*"} }\n' 'allow "tickets.*": no such right'
	wrong 'queue Q { }\n' 'a name has small letters'
	wrong 'queue q { reopen_window = soon }\n' 'reopen_window "soon" is no duration'
	wrong 'queue q { assign = busiest }\n' 'assign "busiest": unknown'
	wrong 'timezone = "Europe/Bielefeld"\nqueue q { }\n' 'tkt.conf:1: timezone'
	wrong 'queue q { }\nfield f { type = choice }\n' 'a choice needs values'
	wrong 'queue q { }\nfield f { type = pattern pattern = "(" }\n' 'pattern "(" is wrong'
	wrong 'queue q { }\nview v { sort = age }\n' 'no such order'
	wrong 'queue q { }\nrule r { on = time when = "tag:x" }\n' 'needs a time term'
	wrong 'queue q { }\ncalendar c { mon-fri = {"22:00-06:00"} }\n' 'tkt.conf:2: mon-fri: "22:00-06:00" goes past midnight: write "22:00-24:00" and, on the next day, "00:00-06:00"'
	wrong 'queue q { }\nlimits { mail_size = "x" }\n' 'mail_size "x" is no size'
	wrong 'queue q { \377 }\n' 'not UTF-8'
	# More than one error is reported.
	wrong 'timezone = X\nqueue q { assign = y }\n' 'tkt.conf:1: ' 'tkt.conf:2: ' 'has 2 errors'
	# Whatever the draft says, the running version runs.
	ok tkt-new -s x -m y -o ids
	is 1
}

# sla TEXT...: a calendar and policy that are wrong so.
sla() {
	wrong "queue q { }\nqueue r { }\nmailbox m { address = \"a@b.c\" }\n$1\n" "$2"
}

check__calendars_and_policies_body() {
	desk
	mkdir desk/cal
	printf 'hello' >desk/cal/no.ics
	ics 'DTSTART;VALUE=DATE:20260101' 'RRULE:FREQ=YEARLY;BYM' >desk/cal/rule.ics
	ics 'DTSTART;VALUE=DATE:20260101' 'RRULE:FREQ=MINUTELY' >desk/cal/often.ics
	sla 'calendar c { mon = {"09:00-12:00", "11:00-13:00"} }' 'tkt.conf:4: mon: "11:00-13:00" overlaps "09:00-12:00"'
	sla 'calendar c { mon = {"13:00-17:00", "09:00-12:00"} }' 'tkt.conf:4: mon: "09:00-12:00" stands behind the later "13:00-17:00"'
	sla 'calendar c { mon-fri = {"09:00-17:00"}\n fri = {"09:00-15:00"} }' 'tkt.conf:5: '
	sla 'calendar c { mon = {"9-17"} }' 'tkt.conf:4: mon: "9-17" is no span: write it as "09:00-17:30"'
	sla 'calendar c { timezone = "Mars/Base" mon = {"09:00-12:00"} }' 'tkt.conf:4: timezone "Mars/Base"'
	sla 'calendar c { exceptions = {"soon closed"} }' 'tkt.conf:4: exceptions: "soon" is no date'
	sla 'calendar c { }' 'tkt.conf:4: calendar "c" never opens'
	sla 'calendar c { exceptions = {"2026-06-01 09:00-12:00"} }' 'is closed for more than 366 days from'
	sla 'calendar 24x7 { mon = {"09:00-12:00"} }' 'is there already'
	sla 'calendar c { mon = {"09:00-12:00"}\n holidays = {"cal/none.ics"} }' 'tkt.conf:5: holidays "cal/none.ics": No such file'
	sla 'calendar c { mon = {"09:00-12:00"}\n holidays = {"/etc/passwd"} }' 'tkt.conf:5: holidays "/etc/passwd": outside of the desk'
	sla 'calendar c { mon = {"09:00-12:00"}\n holidays = {"secret/desk.key"} }' 'outside of the desk'
	sla 'calendar c { mon = {"09:00-12:00"} holidays = {"cal/no.ics"} }' 'cal/no.ics:1: no iCalendar file'
	sla 'calendar c { mon = {"09:00-12:00"} holidays = {"cal/rule.ics"} }' 'cal/rule.ics:7: "RRULE:FREQ=YEARLY;BYM" cannot be read'
	sla 'calendar c { mon = {"09:00-12:00"} holidays = {"cal/often.ics"} }' 'cal/often.ics:7: "RRULE:FREQ=MINUTELY" comes more than once a day'
	c='calendar c { mon-fri = {"09:00-17:00"} }\n'
	sla "${c}sla s { calendar = c }" 'tkt.conf:5: sla "s" has no target'
	sla "${c}sla s { first_response { normal = 4h } }" 'tkt.conf:5: sla "s" needs a calendar'
	sla "${c}sla s { calendar = d first_response { normal = 4h } }" 'tkt.conf:5: calendar "d": no such calendar'
	sla "${c}sla s { calendar = c first_response { normal = 2d } }" 'tkt.conf:5: normal "2d": a day has no fixed length in business hours'
	sla "${c}sla s { calendar = c first_response { normal = 0h } }" 'tkt.conf:5: normal "0h": must be longer'
	sla "${c}sla s { calendar = c first_response { normal = -4h } }" 'tkt.conf:5: normal "-4h" is no duration'
	sla "${c}sla s { calendar = c first_response { } }" 'first_response has no target'
	sla "${c}sla s { calendar = c first_response { normal = 90000h } }" 'does not have that many hours in 3 years'
	sla "${c}sla s { calendar = 24x7 first_response { normal = 2000d } }" 'more than 3 years'
	sla "${c}sla s { calendar = c update { normal = 4h pause_on = {pendin} } }" 'pause_on "pendin": unknown (did you mean "pending"?)'
	sla "${c}sla s { calendar = c first_response { normal = 4h } warn = {\"120%\"} }" 'warn "120%": a share is from 1% to 99%'
	sla "${c}sla s { calendar = c first_response { normal = 4h } reopen = never }" 'reopen "never": unknown'
	sla "${c}sla s { when = \"created<-1d\" calendar = c first_response { normal = 4h } }" 'tkt.conf:5: '
	# Policies that never match are said, and are no error.
	for when in 'queue:q queue:r' 'priority:low priority>=high' '-queue:q queue:q'; do
		printf 'queue q { }\nqueue r { }\nsla s { when = "%s" calendar = 24x7 first_response { normal = 1h } }\n' "$when" >desk/tkt.conf
		tkt-config check >out 2>err || atf_fail "$(cat err)"
		grep -q '^warning: tkt.conf:3: sla "s" never matches: its terms exclude each other' err || atf_fail "$when: $(cat err)"
	done
	printf 'queue q { }\nsla all { calendar = 24x7 first_response { normal = 1h } }\nsla s { when = "queue:q" calendar = 24x7 first_response { normal = 1h } }\n' >desk/tkt.conf
	tkt-config check >out 2>err || atf_fail "$(cat err)"
	grep -q '^warning: tkt.conf:3: sla "s" never matches: a policy above it takes the same tickets' err || atf_fail "$(cat err)"
}

compiled__is_the_same_however_often_body() {
	desk
	echo 'calendar c { timezone = "Europe/Berlin" mon-fri = {"09:00-17:00"} }' >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-config check --compiled
	jq -e '."calendar:c".zone == "Europe/Berlin" and .sla.policies == []' out >/dev/null || atf_fail "$(cat out)"
	tkt-config apply >out 2>err || atf_fail "$(cat err)"
	is ''
	ok tkt-config refresh
	is ''
	# A version holds calendars only where they changed.
	echo 'queue other { }' >>desk/tkt.conf
	ok tkt-config apply
	[ "$(sqlite3 desk/store.db "SELECT group_concat(id) FROM version WHERE part = 'calendar:c'")" = 2 ] || atf_fail "stored again"
	ok tkt-config rollback 2 --quiet
	ok tkt-sla calendar c --from 2026-11-23 --to 2026-11-23 -o human
	has 09:00-17:00
	mkdir elsewhere
	cp desk/tkt.conf elsewhere/x.conf
	(unset TKT_DESK && cd elsewhere && tkt-config check --conf x.conf) >out 2>err || atf_fail "$(cat err)"
	ok tkt-fsck --all
}

include__stays_below_the_desk_body() {
	desk
	echo 'queue q { }' >outside.conf
	echo 'queue r { }' >desk/more.conf
	ln -s "$PWD/outside.conf" desk/link.conf
	wrong 'include("/etc/passwd")\nqueue q { }\n' 'tkt.conf:1: include "/etc/passwd": outside of the desk'
	wrong 'include("../outside.conf")\n' 'outside of the desk'
	wrong 'include("link.conf")\n' 'outside of the desk'
	wrong 'include("secret/desk.key")\n' 'outside of the desk'
	wrong 'include("none.conf")\n' 'include "none.conf": No such file'
	printf 'include("more.conf")\nqueue q { }\n' >desk/tkt.conf
	ok tkt-config apply
	ok tkt-config show --names queue
	is 'r
q'
	printf 'queue r {\n bad = x\n}\n' >desk/more.conf
	wrong 'include("more.conf")\n' 'more.conf:2: '
}

apply__versions_diff_rollback_body() {
	desk
	ok tkt-config diff
	is ''
	echo 'queue billing { }' >>desk/tkt.conf
	tkt-config diff >out 2>err
	[ $? -eq 1 ] || atf_fail "diff: not 1: $(cat err)"
	has '+queue billing { }'
	fails 64 'no such queue' tkt-new -s x -m y -q billing
	ok tkt-config apply
	is '{"type":"version","id":2}'
	tkt-config apply 2>err || atf_fail "$(cat err)"
	grep -q 'nothing changed: version 2 runs' err || atf_fail "$(cat err)"
	ok tkt-new -s x -m y -q billing
	tkt-config rollback 1 >out 2>err || atf_fail "$(cat err)"
	is '{"type":"version","id":3}'
	fails 64 'no such queue' tkt-new -s x -m y -q billing
	ok tkt-config versions
	records
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	ok tkt-config show 2
	has 'queue billing'
	ok tkt-config show
	lacks 'queue billing'
	ok tkt-config show --compiled
	jq -e '.queues[0].name == "inbox" and .version == 3' out >/dev/null || atf_fail "$(cat out)"
	fails 66 'no version 9' tkt-config show 9
	fails 64 'is not a version' tkt-config show x
	ok tkt-log --action 'config.*'
	records
	jq -se 'map(.action) == ["config.applied","config.applied","config.rolledback"]' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-fsck --all
}

draft__that_differs_is_said_on_a_terminal_body() {
	desk
	PAGER='cat' script -qec 'tkt-list' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	lacks 'not applied'
	echo '# a comment' >>desk/tkt.conf
	PAGER='cat' script -qec 'tkt-list' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	has 'tkt-list: tkt.conf was edited and is not applied'
	ok tkt-list
}

rights__are_needed_body() {
	desk --sample
	fails 77 'agent "carol" (role "agent") may not desk.config' tkt-config apply --as carol
	ok tkt-config show --as carol --names role
}

group__must_exist_body() {
	desk
	echo 'group = nosuchgroup' >>desk/tkt.conf
	tkt-config apply >out 2>err
	[ $? -eq 78 ] || atf_fail "$(cat err)"
}

lifecycles__are_checked_body() {
	desk --sample
	cp desk/tkt.conf base.conf
	bad() {
		{ cat base.conf; echo "$2"; } >desk/tkt.conf
		tkt-config check >out 2>err
		[ $? -eq 78 ] || atf_fail "$2: $(tr '\n' ' ' <err)"
		grep -qF "$1" err || atf_fail "$2: $(tr '\n' ' ' <err)"
	}
	bad 'status "a" needs a phase' 'lifecycle x { status a { } }'
	bad 'phase "opne": unknown (did you mean "open"?)' 'lifecycle x { status a { phase = opne } }'
	bad 'at least one status must be in phase open' 'lifecycle x { status a { phase = closed } }'
	bad 'next "b": no such status' 'lifecycle x { status a { phase = open next = {b} } }'
	bad 'require "caus": no such field (did you mean "cause"?)' \
		'lifecycle x { status a { phase = open } transition t { require = {field.caus} } }'
	bad 'require "childs": unknown' 'lifecycle x { status a { phase = open } transition t { require = {childs} } }'
	bad 'roles "nobody": no such role' 'lifecycle x { status a { phase = open } transition t { roles = {nobody} } }'
	bad 'lifecycle "y": no such lifecycle' 'queue q { lifecycle = y }'
	bad 'after_reply "pending": unknown' 'lifecycle x { status a { phase = open } } queue q { lifecycle = x after_reply = pending }'
	bad 'active "b": a ticket that is worked on is in phase open' \
		'lifecycle x { status a { phase = open } status b { phase = waiting } active = b }'
	bad "initial \"z\": no such status" 'lifecycle x { status a { phase = open } initial = z }'
}

design_example__is_accepted_body() {
	desk
	mkdir desk/calendars
	ics 'DTSTART;VALUE=DATE:20201225' 'RRULE:FREQ=YEARLY' >desk/calendars/de.ics
	cat >desk/tkt.conf <<'X'
name = "Acme Support"
timezone = "Europe/Berlin"
mailbox support { address = "support@acme.example"  queue = inbox  from_name = "Acme Support" }
queue   inbox   { }
queue   billing { members = {alice, bob}  assign = least-busy  reopen_window = 7d }
role    agent   { allow = {"ticket.*", "customer.read", "kb.read"}  queues = {inbox, billing} }
agent   alice   { name = "Alice A."  email = "alice@acme.example"  role = agent  unix = alice  capacity = 20 }
agent   bob     { }
agent   lead    { }
calendar office { timezone = "Europe/Berlin"  mon-fri = {"09:00-12:30", "13:30-18:00"}
                  exceptions = {"2026-12-24 09:00-12:00", "2026-12-31 closed"}  holidays = {"calendars/de.ics"} }
sla gold { when = "organization:acme"  calendar = office
           first_response { low = 8h  normal = 4h  high = 1h  urgent = 15m }
           next_response  { normal = 4h }
           resolution     { normal = 24h  urgent = 4h }
           warn = {"80%", "30m"} }
route billing     { when = "channel:email subject:/invoice|refund/"  set = "queue=billing tag+=money" }
rule escalate     { on = sla.breached  when = "priority>=high"  notify = {lead}  set = "priority=urgent tag+=breached" }
rule autoclose    { on = time  when = "status:solved solved<-4d"  set = "status=closed" }
view mine         { query = "assignee:me phase:open"  sort = due }
X
	tkt-config check >out 2>err || atf_fail "$(cat err)"
	tkt-config apply >out 2>err || atf_fail "$(cat err)"
	ok tkt-list --view mine --as alice
}

check__rules_and_what_they_do_body() {
	desk --sample
	says() {
		cp desk/tkt.conf bad.conf
		printf '%s\n' "$3" >>bad.conf
		tkt-config check --conf bad.conf >out 2>err
		[ $? -eq "$1" ] && grep -qF -- "$2" err || atf_fail "$3: $(cat err)"
		grep -q 'bad.conf:[0-9]*: ' err || atf_fail "no place: $(cat err)"
	}
	says 78 'set: priority is set twice' 'rule a { on = created set = "priority=low priority=high" }'
	says 78 'reply "acknowledgment": no such canned reply (did you mean "acknowledgement"?)' 'rule a { on = created reply = acknowledgment }'
	says 78 'notify "alcie": assignee, queue, followers, requester or an agent (did you mean "alice"?)' 'rule a { on = created notify = {alcie} }'
	says 78 'hook "crm": no such webhook' 'rule a { on = created hook = crm }'
	says 78 'hook "ftp://x/": https://HOST/PATH' 'rule a { on = created hook = "ftp://x/" }'
	says 78 'run: "beep": a program is named by its whole path' 'rule a { on = created run = {"beep"} }'
	says 78 '{{requester.nam}}: no such value' 'rule a { on = created note = "Hello {{requester.nam}}" }'
	says 78 'section "a" is never closed' 'rule a { on = created note = "{{#a}}" }'
	says 78 'a rule on = time needs a time term' 'rule a { on = time when = "status:open" set = "tag+=x" }'
	says 78 'nothing else can be done with it' 'rule a { on = time when = "solved<-1d" purge = true hook = "https://x.org/" }'
	says 0 'rule "a" does nothing' 'rule a { on = created }'
	says 0 'rule "a" never matches' 'rule a { on = created when = "queue:inbox queue:billing" set = "tag+=x" }'
	says 0 'rule "b" sets queue=billing, and "a" above sets queue=hardware for the same tickets' 'rule a { on = created when = "tag:x" set = "queue=hardware" } rule b { on = created when = "tag:x" set = "queue=billing" }'
	says 0 'rule "b" sets priority=high, which "a" above sets back to low' 'rule a { on = changed when = "tag:x priority:high,urgent" set = "priority=low" } rule b { on = changed when = "priority:low" set = "priority=high" }'
	cp desk/tkt.conf good.conf
	printf '%s\n' 'rule a { on = changed when = "priority:urgent" set = "priority=low" } rule b { on = changed when = "priority:low" set = "priority=high" }' >>good.conf
	ok tkt-config check --conf good.conf
	says 0 '"b" never gets a look: "a" above stops' 'rule a { on = message set = "tag+=x" stop = true } rule b { on = message when = "tag:y" set = "tag+=z" }'
	says 78 'quiet "18:00" is no span' 'agent dan { quiet = "18:00" }'
	says 78 'quiet "18:00-07:99" is no span' 'agent dan { quiet = "18:00-07:99" }'
	says 78 'quiet "09:00-09:00" is no span' 'agent dan { quiet = "09:00-09:00" }'
	says 78 'digest "often" is no duration' 'agent dan { digest = often }'
	printf -- '---\ntitel: x\n---\nx\n' >desk/canned/a.md
	tkt-config check >out 2>err
	[ $? -eq 78 ] && grep -q 'canned/a.md:1: "titel": no such key (did you mean "title"?)' err || atf_fail "$(cat err)"
	printf -- '---\nset: prio=high\n---\nx\n' >desk/canned/a.md
	tkt-config check >out 2>err
	[ $? -eq 78 ] && grep -q 'canned/a.md:1: set: ' err || atf_fail "$(cat err)"
	head -c 70000 /dev/zero | tr '\0' x >desk/canned/a.md
	tkt-config check >out 2>err
	[ $? -eq 78 ] && grep -q 'canned/a.md:1: longer than 64 kB' err || atf_fail "$(cat err)"
	rm desk/canned/a.md
	# What was applied is there when the files are gone, and comes back by rollback.
	printf 'Hi {{requester.name}}\n' >desk/canned/hi.md
	ok tkt-config apply
	rm desk/canned/hi.md
	ok tkt-reply 1 --canned hi --quiet --as alice
	ok tkt-config apply
	fails 66 'no such reply' tkt-reply 1 --canned hi --as alice
	ok tkt-config rollback 2 --quiet
	ok tkt-reply 1 --canned hi --quiet --as alice
}

cases cmd/tkt-config_test.sh
