# share/recipes/events-*: the log to other systems, with their own clients and servers.
. "$TKT_SRC/tests/helpers.sh"
unset TKT_NOW

events() { sqlite3 desk/store.db 'SELECT count(*) FROM event'; }
# stop_with FILE: the process whose number is in it, and what it started.
stop_with() {
	[ -s "$1" ] || return 0
	pkill -P "$(cat "$1")"
	kill "$(cat "$1")"
} 2>/dev/null
stop_all() {
	for p in *.pid; do
		stop_with "$p"
	done
	sleep 0.3
	:
}

redis__gets_each_event_in_order_body() {
	command -v redis-server >/dev/null && command -v redis-cli >/dev/null || atf_skip "redis is not installed"
	desk --sample
	export PAUSE=0.2
	redis_start() {
		redis-server --port 0 --unixsocket "$PWD/redis.sock" --save '' --appendonly yes --appendfsync always --dir "$PWD" >redis.out 2>&1 &
		echo $! >redis.pid
		until_true 20 redis-cli -s "$PWD/redis.sock" ping || atf_fail "$(cat redis.out)"
	}
	redis_start
	has_all() { [ "$(redis-cli -s "$PWD/redis.sock" LLEN tkt)" -ge "$(events)" ]; }
	REDIS="-s $PWD/redis.sock" sh "$TKT_SRC/share/recipes/events-redis" &
	echo $! >one.pid
	until_true 20 has_all || atf_fail "$(redis-cli -s "$PWD/redis.sock" LLEN tkt) of $(events)"
	ok tkt-set 1 priority=high
	until_true 10 has_all || atf_fail "the new one"
	# It stops, and goes on behind the last one.
	stop_with one.pid
	sleep 0.2
	ok tkt-set 2 priority=high
	REDIS="-s $PWD/redis.sock" sh "$TKT_SRC/share/recipes/events-redis" &
	echo $! >one.pid
	until_true 10 has_all || atf_fail "after a pause"
	# The server dies; what happens meanwhile waits.
	kill -9 "$(cat redis.pid)"
	for i in $(seq 20); do
		ok tkt-set 3 tag+="t$i"
	done
	sleep 0.5
	redis_start
	until_true 20 has_all || atf_fail "$(redis-cli -s "$PWD/redis.sock" LLEN tkt) of $(events) after the server died"
	redis-cli -s "$PWD/redis.sock" LRANGE tkt 0 -1 | jq -se 'length == '"$(events)"' and (map(.id) | unique | length) == '"$(events)" >/dev/null || atf_fail "$(redis-cli -s "$PWD/redis.sock" LRANGE tkt 0 -1 | jq -c .id)"
	redis-cli -s "$PWD/redis.sock" LRANGE tkt 0 -1 | jq -se 'map(.id) == (map(.id) | sort)' >/dev/null || atf_fail order
}
redis__gets_each_event_in_order_cleanup() { stop_all; }

amqp__gets_each_event_body() {
	[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && command -v amqp-publish >/dev/null || atf_skip "rabbitmq-server or amqp-tools is not installed"
	desk --sample
	# Three in a row that are free, below those that the kernel gives to anybody.
	port=$(python3 -c 'import random, socket
while True:
    at = random.randrange(10000, 32000)
    try:
        for s in [socket.socket() for _ in range(3)]:
            s.bind(("127.0.0.1", at))
            at += 1
        print(at - 3)
        break
    except OSError:
        pass')
	mkdir -p rabbit/home
	export HOME="$PWD/rabbit/home" RABBITMQ_MNESIA_BASE="$PWD/rabbit/db" RABBITMQ_LOG_BASE="$PWD/rabbit/log" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
		RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$((port + 1)) ERL_EPMD_PORT=$((port + 2)) ERL_EPMD_ADDRESS=127.0.0.1 \
		RABBITMQ_NODENAME="tkt$$@localhost" RABBITMQ_PID_FILE="$PWD/rabbit/pid" RABBITMQ_ENABLED_PLUGINS_FILE="$PWD/rabbit/plugins" \
		RABBITMQ_CONF_ENV_FILE=/nonexistent RABBITMQ_CONFIG_FILE="$PWD/rabbit/none"
	/usr/lib/rabbitmq/bin/rabbitmq-server >rabbit/out 2>&1 &
	echo $! >rabbit.pid
	url="amqp://guest:guest@127.0.0.1:$port"
	until_true 60 amqp-declare-queue --url="$url" --queue=tkt --durable || atf_fail "$(tail -n 20 rabbit/out)"
	# Nobody answers there: nothing is lost by it.
	export PAUSE=0.2
	URL=amqp://127.0.0.1:1 sh "$TKT_SRC/share/recipes/events-amqp" 2>away &
	echo $! >one.pid
	until_true 10 [ -s away ]
	stop_with one.pid
	[ ! -e amqp.after ] || atf_fail "$(cat amqp.after) taken by nobody"
	URL="$url" sh "$TKT_SRC/share/recipes/events-amqp" &
	echo $! >one.pid
	: >consumed
	has_all() {
		while amqp-get --url="$url" --queue=tkt >one 2>/dev/null; do
			cat one >>consumed
		done
		[ "$(grep -c '^{' consumed)" -ge "$(events)" ]
	}
	until_true 20 has_all || atf_fail "$(grep -c '^{' consumed) of $(events)"
	ok tkt-set 1 priority=high
	until_true 10 has_all || atf_fail "the new one"
	stop_with one.pid
	ok tkt-set 2 priority=high
	URL="$url" sh "$TKT_SRC/share/recipes/events-amqp" &
	echo $! >one.pid
	until_true 20 has_all || atf_fail "after a pause"
	jq -se 'map(.id) == (map(.id) | sort) and length == '"$(events)" consumed >/dev/null || atf_fail "$(grep -c . consumed)"
}
amqp__gets_each_event_cleanup() {
	[ ! -s rabbit/pid ] || kill "$(cat rabbit/pid)" 2>/dev/null
	stop_all
	pkill -f "epmd.*$PWD" 2>/dev/null
	pkill -x epmd 2>/dev/null
	:
}

cases whole/recipes_test.sh 150
