# tkt-sql: questions that only read.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-sql 'SELECT 1'
	no_desk tkt-sql 'SELECT 1'
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-sql 'SELECT 1' >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 'say one question' tkt-sql
	fails 77 'may not desk.config' tkt-sql 'SELECT 1' --as carol
}

views__as_the_manual_names_them_body() {
	desk --sample
	for v in $(sed -n '/^\.Sh VIEWS/,/^\.El/s/^\.It Cm //p' "$TKT_SRC/man/tkt-store.7"); do
		columns=$(sed -n "/^\.It Cm $v\$/{n;p;}" "$TKT_SRC/man/tkt-store.7")
		ok tkt-sql "SELECT $(echo "$columns" | tr ' ' ',') FROM $v"
		have=$(tkt-sql "SELECT name FROM pragma_table_info('$v')" 2>/dev/null) || :
		[ -z "$have" ] || atf_fail "a pragma was answered"
	done
	ok tkt-sql "SELECT t.id, t.priority, c.name FROM tickets t JOIN customers c ON c.id = t.customer WHERE t.id = 1"
	records
	is '{"type":"row","id":1,"priority":"normal","name":"Ann Lee"}'
	ok tkt-sql "SELECT id, created_at, NULL AS x, 1.5 AS r, x'00ff' AS b FROM tickets ORDER BY id LIMIT 1" -o tsv
	has '00ff'
	ok tkt-sql 'SELECT id FROM tickets ORDER BY id' -o ids
	is '1
2
3'
	ok tkt-sql 'SELECT count(*) AS n FROM events' -o human
	has 'n'
}

anything__but_one_select_is_refused_body() {
	desk --sample
	for q in 'DELETE FROM ticket' "UPDATE ticket SET subject = 'x'" "INSERT INTO meta VALUES ('a', 'b')" 'DROP TABLE ticket' \
		"ATTACH 'x.db' AS x" 'PRAGMA journal_mode' 'CREATE TABLE x (y)' 'VACUUM' 'BEGIN' 'SELECT content FROM version' \
		'SELECT value FROM meta' "SELECT load_extension('x')" "SELECT body FROM search" 'EXPLAIN DELETE FROM ticket'; do
		tkt-sql "$q" >out 2>err
		case $? in
		64 | 77) ;;
		*) atf_fail "$q: $(cat out err)" ;;
		esac
		[ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] || atf_fail "$q: $(cat out err)"
	done
	fails 64 'one SELECT at a time' tkt-sql 'SELECT 1; SELECT 2'
	fails 64 'one SELECT at a time' tkt-sql ''
	fails 64 'no such column: foo' tkt-sql 'SELECT foo FROM tickets'
	ok tkt-sql 'SELECT 1 AS x;  '
	ok tkt-fsck --all
}

limits__rows_and_time_body() {
	desk --sample
	tkt-sql 'WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a WHERE x < 100) SELECT x FROM a' -n 7 -o ids >out 2>err || atf_fail "$?"
	[ "$(wc -l <out)" -eq 7 ] || atf_fail "$(cat out)"
	grep -q 'more than 7 rows: -n 0 prints all' err || atf_fail "$(cat err)"
	ok tkt-sql 'WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a WHERE x < 100) SELECT x FROM a' -n 0 -o ids
	[ "$(wc -l <out)" -eq 100 ] || atf_fail "$(wc -l <out)"
	fails 75 'took longer than 1 s' tkt-sql --seconds 1 'WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT max(x) FROM a'
}

cases cmd/tkt-sql_test.sh
