# mail-queue: list, show, hold, cancel, retry.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks mail-queue list
	no_desk mail-queue list
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'what? list, show ID' mail-queue
	fails 64 'no such word (did you mean "show"?)' mail-queue shw
	fails 64 'cancel what?' mail-queue cancel
	fails 64 'an id is 900.1' mail-queue show x.1
	fails 64 'list takes no ids' mail-queue list 4
	fails 64 '--state "snet": unknown (did you mean "sent"?)' mail-queue list --state snet
	fails 66 'no delivery "900.1"' mail-queue cancel 900.1
	ok tkt-reply 1 -m hi --quiet --as alice
	mail-queue list -o human >/dev/full 2>err
	status=$?
	[ $status -eq 74 ] || atf_fail "/dev/full: $status"
}

list__what_waits_and_what_does_not_body() {
	desk --sample
	ok tkt-reply 1 -m hi --quiet --as alice -o ids --cc boss@example.com
	id=$(cat out)
	ok mail-queue list
	records
	jq -se --arg id "$id" 'map(.id) == [$id + ".1", $id + ".2"] and all(.state == "queued" and .via == "mail" and .kind == "reply" and .ticket == 1)' out >/dev/null || atf_fail "$(cat out)"
	ok mail-queue list --via hook
	is ''
	ok mail-queue list --ticket 2
	is ''
	ok mail-queue list --ticket 1 -o ids -n 1
	is "$id.1"
	ok mail-queue cancel "$id.2"
	jq -e '.state == "cancelled"' out >/dev/null || atf_fail "$(cat out)"
	ok mail-queue list --state cancelled -o human
	has 'boss@example.com'
	ok mail-queue show "$id" -o human
	has 'To: Ann Lee <ann@example.com>'
	lacks 'Cc: boss@example.com'
}

verbs__keep_to_what_is_possible_body() {
	desk --sample
	ok tkt-reply 1 -m hi --quiet --as alice -o ids
	id=$(cat out).1
	ok mail-queue hold "$id"
	ok mail-send
	is ''
	fails 65 'is held' mail-queue hold "$id" || :
	sqlite3 desk/store.db 'UPDATE delivery SET state = 3'
	fails 65 'is sent' mail-queue cancel "$id"
	fails 65 'is sent' mail-queue retry "$id"
	sqlite3 desk/store.db 'UPDATE delivery SET state = 4'
	ok mail-queue retry "$id" -o human
	has 'queued'
}

access__goes_by_the_queues_of_the_role_body() {
	desk --sample
	ok tkt-reply 2 -m hi --quiet --as carol -o ids
	id=$(cat out)
	fails 77 'does not see all queues' mail-queue list --as bob
	fails 77 'hardware' mail-queue show "$id" --as bob
	fails 77 'hardware' mail-queue list --ticket 2 --as bob
	ok mail-queue list --ticket 2 --as carol
	ok mail-queue cancel "$id" --as carol
}

cases cmd/mail-queue_test.sh
