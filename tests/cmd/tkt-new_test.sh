# tkt-new: options, stdin, drafts in bulk, idempotence, errors.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	common_checks tkt-new -s x -m y
	no_desk tkt-new -s x -m y
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	echo '{"subject":"x"}' | tkt-new --json >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "--json >/dev/full: $(cat err)"
}

options__make_a_ticket_body() {
	desk --sample
	ok tkt-new -s 'Screen is dark' -r 'Dan Doe <DAN@Example.ORG>' -q hardware -p high \
		-k incident -t vip -t dark -f floor=4 --cc eve@example.org -m 'No light at all.'
	records
	jq -e '.subject == "Screen is dark" and .queue == "hardware" and .priority == "high" and
		.kind == "incident" and .tags == ["dark","vip"] and .fields.floor == 4 and
		.requester.address == "dan@example.org" and .requester.name == "Dan Doe" and
		.cc == ["eve@example.org"] and .status == "new" and .channel == "cli" and
		.created_at == "2026-11-22T10:00:00Z" and .assignee == "carol"' out >/dev/null ||
		atf_fail "$(cat out)"
}

stdin__is_the_message_body() {
	desk
	printf 'two\nlines\n\n' | tkt-new -s hello -o ids >out || atf_fail "exit $?"
	is 1
	ok tkt-show 1
	sed -n 2p out | jq -e '.body == "two\nlines" and .author.kind == "customer"' >/dev/null ||
		atf_fail "$(cat out)"
}

requester__defaults_to_who_acts_body() {
	desk --sample
	ok tkt-new -s mine -m x --as bob
	jq -e '.requester.address == "bob@acme.example"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-new -s script -m x
	jq -e --arg me "$(id -un)" '.requester.address == $me' out >/dev/null ||
		atf_fail "$(cat out)"
}

editor__gives_subject_and_text_body() {
	desk
	cat >editor <<'X'
#!/bin/sh
printf 'Subject: from the editor\n\nthe text\n' >"$1"
X
	chmod +x editor
	EDITOR="$PWD/editor" script -qec 'tkt-new -o ids' /dev/null </dev/null >out 2>&1 ||
		atf_fail "$(cat out)"
	ok tkt-list -o tsv
	has 'from the editor'
}

json__makes_many_body() {
	desk
	seq 1 1200 | sed 's/.*/{"subject":"bulk &","body":"text &","requester":"c&@example.com","external_id":"old-&","tags":["t"],"created_at":"2020-01-02T03:04:05Z"}/' >drafts
	tkt-new --json <drafts >out 2>err || atf_fail "$(cat err)"
	[ "$(wc -l <out)" -eq 1200 ] || atf_fail "$(wc -l <out) records"
	tail -n 1 out >last
	jq -e '.id == 1200 and .external_id == "old-1200" and .created_at == "2020-01-02T03:04:05Z"' \
		last >/dev/null || atf_fail "$(cat last)"
	# The same drafts again are the same tickets.
	tkt-new --json -o ids <drafts >again || atf_fail "again"
	[ "$(sort -n again | tail -n 1)" -eq 1200 ] || atf_fail "doubled"
	ok tkt-list --counts
	has '{"type":"count","view":"open","count":1200,"more":false}'
	ok tkt-fsck --all
}

json__bad_line_keeps_earlier_body() {
	desk
	printf '{"subject":"one"}\n\n{"subject":"two"\n{"subject":"three"}\n' |
		tkt-new --json -o ids >out 2>err
	[ $? -eq 65 ] || atf_fail "not 65"
	is 1
	grep -q '^tkt-new: line 3: not valid JSON' err || atf_fail "$(cat err)"
	[ "$(wc -l <err)" -eq 1 ] || atf_fail "$(cat err)"
	ok tkt-list -o ids
	is 1
}

json__bad_values_name_line_and_key_body() {
	desk --sample
	while IFS='~' read -r text draft; do
		printf '%s\n' "$draft" | tkt-new --json >out 2>err
		[ $? -eq 65 ] || atf_fail "$draft: exit not 65"
		grep -qF -- "line 1: $text" err || atf_fail "$draft: $(cat err)"
	done <<'X'
"subject" is missing~{"body":"x"}
"subject" must be a string~{"subject":7}
queue "biling": no such queue (did you mean "billing"?)~{"subject":"x","queue":"biling"}
priority "hihg": no such priority (did you mean "high"?)~{"subject":"x","priority":"hihg"}
field "flor": no such field (did you mean "floor"?)~{"subject":"x","fields":{"flor":1}}
field "floor": "x" is not a number~{"subject":"x","fields":{"floor":"x"}}
field "cause": "usr" is not one of its values (did you mean "user"?)~{"subject":"x","fields":{"cause":"usr"}}
"tags" must hold strings~{"subject":"x","tags":[1]}
"nobody" is not an address~{"subject":"x","requester":"nobody"}
"created_at": "yesterday" is not an RFC 3339 instant~{"subject":"x","created_at":"yesterday"}
channel "fax": no such channel~{"subject":"x","channel":"fax"}
not a JSON object~[1]
not valid JSON~{"subject":"x"}{"subject":"y"}
X
	ok tkt-list -o ids
	lacks 4
}

json__hostile_lines_body() {
	desk
	printf '{"subject":"a\000b"}\n' | tkt-new --json >out 2>err
	[ $? -eq 65 ] || atf_fail "NUL"
	printf '{"subject":"a\377b"}\n' | tkt-new --json >out 2>err
	[ $? -eq 65 ] || atf_fail "not UTF-8"
	printf '{"subject":"x","subject":"y"}\n' | tkt-new --json >out 2>err
	[ $? -eq 65 ] || atf_fail "twice"
	awk 'BEGIN { printf "{\"subject\":\"x\",\"body\":"; for (i = 0; i < 1000; i++) printf "["; print "" }' |
		tkt-new --json >out 2>err
	[ $? -eq 65 ] || atf_fail "deep"
	grep -q 'nested deeper than 64' err || atf_fail "$(cat err)"
	{
		printf '{"subject":"'
		head -c 17000000 /dev/zero | tr '\0' x
		printf '"}\n{"subject":"next"}\n'
	} | tkt-new --json -o ids >out 2>err
	[ $? -eq 65 ] || atf_fail "long"
	grep -q 'line 1: longer than 16777216 bytes' err || atf_fail "$(cat err)"
}

hostile__text_is_harmless_in_store_and_out_body() {
	desk
	printf '{"subject":"\\u001b]0;owned\\u0007 \\u202eevil %s","body":"a\\u001b[2Jb\\u0000"}\n' \
		"$(head -c 5000 /dev/zero | tr '\0' s)" >draft
	sed 's/\\u0000//' draft | tkt-new --json >out || atf_fail "$(cat err)"
	tkt-show 1 -o human >page
	! LC_ALL=C grep -q "$(printf '\033')" out page || atf_fail "an escape came through"
	! grep -q "$(printf '\342\200\256')" out page || atf_fail "a bidi override came through"
	jq -e '.subject | length <= 998' out >/dev/null || atf_fail "subject too long"
	tkt-list -o human | awk 'length($0) > 700 { exit 1 }' || atf_fail "long line"
}

options__errors_body() {
	desk --sample
	fails 64 'a subject is missing (-s)' tkt-new -m text
	fails 64 'queue "biling": no such queue (did you mean "billing"?)' tkt-new -s x -m y -q biling
	fails 64 'agent "bo": no such agent (did you mean "bob"?)' tkt-new -s x -m y --assignee bo
	fails 64 'agent "bobb": no such agent (did you mean "bob"?)' tkt-new -s x -m y --as bobb
	fails 64 'field "floor": "x" is not a number' tkt-new -s x -m y -f floor=x
	fails 64 'is not an address' tkt-new -s x -m y -r nobody
	fails 64 'takes options only' tkt-new -s x -m y extra
	fails 66 'nofile' tkt-new -s x -m y -a nofile
	fails 64 'needs a value' tkt-new -s
	fails 64 'did you mean "--subject"' tkt-new --sujbect x -m y
	ok tkt-list -o ids --sort id
	is '3
2
1'
}

attach__keeps_bytes_and_names_body() {
	desk
	head -c 100000 /dev/urandom >'odd name.bin'
	: >empty.txt
	ok tkt-new -s x -m y -a "$PWD/odd name.bin" -a empty.txt
	ok tkt-show 1
	sed -n 2p out | jq -e '.attachments | map(.name) == ["odd name.bin","empty.txt"] and .[0].size == 100000' \
		>/dev/null || atf_fail "$(cat out)"
	ok tkt-show --attachment 1 1 copy
	cmp copy 'odd name.bin' || atf_fail "not the same bytes"
	fails 73 'copy' tkt-show --attachment 1 1 copy
	fails 65 'is not a file' tkt-new -s x -m y -a /dev/null
}

long_text__is_kept_whole_body() {
	desk
	head -c 400000 /dev/zero | tr '\0' 'l' >long
	tkt-new -s long -o ids <long >out || atf_fail "exit $?"
	ok tkt-show --attachment 1 1 copy
	cmp copy long || atf_fail "the text was cut"
}

dry_run__makes_nothing_body() {
	desk --sample
	ok tkt-new -N -s 'Refund' -m x -c email
	jq -e '.queue == "billing"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list -o ids --sort id -n 1
	is 3
	ok tkt-fsck --all
}

terminal__nothing_to_do_is_no_wait_body() {
	desk
	script -qec 'timeout 10 tkt-new --json' /dev/null </dev/null >out 2>&1
	[ $? -eq 64 ] || atf_fail "$(cat out)"
}

cases cmd/tkt-new_test.sh
