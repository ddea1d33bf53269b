#!/bin/sh
# The table of programs for `tkt help`: programs.sh cmd/*.c >programs.h
set -eu
echo 'static const struct { const char *name, *summary; } programs[] = {'
for f in "$@"; do
	name=$(sed -n 's/^ *\.name = "\(.*\)",$/\1/p' "$f")
	summary=$(sed -n 's/^ *\.summary = "\(.*\)",$/\1/p' "$f")
	[ -n "$name" ] && [ -n "$summary" ] || {
		echo "$f: no .name or .summary" >&2
		exit 1
	}
	echo "	{\"$name\", \"$summary\"},"
done
echo '	{NULL, NULL},'
echo '};'
