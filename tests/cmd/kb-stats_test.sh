# kb-stats: numbers, and what is stale.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	echo 'Text.' | article x.md X
	ok kb-publish x.md
	common_checks kb-stats
	no_desk kb-stats
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'no operands' kb-stats x
	fails 64 'not both' kb-stats --stale --misses
	fails 64 'is no time' kb-stats --since soon
	kb-stats >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full: not 74"
}

stale__for_each_reason_body() {
	desk --sample
	for a in good cited voted old fresh; do
		echo "Text of $a." | article $a.md "$a"
	done
	echo x | article old.md Old
	ok kb-publish good.md cited.md voted.md old.md
	echo x | article good.de.md Gut 'language: de'
	ok kb-publish good.de.md
	ok kb-stats --stale
	is ''
	for i in 1 2 3 4 5; do
		ok kb-feedback voted no
	done
	ok tkt-reply 1 --article cited -m 'Look:' --status solved --as alice --quiet
	ok kb-stats
	records
	jq -se 'map(select(.cited == 1)) | length == 1 and .[0].article == "cited" and .[0].solved == 1 and .[0].reopened == 0' out >/dev/null || atf_fail "$(cat out)"
	# The customer writes again: it was not solved by that.
	export TKT_NOW=2026-11-22T11:00:00Z
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: Re: [#1]\nMessage-ID: <x@y>\n\nNo.\n' >mail
	sql="SELECT external_id FROM message WHERE ticket = 1 ORDER BY id"
	ok tkt-set 1 status=open --as alice
	ok tkt-stats
	echo 'Better.' | article good.md good
	ok kb-publish good.md
	export TKT_NOW=2027-12-24T11:00:00Z
	echo 'New.' | article fresh.md fresh
	ok kb-publish fresh.md
	ok kb-stats --stale
	jq -se 'map({(.article + "." + .language): .stale}) | add == {"good.de": "the original changed after this translation", "cited.en": "not touched for long", "good.en": "not touched for long", "old.en": "not touched for long", "voted.en": "readers of this version find it not helpful"}' out >/dev/null || atf_fail "$(cat out)"
	echo 'Text.' | article old.md Old 'reviewed: 2027-12-01'
	ok kb-publish old.md
	ok kb-stats --stale -o ids
	lacks old
	ok kb-stats -o human
	has 'not touched for long'
}

views__from_a_web_servers_log_body() {
	desk
	checkout
	echo Text. | article co/a.md A
	push one
	git -C co mv a.md b.md && push two
	cat >log <<'X'
192.0.2.1 - - [22/Nov/2026:10:00:00 +0000] "GET /help/en/b.html HTTP/1.1" 200 123 "-" "Mozilla/5.0"
192.0.2.1 - - [22/Nov/2026:11:30:00 +0100] "GET /en/a.html?x=y HTTP/1.1" 304 0
192.0.2.1 - - [22/Nov/2026:10:31:00 +0000] "GET /en/b.html HTTP/1.1" 404 0 "-" "Mozilla/5.0"
192.0.2.1 - - [22/Nov/2026:10:32:00 +0000] "GET /en/b.html HTTP/1.1" 200 5 "-" "Googlebot/2.1"
192.0.2.1 - - [22/Nov/2026:10:33:00 +0000] "POST /en/b.html HTTP/1.1" 200 5 "-" "Mozilla/5.0"
192.0.2.1 - - [22/Nov/2026:10:34:00 +0000] "GET /en/index.html HTTP/1.1" 200 5 "-" "Mozilla/5.0"
192.0.2.1 - - [22/Nov/2026:10:35:00 +0000] "GET /en/nothing.html HTTP/1.1" 200 5 "-" "Mozilla/5.0"
192.0.2.1 - - [22/Nov/2026:10:36:00 +0000] "GET /../../x/' OR 1=1 --.html HTTP/1.1" 200 5
nonsense [ "GET
X
	kb-stats --access-log log >out 2>err || atf_fail "$(cat err)"
	records
	jq -e '.article == "b" and .views == 2' out >/dev/null || atf_fail "$(cat out err)"
	grep -q '9 lines, 3 views counted' err || atf_fail "$(cat err)"
	kb-stats --access-log - <log >out 2>err
	jq -e '.views == 2' out >/dev/null || atf_fail "counted twice: $(cat out)"
	echo '192.0.2.1 - - [23/Nov/2026:10:00:00 +0000] "GET /en/b.html HTTP/1.1" 200 123' >>log
	kb-stats --access-log log -o tsv >out 2>err
	has 'b	en	3	0	0'
	fails 66 'nowhere' kb-stats --access-log nowhere
}

cases cmd/kb-stats_test.sh
