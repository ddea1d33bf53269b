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

# ircd: ngircd on a free port ($iport).
ircd() {
	command -v ngircd >/dev/null || [ -x /usr/sbin/ngircd ] || atf_skip "ngircd is not installed"
	iport=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	printf '[Global]\nName = irc.test.example\nInfo = test\nListen = 127.0.0.1\nPorts = %s\n[Limits]\nMaxConnectionsIP = 100\nMaxNickLength = 20\n[Options]\nDNS = no\nIdent = no\nPAM = no\n' "$iport" >ircd.conf
	ircd_start
}
ircd_start() {
	PATH="$PATH:/usr/sbin" ngircd -n -f "$PWD/ircd.conf" >>ircd.out 2>&1 </dev/null &
	echo $! >ircd.pid
	until_true 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $iport))" || atf_fail "no ngircd: $(cat ircd.out)"
}
# client NICK: its lines come from ./NICK.say, what it hears goes to ./NICK.heard.
client() {
	: >"$1.say"
	python3 "$TKT_SRC/tests/ircclient.py" "$iport" "$1" "$1.say" "$1.heard" >client.out 2>&1 </dev/null &
	echo $! >client.pid
	until_true 10 grep -q ' 376 \| 422 ' "$1.heard" || atf_fail "client: $(cat client.out)"
}
irc() {
	printf 'bridge local { type = irc url = "irc://127.0.0.1:%s" nick = acme rooms = {"#help"} }\n' "$iport" >>desk/tkt.conf
	ok tkt-config apply
	bridge irc
}

# matrix: a homeserver (tests/matrixserver.py) and a bridge to it. say LINE...: it hears these.
matrix() {
	[ -s hs.port ] || hs_start
	printf '%s\n' token-of-the-desk >desk/secret/matrix.token
	chmod 600 desk/secret/matrix.token
	printf 'bridge home { type = matrix url = "http://127.0.0.1:%s" user = "@desk:test.example" secret = matrix.token rooms = {"#help:test.example"} prefix = acme %s }\n' "$(cat hs.port)" "${1-}" >>desk/tkt.conf
	ok tkt-config apply
	bridge matrix
}
hs_start() {
	python3 "$TKT_SRC/tests/matrixserver.py" hs.port say >hs.out 2>&1 </dev/null &
	echo $! >ircd.pid
	until_true 10 [ -s hs.port ] || atf_fail "no homeserver: $(cat hs.out)"
}
say_n=100
say() {
	say_n=$((say_n + 1))
	printf '%s\n' "$@" >"say/.$say_n" && mv "say/.$say_n" "say/$say_n"
}
text() { printf '{"room":"%s","sender":"%s","content":{"msgtype":"m.text","body":"%s"}}' "$1" "$2" "$3"; }
synced() { until_true 15 grep -q 'since=' requests || atf_fail "no sync: $(cat bridge.err hs.out)"; }

# prosody: an XMPP server with TLS, accounts and rooms, on a free port ($xport).
prosody_start() {
	command -v prosody >/dev/null || atf_skip "prosody is not installed"
	if [ ! -s prosody.cfg.lua ]; then
		xport=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem >/dev/null 2>&1
		mkdir -p data/localhost/accounts
		for a in ann desk; do printf 'return {\n["password"] = "secret-%s";\n};\n' $a >data/localhost/accounts/$a.dat; done
		cat >prosody.cfg.lua <<L
run_as_root = true
daemonize = false
pidfile = "$PWD/prosody.pid"
data_path = "$PWD/data"
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "offline", "smacks" }
modules_disabled = { "s2s" }
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
interfaces = { "127.0.0.1" }
c2s_ports = { $xport }
c2s_direct_tls_ports = { }
ssl = { key = "$PWD/key.pem"; certificate = "$PWD/cert.pem" }
certificates = "$PWD"
log = { info = "$PWD/prosody.log" }
VirtualHost "localhost"
Component "rooms.localhost" "muc"
	modules_enabled = { "muc" }
	muc_room_default_public = true
	restrict_room_creation = false
	muc_room_locking = false
L
	fi
	prosody -F --config "$PWD/prosody.cfg.lua" >prosody.out 2>&1 </dev/null &
	echo $! >ircd.pid
	until_true 20 python3 -c "import socket; socket.create_connection(('127.0.0.1', $xport))" || atf_fail "no prosody: $(cat prosody.out prosody.log)"
}
xclient() {
	: >"$1.say"
	/usr/bin/python3 "$TKT_SRC/tests/xmppclient.py" "$xport" "$1" "$1.say" "$1.heard" >client.out 2>&1 </dev/null &
	echo $! >client.pid
	until_true 20 grep -q '^ready' "$1.heard" || atf_fail "client: $(cat client.out)"
}
xmpp() {
	echo secret-desk >desk/secret/xmpp.password
	chmod 600 desk/secret/xmpp.password
	printf 'bridge jabber { type = xmpp url = "xmpp://localhost:%s" user = "desk@localhost" secret = xmpp.password ca = "%s/cert.pem" rooms = {"help@rooms.localhost"} }\n' "$xport" "$PWD" >>desk/tkt.conf
	ok tkt-config apply
	bridge xmpp
}
