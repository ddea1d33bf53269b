# mail-quarantine: list, show, release, discard.
. "$TKT_SRC/tests/helpers.sh"

# held: a desk with two mails in the quarantine.
held() {
	desk --sample
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: away\nMessage-ID: <h1@x>\nAuto-Submitted: auto-replied\n\nI am away.\n' | mail-ingest >out
	printf 'Subject: from nobody\nMessage-ID: <h2@x>\n\nguess\n' | mail-ingest >out
}

common__words_and_disk_body() {
	desk --sample
	common_checks mail-quarantine list
	no_desk mail-quarantine list
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'what? list, show ID' mail-quarantine
	fails 64 'no such word (did you mean "show"?)' mail-quarantine shw
	fails 64 'show what?' mail-quarantine show
	fails 64 'at least four digits' mail-quarantine show xyz
	fails 64 'list takes no ids' mail-quarantine list abcd
	fails 66 'no quarantined mail "abcdef"' mail-quarantine release abcdef
	printf 'Subject: from nobody\n\nguess\n' | mail-ingest >out
	mail-quarantine list -o human >/dev/full 2>err
	status=$?
	[ $status -eq 74 ] || atf_fail "/dev/full: $status"
}

list__oldest_first_body() {
	held
	ok mail-quarantine list
	records
	jq -se 'map(.external_id) == ["<h1@x>", "<h2@x>"] and .[0].reason == "it answers nothing of ours, and no person wrote it" and .[0].from == "ann@example.com" and .[1].from == null and .[1].reason == "no sender"' out >/dev/null || atf_fail "$(cat out)"
	ok mail-quarantine list -o human
	has 'no sender'
	has 'from nobody'
	ok mail-quarantine list -o ids
	[ "$(wc -l <out)" -eq 2 ] || atf_fail "$(cat out)"
}

show__headers_text_or_bytes_body() {
	held
	id=$(mail-quarantine list -o ids | tail -n 1)
	ok mail-quarantine show "$id" -o human
	has 'no sender (M4)'
	has 'Subject: from nobody'
	has 'guess'
	ok mail-quarantine show "$id" --raw
	is "$(printf 'Subject: from nobody\nMessage-ID: <h2@x>\n\nguess')"
	ok mail-quarantine show "$id"
	records
}

release__files_it_body() {
	held
	# shellcheck disable=SC2046 # ids are words
	ok mail-quarantine release $(mail-quarantine list -o ids)
	records
	jq -se 'map(.outcome) == ["created", "created"] and map(.ticket) == [4, 5]' out >/dev/null || atf_fail "$(cat out)"
	ok mail-quarantine list
	is ''
	# It is known now: a retry makes nothing.
	printf 'Subject: from nobody\nMessage-ID: <h2@x>\n\nguess\n' | mail-ingest >out
	jq -e '.outcome == "duplicate" and .ticket == 5' out >/dev/null || atf_fail "$(cat out)"
	# Nobody is written to.
	tkt-reply 5 -m 'who are you?' --as alice >out 2>err || atf_fail "$(cat err)"
	[ "$(sqlite3 desk/store.db 'SELECT count(*) FROM delivery WHERE ticket = 5')" = 0 ] || atf_fail delivery
	ok tkt-fsck --all
}

release__of_what_was_cut_body() {
	desk --sample
	sed -i '1i limits { mail_size = 100kB }' desk/tkt.conf
	ok tkt-config apply
	{
		printf 'From: a@b.org\nSubject: big\nMessage-ID: <big@x>\n\n'
		yes 'a line of text' | head -c 3000000
	} >m
	mail-ingest <m >out || atf_fail ingest
	ok mail-quarantine release "$(mail-quarantine list -o ids)"
	jq -e '.outcome == "created" and .external_id == "<big@x>"' out >/dev/null || atf_fail "$(cat out)"
	ok mail-quarantine list
	is ''
	mail-ingest <m >out || atf_fail ingest
	jq -e '.outcome == "duplicate"' out >/dev/null || atf_fail "$(cat out)"
}

discard__stays_known_and_frees_its_bytes_body() {
	held
	ok mail-quarantine discard "$(mail-quarantine list -o ids | head -n 1)"
	records
	ok mail-quarantine list
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
	printf 'From: ann@example.com\nTo: support@acme.example\nSubject: away\nMessage-ID: <h1@x>\nAuto-Submitted: auto-replied\n\nI am away.\n' | mail-ingest >out
	jq -e '.outcome == "duplicate"' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-fsck --all
	blobs=$(find desk/blobs -type f | wc -l)
	find desk/blobs -type f -exec touch -d '3 days ago' '{}' +
	ok tkt-fsck --gc --quiet
	[ "$(find desk/blobs -type f | wc -l)" -eq $((blobs - 1)) ] || atf_fail "not removed"
	ok tkt-fsck --all
	ok mail-quarantine show "$(mail-quarantine list -o ids)" --raw
}

rights__are_the_whole_desk_body() {
	held
	fails 77 'does not see all queues' mail-quarantine list --as bob
	ok mail-quarantine list --as alice
}

cases cmd/mail-quarantine_test.sh
