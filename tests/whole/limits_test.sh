# What has a limit on time and memory is measured with no other test beside it.
. "$TKT_SRC/tests/helpers.sh"

hostile__sizes_of_mail_body() {
	desk --sample
	sed -i '1i limits { mail_size = 300MB }' desk/tkt.conf
	ok tkt-config apply
	python3 - <<'P'
import base64, os
H = "From: a@b.org\nSubject: %s\nMIME-Version: 1.0\n"
def w(name, s): open(name, "wb").write(s if isinstance(s, bytes) else s.encode())
block = base64.encodebytes(os.urandom(57 * 1000))
with open("m-200MB", "wb") as f:
    f.write((H % "big" + "Content-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n").encode())
    for i in range(200000000 // len(block)): f.write(block)
w("m-parts", H % "parts" + "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 100000)
w("m-levels", H % "deep" + "".join("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(50000)) + "\nx\n")
w("m-mails", H % "mails" + "Content-Type: message/rfc822\n\n" * 50000 + "x\n")
w("m-people", H % "people" + "To: " + ",\n ".join("r%d@b.org" % i for i in range(100000)) + "\n\nx\n")
w("m-groups", H % "groups" + "To: " + "g: " * 80000 + "a@b.org;\n\nx\n")
w("m-line", H % ("x" * 1000000) + "\nx\n")
w("m-nul", b"From: a@b.org\nSubject: a\0b\n\n" + b"\0" * 1000000)
w("m-html", H % "html" + "Content-Type: text/html\n\n" + "<div>" * 500000 + "x")
w("m-words", H % ("=?utf-8?q?a?= " * 15000) + "\nx\n")
w("m-quotes", H % "quotes" + "\n" + "".join("On 1 Jan 2026 a@b wrote:\n> x\n" for i in range(40000)))
w("m-begin", H % "begin" + "\n" + "begin 644 a\n" * 200000 + "=ybegin line=1 size=1 name=a\n" * 200000)
w("m-colons", H % "colons" + "Cc: " + "(" * 100000 + "\nContent-Type: text/plain; " + "; a*0=" * 20000 + "\n\nx")
P
	# 5 s of processor time, or on a slow machine three times what a script needs that does
	# only what must be done with the largest: decode, hash thrice, write both.
	python3 - m-200MB >limit <<'P' || atf_fail "the plain script"
import binascii, hashlib, os, resource, sys
raw = open(sys.argv[1], "rb").read()
body = raw[raw.index(b"\n\n") + 2:]
data = binascii.a2b_base64(body)
for name, what in ("plain-raw", raw), ("plain-data", data):
    hashlib.sha256(what).digest()
    with open(name, "wb") as f:
        f.write(what)
        os.fsync(f.fileno())
    os.unlink(name)
hashlib.sha256(body).digest()
u = resource.getrusage(resource.RUSAGE_SELF)
print("%.2f" % max(5, 3 * (u.ru_utime + u.ru_stime)))
P
	echo "figure: limit: $(cat limit) s"
	for m in m-*; do
		size=$(($(stat -c %s $m) / 1024))
		/usr/bin/env python3 - "$m" >measured 2>&1 <<'P' || atf_fail "$m: $(cat measured)"
import resource, subprocess, sys, time
t = time.time()
p = subprocess.run(["mail-ingest"], stdin=open(sys.argv[1]), stdout=open("out", "w"))
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%.2f %.2f %d %d" % (u.ru_utime + u.ru_stime, time.time() - t, u.ru_maxrss, p.returncode))
P
		read -r seconds wall kb status <measured
		echo "figure: $m: $seconds s ($wall by the clock), $kb kB, $(jq -r .outcome out | head -1)"
		[ "$status" -eq 0 ] || atf_fail "$m: $status"
		case $TKT_BUILD in *asan*) continue ;; esac
		[ "$kb" -le $((4 * size + 51200)) ] || atf_fail "$m: $kb kB"
		awk -v s="$seconds" -v limit="$(cat limit)" 'BEGIN { exit !(s < limit) }' ||
			atf_fail "$m: $seconds s"
	done
	# Endless: it is read for a while, then its writer is left alone.
	sed -i '1d' desk/tkt.conf
	ok tkt-config apply
	{ printf 'From: a@b.org\nSubject: endless\n\n'; yes; } 2>/dev/null | mail-ingest >out || atf_fail endless
	was '.outcome == "quarantined" and .reason == "larger than mail_size"'
	ok tkt-fsck --all
}
hostile__sizes_of_mail_head() {
	atf_set timeout 600
}

cases whole/limits_test.sh
