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
