#!/bin/sh
# make demo: a desk, real-looking mails, and a day's work on them.
set -eu
src=$(cd "$(dirname "$0")" && pwd)
PATH="$B/bin:$PATH"
unset TKT_NOW TKT_ACTOR TKT_BROKER
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp -r "$src/sample/mail" .
mkdir acme
cp "$src/sample/tkt.conf" acme/
export TKT_DESK="$dir/acme" COLUMNS=100
run() {
	printf '\n$ %s\n' "$*"
	sh -c "$*"
}
echo "A desk is a directory; its policy, tkt.conf, is there already."
run 'tkt-init acme'
echo
echo "Six mails come in: one is an answer, one an out-of-office note, one for billing."
run 'mail-ingest mail/*.eml -o human'
run 'mail-ingest <mail/01-refund.eml # the same mail again'
run 'mail-ingest --explain -o human <mail/03-refund-again.eml'
run 'tkt-list -o human'
run 'tkt-show 1 -o human'
run 'tkt-route --explain -N 1 -o human'
run 'tkt-reply 1 -m "We have refunded the second charge." --status solved --as alice -o human'
run 'mail-send -N | head -n 40 # how the answer will look'
run 'tkt-reply 2 --note -m "Needs a new fuser, ordered." --as carol -o human'
run "tkt-list phase:open 'subject:/urgent/' | tkt-set priority=urgent tag+=login -o human"
run 'df -h . | tkt-new -s "Disk report" -q hardware -t cron -o human'
run "tkt-list refund -o human"
run 'tkt-list --counts -o human'
! command -v jq >/dev/null || run 'tkt-show 1 | jq -r "select(.type == \"message\") | .author.name + \": \" + (.body | split(\"\\n\")[0])"'
echo
echo "What was answered becomes an article: a draft, without names and numbers. Its text is yours to write."
run 'kb-new refunds --from-ticket 1 -N'
run "echo 'Press *Refund* beside the invoice. It takes five days.' | kb-new get-a-refund --title 'Get a refund' --section billing -o human"
run 'kb-search --ticket 1 -o human'
run 'tkt-log --ticket 1 -o human'
run 'tkt-fsck --all -o human'
echo
echo "That was $dir/acme; it is gone now. Make your own: tkt-init DIR"
