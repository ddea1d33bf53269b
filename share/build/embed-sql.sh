#!/bin/sh
# Turns migration scripts into C: embed-sql.sh NNN-what.sql... >migrations.c
set -eu
echo '#include <stdbool.h>'
echo '#include "store/store_priv.h"'
table=
for f in "$@"; do
	base=$(basename "$f" .sql)
	n=$(echo "$base" | sed 's/-.*//; s/^0*//')
	case $(head -n 1 "$f") in
	'-- instant') instant=true ;;
	'-- long') instant=false ;;
	*)
		echo "$f: the first line must be \"-- instant\" or \"-- long\"" >&2
		exit 1
		;;
	esac
	sum=$(sha256sum "$f" | cut -d' ' -f1)
	echo "static const char sql_${n}[] = {"
	od -An -v -tx1 "$f" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '0};'
	table="$table	{$n, \"$base\", sql_$n, $instant, \"$sum\"},
"
done
echo 'const struct migration migrations[] = {'
printf '%s' "$table"
echo '	{0, NULL, NULL, false, NULL},'
echo '};'
