# tkt-list: queries, order, pages, counts, formats, roles.
. "$TKT_SRC/tests/helpers.sh"

# many: 30 tickets, an hour apart, over three queues.
many() {
	desk --sample
	for i in $(seq 1 27); do
		TKT_NOW=$(date -u -d "2026-11-22T10:00:00Z + $i hours" +%Y-%m-%dT%H:%M:%SZ)
		export TKT_NOW
		case $((i % 3)) in
		0) q=inbox p=low ;;
		1) q=billing p=high ;;
		2) q=hardware p=normal ;;
		esac
		tkt-new -s "number $i" -m "body $i" -q $q -p $p -t "t$((i % 5))" >/dev/null ||
			atf_fail "new $i"
	done
}

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-list
	no_desk tkt-list
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-list >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full: $(cat err)"
	tkt-list | head -n 0 || atf_fail "closed pipe"
}

bodies__are_matched_body() {
	desk
	tkt-new -s one -m 'the fuser is broken' >/dev/null
	tkt-new -s two -m 'all is well' >/dev/null
	ok tkt-list 'body:/FUSER|toner/' -o ids
	is 1
	ok tkt-list '-body:well' -o ids
	is 1
	ok tkt-list 'body:/nothing/' -o ids
	is ''
}

query__selects_body() {
	many
	ok tkt-list queue:billing priority:high -o ids -n 2
	is '28
25'
	ok tkt-list queue:inbox tag:t3,t4 -tag:t3 -o ids
	is '27
12'
}

terms__that_look_like_options_body() {
	desk --sample
	ok tkt-list -tag:money -o ids --sort id
	is '3
2'
	ok tkt-list -o ids -queue:inbox --sort -id
	is '1
2'
}

errors__have_a_caret_body() {
	desk --sample
	fails 64 'unknown key "statsu" (did you mean "status"?)' tkt-list phase:open statsu:open
	grep -q '^             ^$' err || atf_fail "$(cat err)"
	fails 64 'view "mnie": no such view (did you mean "mine"?)' tkt-list --view mnie
	fails 64 'no such order (did you mean "updated"?)' tkt-list --sort updaetd
	fails 64 'is no cursor' tkt-list --after x
	fails 64 'is not a number' tkt-list -n x
	fails 64 'needs a word' tkt-list --sort relevance
}

order__and_pages_body() {
	many
	ok tkt-list -o ids
	cp out whole
	: >paged
	after=
	while :; do
		# shellcheck disable=SC2086 # nothing, or two words
		ok tkt-list -n 7 --cursor $after
		jq -r 'select(.type == "ticket") | .id' out >>paged
		c=$(jq -r 'select(.type == "cursor") | .after' out)
		[ -n "$c" ] || break
		after="--after $c"
	done
	cmp whole paged || atf_fail "pages: $(tr '\n' ' ' <paged)"
	ok tkt-list --sort priority -o ids -n 1
	is 28
	ok tkt-list --sort -created -o ids -n 1
	is 1
	ok tkt-list --sort -id -o ids -n 2
	is '1
2'
}

words__find_messages_newest_first_body() {
	desk --sample
	ok tkt-reply 1 -m 'We found the refund machine' --as alice --quiet
	ok tkt-list refund -o ids
	is 1
	ok tkt-list charged twice -o ids
	is 1
	ok tkt-list '"charged twice"' -o ids
	is 1
	ok tkt-list '"twice charged"' -o ids
	is ''
	ok tkt-list 'prin*' -o ids
	is 2
	ok tkt-list PAPER -o ids
	is 2
	ok tkt-list refund machine queue:billing --sort relevance -o ids
	is 1
	# Words of two messages do not meet.
	ok tkt-list machine twice -o ids
	is ''
	ok tkt-set 3 'subject=Zebra crossing'
	ok tkt-list zebra -o ids
	is 3
}

views__and_counts_body() {
	desk --sample
	ok tkt-list --view unassigned -o ids
	is 3
	ok tkt-list --view open queue:billing -o ids
	is 1
	ok tkt-list --view mine --as alice -o ids
	is 1
	ok tkt-list --counts
	records
	has '{"type":"count","view":"open","count":3,"more":false}'
	ok tkt-list --counts tag:money
	is '{"type":"count","view":null,"count":1,"more":false}'
	ok tkt-list --counts subject:/e/ --exact -o tsv
	is 'tickets	3'
	tkt-list --exists tag:money || atf_fail "exists"
	tkt-list --exists tag:none
	[ $? -eq 1 ] || atf_fail "--exists: not 1"
}

formats__for_people_and_programs_body() {
	desk --sample
	ok tkt-list -o tsv --sort id -n 1
	is '3	new	normal	inbox		2026-11-22T10:00:00Z	How do I change my password?'
	ok tkt-list -o human --sort id -n 1
	has 'ID  STATUS  PRIORITY  QUEUE  ASSIGNEE  AGE  DUE  SUBJECT'
	ok tkt-list
	records
	PAGER='cat' COLUMNS=60 script -qec 'tkt-list' /dev/null </dev/null >out 2>&1 || atf_fail "$(cat out)"
	has '…'
	awk 'length($0) > 75 { exit 1 }' out || atf_fail "wider than the terminal: $(cat out)"
	ok tkt-new -s '日本語の件名 wide' -m x
	ok tkt-list -o human -n 2
	has '日本語の件名 wide'
}

hidden__unless_asked_for_body() {
	desk --sample
	ok tkt-set 1 phase=spam
	ok tkt-list -o ids --sort id
	is '3
2'
	ok tkt-list is:spam -o ids
	is 1
	ok tkt-set 1 phase=normal
	ok tkt-list queue:billing -o ids
	is 1
}

roles__see_their_queues_only_body() {
	desk --sample
	ok tkt-list --as bob -o ids --sort id
	is '3
1'
	ok tkt-list --as bob queue:hardware -o ids
	is ''
	ok tkt-list --as bob 'is:spam or queue:hardware or paper' -o ids
	is ''
	ok tkt-list --as bob --counts 'id:2'
	has '"count":0'
}

cases cmd/tkt-list_test.sh
