# tkt-shell: agents by ssh, with a real sshd on loopback.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-shell alice
	fails 64 'say which agent' tkt-shell
	fails 64 'say a program' tkt-shell alice
	fails 64 'agent "alcie": no such agent (did you mean "alice"?)' tkt-shell alcie -- tkt-list
	no_desk tkt-shell alice -- tkt-list
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
}

words__only_agents_programs_body() {
	desk --sample
	ok tkt-shell bob -- tkt-list -o ids --sort id
	is '3
1'
	for p in tkt-config tkt-init tkt-fsck tkt-tick tkt-shell mail-ingest tkt-sql tkt-backup tkt-restore tkt-import tkt-export cust-import cust-erase sh /bin/sh ../bin/tkt-list tkt; do
		fails 77 'is not for agents' tkt-shell bob -- "$p"
	done
	export SSH_ORIGINAL_COMMAND='tkt list -o ids "subject:/refund|x y/"'
	ok tkt-shell bob
	is 1
	SSH_ORIGINAL_COMMAND='list; id' fails 77 'is not for agents' tkt-shell bob
	# shellcheck disable=SC2016 # it must not be expanded
	SSH_ORIGINAL_COMMAND='list $(id)' fails 64 'query: ' tkt-shell bob
	[ ! -s out ] || atf_fail "$(cat out)"
	SSH_ORIGINAL_COMMAND='list "x' fails 64 'a quote is not closed' tkt-shell bob
}

day__of_an_agent_within_the_role_body() {
	desk --sample
	for w in 'merge 2 1' 'link 2 refers 1' 'take 2' 'time 2 5m' 'snooze 2 +1d'; do
		SSH_ORIGINAL_COMMAND="$w" fails 77 'no access to queue "hardware"' tkt-shell bob
	done
	for w in 'take 3' 'time 3 5m' 'snooze 3 +1d' 'link 3 refers 1' 'merge 3 1' 'cust-show ann@example.com' 'stats'; do
		SSH_ORIGINAL_COMMAND="$w" tkt-shell bob >out 2>err || atf_fail "$w: $(cat err)"
	done
	event=$(tkt-log --ticket 3 --action ticket.merged -o ids)
	SSH_ORIGINAL_COMMAND="undo $event" tkt-shell bob >out 2>err || atf_fail "undo: $(cat err)"
	ok tkt-list id:3 -o ids
	is 3
	SSH_ORIGINAL_COMMAND='cust-set ann@example.com name=x' fails 77 'may not customer.change' tkt-shell bob
	ok tkt-fsck --all
}

nobody__chooses_desk_actor_files_or_editor_body() {
	desk --sample
	for w in '--as=alice' '--as alice' '-D/tmp' '-D .' '--desk=.' '-ND.'; do
		SSH_ORIGINAL_COMMAND="new -s x -m y $w" fails 77 '' tkt-shell bob
	done
	SSH_ORIGINAL_COMMAND="new -s x -m y -a $PWD/desk/secret/desk.key" \
		fails 77 'files cannot be named through tkt-shell' tkt-shell bob
	printf 'From: a@b.org\nTo: billing@acme.example\nSubject: m\n\nx\n' | mail-ingest >/dev/null
	SSH_ORIGINAL_COMMAND="show --raw 4 $PWD/stolen" fails 77 'files cannot be named' tkt-shell bob
	[ ! -e stolen ] || atf_fail "a file was written"
	export TKT_ACTOR=alice TKT_NOW=2030-01-01T00:00:00Z EDITOR=/bin/false
	SSH_ORIGINAL_COMMAND='new -s x -m y -o ids' ok tkt-shell bob
	unset TKT_ACTOR
	ok tkt-log --ticket 5 --action ticket.created
	jq -e '.actor == "agent:bob" and (.at < "2030")' out >/dev/null || atf_fail "$(cat out)"
}

sshd__forced_command_body() {
	command -v /usr/sbin/sshd >/dev/null || atf_skip "sshd is not installed"
	desk --sample
	ssh-keygen -q -t ed25519 -N '' -f hostkey
	ssh-keygen -q -t ed25519 -N '' -f key
	printf 'command="TKT_DESK=%s PATH=%s tkt-shell carol",restrict %s\n' "$TKT_DESK" "$PATH" "$(cat key.pub)" >authorized
	port=$((20000 + $$ % 20000))
	cat >sshd_config <<X
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/hostkey
AuthorizedKeysFile $PWD/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile $PWD/sshd.pid
PermitRootLogin prohibit-password
X
	# Started as root it wants its empty directory; it is not a service of the machine.
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	/usr/sbin/sshd -f "$PWD/sshd_config" -E sshd.log || atf_fail "$(cat sshd.log)"
	desk_ssh() {
		ssh -q -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
			-o ConnectTimeout=5 -i key -p "$port" 127.0.0.1 "$@"
	}
	desk_ssh list -o ids --sort id </dev/null >out 2>err
	got=$?
	echo 'text over ssh' | desk_ssh reply 2 --quiet >reply 2>err2
	desk_ssh 'fsck' </dev/null >out3 2>err3
	bad=$?
	kill "$(cat sshd.pid)"
	[ $got -eq 0 ] || atf_fail "ssh: $got $(cat err sshd.log)"
	is '3
2
1'
	jq -e '.body == "text over ssh" and .author.id == "carol"' reply >/dev/null || atf_fail "$(cat reply err2)"
	[ $bad -eq 77 ] || atf_fail "fsck over ssh: $bad"
}

cases cmd/tkt-shell_test.sh
