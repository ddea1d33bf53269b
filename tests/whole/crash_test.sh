# kill -9 at random moments: nothing acknowledged is missing, nothing is twice.
. "$TKT_SRC/tests/helpers.sh"

times=${TKT_CRASHES:-200}

# measure COMMAND...: how many ms it takes undisturbed, in $took.
measure() {
	_start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	took=$((($(date +%s%N) - _start) / 1000000 + 1))
}
# moment N: sleeps for a part of $took that looks random, but is the same every time.
moment() {
	sleep "$(awk -v n="$1" -v t="$took" 'BEGIN { printf "%.4f", (n * 37 % 101) / 101 * t * 1.6 / 1000 }')"
}

bulk_new__killed_at_random_body() {
	desk
	i=0
	: >acknowledged
	seq 1 300 | sed 's/.*/{"subject":"s &","body":"some words &"}/' >first
	measure sh -c 'tkt-new --json <first'
	while [ $i -lt "$times" ]; do
		i=$((i + 1))
		seq $((i * 300)) $((i * 300 + 299)) |
			sed 's/.*/{"subject":"s &","body":"some words &","requester":"r&@example.com","external_id":"x-&"}/' >drafts
		tkt-new --json <drafts >acks 2>/dev/null &
		pid=$!
		moment $i
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		# A line that was cut short acknowledges nothing.
		grep -o '"external_id":"x-[0-9]*","sla":null}$' acks | grep -o 'x-[0-9]*' >>acknowledged
	done
	sqlite3 desk/store.db 'SELECT external_id FROM ticket WHERE external_id IS NOT NULL' | sort >there
	sort acknowledged >said
	[ -s said ] || atf_fail "nothing was acknowledged: the test tests nothing"
	[ "$(comm -23 said there | wc -l)" -eq 0 ] || atf_fail "missing: $(comm -23 said there | head)"
	[ "$(uniq -d there | wc -l)" -eq 0 ] || atf_fail "twice"
	# The script tries again, as scripts do.
	tkt-new --json -o ids <drafts >/dev/null || atf_fail "retry"
	[ "$(sqlite3 desk/store.db 'SELECT count(external_id) - count(DISTINCT external_id) FROM ticket')" -eq 0 ] || atf_fail "twice"
	ok tkt-fsck --all
	echo "figure: $times kills, $(wc -l <said) acknowledged, $(wc -l <there) there"
}
bulk_new__killed_at_random_head() {
	atf_set timeout 900
}

set_loop__killed_at_random_body() {
	desk --sample
	i=0
	measure tkt-set 1 tag+=x
	took=$((took * 10))
	while [ $i -lt "$times" ]; do
		i=$((i + 1))
		(
			n=0
			while :; do
				n=$((n + 1))
				tkt-set 1 "external_id=v-$i-$n" "tag+=t$((n % 7))" -o ids >ack 2>/dev/null && echo "v-$i-$n" >>acknowledged
			done
		) 2>/dev/null &
		pid=$!
		moment $i
		pkill -9 -P $pid 2>/dev/null
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
	done
	[ -s acknowledged ] || atf_fail "nothing was acknowledged: the test tests nothing"
	sort -u acknowledged >said
	ok tkt-log --ticket 1
	jq -r '.changes.external_id[1] // empty' out | sort >there
	[ "$(comm -23 said there | wc -l)" -eq 0 ] || atf_fail "missing: $(comm -23 said there | head)"
	[ "$(uniq -d there | wc -l)" -eq 0 ] || atf_fail "twice: $(uniq -d there | head)"
	ok tkt-fsck --all
}
set_loop__killed_at_random_head() {
	atf_set timeout 900
}

ingest__killed_at_random_body() {
	desk --sample
	i=0
	measure sh -c "printf 'From: a@b.org\n\nx\n' | mail-ingest"
	while [ $i -lt 100 ]; do
		i=$((i + 1))
		printf 'From: a%d@b.org\nTo: support@acme.example\nSubject: m %d\nMessage-ID: <k%d@b>\n\nbody %d\n' $i $i $i $i >m
		mail-ingest <m >/dev/null 2>&1 &
		pid=$!
		moment $i
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		# As an MTA does: until it is taken.
		until mail-ingest <m >/dev/null 2>&1; do :; done
	done
	ok tkt-list 'subject:/^m [0-9]+$/' -o ids
	[ "$(wc -l <out)" -eq 100 ] || atf_fail "$(wc -l <out) of 100"
	ok tkt-fsck --all
}
ingest__killed_at_random_head() {
	atf_set timeout 600
}

cases whole/crash_test.sh
