# How often is the right article among the first five that kb-search --ticket suggests?
. "$TKT_SRC/tests/helpers.sh"

recall__at_five_body() {
	desk
	cp -r "$TKT_SRC/tests/fixtures/kb" kb
	(cd kb && kb-publish [a-z]*.md --quiet) >out 2>err || atf_fail "$(cat err)"
	cut -f2,3 kb/tickets.tsv | jq -Rc 'split("\t") | {subject: .[0], body: .[1], requester: "a@example.org"}' | tkt-new --json -o ids >ids || atf_fail "tickets"
	first=0 five=0 all=0
	cut -f1 kb/tickets.tsv | paste - ids >wanted
	while read -r want id; do
		kb-search --ticket "$id" -n 5 -o ids >got 2>err || atf_fail "$(cat err)"
		all=$((all + 1))
		[ "$(head -n 1 got)" != "$want" ] || first=$((first + 1))
		if grep -qx "$want" got; then
			five=$((five + 1))
		else
			echo "$want: $(tr '\n' ' ' <got)" >>missed
		fi
	done <wanted
	echo "figure: kb-search --ticket, $all questions, 81 articles: recall at 5 $((100 * five / all)) %, first $((100 * first / all)) %"
	[ $((100 * five / all)) -ge 70 ] || atf_fail "only $five of $all: $(cat missed)"
	cat missed
}

cases whole/recall_test.sh
