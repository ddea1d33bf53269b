# tkt-restore: a desk again, or nothing.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	ok tkt-backup b.tar.zst --quiet
	common_checks tkt-restore b.tar.zst again --quiet
	fails 64 'say what, and where to' tkt-restore b.tar.zst
	fails 66 'nosuch' tkt-restore nosuch.tar.zst again
	fails 66 'nosuch' tkt-restore b.tar.zst nosuch/again
	mkdir full
	touch full/x
	fails 73 'full is there already' tkt-restore b.tar.zst full
	tkt-restore b.tar.zst r --quiet >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

restore__is_the_same_desk_body() {
	desk --sample
	echo hello >f.txt
	ok tkt-reply 1 -m 'x' -a f.txt --quiet
	echo 'hi' >desk/canned/hi.md
	tkt-export >want
	ok tkt-backup b.tar.zst --keys --quiet
	ok tkt-set 1 status=closed
	mkdir again
	ok tkt-restore b.tar.zst again
	records
	jq -e '.tickets == 3 and .keys' out >/dev/null || atf_fail "$(cat out)"
	[ "$(stat -c %a again)" = 700 ] || atf_fail "open to others"
	tkt-export -D again >got
	cmp -s want got || atf_fail "another desk"
	cmp -s desk/secret/desk.key again/secret/desk.key || atf_fail "another key"
	cmp -s desk/tkt.conf again/tkt.conf || atf_fail "another policy"
	[ -e again/canned/hi.md ] || atf_fail "no canned replies"
	ok tkt-fsck -D again --all
	ok tkt-show -D again --attachment 1 1 -
	is hello
	ok tkt-new -D again -s on -m x -o ids
	is 4
	# A mail to the old token finds its ticket.
	to=$(tkt-show 1 | head -n 1 | jq -r .reply_to)
	printf 'From: ann@example.com\nTo: %s\nSubject: x\n\nx\n' "$to" | mail-ingest -D again >out
	jq -e '.ticket == 1' out >/dev/null || atf_fail "$(cat out)"
}

keys__are_made_anew_when_not_saved_body() {
	desk --sample
	ok tkt-backup b.tar.zst --quiet
	tkt-restore b.tar.zst again >out 2>err || atf_fail "$(cat err)"
	grep -q 'the keys were not saved' err || atf_fail "$(cat err)"
	[ -s again/secret/desk.key ] || atf_fail "no key"
	cmp -s desk/secret/desk.key again/secret/desk.key && atf_fail "the same key"
	printf 'From: x@y.org\nTo: support@acme.example\nSubject: x\n\nx\n' | mail-ingest -D again >out || atf_fail "$?"
}

refused__leaves_nothing_body() {
	desk --sample
	ok tkt-backup good.tar --quiet
	head -c 20000 good.tar >cut.tar
	ls -A >before
	fails 65 'cut.tar' tkt-restore cut.tar again
	ls -A >after
	grep -v '^\(out\|err\|before\)$' before >b
	grep -v '^\(out\|err\|after\|before\)$' after >a
	diff b a >differ || atf_fail "left: $(cat differ)"
	# A desk that does not prove itself is no desk.
	sqlite3 desk/store.db "UPDATE ticket SET priority = 3 WHERE id = 1"
	ok tkt-backup forged.tar --quiet
	fails 65 'problems in its desk: ticket 1: priority' tkt-restore forged.tar again
	[ ! -e again ] || atf_fail "it is there"
}

kill__at_any_time_leaves_a_desk_or_none_body() {
	desk --sample
	i=0
	while [ $i -lt 30 ]; do
		i=$((i + 1))
		printf 'From: w@x.org\nTo: support@acme.example\nSubject: %s\nMessage-ID: <%s@x>\n\n%s\n' $i $i "$(head -c 3000 /dev/urandom | base64)"
	done | sed 's/^From: w/From w@x.org Sat Mar  4 05:06:07 2023\nFrom: w/' >box
	ok tkt-import --mbox box
	n=0
	while [ $n -lt 40 ]; do
		n=$((n + 1))
		rm -rf again* b.tar.zst*
		tkt-backup b.tar.zst --quiet >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$((n % 10))$((n % 7))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		[ ! -e b.tar.zst ] || ok tkt-backup --verify b.tar.zst
	done
	ok tkt-backup b.tar.zst --quiet
	n=0
	while [ $n -lt 40 ]; do
		n=$((n + 1))
		rm -rf again*
		tkt-restore b.tar.zst again --quiet >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$((n % 10))$((n % 7))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		[ ! -e again ] || ok tkt-fsck -D again --all
	done
	ok tkt-fsck --all
	# What a killed backup left in the desk is no part of the next one.
	ok tkt-backup b.tar --quiet
	tar -tf b.tar | grep -q '^\.backup' && atf_fail "$(tar -tf b.tar)"
	return 0
}

cases cmd/tkt-restore_test.sh 300
