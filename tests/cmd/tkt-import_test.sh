# tkt-import: tickets in, silently, again and again.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	tkt-export >x.jsonl
	common_checks tkt-import x.jsonl
	no_desk tkt-import ../x.jsonl
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-import x.jsonl >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 66 'nosuch' tkt-import nosuch
	fails 66 'nosuch' tkt-import nosuch.tar.zst
	fails 64 'one of them' tkt-import --csv --zendesk x
	fails 64 'queue "biling": no such queue (did you mean "billing"?)' tkt-import -q biling x.jsonl
	fails 64 'one file at a time' tkt-import x y
	fails 77 'may not desk.config' tkt-import x.jsonl --as carol
	echo '{"type":"ticket","id":1}' >y
	fails 65 'this is no export of tkt-export' tkt-import y
	: >y
	fails 65 'the export is empty' tkt-import y
}

# A desk with something of everything.
full() {
	desk --sample
	echo hello >f.txt
	printf 'From: Ann Lee <ann@example.com>\nTo: support@acme.example\nCc: bea@example.org\nSubject: zebra\nMessage-ID: <z@x>\n\nthe zebra\n' |
		mail-ingest >out || atf_fail "$(cat out)"
	ok tkt-reply 4 -m 'dear zebra' -a f.txt --quiet --as alice
	ok tkt-set 1 field.floor=3 queue=inbox
	ok tkt-merge 3 1
	ok tkt-split "$(tkt-show 4 | jq 'select(.direction == "out") | .id')"
	ok cust-set --create org:acme domain+=acme.org field.a=b
	ok cust-set 2 organization=acme notes=n field.c=d external_id=X
	ok cust-merge --quiet chidi@example.net bea@example.org
	ok tkt-set 2 phase=spam
	ok tkt-new -s gone -r gone@x.org -m 'the unicorn'
	ok cust-erase gone@x.org
	ok tkt-set 1 status=solved time+=5m
	ok tkt-fsck --all
	ok tkt-export --archive full.tar.zst --quiet
	tkt-export | grep -v '"type":"export"' >want
}

verbatim__chain_and_all_body() {
	full
	tkt-init --test empty >/dev/null
	ok tkt-import -D empty full.tar.zst --quiet
	records
	jq -e '.verbatim and .tickets == 6 and .bad == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck -D empty --all
	tkt-export -D empty | grep -v '"type":"export"' >got
	diff want got >differ || atf_fail "$(head -c 2000 differ)"
	# It works on: numbers and chain go on, words are found, mail threads are known.
	ok tkt-list -D empty zebra -o ids
	[ -s out ] || atf_fail "no words"
	ok tkt-list -D empty 'field.floor<5' -o ids
	is 1
	ok tkt-new -D empty -s next -m x -o ids
	is 7
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: Re: zebra\nIn-Reply-To: <z@x>\n\nmore\n' |
		mail-ingest -D empty >out || atf_fail "$(cat out)"
	jq -e '.ticket == 4' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck -D empty --all
}

verbatim__nothing_of_a_forged_or_cut_export_body() {
	full
	tar --zstd -xf full.tar.zst
	forged() {
		rm -rf victim
		tkt-init --test victim >/dev/null
		mkdir -p pack
		cp -r blobs pack/
		cp forged.jsonl pack/records.jsonl
		tar -C pack --zstd -cf forged.tar.zst blobs records.jsonl
		tkt-import -D victim forged.tar.zst >out 2>err
		[ $? -eq 65 ] || atf_fail "$1: $(cat out err)"
		grep -qE "$2" err || atf_fail "$1: $(cat err)"
		ok tkt-list -D victim -o ids
		is ''
		ok tkt-fsck -D victim --all
	}
	sed 's/the zebra/the tiger/' records.jsonl >forged.jsonl
	forged body 'is not what its log says'
	sed 's/"actor":"agent:alice"/"actor":"agent:bob"/' records.jsonl >forged.jsonl
	forged actor 'was changed'
	grep -v '"action":"ticket.merged"' records.jsonl >forged.jsonl
	forged event 'missing|not what its log'
	sed '$d' records.jsonl >forged.jsonl
	forged cut 'has no end: it was cut'
	head -n 20 records.jsonl >forged.jsonl
	forged cut 'has no end: it was cut'
	sed 's/"hash":"[0-9a-f]*","full"/"hash":"00"/; 1s/"event":[0-9]*/"event":9999/' records.jsonl >forged.jsonl
	forged head 'was cut'
	sed '5s/.*/not json/' records.jsonl >forged.jsonl
	forged json 'line 5'
	sed 's/^\({"type":"message",.*"ticket":\)[0-9]*/\1999/' records.jsonl >forged.jsonl
	forged dangling '^tkt-import: message [0-9]* names a ticket that is not there'
	sed '4p' records.jsonl >forged.jsonl
	forged twice 'line 5'
}

archives__hostile_ones_are_refused_body() {
	full
	tar --zstd -xf full.tar.zst
	rm -rf victim && tkt-init --test victim >/dev/null
	bad() {
		tkt-import -D victim "$1" >out 2>err
		[ $? -eq 65 ] || atf_fail "$1: $(cat out err)"
		grep -qF "$2" err || atf_fail "$1: $(cat err)"
		[ "$(wc -l <err)" -eq 1 ] || atf_fail "$1: $(cat err)"
	}
	python3 - <<'P'
import tarfile, io
def make(name, *members):
    with tarfile.open(name, "w") as t:
        for m, data in members:
            i = tarfile.TarInfo(m) if isinstance(m, str) else m
            i.size = len(data)
            t.addfile(i, io.BytesIO(data))
link = tarfile.TarInfo("records.jsonl"); link.type = tarfile.SYMTYPE; link.linkname = "/etc/passwd"
hard = tarfile.TarInfo("records.jsonl"); hard.type = tarfile.LNKTYPE; hard.linkname = "x"
dev = tarfile.TarInfo("records.jsonl"); dev.type = tarfile.CHRTYPE
make("out.tar", ("../../evil", b"x"))
make("abs.tar", ("/tmp/evil", b"x"))
make("dot.tar", ("blobs/../../evil", b"x"))
make("link.tar", (link, b"")); make("hard.tar", (hard, b"")); make("dev.tar", (dev, b""))
make("other.tar", ("evil.txt", b"x"))
make("hash.tar", ("blobs/" + "0" * 64, b"x"))
make("name.tar", ("blobs/xyz", b"x"))
make("none.tar")
P
	for f in out abs dot; do
		bad $f.tar 'its name leads out'
	done
	bad link.tar 'is neither file nor folder'
	bad hard.tar 'is neither file nor folder'
	bad dev.tar 'is neither file nor folder'
	bad other.tar 'is no part of an export'
	bad hash.tar 'its content has another hash'
	bad name.tar 'no hash'
	bad none.tar 'has no records.jsonl'
	head -c 600 full.tar.zst >cut.tar.zst
	bad cut.tar.zst 'cut.tar.zst'
	echo 'this is no archive' >no.tar.gz
	bad no.tar.gz 'no.tar.gz'
	# A bomb: a gigabyte of nothing in a few kilobytes.
	head -c 1500000000 /dev/zero >records.jsonl
	tar -cf - records.jsonl | zstd -q >bomb.tar.zst
	rm -f records.jsonl
	bad bomb.tar.zst 'times its size: that is refused'
	[ ! -e ../evil ] && [ ! -e /tmp/evil ] || atf_fail "it got out"
	ok tkt-fsck -D victim --all
}

used__desk_gets_new_numbers_once_body() {
	full
	export TKT_DESK=
	tkt-init --test --sample used >/dev/null
	export TKT_DESK="$PWD/used"
	ok tkt-import full.tar.zst --quiet
	records
	jq -e '(.verbatim | not) and .tickets >= 3 and .bad == 0' out >/dev/null || atf_fail "$(cat out)"
	n=$(jq .tickets out)
	ok tkt-list '"the zebra"' -o ids
	id=$(cat out)
	ok tkt-show "$id"
	head -n 1 out | jq -e '.external_id | endswith(":4")' >/dev/null || atf_fail "$(cat out)"
	jq -se 'map(select(.type == "message")) | any(.body == "the zebra") and any(.attachments[0].name == "log.jsonl")' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-log --action ticket.changed --actor 'rule:*' --since 2026-11-22T10:00:00Z -o ids
	before=$(tkt-log -o ids | wc -l)
	ok tkt-import full.tar.zst --quiet
	jq -e --argjson n "$n" '.tickets == 0 and .known == $n and .messages == 0' out >/dev/null || atf_fail "$(cat out)"
	[ "$(tkt-log -o ids | wc -l)" -eq "$before" ] || atf_fail "events for nothing"
	ok tkt-fsck --all
	# A message that came since is added.
	ok tkt-reply -D "$PWD/desk" 4 -m 'and one more' --quiet
	tkt-export -D "$PWD/desk" id:4 | tkt-import >out 2>err || atf_fail "$(cat err)"
	jq -e '.tickets == 0 and .messages == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

zendesk__tickets_comments_people_body() {
	desk --sample
	cat >zd.json <<'X'
{"users":[{"id":1,"name":"Zed","email":"zed@z.org","role":"end-user"},{"id":2,"name":"Alice","email":"alice@acme.example","role":"agent"}],
 "tickets":[
  {"id":77,"subject":"Zendesk one","status":"solved","priority":"high","type":"problem","requester_id":1,"assignee_id":2,"tags":["a","b"],
   "created_at":"2020-01-01T10:00:00Z","updated_at":"2020-02-01T10:00:00Z","via":{"channel":"web"},"custom_fields":[{"id":5,"value":"x"}],
   "comments":[{"id":1,"author_id":1,"plain_body":"help","public":true,"created_at":"2020-01-01T10:00:00Z"},
    {"id":2,"author_id":2,"body":"done","public":true,"created_at":"2020-01-02T10:00:00Z","attachments":[{"file_name":"x.pdf","content_url":"https://z/x.pdf"}]},
    {"id":3,"author_id":2,"body":"psst","public":false,"created_at":"2020-01-02T11:00:00Z"}]}]}
{"id":78,"subject":"a line","description":"d","requester":{"name":"Yo","email":"yo@z.org"},"status":"hold","created_at":"2020-01-01T10:00:00Z"}
{broken
{"id":79,"subject":"bad time","description":"d","created_at":"soon"}
{"id":80,"subject":"last","description":"d","requester":{"name":"Yo","email":"yo@z.org"},"status":"closed","created_at":"2020-01-01T10:00:00Z"}
X
	tkt-import --zendesk zd.json >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat out err)"
	records
	jq -se '(map(select(.type == "error")) | length == 2) and (map(select(.type == "import"))[0].tickets == 3)' out >/dev/null ||
		atf_fail "$(cat out)"
	ok tkt-list ref:zendesk:77
	jq -e '.status == "solved" and .priority == "high" and .kind == "problem" and .assignee == "alice" and .channel == "web" and
		.tags == ["a","b"] and .created_at == "2020-01-01T10:00:00Z" and .updated_at == "2020-02-01T10:00:00Z" and
		.first_replied_at == "2020-01-02T10:00:00Z" and .requester.name == "Zed"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-show "$(jq .id out)"
	jq -se 'map(select(.type == "message") | [.kind, .direction, .author.id]) ==
		[["reply","in",4],["reply","out","alice"],["note","out","alice"]]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list 'ref:zendesk:78'
	jq -e '.status == "hold"' out >/dev/null || atf_fail "$(cat out)"
	tkt-import --zendesk zd.json >out 2>err
	jq -se 'map(select(.type == "import"))[0] | .tickets == 0 and .known == 3 and .messages == 0' out >/dev/null || atf_fail "$(cat out)"
	# Nobody was told.
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM delivery')" -eq 0 ] || atf_fail "mail would leave"
	ok tkt-fsck --all
}

csv__rows_by_name_and_map_body() {
	desk --sample
	cat >t.csv <<'X'
id,Betreff,email,created,state,Labels,description,Floor,group
9,From csv,Cy <c@x.org>,2021-03-04 05:06,solved,"a;b","the ""text""
of two lines",3,hardware
10,Bad time,c@x.org,yesterday,,,x,,
11,Bad queue,c@x.org,2021-03-04,,,x,,nowhere
12,Bad address,not an address,2021-03-04,,,x,,
13,Good,d@x.org,2021-03-04T05:06:07+01:00,weird,,y,,
X
	tkt-import --csv --map subject=Betreff t.csv >out 2>err
	[ $? -eq 65 ] || atf_fail "$(cat out err)"
	records
	jq -se 'map(select(.type == "error") | .line) == [4,5,6,7]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list ref:9
	jq -e '.subject == "From csv" and .status == "solved" and .tags == ["a","b"] and .queue == "hardware" and .fields == {"floor":3} and
		.created_at == "2021-03-04T05:06:00Z" and .requester.name == "Cy"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list 'two lines' -o ids
	[ -s out ] || atf_fail "no words"
	tkt-import --csv --map subject=Betreff -q inbox t.csv >out 2>err
	jq -se 'map(select(.type == "import"))[0] | .tickets == 1 and .known == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list ref:11
	jq -e '.queue == "inbox"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
}

mail__archives_at_their_own_time_body() {
	desk --sample
	cat >box <<'X'
From ann@example.com Sat Mar  4 05:06:07 2023
From: ann@example.com
To: support@acme.example
Subject: from mbox
Message-ID: <m1@x>

one

From ann@example.com Sun Mar  5 05:06:07 2023
From: ann@example.com
To: support@acme.example
Subject: Re: from mbox
In-Reply-To: <m1@x>
Message-ID: <m2@x>

two
X
	ok tkt-import --mbox box
	jq -e '.tickets == 1 and .messages == 2' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list subject:mbox
	jq -e '.created_at == "2023-03-04T05:06:07Z"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-import --mbox box
	jq -e '.tickets == 0 and .known == 2' out >/dev/null || atf_fail "$(cat out)"
	mkdir -p md/new md/cur md/tmp
	printf 'From: bea@example.org\nTo: support@acme.example\nSubject: from maildir\nMessage-ID: <d1@x>\n\nx\n' >md/cur/1600000000.1.x:2,S
	ok tkt-import --maildir md
	ok tkt-list subject:maildir
	jq -e '.created_at == "2020-09-13T12:26:40Z"' out >/dev/null || atf_fail "$(cat out)"
	fails 64 'mail-ingest --explain' tkt-import -N --mbox box
	fails 66 'nosuch' tkt-import --mbox nosuch
	ok tkt-fsck --all
}

dry_run__keeps_nothing_body() {
	full
	tkt-init --test empty >/dev/null
	ok tkt-import -D empty -N full.tar.zst --quiet
	jq -e '.done == false and .verbatim and .tickets == 6' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-list -D empty -o ids
	is ''
	printf 'id,subject,email\n1,x,y@z.org\n' | tkt-import -D empty -N --csv >out || atf_fail "$?"
	ok tkt-list -D empty -o ids
	is ''
}

cases cmd/tkt-import_test.sh
