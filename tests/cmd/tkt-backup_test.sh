# tkt-backup: saved while others work, and checked.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-backup x.tar.zst
	no_desk tkt-backup x.tar.zst
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'say where to' tkt-backup
	fails 64 'an archive is called' tkt-backup x.zip
	fails 64 '--verify or --keys' tkt-backup --verify --keys x.tar.zst
	fails 77 'may not desk.config' tkt-backup x.tar.zst --as carol
	tkt-backup - >/dev/full 2>err
	[ $? -eq 75 ] || [ $? -eq 74 ] || atf_fail "/dev/full: $(cat err)"
	[ -z "$(ls desk/.backup* 2>/dev/null)" ] || atf_fail "left: $(ls -a desk)"
}

backup__members_and_secrets_body() {
	desk --sample
	echo hello >f.txt
	ok tkt-reply 1 -m x -a f.txt --quiet
	echo 'Dear {{requester.name}}' >desk/canned/hi.md
	mkdir -p desk/kb.git/objects/ab desk/kb.git/hooks
	echo x >desk/kb.git/objects/ab/cd
	echo 'ref: refs/heads/main' >desk/kb.git/HEAD
	ln -s /etc/passwd desk/link
	tkt-backup b.tar.zst >out 2>err || atf_fail "$(cat err)"
	records
	grep -q 'link is no file and was left out' err || atf_fail "$(cat err)"
	[ "$(stat -c %a b.tar.zst)" = 600 ] || atf_fail "readable by others"
	tar --zstd -tf b.tar.zst >names
	for m in store.db tkt.conf canned/hi.md kb.git/HEAD kb.git/objects/ab/cd manifest.json; do
		grep -qx "$m" names || atf_fail "$m is not in: $(cat names)"
	done
	grep -qE 'secret|lock|bell|link|-wal' names && atf_fail "$(cat names)"
	[ "$(tail -n 1 names)" = manifest.json ] || atf_fail "$(cat names)"
	[ "$(grep -n kb.git/HEAD names | cut -d: -f1)" -lt "$(grep -n kb.git/objects names | cut -d: -f1)" ] ||
		atf_fail "objects before what names them"
	ok tkt-backup --verify b.tar.zst
	records
	tkt-backup --keys --quiet b.tar.zst >out
	tar --zstd -tf b.tar.zst | grep -qx secret/desk.key || atf_fail "no keys"
	tkt-backup - --quiet | tar --zstd -tf - | grep -qx manifest.json || atf_fail "stdout"
	# --verify needs no desk, and leaves nothing.
	(
		unset TKT_DESK
		mkdir tmp
		TMPDIR="$PWD/tmp" tkt-backup --verify b.tar.zst >out 2>err || atf_fail "$(cat err)"
		[ -z "$(ls -A tmp)" ] || atf_fail "left: $(ls -A tmp)"
	) || exit 1
}

verify__finds_what_is_wrong_body() {
	desk --sample
	echo hello >f.txt
	ok tkt-reply 1 -m x -a f.txt --quiet
	ok tkt-backup good.tar --quiet
	ok tkt-backup --verify good.tar
	bad() {
		tkt-backup --verify "$1" >out 2>err
		[ $? -eq 65 ] || atf_fail "$1: $(cat out err)"
		grep -qE "$2" err || atf_fail "$1: $(cat err)"
		[ "$(wc -l <err)" -eq 1 ] || atf_fail "$1: $(cat err)"
	}
	head -c 5000 good.tar >cut.tar
	bad cut.tar 'damaged|cut'
	python3 - <<'P'
import tarfile, io
src = tarfile.open("good.tar")
members = [(m, src.extractfile(m).read()) for m in src.getmembers()]
def make(name, change):
    with tarfile.open(name, "w") as t:
        for m, data in change(list(members)):
            i = tarfile.TarInfo(m if isinstance(m, str) else m.name)
            i.size = len(data)
            t.addfile(i, io.BytesIO(data))
make("nomanifest.tar", lambda ms: ms[:-1])
make("changed.tar", lambda ms: [(m, d.replace(b"Acme", b"Evil") if m.name == "tkt.conf" else d) for m, d in ms])
make("store.tar", lambda ms: [(m, d[:8192] + b"x" * 4096 + d[12288:] if m.name == "store.db" else d) for m, d in ms])
make("blob.tar", lambda ms: [(m, b"other" if m.name.startswith("blobs/") else d) for m, d in ms])
make("noblob.tar", lambda ms: [(m, d) for m, d in ms if not m.name.startswith("blobs/")])
make("more.tar", lambda ms: [("evil.txt", b"x")] + ms)
make("behind.tar", lambda ms: ms + [("evil.txt", b"x")])
make("twice.tar", lambda ms: [ms[0]] + ms)
make("out.tar", lambda ms: [("../evil", b"x")] + ms)
P
	bad nomanifest.tar 'no manifest at its end'
	bad changed.tar 'tkt.conf is not what was saved'
	bad store.tar 'store.db is not what was saved'
	bad blob.tar 'its content has another hash'
	bad noblob.tar 'more or fewer members'
	bad more.tar 'more or fewer members'
	bad behind.tar 'stands behind the manifest'
	bad twice.tar 'is there twice'
	bad out.tar 'its name leads out'
	echo nothing >no.tar
	bad no.tar 'no.tar'
	fails 66 'nosuch' tkt-backup --verify nosuch.tar
}

writers__sixteen_at_once_and_each_backup_is_whole_body() {
	desk --sample
	for w in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		(
			i=0
			while [ ! -e stop ]; do
				i=$((i + 1))
				printf 'From: w%s@x.org\nTo: support@acme.example\nSubject: %s of %s\nMessage-ID: <%s.%s@x>\n\nbody %s\n' \
					$w $i $w $i $w $i | mail-ingest --quiet >/dev/null 2>>errors
			done
		) &
	done
	for n in 1 2 3 4 5; do
		tkt-backup b$n.tar.zst >out 2>err || {
			touch stop
			wait
			atf_fail "backup $n: $(cat err)"
		}
	done
	touch stop
	wait
	[ ! -s errors ] || atf_fail "$(head errors)"
	last=0
	for n in 1 2 3 4 5; do
		ok tkt-restore b$n.tar.zst r$n --quiet
		tickets=$(jq .tickets out)
		[ "$tickets" -ge "$last" ] || atf_fail "backup $n has $tickets tickets, the one before $last"
		last=$tickets
		ok tkt-fsck -D r$n --all
	done
	[ "$last" -gt 3 ] || atf_fail "nobody wrote"
	ok tkt-fsck --all
}

cases cmd/tkt-backup_test.sh 300
