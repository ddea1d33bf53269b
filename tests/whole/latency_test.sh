# tkt-log --follow: an event is printed within 100 ms of its commit, and idling costs no CPU.
. "$TKT_SRC/tests/helpers.sh"

follow__within_100_ms_body() {
	desk --sample
	unset TKT_NOW
	tkt-log --follow --after 1000000 >/dev/null 2>&1 &
	idle=$!
	cat >stamp <<'X'
while IFS= read -r line; do
	printf '%s %s\n' "$(date +%s%N)" "$line"
done
X
	tkt-log --follow --action ticket.created | sh stamp >feed &
	pid=$!
	sleep 1
	for i in $(seq 1 50); do
		tkt-new -s "n$i" -m x -o ids >/dev/null
		date +%s%N >>made
		sleep 0.02
	done
	sleep 0.5
	pkill -f 'tkt-log --follow' || :
	wait $pid 2>/dev/null
	tail -n 50 feed | cut -d' ' -f1 | paste made - | awk '{ d = ($2 - $1) / 1e6; print d < 0 ? 0 : d }' | sort -n >ms
	[ "$(wc -l <ms)" -eq 50 ] || atf_fail "$(wc -l <ms) events"
	# The median: one of fifty may meet a machine that does something else.
	[ "$(sed -n 25p ms | cut -d. -f1)" -lt 100 ] || atf_fail "median $(sed -n 25p ms) ms"
	[ "$(sed -n 48p ms | cut -d. -f1)" -lt 100 ] || atf_fail "p96 $(sed -n 48p ms) ms"
	echo "figure: log to follower: median $(sed -n 25p ms) ms, p96 $(sed -n 48p ms) ms"
	wait $idle 2>/dev/null
	return 0
}

follow__idle_costs_nothing_body() {
	desk
	tkt-log --follow >/dev/null 2>&1 &
	pid=$!
	sleep 0.5
	before=$(cut -d' ' -f14,15 "/proc/$pid/stat" | tr ' ' '+')
	sleep 5
	after=$(cut -d' ' -f14,15 "/proc/$pid/stat" | tr ' ' '+')
	kill $pid
	[ $(((after) - (before))) -le 1 ] || atf_fail "$(((after) - (before))) ticks in 5 s"
}

cases whole/latency_test.sh
