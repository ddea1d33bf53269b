# tkt: the front door.
. "$TKT_SRC/tests/helpers.sh"

help__lists_every_program_body() {
	ok tkt help
	for p in "$TKT_BUILD"/bin/*; do
		has "$(basename "$p") "
	done
}

dispatch__runs_the_program_body() {
	desk --sample
	ok tkt list -o ids --sort id -n 1
	is 3
	ok tkt mail-ingest --version
	has 'mail-ingest '
	fails 64 '"lst": no such program (did you mean "list"?)' tkt lst
	fails 64 'no such program' tkt help frob
	common_checks tkt
}

cases cmd/tkt_test.sh
