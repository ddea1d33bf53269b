# What agents and administrators do, killed at random moments and done by many at once:
# each is there whole or not at all, and the log tells the same as the tables.
. "$TKT_SRC/tests/helpers.sh"

times=${TKT_CRASHES:-200}

# shoot N COMMAND...: starts it, kills it at a moment that looks random but is the same
# every time, up to twice what a write takes here; says in $whole whether it came to its
# end first.
shoot() {
	_n=$1
	shift
	[ -n "${took-}" ] || {
		_start=$(date +%s%N)
		for _ in 1 2 3 4 5; do
			tkt-new -s 'to measure' -m x -o ids </dev/null >/dev/null 2>&1
		done
		took=$((($(date +%s%N) - _start) / 5000000 + 1))
	}
	"$@" >out 2>err </dev/null &
	_pid=$!
	sleep "$(awk -v n="$_n" -v t="$took" 'BEGIN { printf "%.4f", (n * 37 % 101) / 101 * t * 2 / 1000 }')"
	kill -9 $_pid 2>/dev/null
	whole=false
	wait $_pid 2>/dev/null && whole=true
}

# Tickets of two customers each, with messages of their own.
tickets() {
	seq 1 "$1" | jq -c '{subject: "s \(.)", body: "text \(.)", requester: "p\(. % 20)@example.com",
		tags: ["t\(. % 3)"]}' | tkt-new --json -o ids >ids || atf_fail "tkt-new"
	for _id in 1 2 3; do
		tkt-reply $_id -m "answer $_id" --quiet >/dev/null || atf_fail "tkt-reply"
	done
}

sql() {
	sqlite3 desk/store.db "$1"
}

merge_split_undo__killed_at_random_body() {
	desk
	tickets 40
	whole=false took=
	shoot 1 true
	before=$(sql 'SELECT count(*) FROM message')
	i=0 said=0 left=0
	while [ $i -lt "$times" ]; do
		i=$((i + 1))
		a=$((i * 7 % 40 + 1)) b=$((i * 11 % 40 + 1))
		case $((i % 4)) in
		0 | 1) [ $a -eq $b ] || shoot $i tkt-merge --into $a $b ;;
		2) shoot $i tkt-split "$(sql 'SELECT max(id) FROM message WHERE ticket = (SELECT ticket
			FROM message GROUP BY ticket HAVING count(*) > 1 LIMIT 1)')" -s "split $i" ;;
		3) shoot $i tkt-undo "$(sql "SELECT max(id) FROM event WHERE type = 'ticket.merged'")" ;;
		esac
		if $whole; then said=$((said + 1)); else left=$((left + 1)); fi
	done
	# Messages go from ticket to ticket; none is lost, none is in two places.
	[ "$(sql 'SELECT count(*) FROM message')" -eq "$before" ] || atf_fail "messages: $before, then $(sql 'SELECT count(*) FROM message')"
	ok tkt-fsck --all
	# The index moved with them.
	ok tkt-fsck --reindex
	[ "$said" -gt 0 ] && [ "$left" -gt 0 ] || atf_fail "$said whole, $left killed: the test tests nothing"
	echo "figure: merge, split and undo: $said whole, $left killed or refused; fsck clean"
}
merge_split_undo__killed_at_random_head() {
	atf_set timeout 900
}

people__killed_at_random_body() {
	desk
	tickets 40
	i=0 said=0 left=0
	while [ $i -lt "$times" ]; do
		i=$((i + 1))
		a=$((i * 3 % 20)) b=$((i * 13 % 20))
		case $((i % 3)) in
		0) [ $a -eq $b ] || shoot $i cust-merge p$b@example.com p$a@example.com ;;
		1) shoot $i cust-set p$a@example.com "notes=n $i" "address+=n$i@private.example" ;;
		2) shoot $i tkt-undo "$(sql "SELECT max(id) FROM event WHERE type = 'customer.merged'")" ;;
		esac
		if $whole; then said=$((said + 1)); else left=$((left + 1)); fi
	done
	[ "$(sql 'SELECT count(*) FROM ticket WHERE requester NOT IN (SELECT id FROM customer)')" -eq 0 ] || atf_fail "a ticket without a customer"
	ok tkt-fsck --all
	# One person less, whole or not at all, however often it is shot.
	n=0
	while [ $n -lt 30 ]; do
		n=$((n + 1))
		shoot $n cust-erase p1@example.com
		erased=$(sql "SELECT count(*) FROM customer WHERE erased_at IS NOT NULL")
		left_over=$(sql "SELECT count(*) FROM address WHERE value = 'p1@example.com'")
		[ $((erased > 0)) -ne $((left_over > 0)) ] || atf_fail "half erased: $erased, $left_over"
	done
	ok tkt-fsck --all
	[ "$said" -gt 0 ] && [ "$left" -gt 0 ] || atf_fail "$said whole, $left killed: the test tests nothing"
	echo "figure: people: $said whole, $left killed or refused; fsck clean"
}
people__killed_at_random_head() {
	atf_set timeout 900
}

import__killed_and_tried_again_body() {
	desk
	seq 1 2000 | jq -r 'if . == 1 then "id,subject,email,description,status" else empty end,
		"x-\(.),s \(.),r\(. % 50)@example.com,text \(.),\(if . % 2 == 0 then "solved" else "open" end)"' >rows.csv
	i=0
	while [ $i -lt $((times / 10)) ]; do
		i=$((i + 1))
		tkt-import --csv rows.csv >out 2>err &
		pid=$!
		sleep "$(awk -v n="$i" 'BEGIN { printf "%.3f", (n * 37 % 101) / 101 * 0.5 }')"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		[ "$(sql 'SELECT count(*) - count(DISTINCT external_id) FROM ticket')" -eq 0 ] || atf_fail "twice"
	done
	tkt-import --csv rows.csv --quiet >out 2>err || atf_fail "$(cat err)"
	[ "$(sql 'SELECT count(*), count(DISTINCT external_id) FROM ticket')" = '2000|2000' ] || atf_fail "$(sql 'SELECT count(*) FROM ticket')"
	[ "$(sql 'SELECT count(*) FROM message')" -eq 2000 ] || atf_fail messages
	ok tkt-fsck --all
	# A desk that goes over whole: nothing is there before all is.
	ok tkt-export --quiet
	mv out all.jsonl
	# The desk's own id is the only thing that stays its own.
	sed '1s/"desk":"[0-9a-f]*"//' all.jsonl >wanted
	tkt-init --test other >/dev/null 2>&1
	i=0
	while [ $i -lt $((times / 20)) ]; do
		i=$((i + 1))
		TKT_DESK=$PWD/other tkt-import all.jsonl >out 2>err &
		pid=$!
		sleep "$(awk -v n="$i" 'BEGIN { printf "%.3f", (n * 37 % 101) / 101 * 0.3 }')"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		n=$(sqlite3 other/store.db 'SELECT count(*) FROM ticket')
		[ "$n" -eq 0 ] || [ "$n" -eq 2000 ] || atf_fail "$n of 2000 in one transaction"
		[ "$n" -eq 0 ] || break
	done
	[ "$n" -eq 2000 ] || TKT_DESK=$PWD/other tkt-import all.jsonl >out 2>err || atf_fail "$(cat err)"
	TKT_DESK=$PWD/other ok tkt-fsck --all
	TKT_DESK=$PWD/other ok tkt-export --quiet
	sed '1s/"desk":"[0-9a-f]*"//' out | diff wanted - >differ || atf_fail "$(head -n 4 differ | cut -c1-500)"
}
import__killed_and_tried_again_head() {
	atf_set timeout 900
}

backup__killed_leaves_none_or_a_whole_one_body() {
	desk --sample
	i=0
	while [ $i -lt $((times / 4)) ]; do
		i=$((i + 1))
		rm -f b.tar
		shoot $i tkt-backup b.tar
		[ ! -e b.tar ] || tkt-backup --verify b.tar >out 2>err || atf_fail "a backup with its name is no whole one: $(cat err)"
		rm -rf again
		if [ -e b.tar ]; then
			shoot $i tkt-restore b.tar again
			[ ! -e again ] || TKT_DESK=$PWD/again tkt-fsck --all >out 2>err || atf_fail "half restored: $(cat out err)"
		fi
	done
	ok tkt-fsck --all
}
backup__killed_leaves_none_or_a_whole_one_head() {
	atf_set timeout 900
}

# Eight agents, a hundred tickets, each ticket taken once; meanwhile two of them merge and
# undo in the same tickets.
take_merge_undo__by_many_at_once_body() {
	desk --sample
	cat desk/tkt.conf - >conf <<'X'
agent dora {
	name = "Dora"
	email = "dora@acme.example"
	role = admin
}
X
	cat conf >desk/tkt.conf
	ok tkt-config apply --quiet
	seq 1 100 | jq -c '{subject: "s \(.)", body: "text \(.)", requester: "p\(. % 20)@example.com", queue: "inbox"}' |
		tkt-new --json -o ids >ids || atf_fail "tkt-new"
	for a in alice dora carol; do
		for half in 1 2; do
			while read -r id; do
				tkt-take "$id" --as $a --quiet >/dev/null 2>err.$a.$half && echo "$id" >>won.$a
				[ $? -le 1 ] || grep -v "it is merged into" err.$a.$half >>errors
			done <ids &
		done
	done
	for w in 1 2; do
		(
			n=0
			while [ $n -lt 25 ]; do
				n=$((n + 1))
				x=$(sed -n "$((n * 2))p" ids) y=$(sed -n "$((n * 2 + 1))p" ids)
				tkt-merge --into "$x" "$y" --quiet >/dev/null 2>>merge.err || continue
				tkt-undo "$(tkt-log --ticket "$y" | jq -s 'map(select(.action == "ticket.merged"))[-1].id')" --quiet >/dev/null 2>>undo.err
			done
		) &
	done
	wait
	[ ! -s errors ] || atf_fail "$(head -n 5 errors)"
	cat won.* | sort >won
	# Who asks again for their own is told yes; two winners of one ticket are two names.
	for a in alice dora carol; do
		[ ! -e won.$a ] || sort -u won.$a
	done | sort | uniq -d >twice
	[ ! -s twice ] || atf_fail "taken by two: $(head twice)"
	[ "$(sort -u won | wc -l)" -gt 50 ] || atf_fail "only $(sort -u won | wc -l) were taken"
	ok tkt-fsck --all
	echo "figure: $(sort -u won | wc -l) of 100 tickets taken, each by one agent, six at a time; $(grep -c . merge.err || :) merges refused"
}
take_merge_undo__by_many_at_once_head() {
	atf_set timeout 900
}

cases whole/agents_test.sh
