# 72 hours of chat in seconds (LONG=1: ten times as much), while the bridge, its program and the lines between
# them die at any moment: nothing is lost, nothing is there twice.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/bridges.sh"
unset TKT_NOW

replay__of_72_hours_with_kills_body() {
	desk --sample
	n=3000
	[ -z "${TKT_LONG-}" ] || n=30000
	# The last line is said now.
	printf '{"lines":%d,"people":120,"seed":8,"dies":0.01,"start":%d}\n' "$n" "$(($(date +%s) - 72 * 3600))" >plan.json
	printf 'bridge replay { type = exec  run = {"%s/tests/replay.py"}  idle = 3s }\n' "$TKT_SRC" >>desk/tkt.conf
	ok tkt-config apply
	export TKT_DESK="$PWD/desk" REPLAY_PLAN="$PWD/plan.json"
	f=desk/channels/replay
	kills=0 i=0
	bridge exec replay
	filed() { sqlite3 desk/store.db "SELECT count(*) FROM heard WHERE via = 'exec:replay'" 2>/dev/null || echo 0; }
	while [ "$(filed)" -lt "$n" ] && [ $kills -lt 400 ]; do
		sleep "0.$((RANDOM_SEED % 7 + 2))"
		RANDOM_SEED=$((RANDOM_SEED * 31 % 97 + 1))
		i=$((i + 1))
		t=$(sqlite3 desk/store.db "SELECT max(ticket) FROM conversation WHERE closed_at IS NULL" 2>/dev/null)
		[ -z "$t" ] || tkt-reply "$t" --as alice --quiet -m "answer $i" >/dev/null 2>&1 || :
		# Both, one, or the other.
		case $((i % 4)) in
		0) pkill -9 -P "$(cat bridge.pid)"; kill -9 "$(cat bridge.pid)" ;;
		1) kill -9 "$(cat bridge.pid)" ;;
		2) pkill -9 -P "$(cat bridge.pid)" || : ; continue ;;
		3) kill -TERM "$(cat bridge.pid)" ;;
		esac
		wait 2>/dev/null || :
		kills=$((kills + 1))
		bridge exec replay
	done
	# What the living still have to say and to hear.
	sed -i 's/"dies":0.01/"dies":0/' plan.json
	kill -9 "$(cat bridge.pid)"
	wait 2>/dev/null || :
	bridge exec replay
	until_true 60 sh -c "[ \$(wc -l <$f/acked) -ge $n ] && [ \$(sqlite3 desk/store.db \"SELECT count(*) FROM delivery WHERE via = 'exec:replay' AND state < 3\") -eq 0 ]" || atf_fail "$(tail -n 3 bridge.err)"
	kill "$(cat bridge.pid)"
	wait 2>/dev/null || :
	[ ! -s $f/refused ] || atf_fail "refused: $(head -n 3 $f/refused)"
	python3 "$TKT_SRC/tests/replay_check.py" plan.json desk/store.db $f >checked || atf_fail "$(tail -n 5 checked | tr '\n' ' ')"
	echo "figure: 72 hours of chat, $(cat checked), $kills kills of the bridge"
	ok tkt-fsck
}
replay__of_72_hours_with_kills_cleanup() { bridge_stop; }
RANDOM_SEED=8

cases whole/replay_test.sh
