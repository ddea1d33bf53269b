#!/bin/sh
# make lint: lint.sh "C FILES" "SHELL FILES" "MANUALS" "CFLAGS"
# Errors end it with 1; sizes past comfort are only shown.
set -u
c_files=$1 sh_files=$2 mans=$3 cflags=$4
bad=0
step() {
	echo "lint: $1" >&2
}
# shellcheck disable=SC2086,SC2046 # lists
{
	step format
	clang-format --dry-run -Werror $c_files 2>format.log || {
		grep -c 'error:' format.log >&2
		head -n 20 format.log >&2
		bad=1
	}
	rm -f format.log
	step shellcheck
	shellcheck -S warning -s sh -e SC2034,SC3043,SC1090,SC1091,SC2154 $(printf '%s\n' $sh_files | grep -v '^.ci') || bad=1
	shellcheck -S warning .ci/run || bad=1
	step manuals
	mandoc -Tlint -W warning $mans || bad=1
	step cppcheck
	cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,portability \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		--suppress=unknownMacro --suppress=nullPointerArithmetic --suppress=varFuncNullUB \
		-DTKT_VERSION='"x"' -DTKT_SHAREDIR='"x"' -Ilib cmd lib || bad=1
	step clang-tidy
	# Outputs are written only on RC_OK, which the analyser cannot see across files.
	# Leaks over forks and exits, and "insecure" snprintf and memcpy, are not what we look for.
	printf '%s\n' cmd/*.c lib/*/*.c | xargs -P "$(nproc)" -I '{}' clang-tidy '{}' --quiet \
		--warnings-as-errors='*' \
		--checks='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.*,-clang-analyzer-valist.*,-clang-analyzer-core.NullDereference,-clang-analyzer-core.NonNullParamChecker,-clang-analyzer-core.uninitialized.Assign,-clang-analyzer-core.CallAndMessage,-clang-analyzer-optin.performance.Padding,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-implicit-widening-of-multiplication-result,-bugprone-assignment-in-if-condition,-bugprone-branch-clone,-bugprone-not-null-terminated-result,-bugprone-narrowing-conversions,-bugprone-macro-parentheses,-bugprone-signal-handler,-bugprone-multi-level-implicit-pointer-conversion,-bugprone-sizeof-expression,-bugprone-suspicious-string-compare,-bugprone-misplaced-widening-cast' \
		-- $cflags -DTKT_VERSION='"x"' -DTKT_SHAREDIR='"x"' -w -I"$B" \
		$(pkg-config --cflags gmime-3.0 libxml-2.0) 2>tidy.log || bad=1
	grep -vE 'warnings generated|Suppressed|Use -header' tidy.log >&2
	rm -f tidy.log
	step compilers
	for cc in gcc clang; do
		for f in cmd/*.c lib/*/*.c; do
			case $f in
			lib/mail/* | lib/base/html* | lib/social/feed.c) extra=$(pkg-config --cflags gmime-3.0 libxml-2.0) ;;
			*) extra= ;;
			esac
			$cc -fsyntax-only -Werror $cflags $extra -DTKT_VERSION='"x"' -DTKT_SHAREDIR='"x"' "$f" || bad=1
		done
	done
}
step sizes
# shellcheck disable=SC2086
wc -l $c_files | awk '$2 != "total" && (($2 ~ /^cmd/ && $1 > 400) || ($2 ~ /^lib/ && $1 > 800)) { print "long file: " $2 ": " $1 }'
# shellcheck disable=SC2086
awk 'FNR == 1 { start = 0 } /^{$/ { start = FNR } /^}$/ && start { if (FNR - start > 100) print "long function: " FILENAME ":" start ": " FNR - start; start = 0 }' $c_files
[ "$bad" -eq 0 ] && echo "lint: clean"
exit "$bad"
