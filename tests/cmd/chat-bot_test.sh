# chat-bot: talks in a trial, and bots between a channel and the desk.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/bridges.sh"
unset TKT_NOW

# bot: the sample bot, and articles, in ./desk.
bot() {
	desk --sample
	mkdir desk/bots
	cp "$TKT_SRC/share/bot/hello.conf" desk/bots/
	printf 'include("bots/hello.conf")\nkb { url = "https://help.acme.example" }\n' >>desk/tkt.conf
	ok tkt-config apply
	mkdir kb
	cat >kb/password.md <<'X'
---
title: Reset your password
summary: Choose "Forgotten" on the sign-in page.
---
Open the sign-in page, choose Forgotten, and follow the mail.
X
	cat >kb/parcel.md <<'X'
---
title: Where is my parcel?
---
Parcels are tracked on the carrier's page.
X
	cat >kb/secret.md <<'X'
---
title: Vault combination
audience: internal
---
The vault opens with the combination 12345.
X
	(cd kb && ok kb-publish password.md parcel.md secret.md --quiet)
}
words() { sqlite3 desk/store.db "SELECT text FROM delivery WHERE kind = 'bot' ORDER BY event, n"; }

common__words_and_disk_body() {
	desk --sample
	_formats='json, human, tsv, ids or tap' common_checks chat-bot list
	no_desk chat-bot list
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'what? talk, test FILE ..., list' chat-bot
	fails 64 'no such word (did you mean "test"?)' chat-bot tset
	fails 64 'test which talks?' chat-bot test
	fails 64 'list needs no word' chat-bot list x
	fails 78 'tkt.conf has no bot' chat-bot test "$TKT_SRC/share/bot/hello.talks"
	printf 'bot a { }\nbot b { }\n' >>desk/tkt.conf
	ok tkt-config apply
	fails 64 'several bots' chat-bot talk
	fails 78 'bot "c": tkt.conf has none' chat-bot talk --bot c
	fails 66 nonesuch chat-bot test --bot a nonesuch
	printf '> hello\nwhat\n' >bad
	fails 65 'bad: line 2: a line begins with' chat-bot test --bot a bad
	: >empty
	fails 65 'no cases in empty' chat-bot test --bot a empty
}

conf__is_checked_body() {
	desk --sample
	conf_wrong 'bridge x { type = exec run = {"/bin/x"} bot = helo }' 'no such bot'
	conf_wrong 'bot x { greeting = "{{ticket.id}}" }' '{{ticket.id}}: no such value'
	conf_wrong 'bot x { answer = "{{#article}}" }' 'never closed'
	conf_wrong 'bot x { hello = "(" }' 'is wrong at byte'
	conf_wrong 'bot x { run = {"prog"} }' 'named by its whole path'
	conf_wrong 'bot x { misses = many }' 'misses'
	conf_wrong 'bot x { form f { } }' 'asks and sets nothing'
	conf_wrong 'bot x { form f { ask a { } } }' 'ask "a" has no text'
	conf_wrong 'bot x { form f { ask a { text = "?" field = flor } } }' 'did you mean "floor"?'
	conf_wrong 'bot x { form f { set = "queue=biling" } }' 'did you mean "billing"?'
	conf_wrong 'bot x { form f { set = "tag+=a" } form g { set = "tag+=b" } }' 'one without a match before it'
}

sample__keeps_its_talks_body() {
	bot
	ok chat-bot test "$TKT_SRC/share/bot/hello.talks"
	records
	[ "$(jq -s 'length' out)" -eq 3 ] || atf_fail "$(cat out)"
	# Where there is only a tkt.conf.
	cp -r desk only && rm -rf only/store* only/secret
	(unset TKT_DESK; cd / && chat-bot test --conf "$OLDPWD/only/tkt.conf" "$TKT_SRC/share/bot/hello.talks" -o tap) >out 2>err || atf_fail "$(cat out err)"
	grep -q '^1\.\.3' out || atf_fail "$(cat out)"
	# What goes otherwise is told.
	printf '# a\n> hello\n< Good day*\n# b\n> hello\n# c\n> person\n= queue:billing\n# d\n> hello\n< *\n< more\n= none\n' >wrong
	chat-bot test wrong >out 2>err
	[ $? -eq 1 ] || atf_fail "not 1: $(cat out err)"
	records
	[ "$(jq -r .ok out | tr '\n' ' ')" = 'false false false false ' ] || atf_fail "$(cat out)"
	any_of '.name == "a" and .differences[0].key == "line 3" and .differences[0].wanted == "Good day*"'
	any_of '.name == "c" and any(.differences[]; .got == "no ticket")'
	any_of '.name == "d" and .differences[0].got == "" and .differences[0].wanted == "more"'
	# Nothing of it was kept.
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM bot_talk')" -eq 0 ] || atf_fail "kept"
	printf 'How do I reset my password?\nyes\n' | chat-bot talk >out 2>err || atf_fail "$(cat err)"
	grep -q 'https://help.acme.example/en/password.html' out && grep -q '^Good!' out || atf_fail "$(cat out)"
}

bridge__answers_asks_and_hands_over_body() {
	bot
	channel 'bot = hello queue = inbox'
	line m1 ann ann 'I cannot reset my password' '"name":"Ann"'
	heard 'Hello Ann, I am the robot'
	heard 'https://help.acme.example/en/password.html'
	heard '"outcome":"kept"'
	[ -z "$(chats)" ] || atf_fail "a ticket: $(chats)"
	ok chat-bot list
	records
	any_of '.type == "talk" and .conversation == "ann" and .phase == "offers" and .waits == false'
	line m2 ann ann 'no'
	heard 'I have found nothing'
	[ "$(sqlite3 desk/store.db 'SELECT article, helpful FROM article_vote')" = 'password|0' ] || atf_fail "no vote"
	# The same line again is not answered again.
	line m1 ann ann 'I cannot reset my password' '"name":"Ann"'
	heard '"id":"m1","outcome":"duplicate"'
	line z1 zed zed '  '
	heard '"id":"z1","outcome":"refused"'
	# Articles for agents do not exist here.
	line b1 bob bob 'vault combination'
	until_true 10 sh -c "jq -e 'select(.type == \"send\" and .conversation == \"bob\" and (.text | test(\"found nothing\")))' $f/got >/dev/null" || atf_fail "$(sent)"
	grep -q '12345' $f/got && atf_fail "an internal article has left"
	# Helped: no ticket.
	line c1 cyd cyd 'Where is my parcel?'
	until_true 10 sh -c "grep -q 'en/parcel.html' $f/got" || atf_fail "$(sent)"
	line c2 cyd cyd 'yes thanks'
	heard 'Good! If there is anything else'
	[ "$(sqlite3 desk/store.db "SELECT helpful FROM article_vote WHERE article = 'parcel'")" = 1 ] || atf_fail "no vote"
	[ -z "$(chats)" ] || atf_fail "a ticket: $(chats)"
	# A person: after what routing needs.
	line m3 ann ann 'a person please'
	heard 'Does it keep you from working?'
	line m4 ann ann 'yes'
	heard 'A person will answer you here.'
	a=$(chats | tr -d ' ')
	[ "$(bodies "$a" | head -n 1)" = 'I cannot reset my password' ] || atf_fail "$(bodies "$a")"
	ok tkt-show "$a" -o json
	any_of '.kind == "note" and (.body | test("robot: Hello Ann")) and (.body | test("urgent: yes"))'
	# The bot is silent from now on, whatever is said.
	n=$(words | wc -l)
	line m5 ann ann 'person'
	line m6 ann ann 'Where is my parcel?'
	heard '"id":"m6","outcome":"appended"'
	ok tkt-reply "$a" --as alice --quiet -m 'Hello, this is Alice.'
	heard 'Hello, this is Alice.'
	line m7 ann ann 'hello'
	heard '"id":"m7","outcome":"appended"'
	[ "$(words | wc -l)" -eq "$n" ] || atf_fail "it spoke: $(words)"
	sent | grep -q 'What was said with the robot' && atf_fail "a note has left"
	cp bridged out
	records
	ok tkt-fsck
	# What is known of a person is forgotten with them.
	ok cust-erase chat:test/ann
	words | grep -q 'Hello Ann' && atf_fail "words are left"
	ok cust-erase chat:test/bob
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM bot_talk WHERE address = 'test/bob'")" -eq 0 ] || atf_fail "a talk is left"
	ok tkt-fsck
}
bridge__answers_asks_and_hands_over_cleanup() { bridge_stop; }

bridge__loses_nothing_when_killed_or_quiet_body() {
	bot
	channel 'bot = hello idle = 6s flood = 1000 room_flood = 10000'
	for i in 1 2 3 4 5 6; do
		line "a$i" "p$i" "p$i" "zzz$i nowhere"
		sleep "0.$i"
		kill -9 "$(cat bridge.pid)"
		wait 2>/dev/null || :
		line "b$i" "p$i" "p$i" 'I was charged twice'
		bridge exec test
	done
	# Each talk has each word once: hello, nothing found, the order.
	until_true 20 sh -c "[ \$(sqlite3 desk/store.db \"SELECT count(*) FROM delivery WHERE kind = 'bot' AND state = 3\") -eq 18 ]" || atf_fail "$(words | sort | uniq -c) $(tail -n 3 bridge.err)"
	[ "$(words | cut -c1-20 | sort | uniq -c | awk '{ print $1 }' | sort -n | tr '\n' ' ')" = '6 6 6 6 ' ] || atf_fail "$(words | sort | uniq -c)"
	# Who got no answer is not forgotten when it is quiet; who is content is.
	line c1 cyd cyd 'Where is my parcel?'
	line c2 cyd cyd 'yes'
	heard 'Good! If there'
	until_true 30 sh -c "[ \$(sqlite3 desk/store.db 'SELECT count(*) FROM bot_talk') -eq 0 ]" || atf_fail "talks are left"
	[ "$(chats | wc -w)" -eq 6 ] || atf_fail "$(chats)"
	for t in $(chats); do
		[ "$(bodies "$t" | grep -c 'nowhere\|charged')" -ge 2 ] || atf_fail "$t: $(bodies "$t")"
	done
	ok tkt-list -o json tag:money channel:chat
	[ "$(jq -s 'map(select(.type == "ticket")) | length' out)" -eq 6 ] || atf_fail "$(wc -l <out): $(jq -c '[.id, .subject]' out | tr '\n' ' ')"
	ok tkt-fsck
}
bridge__loses_nothing_when_killed_or_quiet_cleanup() { bridge_stop; }

bridge__gives_its_talks_to_a_person_when_the_bot_is_gone_body() {
	bot
	channel 'bot = hello'
	line w1 wim wim 'zzz nowhere'
	line w2 wim wim 'I was charged twice'
	line c1 cyd cyd 'Where is my parcel?'
	line c2 cyd cyd 'yes'
	heard 'Good! If there'
	until_true 20 sh -c '[ "$(sqlite3 desk/store.db "SELECT count(*) FROM bot_talk")" -eq 2 ]' || atf_fail "$(sent)"
	[ -z "$(chats)" ] || atf_fail "tickets: $(chats)"
	sed -i 's/ bot = hello / /' desk/tkt.conf
	ok tkt-config apply
	# Who waits for an answer gets a ticket with what was said, who is content none.
	until_true 20 sh -c '[ "$(sqlite3 desk/store.db "SELECT count(*) FROM bot_talk")" -eq 0 ]' || atf_fail "talks are left: $(cat bridge.err)"
	[ "$(chats | wc -w)" -eq 1 ] || atf_fail "tickets: $(chats)"
	t=$(chats | tr -d ' ')
	for w in 'zzz nowhere' 'charged twice'; do
		bodies "$t" | grep -q "$w" || atf_fail "$w: $(bodies "$t")"
	done
	# The next line is for a person at once, and the bridge goes on.
	line d1 dan dan 'hello'
	heard '"id":"d1","outcome":"created"'
	ok tkt-fsck
}
bridge__gives_its_talks_to_a_person_when_the_bot_is_gone_cleanup() { bridge_stop; }

run__proposes_what_to_answer_body() {
	bot
	cat >propose <<'X'
#!/usr/bin/python3
import json, sys, time
q = json.load(sys.stdin)
assert q["type"] == "question" and q["bot"] == "hello"
t = q["text"]
if "slow" in t: time.sleep(2); print(json.dumps({"text": "Slow, but sure."}))
elif "never" in t: time.sleep(60)
elif "nonsense" in t: print("this is no JSON")
elif "crash" in t: sys.exit(3)
elif "article" in t: print(json.dumps({"article": "parcel"}))
elif "internal" in t: print(json.dumps({"article": "secret"}))
elif "evil" in t: print(json.dumps({"hand_over": True, "set": "priority=urgent status=closed assignee=bob tag+=model"}))
else: print(json.dumps({"text": "You said: " + t + " after " + str(len(q["said"]))}))
X
	chmod 755 propose
	sed -i "s|misses   = 2|misses = 2 run = {\"$PWD/propose\"} timeout = 4s|; /Asked before/,/^	}/d" desk/bots/hello.conf
	ok tkt-config apply
	channel 'bot = hello'
	line s1 sue sue 'slow please'
	line s2 sue sue 'and more'
	line q1 ann ann 'anything'
	# Nobody waits for somebody else's answer; the same person does.
	heard 'You said: anything after 0'
	[ "$(sent | grep -c Slow)" -eq 0 ] || atf_fail "no difference"
	heard 'Slow, but sure.'
	heard 'You said: and more after 3'
	line q2 ann ann 'an article'
	heard 'en/parcel.html'
	# What cannot be used: the knowledge base answers, or says that it does not know.
	line n1 ned ned 'nonsense reset password'
	until_true 10 sh -c "grep -q 'en/password.html' $f/got" || atf_fail "$(sent)"
	line n2 nat nat 'crash'
	until_true 10 sh -c "jq -e 'select(.type == \"send\" and .conversation == \"nat\" and (.text | test(\"found nothing\")))' $f/got >/dev/null" || atf_fail "$(sent)"
	line n3 noa noa 'internal'
	until_true 10 sh -c "jq -e 'select(.type == \"send\" and .conversation == \"noa\" and (.text | test(\"found nothing\")))' $f/got >/dev/null" || atf_fail "$(sent)"
	line n4 nik nik 'never'
	until_true 15 sh -c "jq -e 'select(.type == \"send\" and .conversation == \"nik\" and (.text | test(\"found nothing\")))' $f/got >/dev/null" || atf_fail "$(sent)"
	for w in 'proposes no JSON object' 'ended with 3' 'took too long'; do
		grep -q "$w" bridge.err || atf_fail "not told: $w: $(cat bridge.err)"
	done
	# It says what a ticket is about, not whose it is or that it is done.
	line e1 eve eve 'evil'
	until_true 10 sh -c '[ -n "$(tkt-list -o ids tag:model)" ]' || atf_fail "$(cat bridge.err)"
	ok tkt-list -o json tag:model
	any_of '.priority == "urgent" and .status == "new" and .assignee != "bob"'
	# One that others may write to is not run.
	chmod 777 propose
	line q3 ann ann 'again anything'
	until_true 10 grep -q 'others may write to it' bridge.err || atf_fail "$(cat bridge.err)"
	ok tkt-fsck
}
run__proposes_what_to_answer_cleanup() { bridge_stop; }

cases cmd/chat-bot_test.sh
