# The EXAMPLES of every manual page, and the recipes, really run.
. "$TKT_SRC/tests/helpers.sh"

# Each literal block's lines after "$ " run by bash, in the order of the page.
run_page() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -n 's/^\$ //p' | sed 's/\\e/\\/g' >script
	if [ "$(basename "$1")" = tkt.7 ]; then
		sed -n 's/^\$ //p' "$1" >script
	fi
	[ -s script ] || return 0
	rm -rf work play acme desk copy.db mail share trial
	mkdir -p share && cp -r "$TKT_SRC/share/channel" "$TKT_SRC/share/bot" share
	cp -r "$TKT_SRC/share/sample/mail" mail
	desk --sample
	bash -euo pipefail script >out 2>&1 || atf_fail "$1: $(cat script out)"
}

manuals__examples_run_body() {
	unset TKT_NOW
	for page in "$TKT_SRC"/man/*.[1-8]; do
		run_page "$page"
	done
}

conf__example_applies_body() {
	desk
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$TKT_SRC/man/tkt.conf.5" | sed '/^\./d' >desk/tkt.conf
	[ -s desk/tkt.conf ] || atf_fail "no example"
	ok tkt-config apply
	ok tkt-new -c email -s 'Invoice 1' -m x
	jq -e '.queue == "billing" and .tags == ["money"]' out >/dev/null || atf_fail "$(cat out)"
}

readme__session_prints_what_it_says_body() {
	cp -r "$TKT_SRC/share/sample/mail" mail
	sed -n '/^```$/,/^```$/p' "$TKT_SRC/README.md" | sed '1d;$d' >session
	sed -n 's/^\$ //p' session >script
	grep -v '^\$ ' session >want
	unset TKT_NOW
	bash -eu script >printed 2>&1 || atf_fail "$(cat printed)"
	# A slow machine may be a second older.
	sed 's/ [1-9][0-9]*s  / 0s  /' printed >out
	# When billing opens again depends on the day.
	sed -i -E 's/ [ 0-9]+[hd]  (Refund|VAT)/ DUE  \1/' out want
	# Standard error and output are one terminal there: only the set of lines counts.
	sort want >want.sorted
	sort out >out.sorted
	diff want.sorted out.sorted >differ || atf_fail "$(cat differ)"
}

recipes__procmail_body() {
	command -v procmail >/dev/null || atf_skip "procmail is not installed"
	desk --sample
	sed "s|^TKT_DESK=.*|TKT_DESK=$TKT_DESK|; s|^PATH=.*|PATH=$PATH|" "$TKT_SRC/share/recipes/procmailrc" >rc
	for m in "$TKT_SRC"/share/sample/mail/0[1-3]*.eml; do
		procmail -m ./rc <"$m" || atf_fail "procmail: $?"
	done
	ok tkt-list -o ids
	[ "$(wc -l <out)" -eq 5 ] || atf_fail "$(cat out)"
}

recipes__git_hook_checks_policy_body() {
	desk --sample
	git init -q policy
	cp desk/tkt.conf policy/
	cp "$TKT_SRC/share/recipes/git-pre-commit" policy/.git/hooks/pre-commit
	chmod +x policy/.git/hooks/pre-commit
	cd policy || exit 1
	git config user.name t && git config user.email t@example.org
	git add tkt.conf && git commit -qm good >out 2>&1 || atf_fail "$(cat out)"
	echo 'queue x {' >>tkt.conf
	git add tkt.conf && git commit -qm bad >out 2>&1 && atf_fail "a wrong tkt.conf was committed"
	has 'tkt.conf:'
}

recipes__knowledge_base_in_ci_body() {
	mkdir kb
	echo 'Text.' | article kb/good.md Good
	git init -q kb
	cp "$TKT_SRC/share/recipes/kb-pre-commit" kb/.git/hooks/pre-commit
	cd kb || exit 1
	git config user.name t && git config user.email t@example.org
	git add -A && git commit -qm good >out 2>&1 || atf_fail "$(cat out)"
	echo 'no front matter' >bad.md
	git commit -q --allow-empty -m 'bad.md is not in it' >out 2>&1 || atf_fail "$(cat out)"
	git add bad.md && git commit -qm bad >out 2>&1 && atf_fail "a broken article was committed"
	has 'bad.md:1: no front matter'
	# The steps of the workflow.
	sed -n 's/^ *- run: //p' "$TKT_SRC/share/recipes/kb-ci.yml" >steps
	[ "$(wc -l <steps)" -eq 2 ] || atf_fail "$(cat steps)"
	rm out && git rm -qf --cached bad.md && rm bad.md steps.log 2>/dev/null
	sed -n 's/^ *- run: //p' "$TKT_SRC/share/recipes/kb-ci.yml" >../steps && rm -f steps
	while read -r line; do
		sh -c "$line" >../out 2>&1 || atf_fail "$line: $(cat ../out)"
	done <../steps
	echo 'no front matter' >bad.md
	sh -c "$(head -n 1 ../steps)" >../out 2>&1 && atf_fail "a broken article passed"
	cd ..
	has '::error file=bad.md,line=1'
}

recipes__crontab_lines_run_body() {
	desk --sample
	# Five fields, then the command, with \% for %.
	sed -n '/^[^#]/{s/^\([^ ]* \)\{5\}//;s/\\%/%/g;p;}' "$TKT_SRC/share/recipes/crontab" >lines
	[ "$(wc -l <lines)" -eq 5 ] || atf_fail "$(cat lines)"
	while read -r line; do
		env TKT_DESK="$TKT_DESK" PATH="$PATH" HOME="$PWD" sh -c "$line" >out 2>&1 || atf_fail "$line: $(cat out)"
		is ''
	done <lines
	ok tkt-backup --verify backup-*.tar.zst
}

cases whole/examples_test.sh
