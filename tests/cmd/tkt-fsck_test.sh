# tkt-fsck: every kind of tampering is found and named.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk
	common_checks tkt-fsck
	no_desk tkt-fsck
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 64 'takes options only' tkt-fsck now
	tkt-fsck >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
}

clean__and_from_the_last_verified_body() {
	desk --sample
	ok tkt-fsck --all
	records
	ok tkt-fsck
	jq -e '.events == 0 and .problems == 0' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-set 1 priority=high
	ok tkt-fsck
	jq -e '.events == 1 and .tickets == 1' out >/dev/null || atf_fail "$(cat out)"
}

# tampered SQL TEXT: on a fresh copy, fsck --all exits 1 and says TEXT.
tampered() {
	rm -rf copy
	cp -a desk copy
	sqlite3 copy/store.db "PRAGMA trusted_schema=ON; $1" || atf_fail "sqlite3: $1"
	tkt-fsck -D copy --all -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "not found: $1: $(cat out err)"
	has "$2"
}

tampering__is_named_body() {
	desk --sample
	printf 'From: z@b.org\nTo: support@acme.example\nSubject: m\n\nx\n' | mail-ingest >/dev/null
	echo f >f
	ok tkt-reply 1 -m 'the answer' -a f --as alice --quiet
	ok tkt-set 2 tag+=x field.cause=user cc+=q@w.org --as alice
	ok tkt-fsck --all
	tampered "UPDATE ticket SET status = 'closed' WHERE id = 1" 'ticket 1: status is not what the log says'
	tampered "UPDATE ticket SET updated_at = updated_at + 1 WHERE id = 1" 'updated_at is not the log'
	tampered "UPDATE ticket SET assignee = 'carol' WHERE id = 1" 'ticket 1: assignee'
	tampered "DELETE FROM ticket_tag WHERE ticket = 2" 'ticket 2: tags'
	tampered "INSERT INTO ticket_tag VALUES ('y', 3)" 'ticket 3: tags'
	tampered "UPDATE ticket_field SET value = 'defect'" 'ticket 2: field.cause'
	tampered "DELETE FROM ticket_person" 'ticket 2: people'
	tampered "INSERT INTO ticket_link VALUES (1, 'follows', 2)" 'ticket 1: links'
	tampered "UPDATE message SET body = 'other' WHERE id = (SELECT max(id) FROM message)" 'its content is not what event'
	tampered "UPDATE message SET author = 'agent:bob' WHERE kind = 'reply'" 'its content is not what event'
	tampered "UPDATE attachment SET name = 'evil.exe'" 'its content is not what event'
	tampered "DELETE FROM attachment" 'its content is not what event'
	tampered "UPDATE event SET actor = 'agent:bob' WHERE id = 3" 'event 3 was changed'
	tampered "UPDATE event SET changes = replace(changes, 'n', 'm') WHERE id = 3" 'event 3 was changed'
	tampered "UPDATE event SET hash = randomblob(32) WHERE id = 3" 'event 3 does not follow'
	tampered "PRAGMA foreign_keys=OFF; DELETE FROM event WHERE id = 5" 'events 5 to 5 are missing'
	tampered "PRAGMA foreign_keys=OFF; DELETE FROM ticket WHERE id = 3" 'ticket 3 is missing'
	tampered "PRAGMA foreign_keys=OFF; DELETE FROM message WHERE ticket = 3" 'is missing'
	tampered "INSERT INTO ticket (subject, queue, status, phase, priority, kind, channel, requester, created_at, updated_at, last_event) VALUES ('x','inbox','new',0,1,'task','cli',1,1,1,1)" 'ticket 5 is not in the log'
	tampered "INSERT INTO message (id, ticket, kind, direction, channel, class, author, created_at, body) VALUES (1, 1, 'note', 'in', 'cli', 'human', 'system', 1, 'x')" 'message 1'
	tampered "UPDATE event SET changes = NULL WHERE id = (SELECT max(id) FROM event)" 'its changes were removed, and no erasure says so'
	tampered "INSERT INTO event SELECT id + 1, ticket, customer, at, actor, cause, batch, action, changes, digest, hash FROM event ORDER BY id DESC LIMIT 1" 'was changed'
	tampered "UPDATE message SET ticket = 1 WHERE ticket = 3" 'was moved to ticket 1'
	tampered "UPDATE ticket_field SET num = 7, value = '7' WHERE name = 'cause'" 'ticket 2: field.cause'
	tampered "UPDATE customer SET name = 'Eve' WHERE id = 1" 'customer 1: name is not what the log says'
	tampered "UPDATE address SET value = 'eve@evil.org' WHERE customer = 1" 'customer 1: addresses'
	tampered "DELETE FROM address WHERE customer = 1" 'customer 1: addresses'
	tampered "INSERT INTO customer (name) VALUES ('Mallory')" 'customer 5 is not in the log'
	tampered "PRAGMA foreign_keys=OFF; DELETE FROM customer WHERE id = 4" 'customer 4 is missing'
	tampered "INSERT INTO organization (name) VALUES ('evil')" 'organization 1 is not in the log'
	tampered "INSERT INTO search (rowid, subject, body) VALUES (999, 'planted', 'words')" 'search index'
	tampered "INSERT INTO search (search, rowid, subject, body) SELECT 'delete', id, subject, body FROM message WHERE ticket = 1 LIMIT 1" 'search index'
}

configuration__changed_behind_its_back_body() {
	desk --sample
	# Consistent in itself: content and hash.
	python3 - <<'P'
import hashlib, sqlite3
db = sqlite3.connect("desk/store.db")
text = db.execute("SELECT content FROM version WHERE part = 'desk'").fetchone()[0].replace(b'"queues":["billing","inbox"]', b'"queues":[]')
db.execute("UPDATE version SET content = ?, sha256 = ? WHERE part = 'desk'", (text, hashlib.sha256(text).digest()))
db.commit()
P
	ok tkt-list queue:hardware --as bob -o ids
	is 2
	tkt-fsck --all -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	has 'version 1 of the configuration: part desk is not what was applied'
}

tail__cut_after_a_check_is_found_body() {
	desk --sample
	ok tkt-set 3 priority=high
	ok tkt-fsck --all
	sqlite3 desk/store.db "DELETE FROM event WHERE id = (SELECT max(id) FROM event)"
	tkt-fsck -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	has 'the log was cut'
}

blobs__missing_changed_and_gc_body() {
	desk --sample
	printf 'From: z@b.org\nTo: support@acme.example\nSubject: m\n\nx\n' | mail-ingest >/dev/null
	f=$(find desk/blobs -type f)
	cp "$f" keep
	chmod +w "$f"
	echo tampered >>"$f"
	tkt-fsck --all -o human >out
	has 'its content has another hash'
	rm -f "$f"
	tkt-fsck --all -o human >out
	has 'No such file'
	cp keep "$f"
	ok tkt-fsck --all
	mkdir -p desk/blobs/ab/cd
	lost=desk/blobs/ab/cd/abcd$(printf '%060d' 0)
	echo lost >"$lost"
	ok tkt-fsck --gc --quiet
	[ -e "$lost" ] || atf_fail "a young blob was taken"
	touch -d '2 days ago' "$lost" "$f"
	ok tkt-fsck --gc --quiet
	[ ! -e "$lost" ] || atf_fail "an old one was not"
	[ -e "$f" ] || atf_fail "a named one was taken"
}

reindex__repairs_the_index_body() {
	desk --sample
	sqlite3 desk/store.db "INSERT INTO search (search) VALUES ('delete-all')"
	tkt-fsck -o human >out
	[ $? -eq 1 ] || atf_fail "not found"
	ok tkt-fsck --reindex
	ok tkt-list refund -o ids
	is 1
}

damaged__file_is_said_body() {
	desk --sample
	yes garbage | head -c 40960 | dd of=desk/store.db bs=4096 seek=2 conv=notrunc 2>/dev/null
	tkt-fsck --all >out 2>err
	[ $? -ne 0 ] || atf_fail "not found"
}

checkpoint__finds_a_log_written_anew_body() {
	desk --sample
	ok tkt-fsck --checkpoint
	records
	head=$(jq -r .head out)
	ok tkt-fsck --checkpoint -o human
	is "$head"
	ok tkt-set 3 priority=high
	ok tkt-fsck --verify-against "$head"
	fails 64 'is no checkpoint: NUMBER:HASH' tkt-fsck --verify-against 12
	fails 64 'is no checkpoint' tkt-fsck --verify-against "${head%:*}:00"
	# Another desk's log is as good a forgery as any: whole, consistent, and not ours.
	ok tkt-fsck --checkpoint -o human
	late=$(cat out)
	tkt-init --test --sample forged >/dev/null
	tkt-set -D forged 3 priority=high >/dev/null
	tkt-fsck -D forged --verify-against "$late" -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	has 'is not that of the checkpoint'
	# A cut tail, and nothing else wrong.
	cp -a desk cut
	sqlite3 cut/store.db "PRAGMA foreign_keys=OFF; DELETE FROM event WHERE id > ${head%:*};
		DELETE FROM meta WHERE key = 'verified'; UPDATE ticket SET priority = 1, updated_at = (SELECT at FROM event WHERE id = ${head%:*}),
		last_event = ${head%:*} WHERE id = 3"
	tkt-fsck -D cut --all -o human >out 2>err
	has 'ticket 3: its clocks are not what the log says'
	ok tkt-sla -D cut recompute 3
	ok tkt-fsck -D cut --all
	tkt-fsck -D cut --verify-against "$late" -o human >out 2>err
	[ $? -eq 1 ] || atf_fail "$(cat out)"
	has 'of the checkpoint is missing: the log was cut'
}

cases cmd/tkt-fsck_test.sh
