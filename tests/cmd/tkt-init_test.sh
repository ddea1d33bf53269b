# tkt-init: making desks.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	common_checks tkt-init d
	fails 64 'say which directory' tkt-init
	fails 64 'say which directory' tkt-init a b
}

make__is_private_and_complete_body() {
	ok tkt-init d
	records
	[ "$(stat -c %a d)" = 700 ] || atf_fail "mode $(stat -c %a d)"
	[ "$(stat -c %a d/secret/desk.key)" = 600 ] || atf_fail "the key can be read"
	for f in tkt.conf store.db blobs secret canned; do
		[ -e "d/$f" ] || atf_fail "no $f"
	done
	fails 73 'is a desk already' tkt-init d
	ok tkt-list -D d
	is ''
	ok tkt-fsck -D d --all
}

sample__can_be_tried_at_once_body() {
	ok tkt-init --sample d
	ok tkt-list -D d -o ids --sort id
	is '3
2
1'
	ok tkt-show -D d 1
	jq -se '.[0].queue == "billing" and .[0].assignee == "alice" and .[0].tags == ["money"]' out >/dev/null ||
		atf_fail "$(cat out)"
}

own_conf__is_used_and_must_be_right_body() {
	mkdir d
	printf 'queue q { }\nqueu r { }\n' >d/tkt.conf
	tkt-init d >out 2>err
	[ $? -eq 78 ] || atf_fail "$(cat err)"
	grep -q 'tkt.conf:2: ' err || atf_fail "$(cat err)"
	[ ! -e d/store.db ] || atf_fail "half a desk was made"
	printf 'queue q { }\n' >d/tkt.conf
	ok tkt-init d
	ok tkt-config -D d show --names queue
	is q
}

upgrade__newer_and_same_body() {
	ok tkt-init d
	tkt-init --upgrade d >out 2>err || atf_fail "$(cat err)"
	grep -q 'nothing to do' err || atf_fail "$(cat err)"
	sqlite3 d/store.db 'PRAGMA user_version=99' >/dev/null
	fails 78 'the store has schema 99, this program knows up to' tkt-list -D d
	fails 66 'no desk at nowhere' tkt-init --upgrade nowhere
}

place__cannot_be_made_body() {
	: >file
	fails 73 'file' tkt-init file
	fails 66 'no/such' tkt-init no/such/parent
}

owner__of_another_is_refused_body() {
	[ "$(id -u)" -eq 0 ] || atf_skip "needs root, to be somebody else"
	ok tkt-init d
	chown -R nobody d
	chmod 755 .
	fails 77 'belongs to nobody: only its owner may use it' tkt-list -D d
	# One that was only found, planted by somebody else.
	cd d || exit 1
	fails 77 'belongs to nobody' tkt-list
}

group__desks_know_their_agents_body() {
	[ "$(id -u)" -eq 0 ] || atf_skip "needs root, to be somebody else"
	chmod 755 .
	mkdir d
	cat >d/tkt.conf <<'X'
group = games
queue inbox { }
queue other { }
role agent { allow = {"ticket.*"}  queues = {inbox} }
agent nina { unix = nobody }
X
	ok tkt-init d
	[ "$(stat -c %a:%G d)" = 2770:games ] || atf_fail "$(stat -c %a:%G d)"
	ok tkt-new -D d -s hello -q other -m x
	# Others may not enter the folder that we were built in.
	mkdir bin && cp "$TKT_BUILD"/bin/tkt-* bin/
	as() {
		setpriv --reuid="$1" --regid=nogroup --groups=games env PATH="$PWD/bin:/usr/bin:/bin" "$2" -D "$PWD/d" "$3" "$4" "$5" "$6" </dev/null
	}
	as nobody tkt-new -s mine -m x >out 2>err || atf_fail "$(cat err)"
	as nobody tkt-list -o ids --sort id >out 2>err || atf_fail "$(cat err)"
	is 2
	as nobody tkt-log --ticket 2 -o tsv >out 2>err
	[ $? -eq 77 ] || atf_fail "log.read was not asked for: $(cat err)"
	as daemon tkt-list -o ids --sort id >out 2>err
	[ $? -eq 77 ] || atf_fail "daemon is no agent: $(cat err)"
	# Outside of the group.
	setpriv --reuid=nobody --regid=nogroup --clear-groups env PATH="$PWD/bin:/usr/bin:/bin" \
		tkt-list -D "$PWD/d" >out 2>err
	[ $? -ne 0 ] || atf_fail "outside the group"
}

cases cmd/tkt-init_test.sh
