# kb-search: what is found, in which order, and what when nothing is.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	common_checks kb-search x
	no_desk kb-search x
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say what to look for' kb-search
	fails 64 'say what to look for' kb-search --ticket 1 x
	fails 64 'public or internal (did you mean "public"?)' kb-search x --audience publik
	fails 64 'published, draft or archived' kb-search x --state gone
	fails 66 'no ticket 9' kb-search --ticket 9
	ok kb-search anything
	is ''
}

# Articles for the cases below.
some() {
	desk --sample
	echo 'How to pay by card. Rarely a refund.' | article billing/payments.md 'Payment methods' 'tags: [money]'
	echo 'Ask within 30 days; refunding takes a while.' | article billing/refund.md 'Get a refund'
	printf '## Refunds abroad\n\nElsewhere it takes longer.\n' | article billing/abroad.md 'Other countries'
	printf 'Drucken geht nicht? Die Straße der Häuser. Rechnungen prüfen.\n' | article start/drucker.md 'Der Drucker druckt nicht' 'language: de'
	echo 'Only for us: refund by hand.' | article staff/by-hand.md 'By hand' 'audience: internal'
	echo '東京の天気は晴れです。' | article start/tenki.md '天気' 'language: ja'
	echo 'Not ready: refund.' | article billing/soon.md 'Soon' 'state: draft'
	ok kb-publish billing/*.md start/*.md staff/*.md
}

order__title_heading_body_body() {
	some
	ok kb-search refund -o ids
	is 'refund
abroad
by-hand
payments'
	ok kb-search refund --audience public
	records
	jq -se 'map(.id) == ["refund", "abroad", "payments"] and .[0].snippet == "Ask within 30 days; **refunding** takes a while."' out >/dev/null || atf_fail "$(cat out)"
	ok kb-search refund --section billing -t money -o ids
	is payments
	ok kb-search refund --state draft -o ids
	is soon
	ok kb-search refund -n 1 -o tsv
	is 'refund	en	Get a refund	billing'
	ok kb-search refund -o human
	has 'Ask within 30 days; refunding takes a while.'
}

terms__phrases_prefixes_negation_body() {
	some
	ok kb-search '"pay by card"' -o ids
	is payments
	kb-search '"card by pay"' -o ids >out 2>err
	[ ! -s out ] || atf_fail "$(cat out)"
	ok kb-search 'elsew*' -o ids
	is abroad
	ok kb-search -o ids --audience public -- refund -card -days
	is abroad
	ok kb-search '"; DROP TABLE article; --' -o ids
	is ''
	kb-search 'NEAR( ) AND * OR "' -o ids >out 2>err || atf_fail "$(cat err)"
}

languages__stems_and_umlauts_body() {
	some
	for w in Häuser haus STRASSE Straßen strasse haeuser Rechnung rechnungen; do
		kb-search "$w" -o ids >out 2>err || atf_fail "$w: $(cat err)"
		is drucker
	done
	ok kb-search 天気 -o ids
	is tenki
	ok kb-search 東京 -o ids
	is tenki
	ok kb-search refund -l de -o ids
	is ''
}

nothing__near_words_body() {
	some
	kb-search refnud -o ids >out 2>err
	has refund
	grep -q 'this is for: refund' err || atf_fail "$(cat err)"
	kb-search druker -o ids >out 2>err
	is drucker
	kb-search refund zzzzqqqq -o ids >out 2>err
	has refund
	grep -q 'no article has all' err || atf_fail "$(cat err)"
	ok kb-search qqqqzzzz
	is ''
	ok kb-stats --misses
	records
	jq -e '.words == "qqqqzzzz" and .times == 1' out >/dev/null || atf_fail "$(cat out)"
}

votes__break_ties_body() {
	desk
	echo 'Same words.' | article one.md Same
	echo 'Same words.' | article two.md Same
	ok kb-publish one.md two.md
	ok kb-search same -o ids
	is 'one
two'
	for i in 1 2 3; do
		ok kb-feedback two yes
	done
	ok kb-search same -o ids
	is 'two
one'
}

ticket__suggestions_body() {
	some
	ok tkt-new -s 'Where is my refund?' -r a@example.org -m 'I want it back for my last order, please.' --quiet
	ok kb-search --ticket 4 -o ids -n 2
	[ "$(head -n 1 out)" = refund ] || atf_fail "$(cat out)"
	sed -i 's/"kb.read", //' desk/tkt.conf
	ok tkt-config apply
	fails 77 'may not kb.read' kb-search refund --as carol
}

cases cmd/kb-search_test.sh
