# Clocks and the world around them: recipes, export and import, and everything rebuilt from
# the log and the versions alone.
. "$TKT_SRC/tests/helpers.sh"

at() {
	TKT_NOW=$1
	shift
	export TKT_NOW
	"$@" >out 2>err || atf_fail "$*: exit $?: $(cat err)"
}

late() {
	export TKT_NOW=2026-06-01T08:00:00Z
	desk
	cat >>desk/tkt.conf <<'E'
agent alice { email = "alice@d.example" }
sla all { calendar = 24x7 first_response { normal = 1h } next_response { normal = 1h } update { normal = 4h }
	resolution { normal = 8h } warn = {"50%"} }
E
	ok tkt-config apply
}

recipes__ci_fails_on_breaches_and_on_a_policy_that_makes_some_body() {
	late
	ci=$TKT_SRC/share/recipes/ci-sla
	ok tkt-new -s one -r ann@example.com -m x
	for f in github junit tap; do
		ok "$ci" $f
	done
	TKT_NOW=2026-06-01T08:40:00Z "$ci" github >out 2>err || atf_fail "a warning failed it"
	has '::warning title=SLA all%3A warning::ticket 1'
	TKT_NOW=2026-06-01T09:40:00Z "$ci" junit >out 2>err && atf_fail "a breach passed"
	xmllint --noout --schema "$TKT_SRC/tests/junit.xsd" out 2>bad || atf_fail "$(cat bad)"
	TKT_NOW=2026-06-01T09:40:00Z "$ci" tap >out 2>err && atf_fail "a breach passed"
	has 'not ok 1'
	"$ci" >out 2>err && atf_fail "no words"
	at 2026-06-01T08:50:00Z tkt-reply 1 -m y --as alice --quiet
	sed 's/first_response { normal = 1h }/first_response { normal = 30m }/' desk/tkt.conf >desk/new.conf
	"$ci" rehearse desk/new.conf >out 2>err && atf_fail "a shorter target passed: $(cat out)"
	jq -se 'last.newly_breached == 1' out >/dev/null || atf_fail "$(cat out)"
	ok "$ci" rehearse desk/tkt.conf 'created>2026-01-01'
}

recipes__nagios_has_its_four_statuses_body() {
	late
	check=$TKT_SRC/share/recipes/nagios-sla
	ok tkt-new -s one -r ann@example.com -m x
	nagios() {
		"$check" $3 >out 2>err
		_got=$?
		[ $_got -eq "$1" ] || atf_fail "exit $_got, not $1: $(cat out err)"
		is "$2"
	}
	nagios 0 'SLA OK - 0 breached, 0 in warning | breached=0;;0 warning=0;0'
	export TKT_NOW=2026-06-01T08:30:00Z
	nagios 1 'SLA WARNING - 0 breached, 1 in warning | breached=0;;0 warning=1;0'
	export TKT_NOW=2026-06-01T09:30:00Z
	nagios 2 'SLA CRITICAL - 1 breached, 0 in warning | breached=1;;0 warning=0;0'
	nagios 0 'SLA OK - 0 breached, 0 in warning | breached=0;;0 warning=0;0' subject:two
	nagios 3 'SLA UNKNOWN - tkt-sla exits 64' foo:bar
}

recipes__a_mail_of_the_days_breaches_body() {
	late
	recipe=$TKT_SRC/share/recipes/mail-sla-breaches
	printf '#!/bin/sh\necho "$@" >args\ncat >mail\n' >sendmail
	chmod +x sendmail
	export SENDMAIL="$PWD/sendmail"
	ok "$recipe" lead@acme.example
	[ ! -e mail ] || atf_fail "a mail without breaches"
	ok tkt-new -s 'Größe' -r ann@example.com -m x
	at 2026-06-01T10:00:00Z tkt-tick
	ok "$recipe" lead@acme.example
	[ "$(cat args)" = '-t -i' ] || atf_fail "$(cat args)"
	python3 - <<'P' >out 2>&1 || atf_fail "$(cat out)"
import email, email.policy
m = email.message_from_binary_file(open("mail", "rb"), policy=email.policy.default)
assert m["To"] == "lead@acme.example" and m["Subject"] == "SLA breaches of the last day", m.items()
assert m["Auto-Submitted"] == "auto-generated"
text = m.get_content()
assert "sla.breached" in text and "Größe" in text and "breached" in text, text
P
	rm mail
	TKT_NOW=2026-06-03T10:00:00Z "$recipe" lead@acme.example >out 2>err || atf_fail "$(cat err)"
	[ ! -e mail ] || atf_fail "yesterday's breaches again: $(cat mail)"
}

clocks__go_along_with_an_export_body() {
	late
	for n in 1 2 3 4; do
		at 2026-06-01T08:0$n:00Z tkt-new -s "t$n" -r ann@example.com -m x
	done
	at 2026-06-01T08:30:00Z tkt-reply 1 -m y --as alice --quiet
	at 2026-06-01T08:40:00Z tkt-set 1 status=pending
	at 2026-06-01T09:30:00Z tkt-tick
	at 2026-06-01T09:40:00Z tkt-merge 3 4
	at 2026-06-01T09:50:00Z tkt-set 2 phase=spam
	sed -i 's/first_response { normal = 1h }/first_response { normal = 6h }/' desk/tkt.conf
	at 2026-06-01T10:00:00Z tkt-config apply
	at 2026-06-01T10:10:00Z tkt-set 2 phase=normal
	dump() {
		sqlite3 "$1/store.db" 'SELECT * FROM sla_clock ORDER BY ticket, target, cycle; SELECT * FROM sla_ticket ORDER BY ticket;
			SELECT id, due_at, warn_at, due_target FROM ticket ORDER BY id'
	}
	dump desk >want
	[ "$(wc -l <want)" -gt 15 ] || atf_fail "$(cat want)"
	# From the log and the versions alone (S2).
	sqlite3 desk/store.db 'DELETE FROM sla_clock; DELETE FROM sla_ticket; UPDATE ticket SET due_at = 0, warn_at = 0'
	ok tkt-sla recompute 1 2 3 4
	dump desk >got
	diff want got >differ || atf_fail "$(cat differ)"
	ok tkt-export
	cp out all.jsonl
	tkt-init --test other >/dev/null 2>&1 || atf_fail init
	ok tkt-import -D other --quiet all.jsonl
	dump other >got
	diff want got >differ || atf_fail "$(cat differ)"
	ok tkt-fsck -D other --all
	# And with a backup.
	ok tkt-backup --quiet b.tar.zst
	ok tkt-restore --quiet b.tar.zst third
	dump third >got
	diff want got >differ || atf_fail "$(cat differ)"
}

imported__history_has_outcomes_and_is_no_news_body() {
	late
	printf 'Id,Subject,Requester,Created,Status,Body\n7,old,ann@example.com,2026-06-01T08:10:00Z,open,help\n' >t.csv
	export TKT_NOW=2026-06-02T08:00:00Z
	tkt-import --csv --map external_id=Id --map subject=Subject --map requester=Requester --map created_at=Created --map status=Status --map body=Body t.csv >out 2>err ||
		atf_fail "$(cat err)"
	tkt-sla check >out
	[ $? -eq 1 ] || atf_fail "not late: $(cat out)"
	jq -se 'map(select(.target == "resolution")) | last.breached_at == "2026-06-01T16:10:00Z"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-tick
	jq -e '.told == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

machines__start_clocks_unless_the_mailbox_says_no_body() {
	late
	monitor() {
		printf 'From: monitor@example.com\nTo: support@example.org\nSubject: disk full\nMessage-ID: <%s@example.com>\nAuto-Submitted: auto-generated\n\nx\n' "$1"
	}
	monitor 1 | mail-ingest >out 2>err || atf_fail "$(cat err)"
	tkt-sla check --all >out
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
	sed -i 's/^mailbox support {/& machines_start_sla = false/' desk/tkt.conf
	ok tkt-config apply
	monitor 2 | mail-ingest >out 2>err || atf_fail "$(cat err)"
	ok tkt-list sla:none -o ids
	is 2
	ok tkt-fsck --all
}

cases whole/sla_test.sh
