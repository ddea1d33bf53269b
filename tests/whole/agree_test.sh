# Programs, manuals, completions, README, schemas and rooms tell one story.
. "$TKT_SRC/tests/helpers.sh"

programs() {
	for f in "$TKT_SRC"/cmd/*.c; do
		basename "$f" .c
	done
}

options__of_manual_and_program_body() {
	for p in $(programs); do
		"$p" --dump-options | sed 1d | while IFS='	' read -r letter name arg _; do
			[ "$letter" = - ] && letter= || letter="$letter , "
			[ "$arg" = - ] && arg= || arg=" Ar $arg"
			echo ".It Fl $letter-$name$arg"
		done | sort >want
		grep '^\.It Fl ' "$TKT_SRC/man/$p.1" | sort >got
		diff want got >differ || atf_fail "$p.1: $(cat differ)"
	done
}

manuals__are_sound_and_complete_body() {
	mandoc -Tlint -W warning "$TKT_SRC"/man/*.[1-8] >lint 2>&1
	[ ! -s lint ] || atf_fail "$(head lint)"
	for p in $(programs); do
		for s in NAME SYNOPSIS DESCRIPTION ENVIRONMENT 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			grep -q "^\.Sh $s\$" "$TKT_SRC/man/$p.1" || atf_fail "$p.1 has no $s"
		done
		summary=$("$p" --dump-options | head -n 1 | cut -f2)
		grep -qxF ".Nd $summary" "$TKT_SRC/man/$p.1" || atf_fail "$p.1: .Nd is not \"$summary\""
	done
	# Every page named in SEE ALSO that is ours exists.
	sed -n 's/^\.Xr \([a-z.-]*\) \([157]\).*/\1.\2/p' "$TKT_SRC"/man/* | sort -u |
		grep -E '^(tkt|mail|kb|cust|hook|chat)' | while read -r page; do
		[ -e "$TKT_SRC/man/$page" ] || echo "$page"
	done >missing
	[ ! -s missing ] || atf_fail "no such pages: $(cat missing)"
}

readme__has_a_line_for_each_body() {
	for p in $(programs); do
		grep -q "^| \`$p\` |" "$TKT_SRC/README.md" || atf_fail "README has no line for $p"
	done
}

completions__are_valid_and_know_every_option_body() {
	for p in $(programs); do
		bash -n "$TKT_BUILD/completions/bash/$p" || atf_fail "bash: $p"
		zsh -n "$TKT_BUILD/completions/zsh/_$p" || atf_fail "zsh: $p"
		fish -n "$TKT_BUILD/completions/fish/$p.fish" || atf_fail "fish: $p"
		for name in $("$p" --dump-options | sed 1d | cut -f2); do
			grep -qF -- "--$name" "$TKT_BUILD/completions/bash/$p" || atf_fail "bash: $p --$name"
			grep -qF -- "--$name" "$TKT_BUILD/completions/zsh/_$p" || atf_fail "zsh: $p --$name"
			grep -qF -- "-l $name" "$TKT_BUILD/completions/fish/$p.fish" || atf_fail "fish: $p --$name"
		done
	done
}

completions__complete_in_bash_body() {
	desk --sample
	cat >try <<'X'
. "$TKT_BUILD/completions/bash/tkt-new"
COMP_WORDS=(tkt-new --queue b) COMP_CWORD=2
_tkt_new
echo "${COMPREPLY[@]}"
COMP_WORDS=(tkt-new --sub) COMP_CWORD=1
_tkt_new
echo "${COMPREPLY[@]}"
X
	bash try >out || atf_fail "bash"
	is 'billing
--subject'
}

rooms__include_only_downwards_body() {
	# The rooms of the house, from the top. A room may use those below it.
	order='web phone social chat channel mail exchange sla trial change policy query kb ticket desk store base'
	for f in "$TKT_SRC"/lib/*/*.[ch]; do
		room=$(basename "$(dirname "$f")")
		below=$(echo " $order" | sed "s/.* $room\b/$room/")
		sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f" | while read -r used; do
			echo " $below " | grep -q " $used " || echo "$f includes $used/"
		done
	done >bad
	[ ! -s bad ] || atf_fail "$(cat bad)"
	grep -l '^#include "[a-z-]*\.c"\|#include "\.\./' "$TKT_SRC"/cmd/*.c && atf_fail "a command includes a command"
	grep -lE 'sqlite3\.h|libpq-fe\.h' "$TKT_SRC"/cmd/*.c "$TKT_SRC"/lib/*/*.[ch] | grep -v /lib/store/ >bad
	[ ! -s bad ] || atf_fail "SQL engines outside of lib/store: $(cat bad)"
	return 0
}

programs__load_only_what_they_use_body() {
	for p in tkt-new tkt-list tkt-set tkt-show tkt-reply tkt-log; do
		ldd "$TKT_BUILD/bin/$p" >libs || atf_fail ldd
		for heavy in glib gmime curl git2 archive icu xml2 confuse ical; do
			! grep -q "lib$heavy" libs || atf_fail "$p loads $heavy"
		done
	done
}

schemas__cover_every_type_body() {
	# Each type that a program can print has a schema, and tkt-json(5) names it.
	for s in "$TKT_SRC"/share/schema/*.json; do
		t=$(basename "$s" .json)
		grep -q "^\.It Cm $t\$" "$TKT_SRC/man/tkt-json.5" || atf_fail "tkt-json(5) lacks $t"
	done
}

limits__of_manual_and_code_body() {
	grep -o '^\.It Dv [A-Z_]*' "$TKT_SRC/man/tkt-store.7" | while read -r _ _ name; do
		grep -qr "define $name " "$TKT_SRC"/lib || echo "$name"
	done >bad
	[ ! -s bad ] || atf_fail "tkt-store(7) names what is not defined: $(cat bad)"
}

banned__calls_are_not_used_body() {
	grep -nE '\b(strcpy|strcat|sprintf|strtok|atoi|system|popen|gmtime|localtime)[[:space:]]*\(' \
		"$TKT_SRC"/cmd/*.c "$TKT_SRC"/lib/*/*.[ch] >bad
	[ ! -s bad ] || atf_fail "$(cat bad)"
}

cases whole/agree_test.sh
