# A desk at work with real servers: Postfix brings mail in and takes it out, and a hundred
# customers and an agent talk to each other while mail-send is killed again and again.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/mailserver.sh"
unset TKT_NOW

conversations__none_lost_none_twice_body() {
	place
	postfix_start
	threads=100
	mails=10
	case $TKT_BUILD in *asan*) threads=20 ;; esac
	as_owner sed -i "1i smtp { url = \"smtp://127.0.0.1:$port\" }\nlimits { flood = 1000 }" "$at/desk/tkt.conf"
	as_owner tkt-config apply >/dev/null 2>err || atf_fail "$(cat err)"
	mkdir -p "$at/maildir/out/new" "$at/maildir/out/cur" "$at/maildir/out/tmp"
	chown -R $owner:games "$at/maildir/out"
	cat >sender <<'X'
#!/bin/bash
# One mail-send after the other; most are killed somewhere.
while [ -e go ]; do
	mail-send --quiet >/dev/null 2>>send.err &
	pid=$!
	[ $((RANDOM % 4)) -eq 0 ] && sleep 0.5 || sleep "0.0$((RANDOM % 90 + 10))"
	kill -9 $pid 2>/dev/null && echo killed >>kills
	wait $pid 2>/dev/null
done
mail-send --quiet >/dev/null 2>>send.err
X
	chmod 755 sender
	mkdir work
	chown $owner work
	touch work/go
	(cd work && as_owner bash ../sender) &
	sending=$!
	python3 "$TKT_SRC/tests/conversation.py" "$port" "$at/maildir/out" $threads $mails \
		"setpriv --reuid $owner --regid games --clear-groups env PATH=$at/bin:$PATH TKT_DESK=$at/desk LC_ALL=C TZ=UTC" >said 2>&1
	status=$?
	rm work/go
	wait $sending
	grep figure said
	[ $status -eq 0 ] || atf_fail "$(head -c 2000 said | tr '\n' ' '); $(tail -n 5 work/send.err | tr '\n' ' ')"
	kills=$(wc -l <work/kills)
	echo "figure: mail-send killed $kills times meanwhile"
	[ "$kills" -ge 5 ] || atf_fail "hardly anything was killed"
	as_owner tkt-fsck --all >out || atf_fail "$(cat out)"
	[ "$(as_owner sqlite3 "$at/desk/store.db" 'SELECT count(*) FROM delivery WHERE state <> 3')" -eq 0 ] || atf_fail "something was not sent"
}
conversations__none_lost_none_twice_head() { atf_set timeout 400; }
conversations__none_lost_none_twice_cleanup() {
	rm -f work/go
	postfix_stop
	remove_place
}

# What Postfix cannot deliver comes back as a bounce to the delivery it was, and the customer's
# address is barred.
bounce__comes_back_to_its_delivery_body() {
	place
	postfix_start
	sed -i 's|^virtual_mailbox_maps = .*|virtual_mailbox_maps = texthash:'"$at"'/postfix/people|' "$at/postfix/etc/main.cf"
	echo 'ann@example.com out/' >"$at/postfix/people"
	# It takes first and finds out later that there is nobody.
	echo 'smtpd_reject_unlisted_recipient = no' >>"$at/postfix/etc/main.cf"
	/usr/sbin/postfix -c "$at/postfix/etc" reload >/dev/null 2>&1
	as_owner sed -i "1i smtp { url = \"smtp://127.0.0.1:$port\" }" "$at/desk/tkt.conf"
	as_owner tkt-config apply >/dev/null 2>err || atf_fail "$(cat err)"
	as_owner tkt-reply 1 -m 'Hello.' --cc nobody@example.com --as alice --quiet >/dev/null 2>err || atf_fail "$(cat err)"
	as_owner mail-send >out 2>err || atf_fail "$(cat err)"
	state() { [ "$(as_owner sqlite3 "$at/desk/store.db" "SELECT count(*) FROM delivery WHERE target = 'nobody@example.com' AND state = 4")" -eq 1 ]; }
	until_true 30 state || atf_fail "$(as_owner sqlite3 "$at/desk/store.db" 'SELECT * FROM delivery; SELECT outcome, class, rule, reason FROM mail_id') $(tail -n 12 "$at/postfix/log")"
	as_owner tkt-log --ticket 1 >out
	jq -se 'map(.action) | index("delivery.failed") != null' out >/dev/null || atf_fail "$(cat out)"
	arrived() { grep -rlq 'Hello.' "$at/maildir/out/new"; }
	until_true 20 arrived || atf_fail "ann has nothing: $(tail -n 12 "$at/postfix/log")"
	as_owner tkt-show 1 -o human >out
	has 'failed to nobody@example.com: 5.1.1'
	as_owner tkt-fsck --all >out || atf_fail "$(cat out)"
}
bounce__comes_back_to_its_delivery_cleanup() {
	postfix_stop
	remove_place
}

cases whole/desk_test.sh 240
