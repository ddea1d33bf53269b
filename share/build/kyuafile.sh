#!/bin/sh
# Writes Kyuafiles of what is there: kyuafile.sh BUILD C_TEST... -- SH_TEST...
# The top one includes one a folder; it goes to stdout, the others to BUILD/tests.
set -eu
build=$1
shift
start() {
	mkdir -p "$build/tests/$1"
	printf 'syntax(2)\ntest_suite("tkt")\n' >"$build/tests/$1/Kyuafile"
}
start lib
start cmd
start whole
while [ "$1" != -- ]; do
	echo "atf_test_program{name=\"$1\"}" >>"$build/tests/lib/Kyuafile"
	shift
done
shift
for f in "$@"; do
	name=${f#tests/}
	name=${name%.sh}
	dir=${name%%/*}
	{
		echo '#! /usr/bin/env atf-sh'
		cat "$f"
	} >"$build/tests/$name"
	chmod +x "$build/tests/$name"
	case $name in
	whole/agents_test | whole/crash_test | whole/writers_test | whole/latency_test | whole/limits_test) alone=', is_exclusive=true' ;;
	*) alone= ;;
	esac
	echo "atf_test_program{name=\"${name##*/}\"$alone}" >>"$build/tests/$dir/Kyuafile"
done
printf 'syntax(2)\ntest_suite("tkt")\n'
for dir in lib cmd whole; do
	echo "include(\"$dir/Kyuafile\")"
done
