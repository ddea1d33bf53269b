# mail-fetch from a real Dovecot, by IMAP and POP3, with TLS; started as an ordinary user.
. "$TKT_SRC/tests/helpers.sh"

# dovecot: serves the maildirs below $at/home as whoever logs in; $imap, $imaps, $pop3.
dovecot() {
	[ "$(id -u)" -eq 0 ] || atf_skip "only root can start a mail server for other users"
	command -v /usr/sbin/dovecot >/dev/null || atf_skip "dovecot is not installed"
	[ -e /usr/lib/dovecot/imap ] && [ -e /usr/lib/dovecot/pop3 ] || atf_skip "dovecot-imapd or dovecot-pop3d is not installed"
	at=$(mktemp -d /tmp/tkt-fetch.XXXXXX)
	echo "$at" >place
	chmod 755 "$at"
	owner=games
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$at/key.pem" -out "$at/cert.pem" -days 2 -subj /CN=imap.test \
		-addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1 || atf_fail openssl
	python3 - <<'P' >ports
import socket
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(x.getsockname()[1] for x in s))
P
	read -r imap imaps pop3 <ports
	mkdir -p "$at/home" "$at/run"
	cat >"$at/conf" <<X
base_dir = $at/run
log_path = $at/log
protocols = imap pop3
ssl = yes
ssl_cert = <$at/cert.pem
ssl_key = <$at/key.pem
default_vsz_limit = 0
default_internal_user = $owner
default_internal_group = games
default_login_user = $owner
first_valid_uid = 1
first_valid_gid = 1
disable_plaintext_auth = no
mail_location = maildir:$at/home/%n
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=$owner gid=games home=$at/home/%n allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = $imap
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = $imaps
    ssl = yes
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    address = 127.0.0.1
    port = $pop3
  }
  inet_listener pop3s {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
X
	chown -R $owner "$at"
	setpriv --reuid $owner --regid games --clear-groups /usr/sbin/dovecot -F -c "$at/conf" >"$at/out" 2>&1 &
	echo $! >dovecot.pid
	until_true 20 python3 -c "import socket; socket.create_connection(('127.0.0.1', $pop3)); socket.create_connection(('127.0.0.1', $imaps))" ||
		atf_fail "no dovecot: $(cat "$at/out" "$at/log")"
}
dovecot_stop() {
	[ ! -f dovecot.pid ] || kill "$(cat dovecot.pid)" 2>/dev/null
	sleep 0.3
	[ ! -f place ] || rm -rf "$(cat place)"
	:
}
# put WHO N [ADDRESS]: a mail in their maildir.
put() {
	mkdir -p "$at/home/$1/cur" "$at/home/$1/new" "$at/home/$1/tmp"
	printf 'From: %s\nTo: support@acme.example\nSubject: mail %s\nMessage-ID: <%s-%s@example.com>\n\nbody %s\n' "${3:-c$2@example.com}" "$2" "$1" "$2" "$2" >"$at/home/$1/new/$2.x"
	chown -R $owner "$at/home/$1"
}
left() { find "$at/home/$1/new" "$at/home/$1/cur" -type f 2>/dev/null | wc -l; }
tickets() { sqlite3 desk/store.db "SELECT count(*) FROM ticket"; }
# fetch NAME LINE...: a block of tkt.conf.
fetch() {
	_name=$1
	shift
	printf 'fetch %s { %s secret = pw }\n' "$_name" "$*" >>desk/tkt.conf
	tkt-config apply >/dev/null 2>err || atf_fail "tkt-config: $(cat err)"
}
secret() {
	(umask 077 && echo "$1" >desk/secret/pw)
}

imap__removes_only_what_is_filed_body() {
	desk --sample
	dovecot
	secret secret
	fetch in "url = \"imaps://127.0.0.1:$imaps\" user = ann ca = \"$at/cert.pem\" mailbox = support"
	put ann 1
	put ann 2
	# The desk cannot: nothing is removed there.
	mv desk/secret/desk.key key
	mail-fetch >out 2>err && atf_fail "without a key"
	[ "$(left ann)" -eq 2 ] || atf_fail "removed: $(cat err)"
	mv key desk/secret/desk.key
	mail-fetch >out 2>err || atf_fail "$(cat err)"
	grep -q 'in: 2 mails, 0 of them known' err || atf_fail "$(cat err)"
	records
	jq -se 'map(.outcome) == ["created", "created"] and all(.mailbox == "support")' out >/dev/null || atf_fail "$(cat out)"
	[ "$(left ann)" -eq 0 ] || atf_fail "still there: $(ls "$at/home/ann/cur" "$at/home/ann/new")"
	ok mail-fetch
	is ''
	[ "$(tickets)" -eq 5 ] || atf_fail "$(tickets) tickets"
	ok tkt-fsck --all
}
imap__removes_only_what_is_filed_cleanup() { dovecot_stop; }

imap__keeps_and_goes_on_behind_body() {
	desk --sample
	dovecot
	secret secret
	fetch in "url = \"imap://127.0.0.1:$imap/INBOX\" user = bea keep = true ca = \"$at/cert.pem\""
	for i in 1 2 3; do put bea $i; done
	mail-fetch -o ids >out 2>err || atf_fail "$(cat err)"
	[ "$(wc -l <out)" -eq 3 ] && [ "$(left bea)" -eq 3 ] || atf_fail "$(cat out err)"
	ok mail-fetch
	is ''
	put bea 4
	mail-fetch -o ids >out 2>err || atf_fail "$(cat err)"
	[ "$(wc -l <out)" -eq 1 ] && [ "$(tickets)" -eq 7 ] || atf_fail "$(cat out err)"
	# The folder is made anew: its numbers begin again, and what is known is a duplicate.
	sleep 1.1 # it is a time
	rm -f "$at"/home/bea/dovecot*
	put bea 5
	mail-fetch >out 2>err || atf_fail "$(cat err)"
	[ "$(tickets)" -eq 8 ] || atf_fail "$(tickets): $(cat out err)"
	jq -se 'map(select(.outcome == "duplicate")) | length == 4' out >/dev/null || atf_fail "$(cat out)"
}
imap__keeps_and_goes_on_behind_cleanup() { dovecot_stop; }

pop3__removes_what_is_filed_body() {
	desk --sample
	dovecot
	secret secret
	fetch in "url = \"pop3://127.0.0.1:$pop3\" user = carl ca = \"$at/cert.pem\""
	for i in $(seq 60); do put carl "$i"; done
	mail-fetch -o ids >out 2>err || atf_fail "$(cat err)"
	[ "$(wc -l <out)" -eq 60 ] && [ "$(tickets)" -eq 63 ] && [ "$(left carl)" -eq 0 ] || atf_fail "$(wc -l <out) $(tickets) $(left carl) $(cat err)"
	ok mail-fetch
	is ''
}
pop3__removes_what_is_filed_cleanup() { dovecot_stop; }

trouble__certificates_logins_and_others_body() {
	desk --sample
	dovecot
	secret wrong
	put dora 1
	fetch in "url = \"imaps://127.0.0.1:$imaps\" user = dora"
	fails 69 'fetch "in": ' mail-fetch
	sed -i '/^fetch/d' desk/tkt.conf
	fetch in "url = \"imaps://127.0.0.1:$imaps\" user = dora ca = \"$at/cert.pem\""
	fails 69 'Login denied' mail-fetch
	[ "$(left dora)" -eq 1 ] || atf_fail removed
	# One that is away keeps no other from being asked.
	sed -i '/^fetch/d' desk/tkt.conf
	secret secret
	fetch away 'url = "imap://127.0.0.1:1" user = dora timeout = 2s'
	fetch in "url = \"imaps://127.0.0.1:$imaps\" user = dora ca = \"$at/cert.pem\""
	mail-fetch -o ids >out 2>err
	[ $? -eq 69 ] && [ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out err)"
	fails 66 'tkt.conf has no such block (did you mean "away"?)' mail-fetch awya
	# Far too large: a part of it is kept, and waits; those behind it do not.
	printf 'limits { mail_size = 20kB }\n' >>desk/tkt.conf
	ok tkt-config apply
	put dora 2
	head -c 1000000 /dev/zero | tr '\0' x | fold -w 70 >>"$at/home/dora/new/2.x"
	put dora 3
	mail-fetch in >out 2>err || atf_fail "$(cat err)"
	jq -se 'map(.outcome) == ["quarantined", "created"] and .[0].reason == "larger than mail_size"' out >/dev/null || atf_fail "$(cat out)"
	grep -rq secret out err && atf_fail "the password is shown"
	ok tkt-fsck --all
}
trouble__certificates_logins_and_others_cleanup() { dovecot_stop; }

cases whole/fetch_test.sh 180
