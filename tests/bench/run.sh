#!/bin/sh
# make bench: the table of figures, each beside its limit or target, in one run.
# SIZES="1000 100000 1000000" says how large the stores are.
set -eu
sizes=${*:-1000 100000 1000000}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/tkt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
PATH="$B/bin:$B/tests/bench:$PATH"
unset TKT_NOW TKT_ACTOR TKT_DESK
bench() { # NAME RUNS COMMAND...: median of whole processes in ms
	python3 "$TKT_SRC/tests/bench/median.py" "$@"
}
row() {
	printf '%-52s %10s   %s\n' "$1" "$2" "$3"
}
# once COMMAND...: ms of one run that takes a while, in $took; bytes written, in $wrote.
once() {
	start=$(date +%s%N)
	"$@" >whole
	took=$((($(date +%s%N) - start) / 1000000))
	wrote=$(stat -c %s whole)
}
per_second() { # COUNT: of it a second, in $took
	awk -v n="$1" -v t="$took" 'BEGIN { printf "%d/s", n * 1000 / (t > 0 ? t : 1) }'
}
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f x", a / b }'
}
row 'what' 'median' 'beside'
empty=$(bench 100 limits)
row 'fork, exec, exit of an empty program' "$empty ms" ''
tkt-init --sample new >/dev/null
cp -r new raw
sql='BEGIN IMMEDIATE;
INSERT INTO customer (name) VALUES ("");
INSERT INTO address SELECT "email", "s" || hex(randomblob(8)), max(id), NULL, NULL FROM customer;
INSERT INTO ticket (subject, queue, status, phase, priority, kind, channel, requester, created_at, updated_at, last_event) SELECT "a subject of six words or so", "inbox", "new", 0, 1, "question", "cli", max(id), 1, 1, 1 FROM customer;
INSERT INTO event (id, ticket, at, actor, action, changes, digest, hash) SELECT max(id) + 1, (SELECT max(id) FROM ticket), 1, "system", "ticket.created", hex(zeroblob(450)), zeroblob(32), zeroblob(32) FROM event;
INSERT INTO message (id, ticket, kind, direction, channel, class, author, created_at, subject, body) SELECT max(id), (SELECT max(id) FROM ticket), "reply", "in", "cli", "human", "system", 1, "a subject of six words or so", "some text some text some text" FROM event;
INSERT INTO search (rowid, subject, body) SELECT id, subject, body FROM message WHERE id = (SELECT max(id) FROM message);
INSERT INTO sla_ticket SELECT max(id), 1, "standard", 1, 1, NULL, NULL, 1 FROM ticket;
INSERT INTO sla_clock SELECT max(id), "first_response", 1, "standard", 1, "24x7", "running", "", "", 28800, 28800, 1, 1, 0, 1000 * max(id), 900 * max(id), NULL, NULL, 900 * max(id), "", NULL, NULL FROM ticket;
INSERT INTO sla_clock SELECT max(id), "resolution", 1, "standard", 1, "24x7", "running", "", "", 432000, 432000, 1, 1, 0, 2000 * max(id), 1900 * max(id), NULL, NULL, 1900 * max(id), "", NULL, NULL FROM ticket;
COMMIT;'
printf 'PRAGMA synchronous=FULL;\n%s\n' "$sql" | tr '"' "'" >insert.sql
bare=$(bench 100 limits insert raw/store.db)
shell=$(bench 100 -i insert.sql sqlite3 raw/store.db)
row 'one durable insert: bare C' "$bare ms" ''
row 'one durable insert: sqlite3 shell' "$shell ms" ''
new=$(bench 100 tkt-new -D new -s 'a subject of six words or so' -m 'some text some text some text' -r ann@example.com -o ids)
row 'tkt-new, durable, everything on' "$new ms" "$(ratio "$new" "$shell") the shell (target 1.0)"
. "$TKT_SRC/tests/bench/mail.sh"
seq 1 20000 | awk '{ printf "{\"subject\":\"a subject of six words %d\",\"requester\":\"b%d@example.com\",\"body\":\"", $1, $1; for (i = 0; i < 200; i++) printf "wo%03d ", ($1 * 7 + i * 13) % 997; print "\"}" }' >drafts
start=$(date +%s%N)
tkt-new -D new --json -o ids <drafts >/dev/null
ours=$(($(date +%s%N) - start))
start=$(date +%s%N)
limits bulk raw/store.db 20000
theirs=$(($(date +%s%N) - start))
row 'tkt-new --json, 20,000 drafts' "$((20000 * 1000000000 / ours))/s" "$(ratio "$theirs" "$ours") of raw inserts (target 0.6)"
: >ms
for w in $(seq 1 16); do
	(
		for n in $(seq 1 15); do
			a=$(date +%s%N)
			tkt-new -D new -s "w$w $n" -m x -o ids </dev/null >/dev/null || echo error >>errors
			echo $((($(date +%s%N) - a) / 1000000)) >>ms
		done
	) &
done
start=$(date +%s%N)
wait
par=$(($(date +%s%N) - start))
for w in $(seq 1 16); do
	(for n in $(seq 1 15); do limits locked raw/store.db; done) &
done
start=$(date +%s%N)
wait
bar=$(($(date +%s%N) - start))
row '16 writers at once' "$((240 * 1000000000 / par))/s" "p99 $(sort -n ms | sed -n 238p) ms (target 100), $(ratio "$bar" "$par") of a bare loop, $(cat errors 2>/dev/null | wc -l) errors"
mkdir rules
{
	cat "$TKT_SRC/share/sample/tkt.conf"
	seq 1 500 | sed 's/.*/route r& { when = "channel:email subject:\/never&|nothing&\/" set = "tag+=r&" }/'
} >rules/tkt.conf
tkt-init rules >/dev/null
seq 1 500 | sed 's/.*/{"subject":"a subject of six words &","channel":"email","body":"x","requester":"a@example.com"}/' >many
tkt-new -D rules --json -o ids <many >ids
start=$(date +%s%N)
xargs tkt-route -D rules -N -o ids <ids >/dev/null
routed=$(awk -v a="$start" -v b="$(date +%s%N)" 'BEGIN { printf "%.2f", (b - a) / 500 / 1e6 }')
row 'tkt-route, 500 rules, a ticket (of 500)' "$routed ms" '(target 1 ms)'
first=
for n in $sizes; do
	tkt-init --sample "d$n" >/dev/null
	start=$(date +%s%N)
	generate "d$n" "$n"
	row "--- $n tickets, generated in $((($(date +%s%N) - start) / 1000000000)) s" "" ""
	size=$(stat -c %s "d$n/store.db")
	text=$(sqlite3 "d$n/store.db" 'SELECT sum(length(subject) + length(body)) FROM message')
	row 'store size' "$((size / 1048576)) MB" "$(ratio "$size" "$text") the text (target 2.2)"
	show=$(bench 60 tkt-show -D "d$n" $((n / 2)))
	list=$(bench 60 tkt-list -D "d$n" queue:billing phase:open -n 50)
	all=$(bench 60 tkt-list -D "d$n" queue:billing -n 50)
	mine=$(bench 60 tkt-list -D "d$n" assignee:bob status:open -n 50)
	one=$(bench 60 tkt-list -D "d$n" oneword -n 50)
	twenty=$(bench 60 tkt-list -D "d$n" twenty -n 50)
	rank=$(bench 60 tkt-list -D "d$n" twenty --sort relevance -n 50)
	count=$(bench 60 tkt-list -D "d$n" --counts)
	memory=$(/usr/bin/env python3 "$TKT_SRC/tests/bench/median.py" -m tkt-list -D "d$n" twenty -n 50)
	newn=$(bench 60 tkt-new -D "d$n" -s 'a subject of six words or so' -m 'some text' -r ann@example.com -o ids)
	[ -n "$first" ] || { first=1 show1=$show list1=$list all1=$all mine1=$mine one1=$one twenty1=$twenty count1=$count new1=$newn; }
	row 'tkt-show' "$show ms" "$(ratio "$show" "$show1") the smallest store (target 5 ms, 1.2 x)"
	row 'tkt-list, newest 50 open of a queue' "$list ms" "$(ratio "$list" "$list1")"
	row 'tkt-list, newest 50 of a queue' "$all ms" "$(ratio "$all" "$all1")"
	row 'tkt-list, newest 50 open of an agent' "$mine ms" "$(ratio "$mine" "$mine1")"
	row 'tkt-list, a word in 1 %' "$one ms" "$(ratio "$one" "$one1") (target 6 ms)"
	row 'tkt-list, a word in 20 %' "$twenty ms" "$(ratio "$twenty" "$twenty1") (target 6 ms)"
	row 'tkt-list, a word in 20 %, by relevance' "$rank ms" '(target 25 ms)'
	row 'tkt-list --counts, all views' "$count ms" "$(ratio "$count" "$count1")"
	row 'tkt-new' "$newn ms" "$(ratio "$newn" "$new1") (target 1.2 x)"
	row 'memory of a list' "$memory MB" '(target 16 MB)'
	open=$(tkt-list -D "d$n" phase:open -o ids | wc -l)
	once tkt-stats -D "d$n" phase:open
	row "tkt-stats, $open open tickets" "$took ms" "$(per_second "$open")"
	once tkt-stats -D "d$n"
	row 'tkt-stats, all tickets' "$took ms" "$(per_second "$n")"
	follow=$(python3 "$TKT_SRC/tests/bench/follow.py" "d$n" 20)
	row 'tkt-log --follow, from commit to print' "$follow ms" '(target 100 ms)'
	once tkt-fsck -D "d$n" --all
	row 'tkt-fsck --all' "$took ms" "$(per_second "$n") tickets"
	once tkt-export -D "d$n"
	row 'tkt-export' "$took ms" "$(per_second "$n") tickets, $((wrote / 1048576)) MB"
	mv whole all.jsonl
	tkt-init "e$n" >/dev/null
	once tkt-import -D "e$n" --quiet all.jsonl
	row 'tkt-import, verbatim, verified' "$took ms" "$(per_second "$n") tickets"
	rm -rf "e$n" all.jsonl
	once tkt-backup -D "d$n" --quiet "$work/b$n.tar"
	row 'tkt-backup' "$took ms" "$(awk -v b="$size" -v t="$took" 'BEGIN { printf "%d MB/s of store", b / 1048.576 / t }')"
	once tkt-restore --quiet "$work/b$n.tar" "r$n"
	row 'tkt-restore, verified' "$took ms" "$(per_second "$n") tickets"
	rm -rf "b$n.tar" "r$n" whole
	cp "d$n/tkt.conf" "d$n/new.conf"
	echo 'calendar office { timezone = "Europe/Berlin" mon-fri = {"09:00-17:00"} }
sla all { calendar = office first_response { normal = 4h } resolution { normal = 40h } }' >>"d$n/new.conf"
	once sh -c 'tkt-sla rehearse -D "$0" --conf "$0/new.conf" || [ $? -eq 1 ]' "d$n"
	row 'tkt-sla rehearse, all tickets' "$took ms" "$(per_second "$n") tickets"
	rm -rf "d$n" whole
done
. "$TKT_SRC/tests/bench/sla.sh"
. "$TKT_SRC/tests/bench/acts.sh"
. "$TKT_SRC/tests/bench/kb.sh"
. "$TKT_SRC/tests/bench/chat.sh"
