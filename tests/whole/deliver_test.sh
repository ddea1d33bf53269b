# Real mail servers deliver to a desk by the recipes of share/recipes: Postfix (an alias, a
# transport), procmail, Dovecot's LMTP with sieve. Each runs on loopback or a Unix socket, is
# started and stopped here, and is retried when the desk says 75.
. "$TKT_SRC/tests/helpers.sh"
. "$TKT_SRC/tests/mailserver.sh"

# send PORT-OR-SOCKET TO SUBJECT ID [lmtp]: one mail by SMTP or LMTP.
send() {
	python3 - "$@" <<'P'
import smtplib, sys, time
where, to, subject, ident = sys.argv[1:5]
for attempt in range(50):
    try:
        s = smtplib.LMTP(where) if where.startswith("/") else smtplib.SMTP("127.0.0.1", int(where))
        break
    except OSError:
        time.sleep(0.1)
text = "From: Ann <ann@example.com>\nTo: %s\nSubject: %s\nMessage-ID: %s\n\nhello\n" % (to, subject, ident)
try:
    s.sendmail("ann@example.com", [to], text)
except smtplib.SMTPResponseException as e:
    print(e.smtp_code)
except smtplib.SMTPRecipientsRefused as e:
    print(list(e.recipients.values())[0][0])
P
}

# ---- Postfix ----

postfix__alias_and_transport_body() {
	place
	postfix_start
	send $port support@acme.example one '<p1@example.com>'
	until_true 20 tickets 4 || atf_fail "$(cat "$at/postfix/log")"
	# The envelope's token comes through the alias.
	send $port "$(reply_to 4)" two '<p2@example.com>'
	until_true 20 messages 5 || atf_fail "$(tail -n 20 "$at/postfix/log")"
	as_owner sqlite3 "$at/desk/store.db" "SELECT rule, ticket FROM mail_id WHERE msgid = '<p2@example.com>'" >out
	is 'M15.1|4'
	# The transport: another mailbox by its recipient.
	send $port billing@acme.example three '<p3@example.com>'
	until_true 20 tickets 5 || atf_fail "$(tail -n 20 "$at/postfix/log")"
	as_owner sqlite3 "$at/desk/store.db" "SELECT mailbox FROM ticket WHERE id = 5" >out
	is billing
	# What the desk cannot take stays in the queue, by either way, and comes later, once.
	mv "$at/desk/secret/desk.key" "$at/key"
	send $port support@acme.example four '<p4@example.com>'
	send $port billing@acme.example five '<p5@example.com>'
	deferred() { [ "$(grep -c 'status=deferred' "$at/postfix/log")" -ge 2 ]; }
	until_true 20 deferred || atf_fail "$(tail -n 20 "$at/postfix/log")"
	! grep -q 'status=bounced' "$at/postfix/log" || atf_fail "a sender was told: $(grep bounced "$at/postfix/log")"
	mv "$at/key" "$at/desk/secret/desk.key"
	/usr/sbin/postqueue -c "$at/postfix/etc" -f
	until_true 20 tickets 7 || atf_fail "$(tail -n 20 "$at/postfix/log")"
	# A bounce has a null sender.
	/usr/sbin/sendmail -C "$at/postfix/etc" -f '' support@acme.example <<'X'
From: someone@example.com
To: support@acme.example
Subject: null
Message-ID: <p6@example.com>

x
X
	null() { [ "$(as_owner sqlite3 "$at/desk/store.db" "SELECT class FROM mail_id WHERE msgid = '<p6@example.com>'")" = auto-generated ]; }
	until_true 20 null || atf_fail "$(tail -n 20 "$at/postfix/log")"
	as_owner tkt-fsck --all >out || atf_fail "$(cat out)"
}
postfix__alias_and_transport_cleanup() {
	postfix_stop
	remove_place
}

# ---- procmail ----

procmail__keeps_what_is_not_taken_body() {
	command -v procmail >/dev/null || atf_skip "procmail is not installed"
	place
	recipe procmailrc | sed "s|^PATH=.*|PATH=$at/bin:/usr/bin:/bin|" >"$at/rc"
	chown $owner "$at/rc"
	printf 'From: a@b.org\nTo: support@acme.example\nSubject: x\nMessage-ID: <c1@x>\n\nx\n' >m
	as_owner procmail -t -m "$at/rc" <m || atf_fail "procmail: $?"
	tickets 4 || atf_fail "not filed"
	mv "$at/desk/secret/desk.key" "$at/key"
	sed 's/c1/c2/' m >m2
	as_owner procmail -t -m "$at/rc" <m2 2>err
	status=$?
	[ $status -eq 75 ] || atf_fail "procmail took what the desk did not: $status"
	mv "$at/key" "$at/desk/secret/desk.key"
	as_owner procmail -t -m "$at/rc" <m2 || atf_fail "procmail: $?"
	tickets 5 || atf_fail "lost"
}
procmail__keeps_what_is_not_taken_cleanup() {
	remove_place
}

# ---- Dovecot: LMTP, sieve ----

dovecot__lmtp_and_sieve_pipe_body() {
	command -v /usr/sbin/dovecot >/dev/null || atf_skip "dovecot is not installed"
	place
	d=$at/dovecot
	mkdir -p "$d/home" "$d/run"
	recipe tkt.sieve >"$d/tkt.sieve"
	cat >"$d/conf" <<X
base_dir = $d/run
log_path = $d/log
protocols = lmtp
ssl = no
default_vsz_limit = 0
mail_location = maildir:$d/home/mail
default_internal_user = $owner
default_internal_group = games
default_login_user = $owner
first_valid_uid = 1
first_valid_gid = 1
disable_plaintext_auth = no
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=$owner gid=games home=$d/home allow_all_users=yes
}
service lmtp {
  chroot =
  user = $owner
  unix_listener lmtp {
    mode = 0666
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
protocol lmtp {
  mail_plugins = \$mail_plugins sieve
  postmaster_address = postmaster@acme.example
}
plugin {
  sieve_plugins = sieve_extprograms
  sieve_extensions = +vnd.dovecot.pipe
  sieve_pipe_bin_dir = $at/bin
  sieve_before = $d/tkt.sieve
}
X
	chown -R $owner "$d"
	# As an ordinary user: the one that owns the desk.
	as_owner /usr/sbin/dovecot -F -c "$d/conf" >"$at/dovecot.out" 2>&1 &
	echo $! >dovecot.pid
	until_true 10 test -S "$d/run/lmtp" || atf_fail "$(cat "$at/dovecot.out" "$d/log")"
	send "$d/run/lmtp" support@acme.example one '<v1@example.com>' >out
	is ''
	tickets 4 || atf_fail "$(cat "$d/log")"
	send "$d/run/lmtp" "$(reply_to 4)" two '<v2@example.com>' >out
	is ''
	messages 5 || atf_fail "$(cat "$d/log")"
	as_owner sqlite3 "$at/desk/store.db" "SELECT rule FROM mail_id WHERE msgid = '<v2@example.com>'" >out
	is M15.1
	# The desk is away: Pigeonhole keeps the mail in INBOX, which the drain empties.
	mv "$at/desk/secret/desk.key" "$at/key"
	send "$d/run/lmtp" support@acme.example three '<v3@example.com>' >out
	is ''
	mv "$at/key" "$at/desk/secret/desk.key"
	tickets 4 || atf_fail "filed without a key?"
	as_owner mail-ingest --maildir "$d/home/mail" --drain -o ids >out 2>err || atf_fail "$(cat err)"
	is 5
	tickets 5 || atf_fail "$(cat "$d/log")"
}
dovecot__lmtp_and_sieve_pipe_cleanup() {
	[ -f dovecot.pid ] && kill "$(cat dovecot.pid)" 2>/dev/null
	sleep 0.3
	remove_place
}

cases whole/deliver_test.sh 180
