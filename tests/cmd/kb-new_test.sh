# kb-new: articles from options, text and tickets.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks kb-new x
	no_desk kb-new x -m x --title X
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say its id' kb-new
	fails 64 'say its id' kb-new 'Not An Id'
	fails 64 'needs a --title' kb-new x -m Text
	fails 64 'a tag as "en"' kb-new x -m Text --title X -l English
	fails 64 'folders of small letters' kb-new x -m Text --title X --section ../up
	fails 64 '-m is too much' kb-new x -m Text --from-ticket 1
	fails 65 'state "gone"' kb-new x -m Text --title X --state gone
	fails 77 'may not kb.write' kb-new x -m Text --title X --as carol
	fails 66 'no ticket 99' kb-new x --from-ticket 99
	fails 65 'no agent has answered' kb-new x --from-ticket 1
	ok kb-new x -m Text --title X
	records
	fails 73 'is there already: x.md' kb-new x -m Text --title X
}

options__become_front_matter_body() {
	desk
	ok kb-new how-to --title 'How: "to"' --summary "It's #1" --section a/b -t z -t a --audience internal -m 'Text.' -N
	is '---
title: "How: \"to\""
summary: "It'"'"'s #1"
tags: [z, a]
audience: internal
---

Text.'
	fails 66 'no such article' kb-show how-to
	echo 'From a pipe.' | kb-new how-to --title 'How: "to"' --section a/b --state draft >out 2>err || atf_fail "$(cat err)"
	records
	jq -e '.title == "How: \"to\"" and .path == "a/b/how-to.md" and .state == "draft" and .url == null' out >/dev/null || atf_fail "$(cat out)"
	[ ! -e desk/www/en/how-to.html ] || atf_fail "a draft is on the site"
}

ticket__without_what_is_private_body() {
	desk --sample
	tkt-reply 1 -m 'Dear Ann, your order 123-456 from ANN@example.com is refunded (call +49 30 1234567). Press Refund within 30 days, Lee!' --quiet >/dev/null 2>&1
	tkt-reply 1 --note -m 'She is angry.' --quiet >/dev/null 2>&1
	ok kb-new refunds --from-ticket 1 -t money
	records
	jq -e '.state == "draft" and .title == "Refund for invoice [number]"' out >/dev/null || atf_fail "$(cat out)"
	ok kb-show refunds -o md
	has 'Dear [name], your order [number] from [address] is refunded'
	has 'Press Refund within 30 days, [name]!'
	lacks angry
	lacks charged
	grep -qiE 'ann|lee|1234' out && atf_fail "$(cat out)"
	return 0
}

cases cmd/kb-new_test.sh
