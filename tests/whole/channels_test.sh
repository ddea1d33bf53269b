# What holds on every channel: one person is one customer by proof alone; routing, SLA, canned
# replies; notes never leave.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/bridges.sh"
unset TKT_NOW

# code_of ADDRESS: the code in the newest mail to it.
code_of() {
	mail-send >/dev/null 2>&1
	grep -l "^To:.*$1" sink/* | tail -n 1 >letters
	grep -oE '\b[0-9]{8} is your code' "$(cat letters)" | cut -c1-8
}
customer() { tkt-show "$1" -o json | jq -r 'select(.type == "ticket") | .requester.id'; }

proof__joins_a_handle_and_a_mail_address_body() {
	desk --sample
	smtp
	send_to "$port"
	channel
	ok tkt-new -s 'A mail before' -r 'Ann Lee <ann@example.net>' -m 'Hello.' -o ids
	mailed=$(cat out)
	line m1 ann ann 'Hello from the chat.' '"authenticated":true'
	heard '"m1"'
	chat=$(chats | tr -d ' ')
	[ "$(customer "$mailed")" != "$(customer "$chat")" ] || atf_fail "joined by a guess"
	line m2 ann ann '!link Ann@Example.net' '"authenticated":true'
	heard 'A code is on its way to'
	code=$(code_of ann@example.net)
	[ ${#code} -eq 8 ] || atf_fail "no code: $(cat letters)"
	letter=$(cat letters)
	grep -q '^Auto-Submitted: auto-generated' "$letter" && grep -q 'chat:test/ann' "$letter" || atf_fail "$(cat "$letter")"
	# The code is nowhere else: not in the store, not in the log.
	tkt-log -o json >log
	grep -q "$code" log bridged bridge.err && atf_fail "the code is in a log"
	sqlite3 desk/store.db .dump | grep -q "$code" && atf_fail "the code is in the store"
	# Somebody else's is no use, nor is a wrong one.
	line b1 bob bob "!code $code" '"authenticated":true'
	heard '"conversation":"bob","name":"Acme Support","text":"I wait for no code'
	line m3 ann ann '!code 00000000' '"authenticated":true'
	heard 'That is not the code'
	[ "$(customer "$mailed")" != "$(customer "$chat")" ] || atf_fail "joined by a wrong code"
	line m4 ann ann "!code $(echo "$code" | cut -c1-4) $(echo "$code" | cut -c5-8)" '"authenticated":true'
	heard 'that mail address is yours'
	[ "$(customer "$mailed")" = "$(customer "$chat")" ] || atf_fail "not joined"
	# Once.
	line m5 ann ann "!code $code" '"authenticated":true'
	heard '"conversation":"ann","name":"Acme Support","text":"I wait for no code'
	line m6 ann ann '!link ann@example.net' '"authenticated":true'
	heard 'I know that this address is yours'
	ok cust-show ann@example.net -o json
	any_of '(.addresses | map(.value) | sort) == ["ann@example.net", "test/ann"] and all(.addresses[]; .proven_at != null)'
	# Nothing of it was filed as a message.
	[ "$(bodies "$chat")" = 'Hello from the chat.' ] || atf_fail "$(bodies "$chat")"
	ok tkt-fsck
	# It can be undone.
	ok tkt-undo "$(tkt-log --action customer.merged -o ids | tail -n 1)"
	[ "$(customer "$mailed")" != "$(customer "$chat")" ] || atf_fail "not undone"
	ok tkt-fsck
}
proof__joins_a_handle_and_a_mail_address_cleanup() {
	bridge_stop
	smtp_stop
}

proof__has_limits_body() {
	desk --sample
	smtp
	send_to "$port"
	channel
	# An account that nobody vouches for, a room, our own address, what is no address.
	line u1 eve eve '!link eve@example.net'
	heard 'does not tell me who you are'
	line u2 '#help eve' eve '!link eve@example.net' '"authenticated":true'
	heard 'say that to me alone'
	line u3 eve eve '!link support@acme.example' '"authenticated":true'
	heard 'no mail goes to support@acme.example'
	line u4 eve eve '!link nonsense' '"authenticated":true'
	heard 'is not an address'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'code'")" -eq 0 ] || atf_fail "a code was sent"
	# An address nobody had becomes one of theirs. The right code comes too late after five wrong ones.
	line e1 eve eve '!link eve@example.net' '"authenticated":true'
	heard '"e1"'
	until_true 10 [ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = 'code'")" -eq 1 ]
	sleep 0.5
	code=$(code_of eve@example.net)
	for i in 1 2 3 4 5; do line "w$i" eve eve "!code 1111111$i" '"authenticated":true'; done
	until_true 10 sh -c "[ \$(grep -c 'That is not the code' $f/got) -eq 5 ]" || atf_fail "$(sent)"
	line w6 eve eve "!code $code" '"authenticated":true'
	heard 'I wait for no code'
	# Three codes a day for one who asks, and for one address.
	line e2 eve eve '!link eve@example.net' '"authenticated":true'
	line e3 eve eve '!link other@example.net' '"authenticated":true'
	line e4 eve eve '!link eve@example.net' '"authenticated":true'
	heard 'too many codes today'
	for i in 1 2 3 4; do line "v$i" "v$i" "v$i" '!link victim@example.net' '"authenticated":true'; done
	heard '"conversation":"v4","name":"Acme Support","text":"There were too many codes'
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE target = 'victim@example.net'")" -eq 3 ] || atf_fail "more mails"
	# A code is good for half an hour.
	sqlite3 desk/store.db "UPDATE proof SET asked_at = asked_at - 1801000 WHERE address = 'test/v1'"
	mail-send >/dev/null 2>err
	sqlite3 desk/store.db "SELECT state, last_error FROM delivery WHERE kind = 'code' AND event = (SELECT event FROM proof WHERE address = 'test/v1')" >got
	[ "$(cat got)" = '4|the code is waited for no more' ] || atf_fail "$(cat got)"
	# The rows are forgotten after a day, and with the person.
	ok cust-erase chat:test/v2
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM proof WHERE address = 'test/v2'")" -eq 0 ] || atf_fail "a row is left"
	sqlite3 desk/store.db 'UPDATE proof SET asked_at = asked_at - 90000000'
	ok tkt-tick
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM proof')" -eq 0 ] || atf_fail "rows are left"
	ok tkt-fsck
}
proof__has_limits_cleanup() {
	bridge_stop
	smtp_stop
}


# policy: what must hold wherever a ticket comes from.
policy() {
	mkdir -p desk/canned
	printf 'canned reply for {{ticket.id}}\n' >desk/canned/thanks.md
	cat >>desk/tkt.conf <<'X'
route fromthere { when = "subject:/[Ii]nvoice/" set = "queue=billing tag+=routed" }
rule firstword { on = created when = "tag:routed" reply = thanks note = "only for us" set = "tag+=ruled" }
trigger gone { when = "changed:status status:pending" set = "tag+=triggered" }
X
	ok tkt-config apply
}
# policy_holds TICKET CHANNEL [withheld]: routing, SLA, rule, canned reply (withheld where nobody can be
# reached), trigger and note; what leaves the caller looks at.
policy_holds() {
	ok tkt-show "$1" -o json
	any_of ".type == \"ticket\" and .channel == \"$2\" and .queue == \"billing\" and (.tags | index(\"routed\")) and (.tags | index(\"ruled\")) and .sla.target == \"first_response\" and .sla.state == \"ok\""
	if [ "${3-}" = withheld ]; then
		grep -q 'canned reply' out && atf_fail "said to nobody: $(cat out)"
	else
		any_of ".kind == \"reply\" and .direction == \"out\" and .body == \"canned reply for $1\""
	fi
	any_of '.kind == "note" and .body == "only for us"'
	ok tkt-set "$1" status=pending --quiet
	[ "$(tkt-list -o ids "id:$1 tag:triggered")" = "$1" ] || atf_fail "no trigger"
	ok tkt-fsck
}

phone__keeps_the_policy_body() {
	desk --sample
	printf 'phone { country = 49 }\nroute missed { when = "tag:missed-call" set = "queue=billing tag+=routed" }\n' >>desk/tkt.conf
	policy
	printf 'src,dst,start,duration,disposition,uniqueid\n0301234567,201,%s,20,NO ANSWER,1\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" | phone-log -o ids >out 2>err || atf_fail "$(cat err)"
	t=$(cat out)
	policy_holds "$t" phone withheld
	# Nobody is called by itself: no answer leaves, and no note does.
	[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE ticket = $t AND kind IN ('reply', 'ack', 'auto')")" -eq 0 ] || atf_fail "something leaves"
	# Once they are known by mail, answers go there.
	ok cust-set +49301234567 address+=ann@example.net
	ok tkt-reply "$t" --as alice --quiet -m 'We have tried to call you.'
	[ "$(sqlite3 desk/store.db "SELECT via || ' ' || target FROM delivery WHERE ticket = $t AND kind = 'reply'")" = 'mail ann@example.net' ] || atf_fail "no mail"
}

social__keeps_the_policy_body() {
	desk --sample
	python3 "$TKT_SRC/tests/mastodonserver.py" net.port net >net.out 2>&1 </dev/null &
	echo $! >net.pid
	until_true 20 [ -s net.port ]
	printf 'masto-token\n' >desk/secret/masto && chmod 600 desk/secret/masto
	printf 'bridge fedi { type = mastodon url = "http://127.0.0.1:%s" secret = masto }\n' "$(cat net.port)" >>desk/tkt.conf
	policy
	export TKT_DESK="$PWD/desk"
	ok social-poll mastodon
	printf '{"content":"<p>My invoice is wrong</p>","acct":"ann"}' >net/5.json
	ok social-poll mastodon -o ids
	t=$(head -n 1 out)
	policy_holds "$t" social
	ok social-poll mastodon
	[ "$(jq -r .status posted | grep -c "canned reply for $t")" -eq 1 ] || atf_fail "$(cat posted)"
	grep -q 'only for us' posted && atf_fail "a note has left"
	# Who they are is proven in a direct message, as in a chat.
	printf '{"content":"<p>!link ann@example.net</p>","acct":"ann"}' >net/6.json
	printf '{"content":"<p>!link ann@example.net</p>","acct":"ann","visibility":"direct"}' >net/7.json
	ok social-poll mastodon
	ok social-poll mastodon
	jq -s -e 'any(.[]; .visibility == "public" and (.status | test("say that to me alone"))) and any(.[]; .visibility == "direct" and (.status | test("A code is on its way")))' posted >/dev/null || atf_fail "$(cat posted)"
}
social__keeps_the_policy_cleanup() { [ ! -s net.pid ] || kill "$(cat net.pid)" 2>/dev/null || :; }

irc__keeps_the_policy_body() {
	desk --sample
	policy
	ircd
	client ann
	irc
	until_true 10 sh -c 'echo "PRIVMSG acme :My invoice is wrong" >>ann.say; sleep 1; [ -s bridged ]' || atf_fail "$(cat bridge.err)"
	until_true 15 grep -q 'PRIVMSG ann :canned reply for 4' ann.heard || atf_fail "$(tail -n 3 ann.heard bridge.err)"
	policy_holds 4 chat
	grep -q 'only for us' ann.heard && atf_fail "a note has left"
	return 0
}
irc__keeps_the_policy_cleanup() { bridge_stop; }

xmpp__keeps_the_policy_body() {
	desk --sample
	policy
	prosody_start
	xclient ann
	xmpp
	echo 'CHAT desk@localhost My invoice is wrong' >>ann.say
	until_true 20 grep -q 'canned reply for 4' ann.heard || atf_fail "$(tail -n 3 ann.heard bridge.err)"
	policy_holds 4 chat
	grep -q 'only for us' ann.heard && atf_fail "a note has left"
	# Their server vouches for them: a code joins them with their mail address.
	smtp
	send_to "$port"
	echo 'CHAT desk@localhost !link ann@example.net' >>ann.say
	until_true 20 grep -q 'A code is on its way' ann.heard || atf_fail "$(tail -n 3 ann.heard bridge.err)"
	echo "CHAT desk@localhost !code $(code_of ann@example.net)" >>ann.say
	until_true 20 grep -q 'that mail address is yours' ann.heard || atf_fail "$(tail -n 3 ann.heard bridge.err)"
	ok cust-show ann@example.net -o json
	any_of '(.addresses | map(.value) | sort) == ["ann@example.net", "ann@localhost"]'
}
xmpp__keeps_the_policy_cleanup() {
	bridge_stop
	smtp_stop
}

matrix__keeps_the_policy_body() {
	desk --sample
	policy
	hs_start
	matrix
	synced
	say "$(text '!d:test.example' @ann:test.example 'My invoice is wrong')"
	until_true 20 sh -c 'grep -q "canned reply for 4" sent' || atf_fail "$(tail -n 3 bridge.err)"
	policy_holds 4 chat
	grep -q 'only for us' sent && atf_fail "a note has left"
	return 0
}
matrix__keeps_the_policy_cleanup() { bridge_stop; }

# site: a web site with a secret; token CLAIMS [KEY [ALG]] signs for it.
site() {
	desk --sample
	printf 'a-secret-of-the-web-shop-0123456789\n' >desk/secret/shop && chmod 600 desk/secret/shop
	printf 'an-older-secret-of-the-shop-9876543210\n' >desk/secret/shop.old && chmod 600 desk/secret/shop.old
	printf 'site shop { issuer = "https://shop.example" secret = {shop, shop.old} origins = {"https://shop.example"} }\n' >>desk/tkt.conf
	ok tkt-config apply
	export TKT_DESK="$PWD/desk"
}
token() {
	python3 - "$@" <<'X'
import base64, hashlib, hmac, json, sys, time
b = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
claims = {"iss": "https://shop.example", "sub": "u7", "exp": time.time() + 600}
claims.update(json.loads(sys.argv[1]))
claims = {k: v for k, v in claims.items() if v is not None}
key = (sys.argv[2] if len(sys.argv) > 2 else "a-secret-of-the-web-shop-0123456789").encode()
head = {"alg": sys.argv[3] if len(sys.argv) > 3 else "HS256", "typ": "JWT"}
if len(sys.argv) > 4: head["crit"] = [sys.argv[4]]
s = b(json.dumps(head).encode()) + "." + b(json.dumps(claims).encode())
sig = b"" if head["alg"] == "none" else hmac.new(key, s.encode(), hashlib.sha256).digest()
print(s + "." + b(sig))
X
}
# web RECORD [ARG...]: a draft of the widget.
web() {
	printf '%s\n' "$1" >draft
	shift
	tkt-new --json "$@" <draft >out 2>err
}

web__visitors_are_who_their_site_says_body() {
	site
	policy
	web "{\"subject\":\"My invoice\",\"body\":\"is wrong\",\"channel\":\"web\",\"visitor\":{\"token\":\"$(token '{"name":"Ann Lee"}')\"},\"page\":{\"url\":\"https://shop.example/cart\",\"title\":\"Cart\"},\"app\":{\"name\":\"shop\",\"version\":\"1.2\"}}" -o ids || atf_fail "$(cat err)"
	t=$(cat out)
	policy_holds "$t" web withheld
	ok tkt-show "$t" -o json
	any_of '.type == "ticket" and .requester.address == "shop/u7" and .requester.name == "Ann Lee"'
	any_of '.kind == "note" and (.body | test("Page\n  url: https://shop.example/cart\n  title: Cart\nApp\n  name: shop\n  version: 1.2"))'
	ok cust-show web:shop/u7 -o json
	any_of '.addresses[0].proven_at != null'
	# A mail address that the site vouches for joins them with who has it; answers go there, notes do not.
	ok tkt-new -s 'By mail' -r 'ann@example.net' -m 'x' -q inbox -o ids
	mailed=$(cat out)
	web "{\"subject\":\"Again my invoice\",\"body\":\"x\",\"visitor\":{\"token\":\"$(token '{"email":"Ann@Example.net","email_verified":true}')\"}}" -o ids || atf_fail "$(cat err)"
	[ "$(customer "$(cat out)")" = "$(customer "$mailed")" ] && [ "$(customer "$t")" = "$(customer "$mailed")" ] || atf_fail "not one customer"
	sqlite3 desk/store.db "SELECT DISTINCT kind || ' ' || target FROM delivery WHERE ticket = $(cat out) AND kind <> 'notice'" >got
	[ "$(cat got)" = 'ack ann@example.net' ] || atf_fail "$(cat got)"
	# One that it does not vouch for is only said.
	web "{\"subject\":\"x\",\"visitor\":{\"token\":\"$(token '{"sub":"u8","email":"ann@example.net"}')\"}}" -o ids || atf_fail "$(cat err)"
	[ "$(customer "$(cat out)")" != "$(customer "$mailed")" ] || atf_fail "joined without proof"
	# An older secret, an HMAC, and nobody's word.
	web "{\"subject\":\"x\",\"visitor\":{\"token\":\"$(token '{"sub":"u9"}' an-older-secret-of-the-shop-9876543210)\"}}" || atf_fail "$(cat err)"
	mac=$(printf 'shop\nu10\nbob@example.net' | openssl dgst -sha256 -hmac a-secret-of-the-web-shop-0123456789 -r | cut -d' ' -f1)
	web "{\"subject\":\"x\",\"visitor\":{\"site\":\"shop\",\"id\":\"u10\",\"email\":\"bob@example.net\",\"name\":\"Bob\",\"hmac\":\"$mac\"}}" || atf_fail "$(cat err)"
	ok cust-show web:shop/u10 -o json
	any_of '(.addresses | map(.value) | sort) == ["bob@example.net", "shop/u10"]'
	web '{"subject":"x","visitor":{"site":"shop","id":"u7","name":"Eve","email":"ann@example.net"}}' -o ids || atf_fail "$(cat err)"
	ok tkt-show "$(cat out)" -o json
	any_of '.type == "ticket" and .requester.address == "shop/~u7"'
	any_of '.kind == "note" and (.body | test("says to have the address ann@example.net \\(not proven\\)"))'
	# api takes the same; the same external id is the same ticket, with one note.
	for i in 1 2; do web "{\"subject\":\"x\",\"channel\":\"api\",\"external_id\":\"w1\",\"visitor\":{\"token\":\"$(token '{}')\"},\"page\":{\"url\":\"https://shop.example/\"}}" -o ids || atf_fail "$(cat err)"; done
	ok tkt-show "$(cat out)" -o json
	[ "$(jq -s 'map(select(.kind == "note" and (.body | test("Page")))) | length' out)" -eq 1 ] || atf_fail "$(cat out)"
	ok tkt-fsck
}

web__tokens_that_do_not_hold_body() {
	site
	bad() {
		web "{\"subject\":\"x\",\"visitor\":$1}" && atf_fail "taken: $1"
		grep -qF -- "$2" err || atf_fail "no \"$2\": $(cat err)"
	}
	bad "{\"token\":\"$(token '{"exp":1000}')\"}" 'has expired'
	bad "{\"token\":\"$(token '{"exp":null}')\"}" 'has no exp'
	bad "{\"token\":\"$(token '{"nbf":99999999999}')\"}" 'of the future'
	bad "{\"token\":\"$(token '{}' another-secret-that-is-long-enough)\"}" 'not signed by whom it names'
	bad "{\"token\":\"$(token '{}' '' none)\"}" 'not signed by whom it names'
	bad "{\"token\":\"$(token '{}' a-secret-of-the-web-shop-0123456789 HS512)\"}" 'not signed by whom it names'
	bad "{\"token\":\"$(token '{}' a-secret-of-the-web-shop-0123456789 HS256 b64)\"}" 'not signed by whom it names'
	bad "{\"token\":\"$(token '{"iss":"https://evil.example"}')\"}" 'no site of tkt.conf'
	bad "{\"token\":\"$(token '{"sub":"~u7"}')\"}" "nobody's sub"
	bad "{\"token\":\"$(token '{"aud":"https://another.example"}')\"}" 'for somebody else'
	bad '{"token":"nonsense"}' 'no site of tkt.conf'
	bad "{\"token\":\"$(token '{}')x.y\"}" 'no site of tkt.conf'
	bad '{"site":"shop","id":"u7","hmac":"00"}' 'hmac is wrong'
	bad '{"site":"shpo","id":"u7"}' 'did you mean "shop"?'
	bad '{"site":"shop"}' 'needs a token or an id'
	bad '"u7"' '"visitor" must be an object'
	web '{"subject":"x","requester":"ceo@acme.example","visitor":{"id":"u7"}}' && atf_fail "a requester beside a visitor"
	# EdDSA with a public key; that key is no secret for HS256.
	openssl genpkey -algorithm ed25519 -out ed.pem 2>/dev/null
	pub=$(openssl pkey -in ed.pem -pubout -outform DER | tail -c 32 | base64)
	printf 'site app { public_key = "%s" }\n' "$pub" >>desk/tkt.conf
	ok tkt-config apply
	b64() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
	signed=$(printf '{"alg":"EdDSA"}' | b64).$(printf '{"iss":"app","sub":"m1","exp":%s}' "$(($(date +%s) + 600))" | b64)
	printf '%s' "$signed" >signed
	sig=$(openssl pkeyutl -sign -inkey ed.pem -rawin -in signed | b64)
	web "{\"subject\":\"x\",\"visitor\":{\"token\":\"$signed.$sig\"}}" || atf_fail "$(cat err)"
	bad "{\"token\":\"$signed.$(printf '%s' "$sig" | rev)\"}" 'not signed by whom it names'
	bad "{\"token\":\"$(token '{"iss":"app"}' "$pub")\"}" 'not signed by whom it names'
	# A secret that can be guessed proves nobody.
	printf 'short\n' >desk/secret/shop
	bad "{\"token\":\"$(token '{}' short)\"}" 'shorter than 16 bytes'
	[ "$(tkt-list -o ids channel:web | wc -l)" -eq 1 ] || atf_fail "something was made"
	grep -q 'eyJ' err && atf_fail "a token is told"
	ok tkt-fsck
}

export__carries_talks_body() {
	desk --sample
	printf 'bot hello { misses = 9 }\n' >>desk/tkt.conf
	channel 'bot = hello'
	line m1 ann ann 'zzz nothing' '"name":"Ann"'
	heard '"id":"m1","outcome":"kept"'
	line m2 bob bob 'person'
	heard '"id":"m2","outcome":"created"'
	until_true 10 sh -c '[ "$(sqlite3 desk/store.db "SELECT count(*) FROM delivery WHERE kind = '\''bot'\'' AND state = 3")" -eq 4 ]' || atf_fail "$(sent)"
	kill "$(cat bridge.pid)"
	wait 2>/dev/null
	ok tkt-export --archive all.tar.zst --quiet
	tkt-export | grep -v '"type":"export"' >want
	for t in conversation bot_talk heard bot_heard; do
		grep -q "\"type\":\"$t\"" want || [ "$t" = heard ] || atf_fail "no $t"
	done
	tkt-init other >/dev/null
	ok tkt-import -D other all.tar.zst --quiet
	tkt-export -D other | grep -v '"type":"export"' >got
	cmp -s want got || atf_fail "$(diff want got | head -n 5)"
	ok tkt-fsck -D other --all
	# The channel goes on there: what was said is known, the bot knows where it was.
	cp desk/tkt.conf other/tkt.conf
	TKT_DESK="$PWD/other" && export TKT_DESK
	bridge exec test
	f=other/channels/test
	until_true 10 [ -d $f ]
	line m1 ann ann 'zzz nothing'
	heard '"id":"m1","outcome":"duplicate"'
	line m3 ann ann 'still nothing'
	heard 'I have found nothing'
	sent | grep -q 'Hello' && atf_fail "it greets again: $(sent)"
	bridge_stop
	# Everything about a person has what was said with the bot; another desk with numbers of its own takes it.
	TKT_DESK="$PWD/desk" && export TKT_DESK
	ok cust-export chat:test/ann ann.tar.zst --quiet
	tar --zstd -xf ann.tar.zst
	jq -s -e 'any(.[]; .type == "bot_talk" and .key == "ann" and (.state | test("zzz nothing"))) and any(.[]; .type == "bot_words" and (.text | test("^Hello Ann|^Hello"))) and all(.[]; .key != "bob")' records.jsonl >/dev/null || atf_fail "$(cat records.jsonl)"
	ok cust-export chat:test/bob bob.tar.zst --quiet
	tar --zstd -xf bob.tar.zst
	jq -s -e 'any(.[]; .type == "conversation" and .key == "bob")' records.jsonl >/dev/null || atf_fail "$(cat records.jsonl)"
	tkt-init --sample third >/dev/null
	ok tkt-import -D third all.tar.zst --quiet
	ok tkt-fsck -D third --all
}
export__carries_talks_cleanup() { bridge_stop; }

cases whole/channels_test.sh
