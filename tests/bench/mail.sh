# The rows of mail, read by run.sh: $work is the place, $bare a durable insert in ms.
# BATCH says how many mails are filed in one process.
batch=${BATCH:-20000}
python3 - "$batch" <<'P'
import os, random, sys
random.seed(3)
words = ["".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random.randint(2, 10)))
         for _ in range(20000)]
weights = [1 / (i + 10) for i in range(len(words))]
def mail(i, tag):
    body = " ".join(random.choices(words, weights, k=400))
    lines = "\n".join(body[k:k + 72] for k in range(0, len(body), 72))
    return ("Return-Path: <a%d@example.com>\nReceived: from mx.example.com by mx.acme.example; Sun, 22 Nov 2026 "
            "10:00:00 +0000\nFrom: Ann %d <a%d@example.com>\nTo: support@acme.example\nSubject: %s\nDate: Sun, 22 "
            "Nov 2026 10:00:00 +0000\nMessage-ID: <%s%d@example.com>\nMIME-Version: 1.0\nContent-Type: text/plain; "
            "charset=utf-8\n\n%s\n" % (i % 3000, i % 3000, i % 3000, " ".join(random.choices(words, k=5)), tag, i, lines))
for d in ("mails", "mails4", "md/new", "md/cur", "md/tmp"):
    os.makedirs(d, exist_ok=True)
for i in range(1, 121):
    open("mails/%d" % i, "w").write(mail(i, "one"))
for i in range(1, 801):
    open("mails4/%d" % i, "w").write(mail(i, "four"))
for i in range(int(sys.argv[1])):
    open("md/new/%d.M%dP1.h" % (1763000000 + i, i), "w").write(mail(i, "batch"))
P
seconds() { # COMMAND...: wall time in s
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	awk -v n=$(($(date +%s%N) - start)) 'BEGIN { printf "%.3f", n / 1e9 }'
}
rate() {
	awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f/s", n / s }'
}
gmime=$(bench 100 -n mails gmime)
row 'an empty GMime program, 3 kB mail' "$gmime ms" ''
ingest=$(bench 100 -n mails mail-ingest -D new -o ids)
row 'mail-ingest, 3 kB, durable' "$ingest ms" "$(awk -v i="$ingest" -v g="$gmime" -v b="$bare" 'BEGIN { printf "%.2f x", i / (g + b) }') GMime program + bare insert (target 1.5)"
four() {
	seq 1 800 | xargs -P 4 -I '{}' sh -c 'exec mail-ingest -D new -o ids <mails4/{}'
}
s=$(seconds four)
row 'mail-ingest, four processes at a time' "$(rate 800 "$s")" ''
s=$(seconds mail-ingest -D new --maildir md -o ids)
row "mail-ingest --maildir, $batch mails" "$(rate "$batch" "$s")" '(target 4,000/s on one core)'
row 'mail-ingest --maildir, memory' "$(python3 "$TKT_SRC/tests/bench/median.py" -m mail-ingest -D new --maildir md -o ids) MB" 'all duplicates'
if command -v notmuch >/dev/null; then
	mkdir -p nm/mail/cur nm/mail/new nm/mail/tmp
	printf '[database]\npath=%s\n[user]\nname=x\nprimary_email=x@x\n[new]\ntags=new\n[maildir]\nsynchronize_flags=false\n' "$work/nm" >nmrc
	export NOTMUCH_CONFIG="$work/nmrc"
	cp -r md nm/batch
	nm=$(seconds notmuch new --quiet)
	row 'notmuch new, the same mails' "$(rate "$batch" "$nm")" "$(ratio "$nm" "$s") slower"
	nmi=$(bench 50 -n mails notmuch insert --folder=mail)
	row 'notmuch insert, one 3 kB mail' "$nmi ms" "$(ratio "$nmi" "$ingest") mail-ingest"
fi
