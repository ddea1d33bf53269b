#!/bin/sh
# Runs kyua over the built tests: run-tests.sh BUILD JOBS [TEST...]. The last line counts;
# a skipped test is named, and fails when CI is set.
set -eu
build=$1 jobs=$2
shift 2
cd "$build/tests"
db=$build/tests/results.db
rm -f "$db"
export ASAN_OPTIONS="detect_leaks=1:${ASAN_OPTIONS-}" LSAN_OPTIONS="suppressions=$TKT_SRC/tests/lsan.supp:print_suppressions=0"
status=0
kyua -v parallelism="$jobs" test -k Kyuafile -r "$db" "$@" >run.log 2>&1 || status=$?
kyua report -r "$db" --verbose --results-filter=broken,failed >report.log 2>&1 || :
grep -E '(failed|broken|skipped):' run.log || :
if grep -qE '(failed|broken):' run.log; then
	sed -n '/^===>/,$p' report.log | head -n 300
fi
kyua report -r "$db" --verbose --results-filter=passed 2>/dev/null | sed -n 's/^figure: //p'
passed=$(grep -cE ' -> +passed' run.log || :)
failed=$(grep -cE ' -> +(failed|broken)' run.log || :)
skipped=$(grep -cE ' -> +skipped' run.log || :)
[ "${CI-}" = true ] && failed=$((failed + skipped))
[ "$passed" -gt 0 ] || { tail -n 5 run.log; status=1; }
[ "$skipped" -eq 0 ] || echo "$skipped skipped: install what they need with make deps"
grep -oE '^[^ ]+ +-> +(failed|broken)' run.log || :
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && exit $status
exit 1
