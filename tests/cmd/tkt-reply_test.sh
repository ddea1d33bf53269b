# tkt-reply: replies, notes, recipients, statuses.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-reply 1 -m x
	no_desk tkt-reply 1 -m x
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 66 'no ticket 99' tkt-reply 99 -m x
	fails 64 'the text is empty' tkt-reply 1 -m ''
	fails 64 'the text is empty' tkt-reply 1
	fails 64 'status "solvd": no such status (did you mean "solved"?)' tkt-reply 1 -m x --status solvd
	fails 64 'is not an address' tkt-reply 1 -m x --cc nobody
}

reply__answers_and_opens_body() {
	desk --sample
	tkt-reply 1 -m 'We will refund it.' --as alice --cc boss@example.com >out 2>err || atf_fail "$(cat err)"
	grep -qx 'tkt-reply: ticket 1: to ann@example.com, boss@example.com' err || atf_fail "$(cat err)"
	records
	ok tkt-show 1
	jq -se '.[0].status == "open" and .[0].first_replied_at == "2026-11-22T10:00:00Z" and .[0].cc == ["boss@example.com"]' \
		out >/dev/null || atf_fail "$(cat out)"
	sqlite3 desk/store.db 'SELECT via, target, state FROM delivery ORDER BY n' >out
	is 'mail|ann@example.com|0
mail|boss@example.com|0'
	# The queue says what comes after a reply.
	ok tkt-reply 2 -m 'Off and on again?' --as carol --quiet
	ok tkt-list status:pending -o ids
	is 2
	ok tkt-reply 3 -m 'Here.' --status solved --as carol --quiet
	ok tkt-list status:solved -o ids
	is 3
}

note__stays_inside_body() {
	desk --sample
	ok tkt-reply 1 --note -m 'call her first' --as alice
	ok tkt-show 1
	jq -se '.[0].status == "new" and .[0].first_replied_at == null and .[2].kind == "note"' out >/dev/null ||
		atf_fail "$(cat out)"
	sqlite3 desk/store.db 'SELECT count(*) FROM delivery' >out
	is 0
}

stdin__pipe_and_files_body() {
	desk --sample
	printf 'from stdin\n' | tkt-reply 1 --quiet >out || atf_fail stdin
	jq -e '.body == "from stdin"' out >/dev/null || atf_fail "$(cat out)"
	tkt-list queue:billing,inbox | tkt-reply -m 'to both' --quiet -o ids >out || atf_fail pipe
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
	tkt-list | tkt-reply >out 2>err
	[ $? -eq 64 ] || atf_fail "a pipe without -m"
	echo data >f.txt
	ok tkt-reply 1 -m x -a f.txt --quiet
	jq -e '.attachments[0].name == "f.txt"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

dry_run__does_nothing_body() {
	desk --sample
	tkt-reply -N 1 -m x >out 2>err || atf_fail "$(cat err)"
	grep -q 'to ann@example.com' err || atf_fail "$(cat err)"
	ok tkt-show 1
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
}

roles__and_merged_body() {
	desk --sample
	fails 77 'has no access to queue "hardware"' tkt-reply 2 -m x --as bob
	sqlite3 desk/store.db 'UPDATE ticket SET phase = 4, merged_into = 2 WHERE id = 1'
	fails 65 'it is merged into ticket 2' tkt-reply 1 -m x
}

editor__quotes_the_last_message_body() {
	desk --sample
	cat >editor <<'X'
#!/bin/sh
grep -q '^> I was charged twice' "$1" || exit 1
echo 'my answer' >"$1"
X
	chmod +x editor
	EDITOR="$PWD/editor" script -qec 'tkt-reply 1' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	EDITOR=true script -qec 'tkt-reply 1' /dev/null </dev/null >out 2>&1
	[ $? -eq 64 ] || atf_fail "unchanged text: $(cat out)"
	has 'the text was not changed'
}

cases cmd/tkt-reply_test.sh
