# Many writers at once; a disk that is full; a store that is locked or read-only.
. "$TKT_SRC/tests/helpers.sh"

sixteen__writers_lose_nothing_body() {
	desk --sample
	cat >writer <<'X'
for n in $(seq 1 20); do
	start=$(date +%s%N)
	tkt-new -s "w$1 n$n" -m x -o ids </dev/null >/dev/null || exit 1
	tkt-set 1 "tag+=w$1n$n" "tag-=w$1n$((n - 1))" -o ids >/dev/null || exit 1
	end=$(date +%s%N)
	echo $(((end - start) / 2000000))
done
X
	for w in $(seq 1 16); do
		sh writer "$w" >"ms$w" 2>"err$w" &
	done
	wait
	cat err* >errors
	[ ! -s errors ] || atf_fail "$(cat errors)"
	sort -n ms* >ms
	[ "$(wc -l <ms)" -eq 320 ] || atf_fail "$(wc -l <ms) of 320 writes"
	ok tkt-list 'subject:/^w[0-9]+ n[0-9]+$/' -o ids
	[ "$(wc -l <out)" -eq 320 ] || atf_fail "$(wc -l <out) tickets"
	ok tkt-show 1
	sed -n 1p out | jq -e '.tags | map(select(startswith("w"))) | length == 16' >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
	echo "figure: 16 writers: p50 $(sed -n 160p ms) ms, p99 $(sed -n 317p ms) ms"
}

disk__full_is_said_and_passes_body() {
	[ "$(id -u)" -eq 0 ] || atf_skip "needs root, for a small tmpfs"
	mkdir small
	mount -t tmpfs -o size=3m tmpfs small || atf_skip "no tmpfs can be mounted"
	tkt-init small/desk >/dev/null 2>&1 || atf_fail "init"
	export TKT_DESK=$PWD/small/desk
	seq 1 20000 | sed 's/.*/{"subject":"s &","body":"some words & of a text that takes a little room","external_id":"x&"}/' >drafts
	tkt-new --json <drafts >acks 2>err
	got=$?
	grep -o '"external_id":"x[0-9]*"' acks | sort >said
	printf 'From: a@b.org\nSubject: m\n\nx\n' | mail-ingest >out 2>err2
	mail=$?
	tkt-list -o ids >listed 2>&1
	list=$?
	mount -o remount,size=80m small || atf_fail remount
	printf 'From: a@b.org\nSubject: m\n\nx\n' | mail-ingest >out 2>err3 || bad="mail after: $(cat err3)"
	tkt-new --json -o ids <drafts >all 2>err4 || bad="new after: $(cat err4)"
	sqlite3 small/desk/store.db "SELECT '\"external_id\":\"' || external_id || '\"' FROM ticket WHERE external_id IS NOT NULL" | sort >there
	tkt-fsck --all >fsck 2>&1 || bad="fsck: $(cat fsck)"
	umount small
	[ -z "${bad-}" ] || atf_fail "$bad"
	[ $got -eq 75 ] || atf_fail "full disk: $got $(cat err)"
	[ "$(wc -l <err)" -eq 1 ] || atf_fail "$(cat err)"
	[ $mail -eq 75 ] || atf_fail "mail: $mail $(cat err2)"
	[ $list -eq 0 ] || atf_fail "list on a full disk: $(cat listed)"
	[ -s said ] || atf_fail "nothing was acknowledged before the disk was full"
	[ "$(comm -23 said there | wc -l)" -eq 0 ] || atf_fail "lost"
	[ "$(wc -l <there)" -eq 20000 ] || atf_fail "$(wc -l <there) of 20000 in the end"
}

locked__store_says_try_again_body() {
	desk
	flock desk/store.lock sleep 3 &
	sleep 0.3
	start=$(date +%s)
	ok tkt-new -s x -m y -o ids
	[ $(($(date +%s) - start)) -ge 2 ] || atf_fail "did not wait"
	ok tkt-list -o ids
	is 1
}
locked__too_long_is_75_body() {
	desk
	flock desk/store.lock sleep 40 &
	holder=$!
	sleep 0.3
	fails 75 'locked by another writer for 30 s' tkt-new -s x -m y
	kill $holder
}

interrupt__leaves_nothing_half_body() {
	desk
	seq 1 100000 | sed 's/.*/{"subject":"s &"}/' >drafts
	# A shell ignores SIGINT for what it puts in the background; env gives it back.
	env --default-signal=INT tkt-new --json -o ids <drafts >acks 2>/dev/null &
	pid=$!
	sleep 1
	kill -INT $pid
	wait $pid && atf_fail "it was not interrupted"
	sqlite3 desk/store.db 'SELECT count(*) FROM ticket' >out
	[ "$(cat out)" -lt 100000 ] || atf_fail "it was done before the signal"
	[ "$(wc -l <acks)" -gt 0 ] || atf_fail "nothing was acknowledged"
	[ "$(cat out)" -ge "$(wc -l <acks)" ] || atf_fail "$(cat out) < $(wc -l <acks)"
	ok tkt-fsck --all
}

cases whole/writers_test.sh
