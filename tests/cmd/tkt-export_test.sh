# tkt-export: tickets out, whole.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-export
	no_desk tkt-export
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-export >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	tkt-export --archive - >/dev/full 2>err
	[ $? -ne 0 ] || atf_fail "/dev/full, archive"
	fails 64 'an archive is called .tar.zst, .tar.gz or .tar' tkt-export --archive x.zip
	fails 64 'unknown key' tkt-export foo:bar
	fails 77 'may not log.read' tkt-export --as bob
}

query__selects_and_people_come_along_body() {
	desk --sample
	ok tkt-export queue:billing
	jq -se 'map(.type) | .[0] == "export" and .[-1] == "end" and index("version") == null' out >/dev/null || atf_fail "$(cat out)"
	jq -se '(map(select(.type == "ticket") | .id) == [1]) and (map(select(.type == "customer") | .id) == [1]) and
		(map(select(.type == "event")) | all(.ticket == 1 and .digest != null and .changes.n != null)) and
		.[-1].tickets == 1 and .[-1].messages == 1' out >/dev/null || atf_fail "$(cat out)"
	# A role with queues exports those alone.
	cat >>desk/tkt.conf <<'X'
role auditor { allow = {"*"}  queues = {hardware} }
agent dora { role = auditor }
X
	ok tkt-config apply
	ok tkt-export --as dora
	jq -se '(map(select(.type == "ticket") | .id) == [2]) and .[0].full == false' out >/dev/null || atf_fail "$(cat out)"
}

archive__is_whole_or_not_there_body() {
	desk --sample
	echo hello >f.txt
	ok tkt-reply 1 -m x -a f.txt --quiet
	for f in a.tar.zst a.tar.gz a.tar; do
		ok tkt-export --archive $f --quiet
		tar -tf $f | sort >names || atf_fail "$f"
		grep -q '^records.jsonl$' names || atf_fail "$f: $(cat names)"
		[ "$(grep -c '^blobs/[0-9a-f]\{64\}$' names)" -eq 1 ] || atf_fail "$f: $(cat names)"
	done
	rm -rf desk/blobs
	tkt-export --archive b.tar.zst >out 2>err && atf_fail "a missing blob"
	[ ! -e b.tar.zst ] || atf_fail "half an archive"
	[ -z "$(ls -- *.tmp 2>/dev/null)" ] || atf_fail "left: $(ls)"
}

cases cmd/tkt-export_test.sh
