# What tests of bridges share; after helpers.sh.

# bridge ARG...: chat-bridge in the background; what it prints is in ./bridged and ./bridge.err.
bridge() {
	chat-bridge "$@" >>bridged 2>>bridge.err </dev/null &
	echo $! >bridge.pid
}
bridge_stop() {
	[ ! -s bridge.pid ] || kill "$(cat bridge.pid)" 2>/dev/null || :
	[ ! -s ircd.pid ] || kill "$(cat ircd.pid)" 2>/dev/null || :
	[ ! -s client.pid ] || kill "$(cat client.pid)" 2>/dev/null || :
	wait 2>/dev/null || :
}
# said FOLDER NAME WHO TEXT: a line on the sample channel.
said() {
	printf '%s\n%s' "$3" "$4" >"$1/.$2" && mv "$1/.$2" "$1/in/$2"
}
folder() {
	export TKT_DESK="$PWD/desk"
	bridge exec "$TKT_SRC/share/channel/folder"
	f=desk/channels/folder
	until_true 10 [ -d $f/done ] || atf_fail "no folder: $(cat bridge.err)"
}
chats() { tkt-list -o ids channel:chat | sort -n | tr '\n' ' '; }
bodies() { sqlite3 desk/store.db "SELECT body FROM message WHERE ticket = $1 ORDER BY id"; }

# any_of FILTER: of the records in ./out one is like this.
any_of() {
	jq -s -e "any(.[]; $1)" out >/dev/null || atf_fail "no record with $1: $(cut -c1-500 out)"
}

# channel: the bridge "test" with a program that says what is put into $f/say; its conf in $1.
channel() {
	cp "$TKT_SRC/tests/channel.py" prog && chmod +x prog
	printf 'bridge test { type = exec run = {"%s/prog"} %s }\n' "$PWD" "${1-}" >>desk/tkt.conf
	ok tkt-config apply
	bridge exec test
	f=desk/channels/test
	until_true 10 [ -d $f ] || atf_fail "$(cat bridge.err)"
}
# line ID CONVERSATION ADDRESS TEXT [JSON]
line() { printf '{"type":"message","id":"%s","conversation":"%s","address":"%s","text":"%s"%s}\n' "$1" "$2" "$3" "$4" "${5:+,$5}" >>$f/say; }
sent() { jq -r 'select(.type == "send") | .conversation + "|" + .text' $f/got 2>/dev/null; }
heard() { until_true 10 grep -qF "$1" $f/got || atf_fail "not said: $1: $(sent) $(cat bridge.err)"; }
