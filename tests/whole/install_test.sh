# An installed tree works from where it stands, and goes away again.
. "$TKT_SRC/tests/helpers.sh"

install__works_from_destdir_body() {
	root=$PWD/root
	make -C "$TKT_SRC" -s B="$TKT_BUILD" install DESTDIR="$root" PREFIX=/usr >log 2>&1 || atf_fail "$(tail log)"
	for p in "$TKT_SRC"/cmd/*.c; do
		p=$(basename "$p" .c)
		[ -x "$root/usr/bin/$p" ] || atf_fail "no $p"
		[ -s "$root/usr/share/man/man1/$p.1" ] || atf_fail "no $p.1"
		[ -s "$root/usr/share/bash-completion/completions/$p" ] || atf_fail "no completion of $p"
	done
	[ -s "$root/usr/share/tkt/schema/ticket.json" ] || atf_fail "no schemas"
	[ -s "$root/usr/share/tkt/recipes/procmailrc" ] || atf_fail "no recipes"
	mkdir away
	cd away || exit 1
	env -i PATH="$root/usr/bin:/usr/bin:/bin" sh -eu -c '
		tkt init --sample desk >/dev/null
		export TKT_DESK=$PWD/desk
		mail-ingest "$0"/usr/share/tkt/sample/mail/*.eml >/dev/null
		tkt list -o ids | wc -l' "$root" >../out 2>../err || atf_fail "$(cat ../err)"
	cd ..
	is 7
	make -C "$TKT_SRC" -s B="$TKT_BUILD" uninstall DESTDIR="$root" PREFIX=/usr >log 2>&1 || atf_fail "$(tail log)"
	find "$root" -type f >left
	[ ! -s left ] || atf_fail "left behind: $(cat left)"
}

cases whole/install_test.sh
