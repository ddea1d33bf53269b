# The SLA part of make bench; run.sh sources it. Every ticket is open and has clocks.
clocked() { # DIR COUNT: a test desk whose first ticket came at T0, one a second since
	TKT_NOW=2026-01-05T08:00:00Z tkt-init --test "$1" >/dev/null
	cat >>"$1/tkt.conf" <<'E'
calendar office { timezone = "Europe/Berlin" mon-fri = {"09:00-12:30", "13:30-18:00"} exceptions = {"2026-12-24 closed"} }
sla all { calendar = 24x7 first_response { normal = 2000h } resolution { normal = 3000h } }
E
	TKT_NOW=2026-01-05T08:00:00Z tkt-config -D "$1" apply --quiet >/dev/null
	TKT_NOW=2026-01-05T08:00:00Z clocks make "$1" "$2"
}
later() { # SECONDS behind the first ticket's due time
	date -u -d "2026-01-05T08:00:00Z + 2000 hours + $1 seconds" +%Y-%m-%dT%H:%M:%SZ
}
for n in $sizes; do
	clocked "s$n" "$n"
	row "--- $n open tickets with clocks" '' ''
	for k in 0 100 10000; do
		[ "$k" -le "$n" ] || continue
		ms=$(TKT_NOW=$(later "$k") bench 40 -x tkt-sla check -D "s$n")
		case $k in
		100) beside='(target 8 ms)' ;;
		*) beside= ;;
		esac
		row "tkt-sla check, $k breaches" "$ms ms" "$beside"
	done
	export TKT_NOW=2026-02-01T08:00:00Z
	sed -i 's/calendar = 24x7/calendar = office/; s/2000h/500h/; s/3000h/800h/' "s$n/tkt.conf"
	tkt-config -D "s$n" apply --quiet >/dev/null 2>&1
	once tkt-sla tick -D "s$n"
	sed -i 's/"09:00-12:30"/"08:00-12:30"/' "s$n/tkt.conf"
	start=$(date +%s%N)
	tkt-config -D "s$n" apply --quiet >/dev/null 2>&1
	tkt-sla tick -D "s$n" >/dev/null
	took=$((($(date +%s%N) - start) / 1000000))
	row 'a calendar is edited: all open clocks follow' "$took ms" "$(per_second $((2 * n))) clocks (target 100,000/s)"
	clocks time "s$n" >took.txt
	unset TKT_NOW
	row 'B over a year, a call' "$(awk '$1 == "B" { print $2 }' took.txt) ns" '(target 1000 ns)'
	row 'D over a year, a call' "$(awk '$1 == "D" { print $2 }' took.txt) ns" '(target 1000 ns)'
	row "a step of one ticket's clocks" "$(awk '$1 == "step" { print $2 }' took.txt) ns" ''
	row "one ticket's clocks: read, matched, stepped, written" "$(awk '$1 == "ticket" { print int($2 / 1000) }' took.txt) us" '(target 50 us)'
	rm -rf "s$n"
done
