# social-poll: Mastodon and Bluesky by small servers that follow their documents, and feeds.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/bridges.sh"
unset TKT_NOW

# net KIND: its server; $nport, and the folder ./net.
net() {
	python3 "$TKT_SRC/tests/${1}server.py" net.port net >net.out 2>&1 </dev/null &
	echo $! >net.pid
	until_true 20 [ -s net.port ]
	nport=$(cat net.port) || atf_fail "no server: $(cat net.out)"
}
net_stop() { [ ! -s net.pid ] || kill "$(cat net.pid)" 2>/dev/null || :; }
put() { printf '%s' "$2" >"net/.$1" && mv "net/.$1" "net/$1"; }
poll() {
	social-poll "$@" >out 2>err || atf_fail "social-poll $*: $? $(cat err)"
	[ ! -s complaints ] || atf_fail "the server complains: $(cat complaints)"
}
tickets() { tkt-list -o ids channel:social | sort -n | tr '\n' ' '; }
mastodon() {
	desk --sample
	net mastodon
	printf 'masto-token\n' >desk/secret/masto && chmod 600 desk/secret/masto
	printf 'bridge fedi { type = mastodon  url = "http://127.0.0.1:%s"  secret = masto  every = 1s }\n' "$nport" >>desk/tkt.conf
	ok tkt-config apply
	export TKT_DESK="$PWD/desk"
}
bluesky() {
	desk --sample
	net bluesky
	printf 'app-pass\n' >desk/secret/sky && chmod 600 desk/secret/sky
	printf 'bridge sky { type = bluesky  url = "http://127.0.0.1:%s"  user = "acme.example"  secret = sky  every = 1s }\n' "$nport" >>desk/tkt.conf
	ok tkt-config apply
	export TKT_DESK="$PWD/desk"
}

common__words_and_disk_body() {
	desk --sample
	common_checks social-poll mastodon
	no_desk social-poll mastodon
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'which network?' social-poll
	fails 64 'no such network (did you mean "mastodon"?)' social-poll mastodn
	fails 78 'tkt.conf has no bridge of type rss' social-poll rss
	fails 78 'tkt.conf has none of type rss' social-poll rss x
	fails 64 'one bridge a process' social-poll rss a b
	fails 77 'may not desk.config' social-poll rss --as carol
	printf 'bridge a { type = rss url = "https://127.0.0.1:1/" }\nbridge b { type = rss url = "https://127.0.0.1:1/" }\n' >>desk/tkt.conf
	ok tkt-config apply
	fails 64 'which one?' social-poll rss
	fails 69 'the feed: ' social-poll rss a
	conf_wrong 'bridge x { type = mastodon url = "https://m.example" }' 'needs a secret'
	conf_wrong 'bridge x { type = mastodon url = "http://m.example" secret = s }' 'is not encrypted'
	conf_wrong 'bridge x { type = bluesky url = "https://b.example" secret = s }' 'needs user and secret'
	conf_wrong 'bridge x { type = rss url = "https://b.example" every = soon }' 'is no duration'
}

mastodon__files_mentions_and_posts_answers_body() {
	mastodon
	put 100.json '{"content":"<p>long before we looked</p>","acct":"old","at":"2025-01-01T00:00:00Z"}'
	poll mastodon
	[ -z "$(tickets)" ] || atf_fail "old: $(tickets)"
	put 101.json '{"content":"<p><span class=\"h-card\"><a href=\"https://here.example/@acme\" class=\"u-url mention\">@<span>acme</span></a></span> my parcel is <b>late</b> &amp; wet</p>","acct":"ann","name":"Ann Lee","media":[{"url":"https://here.example/wet.png","description":"a wet parcel"}]}'
	put 102.json '{"content":"<p>@acme this is between us</p>","acct":"ann","name":"Ann Lee","visibility":"direct"}'
	put 103.json '{"content":"<p>@acme@here.example hello from afar<br>second line</p>","acct":"bob@there.example","visibility":"unlisted"}'
	poll mastodon
	cp out records.out && records
	[ "$(tickets)" = '4 5 6 ' ] || atf_fail "$(tickets) $(cat err)"
	case $(bodies 4) in 'my parcel is late & wet'*'a wet parcel https://here.example/wet.png'*) ;; *) atf_fail "$(bodies 4)" ;; esac
	[ "$(bodies 6)" = 'hello from afar
second line' ] || atf_fail "$(bodies 6)"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .channel == "social" and .requester.name == "Ann Lee" and (.requester.address | startswith("fedi/ann@127.0.0.1"))'
	ok tkt-show 6 -o json
	any_of '.type == "ticket" and .requester.address == "fedi/bob@there.example"'
	# Answers: to whom, in reply to what, as openly as it was said; long ones in pieces.
	long=$(python3 -c 'print("word " * 100 + "end")')
	ok tkt-reply 4 --as alice --quiet -m "$long"
	ok tkt-reply 5 --as alice --quiet -m 'Only for you.'
	ok tkt-reply 6 --as alice --quiet -m 'Hello!'
	ok tkt-reply 4 --as alice --quiet --note -m 'secret words'
	poll mastodon
	jq -r '[.visibility, .in_reply_to_id, .status[0:30]] | @tsv' posted >got
	printf 'public\t101\t@ann@127.0.0.1:%s word\n' "$nport" | cut -c1-20 >want
	head -n 1 got | cut -c1-20 | cmp -s - want || atf_fail "$(cat got)"
	[ "$(tail -n 1 got | cut -f1,2)" = 'public	900000' ] || atf_fail "no thread: $(cat got)"
	grep -q "^direct	102	@ann@" got || atf_fail "$(cat got)"
	grep -q "^unlisted	103	@bob@there.example Hello!" got || atf_fail "$(cat got)"
	[ "$(jq -r '.status' posted | grep -o 'word' | wc -l)" -eq 100 ] || atf_fail "words are lost: $(cat posted)"
	grep -q 'secret words' posted && atf_fail "a note has left"
	# Edited, deleted: the ticket says so, once.
	put 101.json '{"content":"<p>@acme my parcel has come</p>","acct":"ann","edited_at":"2026-11-29T09:00:00.000Z"}'
	rm net/103.json
	poll mastodon
	poll mastodon
	bodies 4 | grep -q '^(edited) my parcel has come' || atf_fail "$(bodies 4)"
	[ "$(bodies 4 | grep -c edited)" -eq 1 ] || atf_fail "twice"
	[ "$(bodies 6 | grep -c 'has taken message')" -eq 1 ] || atf_fail "$(bodies 6)"
	# What it answers is gone: it is said all the same.
	ok tkt-reply 6 --as alice --quiet -m 'Still there?'
	poll mastodon
	jq -s -e 'any(.[]; (.status | test("Still there")) and .in_reply_to_id == null)' posted >/dev/null || atf_fail "$(tail -n 1 posted)"
	ok tkt-fsck
}
mastodon__files_mentions_and_posts_answers_cleanup() { net_stop; }

first__look_is_of_a_day_or_since_body() {
	mastodon
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	for i in $(seq 1 95); do put "$((1000 + i)).json" "{\"content\":\"<p>line $i</p>\",\"acct\":\"p$((i % 9))\",\"visibility\":\"direct\",\"at\":\"$([ "$i" -le 5 ] && echo 2025-01-01T00:00:00Z || echo "$now")\"}"; done
	cp -r desk again
	poll mastodon
	[ "$(sqlite3 desk/store.db "SELECT count(*), min(substr(body, 6) + 0) FROM message WHERE channel = 'social'")" = '90|6' ] || atf_fail "$(sqlite3 desk/store.db "SELECT count(*) FROM message WHERE channel = 'social'")"
	poll mastodon -D again --since 2024-12-31
	[ "$(sqlite3 again/store.db "SELECT count(*) FROM message WHERE channel = 'social'")" -eq 95 ] || atf_fail "$(sqlite3 again/store.db "SELECT count(*) FROM message WHERE channel = 'social'")"
	fails 64 since social-poll mastodon --since soon
}
first__look_is_of_a_day_or_since_cleanup() { net_stop; }

mastodon__survives_limits_drops_and_nonsense_body() {
	mastodon
	poll mastodon
	social-poll mastodon --follow >followed 2>bridge.err &
	echo $! >bridge.pid
	for i in $(seq 1 90); do put "$((1000 + i)).json" "{\"content\":\"<p>line $i</p>\",\"acct\":\"p$((i % 9))\",\"visibility\":\"direct\"}"; done
	: >net/nonsense
	until_true 30 sh -c '[ "$(sqlite3 desk/store.db "SELECT count(*) FROM message WHERE channel = '\''social'\'' AND direction = '\''in'\''")" -eq 90 ]' || atf_fail "$(tail -n 3 bridge.err)"
	n=0
	for t in $(tickets); do
		n=$((n + 1))
		case $((n % 3)) in
		0) : >net/drop ;;
		1) : >net/limit ;;
		2) kill -9 "$(cat bridge.pid)"; social-poll mastodon --follow >>followed 2>>bridge.err & echo $! >bridge.pid ;;
		esac
		ok tkt-reply "$t" --as alice --quiet -m "answer to $t"
		sleep 0.3
	done
	until_true 60 sh -c "[ \$(sqlite3 desk/store.db \"SELECT count(*) FROM delivery WHERE kind = 'reply' AND state = 3\") -eq 9 ]" || atf_fail "$(tail -n 5 bridge.err)"
	# Once each; and no question was asked while it wanted to be left alone.
	[ "$(jq -r .status posted | sed 's/.*answer/answer/' | sort | uniq -d | wc -l)" -eq 0 ] || atf_fail "twice: $(cat posted)"
	[ "$(wc -l <posted)" -eq 9 ] || atf_fail "$(cat posted)"
	[ "$(wc -l <limited)" -le 12 ] || atf_fail "it does not leave the server alone: $(sort limited | uniq -c)"
	[ ! -s complaints ] || atf_fail "$(cat complaints)"
	kill "$(cat bridge.pid)"
	wait "$(cat bridge.pid)" 2>/dev/null
	# A token that is wrong is told, and 69.
	printf 'wrong\n' >desk/secret/masto
	social-poll mastodon >out 2>err
	[ $? -eq 69 ] && grep -q 'HTTP 401: The access token is invalid' err || atf_fail "$(cat err)"
	grep -q 'masto-token\|wrong' err && atf_fail "the token is told"
	ok tkt-fsck
}
mastodon__survives_limits_drops_and_nonsense_cleanup() {
	bridge_stop
	net_stop
}

bluesky__files_mentions_and_posts_answers_body() {
	bluesky
	put 1.json '{"did":"did:plc:old","handle":"old.example","text":"before"}'
	put 2.chat '{"did":"did:plc:old","handle":"old.example","convo":"c0","text":"before"}'
	poll bluesky --since "$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)"
	[ -z "$(tickets)" ] || atf_fail "old: $(tickets)"
	put 11.json '{"did":"did:plc:ann","handle":"ann.example","name":"Ann Lee","text":"@acme.example my parcel is late"}'
	put 12.json '{"did":"did:plc:bob","handle":"bob.example","text":"me too","reason":"reply","reply":{"root":{"uri":"at://did:plc:ann/app.bsky.feed.post/root","cid":"cidroot"},"parent":{"uri":"at://x","cid":"y"}}}'
	put 13.json '{"did":"did:plc:cyd","handle":"cyd.example","text":"nice","reason":"like"}'
	put 14.chat '{"did":"did:plc:ann","handle":"ann.example","name":"Ann Lee","convo":"c1","text":"this is between us"}'
	poll bluesky
	cp out records.out && records
	[ "$(tickets)" = '4 5 6 ' ] || atf_fail "$(tickets) $(cat err)"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .requester.address == "sky/did:plc:ann" and .requester.name == "Ann Lee"'
	[ "$(bodies 6)" = 'this is between us' ] || atf_fail "$(bodies 6)"
	ok tkt-reply 4 --as alice --quiet -m "$(python3 -c 'print("word " * 100 + "end")')"
	ok tkt-reply 5 --as alice --quiet -m 'And you.'
	ok tkt-reply 6 --as alice --quiet -m 'Only for you.'
	: >net/expire
	: >net/drop
	social-poll bluesky >out 2>err
	poll bluesky
	poll bluesky
	[ -s refreshed ] || atf_fail "the session was not renewed"
	[ "$(wc -l <posted)" -eq 3 ] || atf_fail "$(cat posted)"
	jq -s -e 'any(.[]; .text == "And you." and .reply.root.cid == "cidroot" and .reply.parent.cid == "cid12")' posted >/dev/null || atf_fail "$(cat posted)"
	[ "$(jq -r 'select(.text != "And you.") | .reply.root.cid' posted | sort -u)" = cid11 ] || atf_fail "no thread: $(cat posted)"
	[ "$(jq -c . chatted)" = '{"convoId":"c1","message":{"text":"Only for you."}}' ] || atf_fail "$(cat chatted)"
	rm net/12.json
	poll bluesky
	poll bluesky
	[ "$(bodies 5 | grep -c 'has taken message')" -eq 1 ] || atf_fail "$(bodies 5)"
	: >net/limit
	poll bluesky
	printf 'wrong\n' >desk/secret/sky
	social-poll bluesky >out 2>err
	[ $? -eq 69 ] && grep -q 'its login: HTTP 401' err || atf_fail "$(cat err)"
	ok tkt-fsck
}
bluesky__files_mentions_and_posts_answers_cleanup() { net_stop; }

rss__files_new_entries_body() {
	desk --sample
	export TKT_DESK="$PWD/desk"
	item() { printf '<item><title>%s</title><link>https://shop.example/%s</link><guid isPermaLink="false">r%s</guid><pubDate>Sun, 29 Nov 2026 08:%s:00 GMT</pubDate><dc:creator>%s</dc:creator><description>&lt;p&gt;%s&lt;/p&gt;</description></item>\n' "$@"; }
	rss() { printf '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Reviews</title>%s</channel></rss>' "$1" >feed; }
	one=$(item 'An old one' 1 1 10 Ann 'Good.' | sed 's/Sun, 29 Nov 2026/Sat, 29 Nov 2025/')
	two=$(item 'Two &amp;amp; stars' 2 2 20 Bob 'It &lt;b&gt;broke&lt;/b&gt;.')
	rss "$one"
	net feed
	printf 'bridge reviews { type = rss  url = "http://127.0.0.1:%s/reviews?x=1"  queue = inbox }\n' "$nport" >>desk/tkt.conf
	ok tkt-config apply
	poll rss
	poll rss
	[ -z "$(tickets)" ] || atf_fail "$(tickets)"
	[ "$(tr '\n' ' ' <asked)" = '/reviews?x=1 200 /reviews?x=1 304 ' ] || atf_fail "$(cat asked)"
	rss "$two$one"
	poll rss
	poll rss
	[ "$(tickets)" = '4 ' ] || atf_fail "$(tickets)"
	ok tkt-show 4 -o json
	any_of '.type == "ticket" and .subject == "Two & stars" and .requester.name == "Bob" and .channel == "social"'
	any_of '.type == "message" and .created_at == "2026-11-29T08:20:00Z" and (.body | test("It broke.\n\nhttps://shop.example/2"))'
	# Atom, and an entry that comes again though the feed forgot it.
	printf '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><id>urn:3</id><title type="html">Three</title><link rel="self" href="https://x/"/><link href="https://shop.example/3"/><updated>2026-11-29T08:30:00Z</updated><author><name>Cyd</name></author><content type="html">&lt;p&gt;Hello&lt;/p&gt;</content></entry></feed>' >feed
	poll rss
	rss "$two$one"
	poll rss
	[ "$(tickets)" = '4 5 ' ] || atf_fail "$(tickets)"
	bodies 5 | grep -q 'https://shop.example/3' || atf_fail "$(bodies 5)"
	# A feed takes no answers: that is seen at the ticket.
	ok tkt-reply 4 --as alice --quiet -m 'Sorry!'
	poll rss
	[ "$(sqlite3 desk/store.db "SELECT last_error FROM delivery WHERE kind = 'reply'")" = 'a feed takes no answers' ] || atf_fail "not told"
	# What is no feed, and entities that reach for files.
	printf '<html><body>Not found</body></html>' >feed
	social-poll rss >out 2>err
	[ $? -eq 69 ] && grep -q 'neither RSS nor Atom' err || atf_fail "$(cat err)"
	printf '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><guid>x1</guid><title>&x;</title><description>root</description></item></channel></rss>' >feed
	poll rss
	sqlite3 desk/store.db "SELECT group_concat(body) FROM message" | grep -q 'root:' && atf_fail "a file was read"
	ok tkt-fsck
}
rss__files_new_entries_cleanup() { net_stop; }

cases cmd/social-poll_test.sh
