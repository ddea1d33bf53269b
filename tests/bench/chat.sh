# Chat: the part of make bench on channels; run.sh sources it. One bridge and a program that says
# CHAT_MANY messages (20,000; a million takes some minutes) of 200 people.

tkt-init chatd -o ids >/dev/null
cp "$TKT_SRC/tests/bench/channel.py" talker && chmod +x talker
printf 'bridge talker { type = exec run = {"%s/talker"} flood = 1000000000 room_flood = 1000000000 }\n' "$work" >>chatd/tkt.conf
tkt-config apply -D chatd -o ids >/dev/null
export CHAT_MANY="${CHAT_MANY:-20000}"
chat-bridge exec -D chatd -o ids >/dev/null 2>chat.err &
chat=$!
while [ ! -s chatd/channels/talker/figures ] && kill -0 $chat 2>/dev/null; do sleep 0.2; done
if [ -s chatd/channels/talker/figures ]; then
	read -r rate p50 p95 <chatd/channels/talker/figures
	row "chat-bridge, $CHAT_MANY messages of 200 people" "$rate /s" "$(awk '/RssAnon/ { printf "%d MB of its own in the end", $2 / 1024 }' /proc/$chat/status)"
	row 'chat-bridge, a line until it is a durable message' "$p50 ms" "p95 $p95 ms"
else
	row 'chat-bridge' failed "$(head -n 1 chat.err)"
fi
kill $chat 2>/dev/null
wait $chat 2>/dev/null || :

# From a line of IRC to a committed message, through a real server.
if [ -x /usr/sbin/ngircd ]; then
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	printf '[Global]\nName = irc.test.example\nInfo = test\nListen = 127.0.0.1\nPorts = %s\n[Limits]\nMaxPenaltyTime = 0\n[Options]\nDNS = no\nIdent = no\nPAM = no\n' "$port" >bench-ircd.conf
	/usr/sbin/ngircd -n -f "$PWD/bench-ircd.conf" >ircd.out 2>&1 </dev/null &
	ircd=$!
	printf 'bridge line { type = irc url = "irc://127.0.0.1:%s" nick = acme flood = 1000000 room_flood = 1000000 }\n' "$port" >>chatd/tkt.conf
	tkt-config apply -D chatd -o ids >/dev/null
	: >ircline
	chat-bridge irc -D chatd -o json >ircline 2>irc.err &
	chat=$!
	if read -r p50 p95 <<X && [ -n "$p95" ]; then
$(python3 "$TKT_SRC/tests/bench/ircline.py" "$port" ircline 2>>irc.err)
X
		row 'chat-bridge, a line of IRC until it is a durable message' "$p50 ms" "p95 $p95 ms"
	else
		row 'chat-bridge irc' failed "$(tail -n 1 irc.err)"
	fi
	kill $chat $ircd 2>/dev/null
	wait $chat $ircd 2>/dev/null || :
fi
