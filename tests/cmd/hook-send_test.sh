# hook-send: webhooks and programs.
. "$TKT_SRC/tests/helpers.sh"

# hooked PATH [LINE...]: a rule posts there whenever a ticket changes.
hooked() {
	_path=$1
	shift
	printf 'webhook crm { url = "http://127.0.0.1:%s%s" private_allowed = true }\nrule tell { on = changed when = "changed:priority" hook = crm }\n' "$hport" "$_path" >>desk/tkt.conf
	[ $# -eq 0 ] || printf '%s\n' "$@" >>desk/tkt.conf
	tkt-config apply >/dev/null 2>err || atf_fail "tkt-config: $(cat err)"
}
state() { sqlite3 desk/store.db "SELECT target || ' ' || state || ' ' || attempts || ' ' || coalesce(last_error, '') FROM delivery ORDER BY event, n"; }

common__words_and_disk_body() {
	desk --sample
	common_checks hook-send
	no_desk hook-send
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'a target goes with --replay' hook-send crm
	fails 64 '--replay "x": numbers of events' hook-send --replay x crm
	fails 64 '--replay for whom?' hook-send --replay 1..2
	fails 66 'no such webhook' hook-send --replay 1..2 crm
	fails 77 'may not desk.config' hook-send --as carol
	printf 'rule tell { on = changed hook = "https://example.com/x" }\n' >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-set 1 priority=high
	hook-send -N >/dev/full 2>err
	status=$?
	[ $status -eq 74 ] || atf_fail "/dev/full: $status"
	for u in 'ftp://example.com/' 'https://user:pw@example.com/' 'https://' 'https://a b/'; do
		printf 'webhook bad { url = "%s" }\n' "$u" >bad.conf
		cat desk/tkt.conf >>bad.conf
		fails 78 'has 1 error' sh -c "tkt-config check --conf bad.conf 2>&1 | tail -n 1 >&2; exit 78"
	done
}

post__is_signed_and_says_what_happened_body() {
	desk --sample
	http
	hooked /ok
	ok tkt-set 1 priority=high --as alice
	ok hook-send -N
	cp out preview
	[ "$(wc -l <preview)" -eq 1 ] || atf_fail "$(cat preview)"
	hook-send >out 2>err || atf_fail "$(cat err)"
	grep -q 'made .*/secret/hook.key' err || atf_fail "$(cat err)"
	[ "$(stat -c %a desk/secret/hook.key)" = 600 ] || atf_fail "others can read the key"
	records
	jq -e '.state == "sent" and .via == "hook" and .target == "crm" and .rule == "tell"' out >/dev/null || atf_fail "$(cat out)"
	python3 - <<'P' >out 2>&1 || atf_fail "$(cat out)"
import hashlib, hmac, json
head, body = open("asked/000001", "rb").read().split(b"\n\n", 1)
h = dict(l.split(": ", 1) for l in head.decode().splitlines()[1:])
key = open("desk/secret/hook.key").read().strip()
want = hmac.new(key.encode(), h["Tkt-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
assert h["Tkt-Signature"] == "v1=" + want, h
assert h["Content-Type"] == "application/json"
o = json.loads(body)
assert o["type"] == "hook" and o["rule"] == "tell" and o["delivery"] == h["Tkt-Delivery"], o
assert o["event"]["actor"] == "agent:alice" and o["event"]["changes"]["priority"] == ["normal", "high"], o
assert o["ticket"]["id"] == 1 and o["ticket"]["priority"] == "high", o
assert json.loads(open("preview").read()) == o
P
	ok hook-send
	is ''
	cp preview out
	records
}
post__is_signed_and_says_what_happened_cleanup() { http_stop; }

failure__waits_and_keeps_nobody_else_waiting_body() {
	desk --sample
	http
	hooked /hang "webhook good { url = \"http://127.0.0.1:$hport/ok\" private_allowed = true }" 'rule also { on = changed when = "changed:priority" hook = good }' \
		"webhook big { url = \"http://127.0.0.1:$hport/big\" private_allowed = true }" 'rule huge { on = changed when = "changed:priority" hook = big }' \
		"webhook gone { url = \"http://127.0.0.1:$hport/gone\" private_allowed = true }" 'rule old { on = changed when = "changed:priority" hook = gone }' \
		"webhook later { url = \"http://127.0.0.1:$hport/later\" private_allowed = true }" 'rule busy { on = changed when = "changed:priority" hook = later }'
	ok tkt-set 1 2 3 priority=high
	start=$(date +%s)
	hook-send >out 2>err || atf_fail "$(cat err)"
	# One hangs, once; the others of its kind are not even tried.
	[ $(($(date +%s) - start)) -le 25 ] || atf_fail "too long"
	state | sort | uniq -c >was
	[ "$(grep -c 'good 3 1' was)" -eq 1 ] && [ "$(state | grep -c '^good 3 1')" -eq 3 ] || atf_fail "$(cat was)"
	[ "$(state | grep -c '^big 3 1')" -eq 3 ] || atf_fail "an endless answer is an answer: $(cat was)"
	[ "$(state | grep -c '^gone 4 1 HTTP 410')" -eq 3 ] || atf_fail "$(cat was)"
	[ "$(state | grep -c '^crm 0 1')" -eq 3 ] || atf_fail "$(cat was)"
	[ "$(state | grep -c '^later 0 1 HTTP 503')" -eq 1 ] && [ "$(state | grep -c '^later 0 1 its target did not answer')" -eq 2 ] || atf_fail "$(cat was)"
	[ "$(grep -lc 'POST /hang' asked/* | wc -l)" -eq 1 ] || atf_fail "tried more than once"
	export TKT_NOW=2026-11-22T10:01:30Z
	sed -i 's|/later"|/ok"|' desk/tkt.conf
	ok tkt-config apply
	hook-send >out 2>err
	[ "$(state | grep -c '^later 3 2')" -eq 3 ] || atf_fail "$(state)"
}
failure__waits_and_keeps_nobody_else_waiting_head() { atf_set timeout 240; }
failure__waits_and_keeps_nobody_else_waiting_cleanup() { http_stop; }

private__addresses_are_refused_body() {
	desk --sample
	http
	printf 'rule a { on = changed when = "changed:priority" hook = "http://127.0.0.1:%s/ok" }\nrule b { on = changed when = "changed:priority" hook = "http://localhost:%s/ok" }\nrule c { on = changed when = "changed:priority" hook = "http://[::1]:%s/ok" }\nrule d { on = changed when = "changed:priority" hook = "http://0x7f.1:%s/ok" }\nrule e { on = changed when = "changed:priority" hook = "http://[::ffff:127.0.0.1]:%s/ok" }\n' "$hport" "$hport" "$hport" "$hport" "$hport" >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-set 1 priority=high
	hook-send >out 2>err || atf_fail "$(cat err)"
	[ -z "$(ls asked)" ] || atf_fail "asked: $(head -n 1 asked/*)"
	[ "$(state | grep -c 'its address is a private one')" -ge 4 ] || atf_fail "$(state)"
}
private__addresses_are_refused_cleanup() { http_stop; }

redirect__is_followed_with_its_body_body() {
	desk --sample
	http
	hooked "/to?http://127.0.0.1:$hport/ok"
	ok tkt-set 1 priority=high
	hook-send >out 2>err || atf_fail "$(cat err)"
	jq -e '.state == "sent"' out >/dev/null || atf_fail "$(cat out)"
	grep -l '^POST /ok' asked/* >asked.ok || atf_fail "not followed"
	grep -q '"ticket":' "$(head -n 1 asked.ok)" && grep -q '^Tkt-Signature: v1=' "$(head -n 1 asked.ok)" || atf_fail "without its body"
	# Not for ever, and to nothing but the web.
	sed -i "s|/to?http://127.0.0.1:$hport/ok|/to?file:///etc/passwd|" desk/tkt.conf
	ok tkt-config apply
	ok tkt-set 2 priority=high
	hook-send >out 2>err || atf_fail "$(cat err)"
	jq -e '.state == "queued"' out >/dev/null || atf_fail "$(cat out)"
}
redirect__is_followed_with_its_body_cleanup() { http_stop; }

replay__by_range_of_events_body() {
	desk --sample
	http
	hooked /ok
	last=$(sqlite3 desk/store.db 'SELECT max(id) FROM event')
	n=$(sqlite3 desk/store.db "SELECT count(*) FROM event WHERE ticket IS NOT NULL")
	hook-send --replay "1..$last" crm >out 2>err || atf_fail "$(cat err)"
	grep -q "$n events queued for crm" err || atf_fail "$(cat err)"
	hook-send >out 2>err || atf_fail "$(cat err)"
	[ "$(ls asked | wc -l)" -eq "$n" ] || atf_fail "$(ls asked | wc -l) of $n"
	for f in asked/*; do sed -n '/^{/p' "$f"; echo; done | jq -se 'map(.event.id) == (map(.event.id) | sort) and all(.rule == "")' >/dev/null || atf_fail "order"
}
replay__by_range_of_events_cleanup() { http_stop; }

run__programs_of_the_owner_body() {
	desk --sample
	cat >pager <<X
#!/bin/sh
env | sort >"$PWD/env"
printf '%s ' "\$@" >"$PWD/args"
cat >"$PWD/stdin"
X
	chmod 755 pager
	printf '#!/bin/sh\nsleep 100.25 & sleep 100.25\n' >slow
	printf '#!/bin/sh\necho no good; exit 3\n' >bad
	printf '#!/bin/sh\nyes tkt-left-behind &\n' >noisy
	chmod 755 slow bad noisy
	cp pager open
	chmod 777 open
	printf 'rule r1 { on = changed when = "changed:priority" run = {"%s/pager", "a b", "$HOME;`id`"} }\nrule r2 { on = changed when = "changed:priority" run = {"%s/open"} }\nrule r3 { on = changed when = "changed:priority" run = {"%s/bad"} }\nrule r4 { on = changed when = "changed:priority" run = {"%s/slow"} }\nrule r5 { on = changed when = "changed:priority" run = {"%s/noisy"} }\n' "$PWD" "$PWD" "$PWD" "$PWD" "$PWD" >>desk/tkt.conf
	ok tkt-config apply
	ok tkt-set 1 priority=high
	hook-send >out 2>err || atf_fail "$(cat err)"
	# shellcheck disable=SC2016 # as written
	[ "$(cat args)" = 'a b $HOME;`id` ' ] || atf_fail "$(cat args)"
	jq -e '.type == "hook" and .ticket.id == 1' stdin >/dev/null || atf_fail "$(cat stdin)"
	grep -v -E '^(PWD|_|SHLVL|OLDPWD)=' env | cut -d= -f1 | tr '\n' ' ' >names
	[ "$(cat names)" = 'LC_ALL PATH TKT_DELIVERY TKT_DESK ' ] || atf_fail "$(cat names)"
	state >was
	grep -q '/pager 3 1' was && grep -q '/open 4 1 .*others may write to it' was && grep -q '/bad 0 1 exit 3: no good' was && grep -q '/slow 0 1 its time was up' was || atf_fail "$(cat was)"
	grep -q '/noisy 3 1' was || atf_fail "$(cat was)"
	gone() { ! pgrep -f '^(sleep 100.25|yes tkt-left-behind)$' >/dev/null; }
	until_true 5 gone || atf_fail "a child was left behind"
}

cases cmd/hook-send_test.sh
