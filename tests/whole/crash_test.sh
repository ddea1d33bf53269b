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
		sed -n 's/.*"external_id":"\(x-[0-9]*\)".*,"sla":null}$/\1/p' acks >>acknowledged
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

# 500 mails, four deliveries at a time, some of them twice at once, tried again as a mail
# server does (75, a signal) until they are taken; kill -9 at random moments meanwhile.
ingest__killed_in_parallel_deliveries_body() {
	desk --sample
	kills=$((times * 3 / 2))
	python3 - "$kills" >report <<'P' || atf_fail "$(cat report)"
import os, queue, random, subprocess, sys, threading, time
random.seed(7)
kills, mails = int(sys.argv[1]), 500
os.mkdir("mails")
for i in range(mails):
    extra = "" if i % 5 else "X-Filler: " + "x" * 20000 + "\n"
    parent = "In-Reply-To: <k%d@b>\n" % (i - 1) if i % 3 == 1 else ""
    open("mails/%d" % i, "w").write(
        "From: a%d@b.org\nTo: support@acme.example\nSubject: m %d\nMessage-ID: <k%d@b>\n%s%s\nbody %d\n"
        % (i // 3, i, i, parent, extra, i))
work, done, lock, left = queue.Queue(), [], threading.Lock(), [kills]
for i in range(mails):
    work.put(i)
    if i % 10 == 0:
        work.put(i)
p = time.time()
subprocess.run(["mail-ingest"], stdin=open("mails/0"), stdout=subprocess.DEVNULL)
took = [time.time() - p] # by those that nobody shot at: the machine's pace changes

def deliver():
    while True:
        try:
            i = work.get_nowait()
        except queue.Empty:
            with lock:
                if left[0] <= 0 or len(done) >= 10 * mails:
                    return
                i = random.randrange(mails) # too few hit: some come once more
        for attempt in range(1000):
            with lock:
                shoot = left[0] > 0 and random.random() < 0.9
                wait = random.random() * took[0] * 2
            p = time.time()
            c = subprocess.Popen(["mail-ingest"], stdin=open("mails/%d" % i),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if shoot:
                time.sleep(wait)
                c.kill()
            err = c.communicate()[1]
            with lock:
                if not shoot:
                    took[0] += (time.time() - p - took[0]) / 4
            if c.returncode == 0:
                break
            with lock:
                left[0] -= c.returncode == -9
            if c.returncode not in (75, -9):
                print("mail %d: exit %d: %s" % (i, c.returncode, err))
                os._exit(1)
        with lock:
            done.append(attempt)

threads = [threading.Thread(target=deliver) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print("%d deliveries, %d tried again" % (len(done), sum(done)))
if left[0] > 0:
    print("only %d of %d kills" % (kills - left[0], kills))
    sys.exit(1)
P
	sqlite3 desk/store.db "SELECT msgid, count(*) FROM mail_id WHERE msgid GLOB '<k*@b>' GROUP BY msgid" >there
	[ "$(wc -l <there)" -eq 500 ] || atf_fail "$(wc -l <there) of 500"
	! grep -v '|1$' there || atf_fail "twice"
	sqlite3 desk/store.db "SELECT body, count(*) FROM message WHERE body GLOB 'body *' GROUP BY body" >there
	[ "$(wc -l <there)" -eq 500 ] || atf_fail "$(wc -l <there) messages of 500"
	! grep -v '|1$' there || atf_fail "a message twice"
	ok tkt-fsck --all
	echo "figure: $kills kills over 500 mails, four at a time: $(cat report); each there once"
}
ingest__killed_in_parallel_deliveries_head() {
	atf_set timeout 900
}

cases whole/crash_test.sh
