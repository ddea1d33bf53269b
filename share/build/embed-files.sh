#!/bin/sh
# Turns files into C strings: embed-files.sh NAME=FILE... >files.c
set -eu
for pair in "$@"; do
	echo "extern const char ${pair%%=*}[];"
	echo "const char ${pair%%=*}[] = {"
	od -An -v -tx1 "${pair#*=}" | sed 's/ \([0-9a-f][0-9a-f]\)/(char)0x\1,/g'
	echo '0};'
done
