# What acts: the part of make bench on rules, mail out and hooks; run.sh sources it.

# ruled DIR COUNT: a desk with so many routes, of which the last matches.
ruled() {
	tkt-init "$1" >/dev/null
	awk -v n="$2" 'BEGIN { for (i = 1; i < n; i++) printf "route r%d { when = \"channel:cli priority:normal subject:/word%dx|other%dy/\" set = \"tag+=t%d\" }\n", i, i, i, i % 90; if (n > 0) print "route last { when = \"subject:subject\" set = \"tag+=last\" }" }' >>"$1/tkt.conf"
	tkt-config -D "$1" apply --quiet >/dev/null
}
seq 1 3000 | awk '{ printf "{\"subject\":\"a subject of six words %d\",\"requester\":\"b%d@example.com\",\"body\":\"some text\"}\n", $1, $1 }' >few
for n in 0 10 500; do
	ruled "rules$n" $n
	start=$(date +%s%N)
	tkt-new -D "rules$n" --json -o ids <few >/dev/null
	us=$((($(date +%s%N) - start) / 3000000))
	[ "$n" -gt 0 ] || without=$us
	[ "$n" -eq 0 ] || row "a ticket, routed by $n rules: what the rules cost" "$((us - without)) us" '(target 1000 us with 500)'
	rm -rf "rules$n"
done

# Mail out, to Postfix's own sink on the loopback; msmtp starts once a mail.
if command -v smtp-sink >/dev/null; then
	sink=$((20000 + $$ % 20000))
	smtp-sink -u "$(id -un)" "127.0.0.1:$sink" 100 >/dev/null 2>&1 &
	sinking=$!
	tkt-init --sample out >/dev/null
	printf 'smtp { url = "smtp://127.0.0.1:%s" }\n' "$sink" >>out/tkt.conf
	tkt-config -D out apply --quiet >/dev/null
	head -n 2000 few | tkt-new -D out --json -o ids >ids
	xargs tkt-reply -D out -m 'An answer of a few words, as they are.' --quiet <ids >/dev/null
	start=$(date +%s%N)
	mail-send -D out -o ids >sent
	took=$((($(date +%s%N) - start) / 1000000))
	n=$(wc -l <sent)
	row "mail-send, $n mails, one connection" "$took ms" "$(per_second "$n") (target 500/s)"
	if command -v msmtp >/dev/null; then
		printf 'To: a@example.com\nSubject: s\n\nAn answer of a few words, as they are.\n' >m
		ms=$(bench 100 -i m msmtp --host=127.0.0.1 --port="$sink" --from=b@example.com --auth=off --tls=off a@example.com)
		row 'msmtp, a mail a process' "$ms ms" "$(awk -v a="$ms" -v t="$took" -v n="$n" 'BEGIN { printf "%.0f x what mail-send needs for one", a / (t / n) }')"
	fi
	kill $sinking
	rm -rf out
fi

# Hooks, to a plain web server on the loopback; curl starts once a POST.
python3 "$TKT_SRC/tests/webserver.py" http.port asked >/dev/null 2>&1 &
serving=$!
while [ ! -s http.port ]; do sleep 0.1; done
tkt-init --sample hooks >/dev/null
printf 'webhook crm { url = "http://127.0.0.1:%s/fast" private_allowed = true }\nroute tell { hook = crm }\n' "$(cat http.port)" >>hooks/tkt.conf
tkt-config -D hooks apply --quiet >/dev/null
head -n 1000 few | tkt-new -D hooks --json -o ids >ids
once hook-send -D hooks -o ids --quiet
row 'hook-send, 1,000 posts, one connection' "$took ms" "$(per_second 1000)"
hook=$took
ms=$(bench 100 -i few curl -s -o /dev/null --data-binary @- "http://127.0.0.1:$(cat http.port)/fast")
row 'curl, a post a process' "$ms ms" "$(awk -v a="$ms" -v t="$hook" 'BEGIN { printf "%.1f x what hook-send needs for one", a / (t / 1000) }')"
kill $serving
rm -rf hooks asked
