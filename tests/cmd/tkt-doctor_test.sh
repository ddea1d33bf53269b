# tkt-doctor: well, or what is wrong.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-doctor
	no_desk tkt-doctor
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-doctor >/dev/full 2>err
	[ $? -ne 0 ] || atf_fail "/dev/full"
	fails 64 'takes options only' tkt-doctor x
	fails 77 'may not desk.config' tkt-doctor --as carol
}

# state CHECK STATE: the worst line of this check.
state() {
	[ "$(jq -r "select(.check == \"$1\") | .state" out | sort -r | head -n 1)" = "$2" ] || atf_fail "$1 is not $2: $(cat out)"
}
visit() {
	tkt-doctor >out 2>err
	_got=$?
	records
	[ $_got -eq "$1" ] || atf_fail "exit $_got, not $1: $(cat out err)"
}

desk__that_is_new_and_one_that_is_cared_for_body() {
	desk --sample
	visit 2
	state tick warning
	state backup warning
	state chain warning
	state mail ok
	ok tkt-tick
	ok tkt-backup b.tar.zst
	ok tkt-fsck
	df -P . | awk 'NR == 2 { exit !($4 < 2000000 || $4 / $2 < 0.11) }' && atf_skip "the disk is nearly full"
	visit 0
	ok tkt-doctor -o human
	has 'ok       backup'
}

trouble__is_named_and_counts_body() {
	desk --sample
	ok tkt-tick
	ok tkt-backup b.tar.zst
	ok tkt-set 1 priority=high
	ok tkt-fsck
	echo '# edited' >>desk/tkt.conf
	visit 2
	state config warning
	export TKT_NOW=2026-11-22T10:10:00Z
	visit 2
	state tick warning
	export TKT_NOW=2026-11-25T10:10:00Z
	visit 1
	state tick failed
	state backup warning
	export TKT_NOW=2026-12-22T10:10:00Z
	visit 1
	state backup failed
	ok tkt-reply 1 -m x --quiet
	export TKT_NOW=2026-12-22T12:10:00Z
	visit 1
	state outbox warning
	# A log written anew, however consistent.
	sqlite3 desk/store.db "DELETE FROM event WHERE id = (SELECT max(id) FROM event)" 2>/dev/null ||
		sqlite3 desk/store.db "PRAGMA foreign_keys=OFF; DELETE FROM event WHERE id > 11"
	sqlite3 desk/store.db "UPDATE meta SET value = '11:00' WHERE key = 'verified'"
	visit 1
	state chain failed
	mv desk/secret/desk.key k
	visit 1
	state mail failed
	mv k desk/secret/desk.key
}

cases cmd/tkt-doctor_test.sh
