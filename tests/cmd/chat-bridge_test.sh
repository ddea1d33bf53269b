# chat-bridge: channel programs, and IRC with a real server (ngircd).
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/bridges.sh"
unset TKT_NOW

common__words_and_disk_body() {
	desk --sample
	common_checks chat-bridge
	no_desk chat-bridge irc
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'which channel?' chat-bridge
	fails 64 'channel "ircd": no such channel (did you mean "irc"?)' chat-bridge ircd
	fails 78 'tkt.conf has no bridge of type irc' chat-bridge irc
	fails 78 'tkt.conf has no bridge of type exec' chat-bridge exec
	fails 78 'bridge "libera": tkt.conf has none' chat-bridge irc libera
	fails 64 'one bridge a process' chat-bridge irc a b
	fails 64 'can be no bridge'"'"'s name' chat-bridge exec --name 'A B' /bin/true
	fails 66 '/nonesuch/program' chat-bridge exec /nonesuch/program
	fails 77 'may not desk.config' chat-bridge irc --as carol
	fails 64 'test which program?' chat-bridge test
}

conf__is_checked_body() {
	desk --sample
	conf_wrong 'bridge x { url = "ircs://irc.example.org" }' 'bridge "x" has no type'
	conf_wrong 'bridge x { type = icq }' 'type "icq": unknown'
	conf_wrong 'bridge x { type = irc }' 'bridge "x" has no url'
	conf_wrong 'bridge x { type = irc url = "irc://irc.example.org" }' 'is not encrypted: use ircs://'
	conf_wrong 'bridge x { type = irc url = "https://irc.example.org" }' 'use ircs://HOST:PORT'
	conf_wrong 'bridge x { type = irc url = "ircs://irc.example.org" user = acme }' 'user and secret go together'
	conf_wrong 'bridge x { type = irc url = "ircs://irc.example.org" nick = "a b" }' 'one word, without commas'
	conf_wrong 'bridge x { type = irc url = "ircs://irc.example.org" rooms = {"#a,#b"} }' 'one word, without commas'
	conf_wrong 'bridge x { type = irc url = "ircs://irc.example.org" queue = biling }' 'did you mean "billing"?'
	conf_wrong 'bridge x { type = exec }' 'bridge "x" has no run'
	conf_wrong 'bridge x { type = exec run = {"prog"} }' 'a program is named by its whole path'
	conf_wrong 'bridge x { type = irc url = "ircs://irc.example.org" announce = {bread} }' 'announce "bread": unknown'
	conf_wrong 'bridge x { type = xmpp url = "xmpp://example.org" }' 'needs user and secret'
	conf_wrong 'bridge x { type = matrix url = "http://example.org" user = "@a:b" secret = s }' 'is not encrypted: use https://'
	conf_wrong 'bridge x { type = exec run = {"/bin/x"} idle = soon }' 'is no duration'
}

exec__speaks_both_ways_body() {
	desk --sample
	folder
	said $f m1 ann 'The printer is on fire.
It smells.'
	until_true 10 [ -f $f/done/m1 ] || atf_fail "not acknowledged: $(cat bridge.err)"
	[ "$(chats)" = '4 ' ] || atf_fail "$(chats)"
	said $f m2 ann 'Please hurry.'
	said $f m3 bob 'Hello.'
	until_true 10 [ -f $f/done/m2 -a -f $f/done/m3 ] || atf_fail "not acknowledged"
	[ "$(chats)" = '4 5 ' ] || atf_fail "$(chats)"
	[ "$(bodies 4)" = 'The printer is on fire.
It smells.
Please hurry.' ] || atf_fail "$(bodies 4)"
	ok tkt-show 4 -o json
	any_of '(.type == "ticket") and (.subject == "The printer is on fire." and .channel == "chat" and .requester.address == "folder/ann" and .requester.name == "ann")'
	# The agent's answer, and no note.
	ok tkt-reply 4 --as alice --quiet -m 'We are on our way.'
	ok tkt-reply 4 --as alice --quiet --note -m 'Who sold them that printer?'
	until_true 10 sh -c "grep -q '\"state\":\"sent\"' bridged" || atf_fail "not sent: $(cat bridged bridge.err)"
	cat $f/out/* >got
	[ "$(cat got)" = 'ann
We are on our way.' ] || atf_fail "$(cat got)"
	# One process a bridge.
	fails 75 'bridge "folder" runs already' chat-bridge exec "$TKT_SRC/share/channel/folder"
	# What was said before is nothing new.
	said $f m1 ann 'The printer is on fire.'
	pkill -9 -P "$(cat bridge.pid)"
	until_true 10 [ ! -f $f/in/m1 ] || atf_fail "not acknowledged"
	until_true 10 grep -q duplicate bridged || atf_fail "$(cat bridged)"
	[ "$(bodies 4 | grep -c printer)" -eq 2 ] || atf_fail "doubled"
	cp bridged out
	records
	ok tkt-fsck
	kill "$(cat bridge.pid)"
	until_true 10 sh -c "! kill -0 $(cat bridge.pid)" || atf_fail "does not end"
}
exec__speaks_both_ways_cleanup() { bridge_stop; }

exec__loses_and_doubles_nothing_when_killed_body() {
	desk --sample
	folder
	said $f m0 ann 'line 0'
	until_true 10 [ -f $f/done/m0 ]
	for i in 1 2 3 4 5 6; do
		for j in 1 2 3 4 5; do said $f "m$i$j" ann "line $i$j"; done
		tkt-reply 4 --as alice --quiet -m "answer $i" >/dev/null
		sleep "0.$i"
		# The bridge, or its program.
		if [ $((i % 2)) -eq 0 ]; then
			kill -9 "$(cat bridge.pid)"
			bridge exec "$TKT_SRC/share/channel/folder"
		else
			pkill -9 -P "$(cat bridge.pid)"
		fi
	done
	until_true 40 sh -c "[ -z \"\$(ls $f/in)\" ]" || atf_fail "left: $(ls $f/in) $(tail -n 3 bridge.err)"
	until_true 40 sh -c "[ \$(sqlite3 desk/store.db 'SELECT count(*) FROM delivery WHERE via = \"exec:folder\" AND state <> 3') -eq 0 ]" ||
		atf_fail "unsent: $(sqlite3 desk/store.db 'SELECT * FROM delivery') $(tail -n 3 bridge.err)"
	[ "$(bodies 4 | grep -c '^line')" -eq 31 ] || atf_fail "$(bodies 4)"
	[ "$(bodies 4 | grep '^line' | sort | uniq -d)" = '' ] || atf_fail "twice: $(bodies 4 | sort | uniq -d)"
	[ "$(cat $f/out/* | grep -c '^answer')" -eq 6 ] || atf_fail "$(cat $f/out/*)"
	ok tkt-fsck
}
exec__loses_and_doubles_nothing_when_killed_cleanup() { bridge_stop; }

exec__outlives_a_program_that_does_not_listen_body() {
	desk --sample
	cat >prog <<'P'
#!/bin/sh
echo '{"type":"hello","name":"deaf","version":"1"}'
exec 0<&-
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	echo "{\"type\":\"message\",\"id\":\"m$i\",\"conversation\":\"c$i\",\"address\":\"a$i\",\"text\":\"line $i\",\"at\":\"2026-11-2$((i % 5))T10:$((i % 50 + 10)):00Z\"}"
done
P
	chmod +x prog
	bridge exec ./prog
	until_true 20 grep -q 'again in 2 s' bridge.err || atf_fail "$(cat bridge.err)"
	kill -0 "$(cat bridge.pid)" || atf_fail "it ended: $(cat bridge.err)"
	until_true 20 sh -c '[ $(sqlite3 desk/store.db "SELECT count(*) FROM message WHERE body LIKE \"line %\"") -eq 300 ]' || atf_fail "lost: $(tail -n 3 bridge.err)"
	until_true 20 grep -q duplicate bridged || atf_fail "it was not run again"
}
exec__outlives_a_program_that_does_not_listen_cleanup() { bridge_stop; }

conformance__is_told_rule_by_rule_body() {
	mkdir -p here/in && printf 'ann\nhello' >here/in/m1
	(cd here && chat-bridge test "$TKT_SRC/share/channel/folder" >../out 2>../err) || atf_fail "$(cat out err)"
	records
	[ "$(jq -r .state out | sort -u)" = ok ] || atf_fail "$(cat out)"
	[ "$(jq -r .check out | tr '\n' ' ')" = 'hello ping send again unknown resume end lines ' ] || atf_fail "$(cat out)"
	cat >mute <<'P'
#!/bin/sh
echo '{"type":"hello","name":"mute","version":"1"}'
echo '{"type":"message","id":"1"}'
echo 'no JSON'
while read -r line; do :; done
exit 3
P
	chmod +x mute
	chat-bridge test ./mute >out 2>err
	[ $? -eq 1 ] || atf_fail "mute: not 1"
	for c in ping send again unknown end lines; do
		any_of ".check == \"$c\" and .state == \"failed\""
	done
	any_of '(.check == "resume") and (.state == "warning")'
	fails 66 'nonesuch' chat-bridge test ./nonesuch
}
conformance__is_told_rule_by_rule_head() { atf_set timeout 200; }

bad__lines_are_told_and_passed_over_body() {
	desk --sample
	cat >prog <<'P'
#!/usr/bin/python3
import json, os, sys
def say(o): sys.stdout.write((o if isinstance(o, str) else json.dumps(o)) + "\n"); sys.stdout.flush()
def message(i, **k): say(dict({"type": "message", "id": i, "conversation": "c", "address": "ann", "text": "x"}, **k))
say({"type": "hello", "name": "bad", "version": "1"})
say("no JSON"); say("[1]"); say('{"type": 7}'); say({"no": "type"})
message("a" * 2000)
message("long", text="y" * 900000)
say('{"type":"message","id":"huge","conversation":"c","address":"ann","text":"' + "z" * 2000000 + '"}')
message("control", text="bell \x07 escape \x1b[2J override \u202e end")
sys.stdout.buffer.write(b'{"type":"message","id":"latin","conversation":"c","address":"ann","text":"caf\xe9"}\n'); sys.stdout.flush()
message("file", attachments=[{"path": "../../secret/desk.key"}])
message("abs", attachments=[{"path": "/etc/passwd"}])
os.symlink("/etc/passwd", "link") if not os.path.lexists("link") else None
message("link", attachments=[{"path": "link"}])
open("note.txt", "w").write("fine")
message("good", attachments=[{"path": "note.txt"}, {"url": "https://example.org/x.png"}])
message("empty", text="")
message("future", at="2099-01-01T00:00:00Z", text="from the future")
message("noaddress", address="")
say({"type": "delivered", "id": "99.1"}); say({"type": "failed"}); say({"type": "presence", "state": 3})
message("edit", edits="good", text="better")
message("gone", deletes="good")
message("gone2", deletes="never")
for line in sys.stdin:
    with open("acks", "a") as f: f.write(line)
P
	chmod +x prog
	bridge exec ./prog
	f=desk/channels/prog
	until_true 20 grep -q '"gone2"' $f/acks || atf_fail "$(cat bridge.err) $(cat $f/acks)"
	jq -s -r 'map(select(.type == "ack")) | map((.id | .[0:9]) + ":" + .outcome) | .[]' $f/acks | sort | tr '\n' ' ' >got
	[ "$(cat got)" = 'aaaaaaaaa:refused abs:refused control:appended edit:appended empty:refused file:refused future:appended gone2:refused gone:appended good:appended link:refused long:created noaddress:refused ' ] ||
		atf_fail "$(cat got)"
	ok tkt-show 4 -o json
	grep -q 'root:' out && atf_fail "a file from elsewhere came in"
	any_of '(.body == "x\nhttps://example.org/x.png") and (.attachments[0].name == "note.txt" and .attachments[0].size == 4)'
	any_of '(.body == "from the future") and (.created_at < "2090")'
	any_of '.body == "(edited) better"'
	any_of '(.kind == "note") and (.body | startswith("Who said it has taken message"))'
	LC_ALL=C grep -q "$(printf '\033')\|$(printf '\342\200\256')" out && atf_fail "control characters came through"
	# One line for each, and on it goes.
	grep -q 'a line that is no JSON' bridge.err && grep -q 'a line of more than 1048576 bytes' bridge.err || atf_fail "$(cat bridge.err)"
	ok tkt-fsck
}
bad__lines_are_told_and_passed_over_cleanup() { bridge_stop; }

flood__is_bounded_body() {
	desk --sample
	printf 'bridge prog { type = exec run = {"%s"} flood = 10 room_flood = 25 }\n' "$PWD/prog" >>desk/tkt.conf
	cat >prog <<'P'
#!/usr/bin/python3
import json, sys
print('{"type": "hello", "name": "flood", "version": "1"}')
for i in range(200):
    who = "ann" if i < 100 else "p%d" % i
    print(json.dumps({"type": "message", "id": "m%d" % i, "conversation": "#room " + who, "address": who, "text": "line %d" % i, "at": "2026-11-20T10:00:00Z"}))
print(json.dumps({"type": "message", "id": "later", "conversation": "#room ann", "address": "ann", "text": "a minute later", "at": "2026-11-20T10:01:01Z"}))
sys.stdout.flush()
for line in sys.stdin: pass
P
	chmod +x prog
	ok tkt-config apply
	bridge exec
	until_true 20 sh -c '[ $(wc -l <bridged) -eq 201 ]' || atf_fail "$(wc -l <bridged) $(cat bridge.err)"
	[ "$(grep -c '"refused"' bridged)" -eq 175 ] || atf_fail "$(jq -r '.outcome + " " + (.reason // "")' bridged | sort | uniq -c)"
	tail -n 1 bridged | grep -q appended || atf_fail "$(tail -n 1 bridged)"
	[ "$(grep -c 'too many lines' bridge.err)" -eq 2 ] || atf_fail "$(cat bridge.err)"
}
flood__is_bounded_cleanup() { bridge_stop; }

idle__ends_with_a_transcript_body() {
	desk --sample
	printf 'bridge folder { type = exec run = {"%s/share/channel/folder"} idle = 5s }\n' "$TKT_SRC" >>desk/tkt.conf
	smtp
	send_to "$port"
	folder
	said $f m1 ann 'My invoice is wrong.'
	said $f m2 bob 'Is anybody there?'
	until_true 10 [ -f $f/done/m1 -a -f $f/done/m2 ] || atf_fail "$(cat bridge.err)"
	a=$(sqlite3 desk/store.db "SELECT ticket FROM conversation WHERE key = 'ann'")
	b=$(sqlite3 desk/store.db "SELECT ticket FROM conversation WHERE key = 'bob'")
	ok cust-set "$(tkt-show "$a" -o json | jq -r 'select(.type == "ticket") | .requester.id')" address+=ann@example.net
	ok tkt-reply "$a" --as alice --quiet -m 'It is put right.'
	ok tkt-reply "$a" --as alice --quiet --note -m 'secret words'
	until_true 10 grep -rq 'It is put right' $f/out || atf_fail "not sent: $(cat bridge.err)"
	until_true 20 sh -c "[ \$(sqlite3 desk/store.db 'SELECT count(*) FROM conversation WHERE closed_at IS NULL') -eq 0 ]" || atf_fail "still open"
	[ "$(tkt-list -o ids "id:$a status:closed")" = "$a" ] || atf_fail "not closed: $(tkt-show "$a" -o json)"
	# Who waits for us is not forgotten.
	[ "$(tkt-list -o ids "id:$b status:new,open")" = "$b" ] || atf_fail "closed: $(tkt-show "$b" -o json)"
	ok mail-send
	grep -l 'Subject:.*My invoice' sink/* >letters || atf_fail "no transcript: $(ls sink)"
	letter=$(head -n 1 letters)
	grep -q 'ann: My invoice is wrong.' "$letter" && grep -q 'Alice Ahrens: It is put right.' "$letter" || atf_fail "$(cat "$letter")"
	grep -rq 'secret words' sink && atf_fail "a note has left"
	grep -q 'Auto-Submitted: auto-generated' "$letter" || atf_fail "$(cat "$letter")"
	# They come back: who was answered begins anew, who was not goes on.
	said $f m3 ann 'Another thing.'
	said $f m4 bob 'Hello?'
	until_true 10 [ -f $f/done/m3 -a -f $f/done/m4 ] || atf_fail "$(cat bridge.err)"
	[ "$(sqlite3 desk/store.db "SELECT ticket <> $a FROM conversation WHERE key = 'ann'")" = 1 ] || atf_fail "the same ticket"
	[ "$(sqlite3 desk/store.db "SELECT ticket = $b FROM conversation WHERE key = 'bob'")" = 1 ] || atf_fail "another ticket"
	# An answer to who has left goes by mail.
	ok tkt-reply "$a" --as alice --quiet -m 'By mail, then.'
	sqlite3 desk/store.db "SELECT via || ' ' || target FROM delivery WHERE event = (SELECT max(id) FROM message WHERE ticket = $a)" >got
	[ "$(cat got)" = 'mail ann@example.net' ] || atf_fail "$(cat got)"
	ok tkt-fsck
}
idle__ends_with_a_transcript_cleanup() {
	bridge_stop
	smtp_stop
}

irc__speaks_directly_and_in_rooms_body() {
	desk --sample
	ircd
	client ann
	echo 'JOIN #help' >>ann.say
	irc
	until_true 10 grep -q 'acme.* JOIN :#help' ann.heard || atf_fail "not there: $(cat bridge.err)"
	printf '%s\n' 'PRIVMSG acme :My printer is on fire' 'PRIVMSG acme :and it smells' 'PRIVMSG #help :only talking' 'PRIVMSG #help :acme: a question here' "PRIVMSG acme :$(printf '\001')VERSION$(printf '\001')" "PRIVMSG #help :$(printf '\002')acme$(printf '\002'), $(printf '\00304')red" >>ann.say
	until_true 20 sh -c '[ $(wc -l <bridged) -ge 4 ]' || atf_fail "$(cat bridged bridge.err)"
	[ "$(chats)" = '4 5 ' ] || atf_fail "$(chats)"
	[ "$(bodies 4)" = 'My printer is on fire
and it smells' ] || atf_fail "$(bodies 4)"
	[ "$(bodies 5)" = 'a question here
red' ] || atf_fail "$(bodies 5)"
	long=$(python3 -c 'print("word " * 150)')
	ok tkt-reply 4 --as alice --quiet -m "First line.
QUIT :injected
$long"
	ok tkt-reply 5 --as alice --quiet -m 'An answer.'
	until_true 30 sh -c '[ $(grep -c "\"state\":\"sent\"" bridged) -eq 2 ]' || atf_fail "$(cat bridged bridge.err)"
	grep -q 'PRIVMSG ann :First line\.' ann.heard && grep -q 'PRIVMSG ann :QUIT :injected' ann.heard || atf_fail "$(cat ann.heard)"
	grep -q 'PRIVMSG #help :ann: An answer\.' ann.heard || atf_fail "$(cat ann.heard)"
	[ "$(grep 'PRIVMSG ann :word' ann.heard | sed 's/.*PRIVMSG ann ://' | tr '\n' ' ' | tr -s ' ' | wc -w)" -eq 150 ] || atf_fail "cut: $(cat ann.heard)"
	# Who is not there any more is not written to for ever.
	kill "$(cat client.pid)"
	until_true 10 sh -c '! grep -q nonesuch ann.heard'
	sleep 1
	ok tkt-reply 4 --as alice --quiet -m 'Are you there?'
	until_true 20 grep -q '"state":"failed"' bridged || atf_fail "$(tail -n 2 bridged) $(cat bridge.err)"
	ok tkt-show 4 -o json
	has 'did not reach ann: No such nick'
	cp bridged out
	records
	ok tkt-fsck
}
irc__speaks_directly_and_in_rooms_cleanup() { bridge_stop; }

irc__comes_back_body() {
	desk --sample
	ircd
	client acme
	irc
	# Its name is taken; it is called something like it.
	echo 'JOIN #help' >>acme.say
	until_true 10 grep -q 'acme_.* JOIN :#help' acme.heard || atf_fail "$(cat acme.heard bridge.err)"
	echo 'PRIVMSG acme_ :hello' >>acme.say
	until_true 10 grep -q created bridged || atf_fail "$(cat bridged bridge.err)"
	kill "$(cat ircd.pid)"
	until_true 10 grep -q 'again in 1 s' bridge.err || atf_fail "$(cat bridge.err)"
	sleep 1
	ok tkt-reply 4 --as alice --quiet -m 'while it was away'
	ircd_start
	client ann
	echo 'JOIN #help' >>ann.say
	until_true 20 grep -q 'acme.* JOIN :#help' ann.heard || grep -q 'acme' ann.heard || atf_fail "not back: $(cat bridge.err)"
	until_true 10 grep -q 'it works again' bridge.err || atf_fail "$(cat bridge.err)"
	echo 'PRIVMSG acme :after the break' >>ann.say
	until_true 10 sh -c '[ $(grep -c created bridged) -eq 2 ]' || atf_fail "$(cat bridged bridge.err)"
}
irc__comes_back_cleanup() { bridge_stop; }

matrix__rooms_edits_and_media_body() {
	desk --sample
	hs_start
	say "$(text '!d:test.example' @ann:test.example 'before we came')"
	sleep 0.3
	matrix
	synced
	say "$(text '!d:test.example' @ann:test.example 'My printer is on fire')" \
		"$(text '!d:test.example' @ann:test.example 'and it smells')" \
		"$(text '!room:test.example' @bob:other.example 'only talking')" \
		"$(text '!room:test.example' @bob:other.example 'acme: a question')" \
		'{"room":"!d:test.example","sender":"@ann:test.example","content":{"msgtype":"m.notice","body":"a machine"}}' \
		'{"room":"!d:test.example","sender":"@desk:test.example","content":{"msgtype":"m.text","body":"we ourselves"}}' \
		'{"room":"!d:test.example","sender":"@ann:test.example","content":{"msgtype":"m.text","body":"* it is out","m.new_content":{"msgtype":"m.text","body":"it is out"},"m.relates_to":{"rel_type":"m.replace","event_id":"$e2"}}}' \
		'{"room":"!d:test.example","sender":"@ann:test.example","content":{"msgtype":"m.image","body":"pic.png","url":"mxc://test.example/pic","info":{"mimetype":"image/png"}}}' \
		'{"room":"!d:test.example","sender":"@ann:test.example","redacts":"$e1"}' \
		'{"invite":"!new:test.example"}'
	until_true 20 sh -c '[ $(wc -l <bridged) -ge 6 ]' || atf_fail "$(cat bridged bridge.err hs.out)"
	[ "$(chats)" = '4 5 ' ] || atf_fail "$(chats)"
	[ "$(bodies 4)" = 'My printer is on fire
and it smells
(edited) it is out
pic.png
Who said it has taken message 14 back.' ] || atf_fail "$(bodies 4)"
	[ "$(bodies 5)" = 'a question' ] || atf_fail "$(bodies 5)"
	until_true 10 grep -q 'POST .*join/%21new' requests || atf_fail "not joined: $(cat requests)"
	ok tkt-show 4 -o json
	any_of '.body == "pic.png" and .attachments[0].media_type == "image/png" and .attachments[0].size == 108'
	any_of '.type == "ticket" and .requester.address == "@ann:test.example" and .requester.name == "ann"'
	any_of '.body == "and it smells" and (.flags | index("unverified") | not)'
	ok tkt-reply 4 --as alice --quiet -m 'On our way.'
	ok tkt-reply 4 --as alice --quiet --note -m 'a note'
	ok tkt-reply 5 --as alice --quiet -m 'An answer.'
	until_true 10 sh -c '[ -f sent ] && [ $(wc -l <sent) -eq 2 ]' || atf_fail "$(cat sent bridge.err)"
	jq -r '.room + " " + .body' sent | sort >got
	[ "$(cat got)" = '!d:test.example On our way.
!room:test.example bob: An answer.' ] || atf_fail "$(cat got)"
	until_true 10 sh -c '[ $(grep -c "\"sent\"" bridged) -eq 2 ]' || atf_fail "$(cat bridged)"
	cp bridged out
	records
	ok tkt-fsck
}
matrix__rooms_edits_and_media_cleanup() { bridge_stop; }

matrix__loses_and_doubles_nothing_body() {
	desk --sample
	hs_start
	matrix 'flood = 1000'
	synced
	say "$(text '!d:test.example' @ann:test.example 'line 0')"
	until_true 10 grep -q created bridged || atf_fail "$(cat bridge.err)"
	touch short # the server tells three events at a time, and of a gap four a page
	for i in 1 2 3 4 5 6; do
		for j in 1 2 3 4 5 6 7 8 9; do text '!d:test.example' @ann:test.example "line $i$j"; echo; done >"say/.x"
		mv say/.x "say/2$i"
		tkt-reply 4 --as alice --quiet -m "answer $i" >/dev/null
		case $i in
		1) say '{"mode":"lose-answers"}' ;;
		2) say '{"mode":"drop"}' ;;
		3) say '{"mode":"nonsense"}' ;;
		4) say '{"mode":"busy"}' ;;
		esac
		sleep 0.5
		kill -9 "$(cat bridge.pid)"
		sleep 0.2
		[ $i -eq 2 ] || say '{"mode":""}'
		bridge matrix
	done
	say '{"mode":""}'
	until_true 60 sh -c '[ $(sqlite3 desk/store.db "SELECT count(*) FROM message WHERE ticket = 4 AND body LIKE \"line%\"") -ge 55 ]' ||
		atf_fail "$(bodies 4) $(tail -n 5 bridge.err)"
	until_true 60 sh -c '[ $(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE via = \"matrix:home\" AND state <> 3") -eq 0 ]' ||
		atf_fail "$(sqlite3 desk/store.db 'SELECT * FROM delivery') $(tail -n 5 bridge.err)"
	bodies 4 | grep '^line' >got
	[ "$(wc -l <got)" -eq 55 ] || atf_fail "$(wc -l <got): $(sort got | uniq -d)"
	LC_ALL=C sort got | cmp -s - got || atf_fail "not in order: $(cat got)"
	[ "$(jq -r .body sent | grep -c answer)" -eq 6 ] || atf_fail "$(cat sent)"
	ok tkt-fsck
}
matrix__loses_and_doubles_nothing_cleanup() { bridge_stop; }
matrix__loses_and_doubles_nothing_head() { atf_set timeout 240; }

matrix__login_is_checked_body() {
	desk --sample
	hs_start
	matrix
	synced
	kill "$(cat bridge.pid)"
	echo wrong >desk/secret/matrix.token
	bridge matrix
	until_true 10 grep -q 'does not let us in: HTTP 401: M_UNKNOWN_TOKEN; again in 1 s' bridge.err || atf_fail "$(cat bridge.err)"
	grep -rq 'token-of' bridge.err bridged && atf_fail "a secret is told"
	return 0
}
matrix__login_is_checked_cleanup() { bridge_stop; }

matterbridge__stream_and_messages_body() {
	desk --sample
	python3 "$TKT_SRC/tests/matterbridgeserver.py" mb.port say >mb.out 2>&1 </dev/null &
	echo $! >ircd.pid
	until_true 10 [ -s mb.port ] || atf_fail "$(cat mb.out)"
	echo mb-token >desk/secret/mb.token
	chmod 600 desk/secret/mb.token
	printf 'bridge mb { type = matterbridge url = "http://127.0.0.1:%s" secret = mb.token prefix = acme }\n' "$(cat mb.port)" >>desk/tkt.conf
	ok tkt-config apply
	bridge matterbridge
	until_true 10 [ -f streaming ] || atf_fail "$(cat bridge.err mb.out)"
	m() { printf '{"text":"%s","channel":"general","username":"%s","userid":"%s","avatar":"","account":"slack.team","event":"%s","protocol":"slack","gateway":"support","parent_id":"","timestamp":"2026-11-24T10:00:00.123456789Z","id":"%s","Extra":%s}' "$1" "$2" "$3" "${4-}" "${5-}" "${6-null}"; }
	say "$(m 'acme: my printer burns' Ann U1 '' 1)" "$(m 'talk' Ann U1 '' 2)" "$(m '' api '' api_connected '')" "$(m '@acme, look' Ann U1 '' 3 '{"file":[{"Name":"a.txt","Data":"aGVsbG8=","URL":"","Comment":""}]}')" \
		'no JSON' "$(m 'acme: no id of mine' Bob '' '' 4)" "$(m '' Ann U1 msg_delete 1)" "$(m 'acme: my printer burns' Ann U1 '' 1)"
	until_true 15 sh -c '[ $(wc -l <bridged) -eq 5 ]' || atf_fail "$(cat bridged bridge.err mb.out)"
	[ "$(jq -r .outcome bridged | tr '\n' ' ')" = 'created appended created appended duplicate ' ] || atf_fail "$(cat bridged)"
	ok tkt-show 4 -o json
	any_of '.body == "look" and .attachments[0].name == "a.txt" and .attachments[0].size == 5'
	any_of '.type == "ticket" and .requester.address == "mb/slack.team/u1" and .requester.name == "Ann"'
	ok tkt-reply 4 --as alice --quiet -m 'On our way.'
	until_true 10 [ -s sent ] || atf_fail "$(cat bridge.err)"
	[ "$(cat sent)" = '{"text": "Ann: On our way.", "username": "Alice Ahrens", "gateway": "support"}' ] || atf_fail "$(cat sent)"
	ok tkt-fsck
}
matterbridge__stream_and_messages_cleanup() { bridge_stop; }

xmpp__direct_and_in_rooms_body() {
	desk --sample
	prosody_start
	xclient ann
	echo 'JOIN help@rooms.localhost' >>ann.say
	until_true 10 grep -q '^joined' ann.heard || atf_fail "$(cat client.out)"
	xmpp
	until_true 20 grep -q '^here help@rooms.localhost/desk' ann.heard || atf_fail "not there: $(cat bridge.err prosody.log | tail -n 20)"
	printf '%s\n' 'CHAT desk@localhost My printer is on fire' 'CHAT desk@localhost and it smells' 'ROOM help@rooms.localhost only talking' 'ROOM help@rooms.localhost desk: a question' 'EDIT desk@localhost it is out' >>ann.say
	until_true 20 sh -c '[ $(wc -l <bridged) -ge 4 ]' || atf_fail "$(cat bridged bridge.err client.out)"
	[ "$(chats)" = '4 5 ' ] || atf_fail "$(chats)"
	[ "$(bodies 4)" = 'My printer is on fire
and it smells
(edited) it is out' ] || atf_fail "$(bodies 4)"
	[ "$(bodies 5)" = 'a question' ] || atf_fail "$(bodies 5)"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .requester.address == "ann@localhost" and .requester.name == "ann"'
	ok tkt-reply 4 --as alice --quiet -m 'On our way <now> & "soon".'
	ok tkt-reply 4 --as alice --quiet --note -m 'a note'
	ok tkt-reply 5 --as alice --quiet -m 'An answer.'
	until_true 20 sh -c '[ $(grep -c "\"state\":\"sent\"" bridged) -eq 2 ]' || atf_fail "$(cat bridged bridge.err)"
	until_true 10 grep -qF 'chat desk@localhost On our way <now> & "soon".' ann.heard || atf_fail "$(cat ann.heard)"
	until_true 10 grep -qF 'groupchat help@rooms.localhost/desk ann: An answer.' ann.heard || atf_fail "$(cat ann.heard)"
	grep -q 'a note' ann.heard && atf_fail "a note has left"
	cp bridged out
	records
	ok tkt-fsck
}
xmpp__direct_and_in_rooms_cleanup() { bridge_stop; }

xmpp__what_waits_while_we_are_away_comes_once_body() {
	desk --sample
	prosody_start
	xclient ann
	xmpp
	until_true 20 grep -q ready ann.heard
	echo 'CHAT desk@localhost line 00' >>ann.say
	until_true 20 grep -q created bridged || atf_fail "$(cat bridge.err)"
	for i in 1 2 3 4; do
		for j in 1 2 3 4 5; do echo "CHAT desk@localhost line $i$j"; done >>ann.say
		sleep "0.$i"
		kill -9 "$(cat bridge.pid)"
		echo "CHAT desk@localhost line ${i}9" >>ann.say
		tkt-reply 4 --as alice --quiet -m "answer $i" >/dev/null
		sleep 0.5
		bridge xmpp
	done
	until_true 40 sh -c '[ $(sqlite3 desk/store.db "SELECT count(*) FROM message WHERE ticket = 4 AND body LIKE \"line%\"") -ge 25 ]' ||
		atf_fail "lost: $(bodies 4 | tr '\n' ' ') $(tail -n 5 bridge.err) $(tail -n 10 prosody.log)"
	until_true 40 sh -c '[ $(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE via = \"xmpp:jabber\" AND state <> 3") -eq 0 ]' || atf_fail "$(sqlite3 desk/store.db 'SELECT * FROM delivery')"
	bodies 4 | grep '^line' | sort >got
	[ "$(wc -l <got)" -eq 25 ] && [ -z "$(uniq -d got)" ] || atf_fail "$(cat got)"
	until_true 10 sh -c '[ $(grep "answer" ann.heard | sort -u | wc -l) -eq 4 ]' || atf_fail "$(cat ann.heard)"
	ok tkt-fsck
}
xmpp__what_waits_while_we_are_away_comes_once_cleanup() { bridge_stop; }
xmpp__what_waits_while_we_are_away_comes_once_head() { atf_set timeout 240; }

xmpp__server_and_password_are_checked_body() {
	desk --sample
	prosody_start
	xmpp
	echo wrong >desk/secret/xmpp.password
	kill "$(cat bridge.pid)"
	: >bridge.err
	bridge xmpp
	until_true 20 grep -q 'jabber: .*; again in 1 s' bridge.err || atf_fail "$(cat bridge.err)"
	kill "$(cat bridge.pid)"
	echo secret-desk >desk/secret/xmpp.password
	# A certificate that nobody we know has signed.
	sed -i 's/ca = "[^"]*"//' desk/tkt.conf
	ok tkt-config apply
	: >bridge.err
	: >bridged
	bridge xmpp
	until_true 20 grep -q 'jabber: .*; again in 1 s' bridge.err || atf_fail "$(cat bridge.err)"
	grep -q 'Authenticated as desk' prosody.log && [ "$(grep -c 'Authenticated as desk' prosody.log)" -gt 1 ] && atf_fail "let in: $(cat bridge.err)"
	grep -q secret-desk bridge.err bridged && atf_fail "a secret is told"
	return 0
}
xmpp__server_and_password_are_checked_cleanup() { bridge_stop; }

# accounts: a server with services (inspircd, atheme): SASL, account tags, TLS; $iport plain, $tport TLS, ca.pem.
accounts() {
	[ -x /usr/sbin/inspircd ] && command -v atheme-services >/dev/null || atf_skip "inspircd and atheme-services are not installed"
	python3 -c 'import socket
v = [socket.socket() for _ in range(3)]
for s in v: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in v])' >ports
	read -r iport tport sport <ports
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out ca.pem -days 3 -subj /CN=localhost -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
	cat >inspircd.conf <<X
<server name="irc.test.example" description="test" network="Test">
<admin name="a" nick="a" email="a@test.example">
<bind address="127.0.0.1" port="$iport" type="clients">
<bind address="127.0.0.1" port="$tport" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="$sport" type="servers">
<sslprofile name="tls" provider="gnutls" certfile="$PWD/ca.pem" keyfile="$PWD/key.pem">
<connect allow="*" name="main" timeout="60" limit="1000" localmax="100" globalmax="100" useident="no" resolvehostnames="no" recvq="65536" softsendq="65536" hardsendq="1048576" commandrate="1000000" fakelag="no" threshold="1000">
<performance nouserdns="yes">
<module name="spanningtree"><module name="services_account"><module name="cap"><module name="ircv3_accounttag">
<module name="ircv3_servertime"><module name="ircv3_ctctags"><module name="ircv3_msgid"><module name="sasl"><module name="ssl_gnutls">
<sasl target="services.test.example" requiressl="no">
<link name="services.test.example" ipaddr="127.0.0.1" port="$sport" allowmask="127.0.0.0/8" sendpass="linkpass" recvpass="linkpass">
<uline server="services.test.example" silent="yes">
<pid file="$PWD/inspircd.pid">
X
	{
		for m in protocol/inspircd backend/opensex crypto/pbkdf2v2 nickserv/main nickserv/identify nickserv/register saslserv/main saslserv/plain; do
			echo "loadmodule \"modules/$m\";"
		done
		cat <<X
serverinfo { name = "services.test.example"; desc = "services"; numeric = "00A"; recontime = 1; netname = "Test"; hidehostsuffix = "users.test.example"; adminname = "a"; adminemail = "a@test.example"; registeremail = "noreply@test.example"; mta = "/bin/true"; loglevel = { error; info; }; maxlogins = 5; maxusers = 5; casemapping = rfc1459; };
uplink "irc.test.example" { host = "127.0.0.1"; port = $sport; send_password = "linkpass"; receive_password = "linkpass"; };
nickserv { nick = "NickServ"; user = "NickServ"; host = "services.test.example"; real = "NickServ"; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "services.test.example"; real = "SaslServ"; };
general { commit_interval = 5; flood_msgs = 0; ratelimit_uses = 0; };
X
	} >atheme.conf
	mkdir -p services
	root=$([ "$(id -u)" -ne 0 ] || echo --runasroot)
	/usr/sbin/inspircd --config="$PWD/inspircd.conf" --nofork --nolog $root >ircd.out 2>&1 </dev/null &
	echo $! >ircd.pid
	until_true 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $iport))" || atf_fail "no inspircd: $(cat ircd.out)"
	atheme-services -n -c "$PWD/atheme.conf" -D "$PWD/services" -l "$PWD/atheme.log" -p "$PWD/atheme.pid" >atheme.out 2>&1 </dev/null &
	echo $! >services.pid
	until_true 20 grep -q 'finished synching' atheme.out || atf_fail "no services: $(tail -n 3 atheme.out)"
}
accounts_stop() {
	for p in services.pid ircd.pid *.client; do [ ! -s "$p" ] || kill "$(cat "$p")" 2>/dev/null || :; done
	bridge_stop
}
# logged_in NICK: a client with an account of that name.
logged_in() {
	client "$1"
	mv client.pid "$1.client"
	echo "PRIVMSG NickServ :REGISTER pass-of-$1 $1@test.example" >>"$1.say"
	until_true 10 grep -qi "registered" "$1.heard" || atf_fail "no account: $(tail -n 3 "$1.heard")"
}

irc__accounts_are_who_people_are_body() {
	desk --sample
	accounts
	logged_in acmedesk
	echo QUIT >>acmedesk.say
	logged_in ann
	logged_in alicea
	client eve
	mv client.pid eve.client
	sed -i 's/^agent alice {/agent alice { chat = {"irc:net\/alicea"}/' desk/tkt.conf
	printf 'pass-of-acmedesk\n' >desk/secret/irc && chmod 600 desk/secret/irc
	bare=$(cat desk/tkt.conf)
	irc_conf() { printf '%s\nbridge net { type = irc url = "ircs://127.0.0.1:%s" user = acmedesk secret = irc %s }\n' "$bare" "$tport" "$1" >desk/tkt.conf && ok tkt-config apply; }
	# A certificate that nobody vouches for, a password that is wrong: no.
	irc_conf ''
	bridge irc
	until_true 10 grep -qi 'certificate' bridge.err || atf_fail "$(cat bridge.err)"
	kill "$(cat bridge.pid)"
	wait "$(cat bridge.pid)" 2>/dev/null
	irc_conf "ca = \"$PWD/ca.pem\""
	printf 'wrong\n' >desk/secret/irc
	bridge irc
	until_true 15 grep -q 'does not let us in' bridge.err || atf_fail "$(cat bridge.err)"
	kill "$(cat bridge.pid)"
	wait "$(cat bridge.pid)" 2>/dev/null
	printf 'pass-of-acmedesk\n' >desk/secret/irc
	bridge irc
	# We are who we say.
	until_true 15 sh -c 'echo "WHOIS acmedesk" >>ann.say; sleep 0.3; grep -q " 330 ann acmedesk acmedesk " ann.heard' || atf_fail "not logged in: $(tail -n 3 bridge.err)"
	grep -q 'wrong\|pass-of' bridge.err && atf_fail "a secret is told"
	# An account is proven; a nick is not.
	echo 'PRIVMSG acmedesk :my parcel is late' >>ann.say
	until_true 10 sh -c '[ $(wc -l <bridged) -ge 1 ]' || atf_fail "$(cat bridge.err)"
	echo 'PRIVMSG acmedesk :and mine' >>eve.say
	until_true 10 sh -c '[ $(wc -l <bridged) -ge 2 ]' || atf_fail "$(cat bridge.err)"
	ok cust-show irc:net/ann -o json
	any_of '.addresses[0].proven_at != null'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM address WHERE value LIKE 'net/~eve!eve@%' AND proven_at IS NULL")" -eq 1 ] || atf_fail "$(sqlite3 desk/store.db 'SELECT * FROM address')"
	# The agent by their account; who only calls themselves so is nobody.
	echo 'NICK alice' >>eve.say
	echo 'PRIVMSG acmedesk :!take 4' >>eve.say
	sleep 1
	[ "$(tkt-show 4 -o json | jq -r 'select(.type == "ticket") | .assignee')" = null ] || [ "$(tkt-log -o json 4 | jq -r 'select(.actor == "agent:alice") | .id')" = '' ] || atf_fail "eve is alice"
	echo 'PRIVMSG acmedesk :!reply 4 It is on its way.' >>alicea.say
	until_true 15 grep -q 'PRIVMSG ann :It is on its way.' ann.heard || atf_fail "no answer: $(tail -n 3 bridge.err)"
	# Ann goes, and eve takes her name: what is for ann is not said to eve.
	echo QUIT >>ann.say
	sleep 1
	echo 'NICK ann' >>eve.say
	until_true 10 grep -q 'NICK :*ann' eve.heard || atf_fail "no nick"
	ok tkt-reply 4 --as alice --quiet -m 'A secret of ann.'
	until_true 15 sh -c "sqlite3 desk/store.db \"SELECT last_error FROM delivery\" | grep -q 'somebody else has this nick now'" || atf_fail "$(tail -n 3 bridge.err)"
	grep -q 'A secret of ann' eve.heard && atf_fail "said to somebody else"
	# She comes back: she hears it.
	echo 'NICK eve' >>eve.say
	sleep 0.5
	rm -f ann.heard
	client ann
	mv client.pid ann2.client
	echo 'PRIVMSG NickServ :IDENTIFY ann pass-of-ann' >>ann.say
	until_true 10 grep -qi 'identified\|logged in' ann.heard || atf_fail "$(tail -n 3 ann.heard)"
	sqlite3 desk/store.db "UPDATE delivery SET due_at = 0 WHERE state = 0"
	until_true 15 grep -q 'PRIVMSG ann :A secret of ann.' ann.heard || atf_fail "not said: $(tail -n 3 bridge.err)"
	ok tkt-fsck
}
irc__accounts_are_who_people_are_cleanup() { accounts_stop; }

agents__work_from_their_room_body() {
	desk --sample
	sed -i 's/^agent alice {/agent alice { chat = {"chat:test\/alice"}/; s/^agent bob {/agent bob { chat = {"chat:test\/bob"}/' desk/tkt.conf
	channel 'agents_room = "#agents" queue = inbox'
	# What is new is told there.
	line m1 ann ann 'My parcel is late.'
	heard 'new: #4 new'
	[ "$(sent | cut -d'|' -f1)" = '#agents' ] || atf_fail "$(sent)"
	# Agents talk; that is no ticket.
	line a0 '#agents alice' alice 'who takes this?' '"authenticated":true'
	line a1 '#agents alice' alice '!list id:4' '"authenticated":true'
	heard '"conversation":"#agents alice"'
	line a2 '#agents alice' alice '!set 4 assignee=none queue=inbox' '"authenticated":true'
	line a22 '#agents alice' alice '!take 4' '"authenticated":true'
	heard 'inbox alice: My parcel is late.'
	line a3 '#agents alice' alice '!reply #4 It is put right.' '"authenticated":true'
	line a4 '#agents alice' alice '!note 4 secret words' '"authenticated":true'
	line a5 '#agents alice' alice '!set 4 priority=high tag+=money' '"authenticated":true'
	heard ' high inbox alice'
	heard '"conversation":"ann","name":"Alice Ahrens","text":"It is put right."'
	line a6 '#agents alice' alice '!show 4' '"authenticated":true'
	heard '> It is put right.'
	line a7 '#agents alice' alice '!frobnicate' '"authenticated":true'
	heard '!frobnicate: no such command'
	line a8 '#agents alice' alice '!set 4 priority=hihg' '"authenticated":true'
	heard 'hihg'
	line a9 '#agents alice' alice '!show 99' '"authenticated":true'
	heard 'no ticket 99'
	# Elsewhere, too; and by nobody else.
	line b1 alice alice '!list tag:money' '"authenticated":true'
	until_true 10 sh -c "jq -r 'select(.type == \"send\" and .conversation == \"alice\") | .text' $f/got | grep -q ' high inbox alice'" || atf_fail "$(sent)"
	line c1 '#agents alice' alice '!set 4 status=closed'
	line c2 '#agents mallory' mallory '!set 4 status=closed' '"authenticated":true'
	line c3 '#agents аlice' 'аlice' '!set 4 status=closed' '"authenticated":true'
	until_true 10 sh -c "[ \$(grep -c 'I do not know this account' $f/got) -eq 3 ]" || atf_fail "$(sent)"
	# What a role may not, it may not here.
	ok tkt-new -q hardware -s 'A screw' -m x --quiet
	line d1 '#agents bob' bob '!show 5' '"authenticated":true'
	line d2 '#agents bob' bob '!set 5 priority=low' '"authenticated":true'
	until_true 10 sh -c "[ \$(grep -c 'has no access to queue' $f/got) -eq 2 ]" || atf_fail "$(sent)"
	# The same line again is done once.
	line a3 '#agents alice' alice '!reply #4 It is put right.' '"authenticated":true'
	heard '"outcome":"duplicate"'
	[ "$(bodies 4 | grep -c 'put right')" -eq 1 ] || atf_fail "$(bodies 4)"
	sent | grep -q 'secret words' && atf_fail "a note has left"
	[ "$(chats)" = '4 ' ] || atf_fail "$(chats)"
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM event WHERE actor = 'agent:alice' AND action = 'message.added'")" -eq 2 ] || atf_fail "whose words?"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .phase != "closed" and .priority == "high" and .assignee == "alice"'
	cp bridged out
	records
	ok tkt-fsck
}
agents__work_from_their_room_cleanup() { bridge_stop; }

agents__are_not_flooded_body() {
	desk --sample
	channel 'agents_room = "#agents"'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do line "m$i" "p$i" "p$i" "question $i"; done
	until_true 30 grep -q 'and 7 more' $f/got || atf_fail "$(sent)"
	[ "$(sent | grep -c '^#agents|new:')" -eq 5 ] || atf_fail "$(sent)"
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'announce' AND state = 3")" -eq 12 ] || atf_fail "left"
}
agents__are_not_flooded_cleanup() { bridge_stop; }

agents__accounts_are_checked_body() {
	desk --sample
	wrong() {
		sed "s|^agent alice  *{|agent alice { $1|" desk/tkt.conf >bad.conf
		tkt-config check --conf bad.conf >out 2>&1 && atf_fail "no error: $1"
		grep -qF -- "$2" out || atf_fail "\"$2\" is not in: $(cat out)"
	}
	wrong 'chat = {"alice@example.org"}' 'use irc:BRIDGE/ACCOUNT'
	wrong 'chat = {"irc:libera/~alice!a@b"}' 'a name is no account'
	wrong 'chat = {"icq:7"}' 'unknown kind'
	sed -i 's|^agent carol  *{|agent carol { chat = {"xmpp:x@y"}|' desk/tkt.conf
	wrong 'chat = {"xmpp:X@y"}' "it is agent"
}

policy__holds_in_chat_body() {
	desk --sample
	mkdir -p desk/canned
	printf 'canned reply\n' >desk/canned/thanks.md
	cat >>desk/tkt.conf <<'X'
route chatroute { when = "channel:chat subject:/invoice/" set = "queue=billing tag+=fromchat" }
rule chatack { on = created when = "channel:chat" reply = thanks note = "only for us" }
X
	channel
	line m1 ann ann 'The invoice is wrong.'
	heard '"text":"canned reply"'
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .queue == "billing" and (.tags | index("fromchat")) and .sla.target == "first_response"'
	any_of '.kind == "note" and .body == "only for us"'
	line m2 ann ann 'Hello?'
	heard '"m2"'
	sleep 0.5
	[ "$(sent | wc -l)" -eq 1 ] || atf_fail "$(sent)"
	sent | grep -q 'only for us' && atf_fail "a note has left"
	ok tkt-fsck
}
policy__holds_in_chat_cleanup() { bridge_stop; }

cases cmd/chat-bridge_test.sh
