# tkt-stats: figures that can be reckoned by hand.
. "$TKT_SRC/tests/helpers.sh"

at() {
	TKT_NOW=$1
	shift
	TKT_NOW=$TKT_NOW "$@" >out 2>err || atf_fail "$*: $(cat err)"
}

common__words_and_disk_body() {
	desk --sample
	common_checks tkt-stats
	no_desk tkt-stats
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	tkt-stats >/dev/full 2>err
	[ $? -eq 74 ] || atf_fail "/dev/full"
	fails 64 '--by "queu": unknown (did you mean "queue"?)' tkt-stats --by queu
	fails 64 '--since "x" is no time' tkt-stats --since x
	fails 64 '--until is not after --since' tkt-stats --since 2027-01-02 --until 2027-01-01
	fails 64 'unknown key' tkt-stats foo:bar
}

month() {
	desk
	cat >>desk/tkt.conf <<'X'
queue other { }
agent alice { }
X
	ok tkt-config apply
	# Ten tickets, a day each; ticket n answered after n minutes, solved after n hours; 9 and 10 stay open.
	for n in 1 2 3 4 5 6 7 8 9 10; do
		day=$(printf '2027-01-%02d' $n)
		at ${day}T08:00:00Z tkt-new -s "ticket $n" -r a@b.org -m x -q "$([ $n -le 4 ] && echo inbox || echo other)" -t "t$((n % 2))"
		at "${day}T08:$(printf %02d $n):00Z" tkt-reply $n -m y --as alice --quiet
		[ $n -gt 8 ] || at "${day}T$(printf %02d $((8 + n))):00:00Z" tkt-set $n status=solved assignee=alice
	done
	at 2027-01-20T00:00:00Z tkt-set 1 status=open
	at 2027-01-21T08:00:00Z tkt-set 1 status=solved time+=30m
	export TKT_NOW=2027-02-01T00:00:00Z
}

figures__of_all_body() {
	month
	ok tkt-stats
	records
	jq -e '.created == 10 and .solved == 8 and .backlog == 2 and .reopened == 1 and .time_spent_s == 1800 and
		.first_reply == {"count":10,"median_s":300,"p90_s":540,"p95_s":600} and
		.resolution.count == 8 and .resolution.median_s == 18000 and .resolution.p95_s == 1728000' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats --since 2027-01-02 --until 2027-01-04
	jq -e '.created == 2 and .solved == 2 and .backlog == 1 and .first_reply.median_s == 120' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats queue:other
	jq -e '.created == 6' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats -o human
	has 'SOLVE_MEDIAN'
	has '5h00m'
}

groups__queue_agent_tag_channel_organization_day_body() {
	month
	ok tkt-stats --by queue
	records
	jq -se 'map([.group, .created, .backlog]) == [["inbox",4,0],["other",6,2]]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats --by agent
	jq -se 'map([.group, .created]) == [[null,2],["alice",8]]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats --by tag
	jq -se 'map([.group, .created]) == [["t0",5],["t1",5]]' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats --by channel -o tsv
	has 'cli'
	ok tkt-stats --by organization
	jq -se 'length == 1' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats --by day --since 2027-01-03
	jq -se '.[0].group == "2027-01-03" and .[0].created == 1 and .[0].backlog == 1 and
		(.[-1] | .group == "2027-01-21" and .solved == 1 and .backlog == 2)' out >/dev/null || atf_fail "$(cat out)"
	# Spam counts when it is asked for.
	ok tkt-set 9 phase=spam
	ok tkt-stats
	jq -e '.created == 9' out >/dev/null || atf_fail "$(cat out)"
	ok tkt-stats is:spam
	jq -e '.created == 1' out >/dev/null || atf_fail "$(cat out)"
}

cases cmd/tkt-stats_test.sh
