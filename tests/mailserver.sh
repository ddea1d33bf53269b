# What tests with real mail servers share: a desk that belongs to an ordinary user, in a place
# that servers reach, and a Postfix of our own.

# place: a directory other users reach ($at), a desk of `owner` there, programs beside it.
place() {
	[ "$(id -u)" -eq 0 ] || atf_skip "only root can start a mail server for other users"
	at=$(mktemp -d /tmp/tkt-mail.XXXXXX)
	echo "$at" >place
	chmod 755 "$at"
	owner=games
	mkdir "$at/bin"
	# Where the build lies, others may not look.
	cp "$TKT_BUILD"/bin/* "$at/bin"
	mkdir "$at/desk"
	chown $owner "$at/desk"
	setpriv --reuid $owner --regid games --clear-groups "$at/bin/tkt-init" --sample "$at/desk" >/dev/null 2>err ||
		atf_fail "$(cat err)"
	export TKT_DESK="$at/desk"
}
# as_owner COMMAND...
as_owner() {
	setpriv --reuid $owner --regid games --clear-groups env PATH="$at/bin:$PATH" TKT_DESK="$at/desk" "$@"
}
# recipe NAME: with the paths of this test.
recipe() {
	sed "s|/usr/local/bin|$at/bin|g; s|/var/lib/tkt-mail|$at/maildir|g; s|/var/lib/tkt|$at/desk|g; s|user=tkt|user=$owner|; s|User=tkt|User=$owner|" "$TKT_SRC/share/recipes/$1"
}
tickets() {
	[ "$(as_owner sqlite3 "$at/desk/store.db" 'SELECT count(*) FROM ticket')" -eq "$1" ]
}
messages() {
	[ "$(as_owner sqlite3 "$at/desk/store.db" 'SELECT count(*) FROM message')" -eq "$1" ]
}
# reply_to TICKET: its token address.
reply_to() {
	as_owner tkt-show "$1" | jq -r 'select(.type == "ticket") | .reply_to'
}
remove_place() {
	[ -f place ] && rm -rf "$(cat place)"
	:
}

# postfix_start: a whole Postfix of our own in $at/postfix, on 127.0.0.1:$port. Mail to
# example.com goes to the maildir $at/maildir/out.
postfix_start() {
	command -v /usr/sbin/postfix >/dev/null || atf_skip "postfix is not installed"
	port=$((20000 + $$ % 20000))
	mkdir -p "$at/postfix/etc" "$at/postfix/queue" "$at/postfix/data"
	chown postfix "$at/postfix/data"
	cat >"$at/postfix/etc/main.cf" <<X
compatibility_level = 3.6
queue_directory = $at/postfix/queue
data_directory = $at/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $at/postfix/log
maillog_file_prefixes = $at
myhostname = mx.acme.example
mydestination = acme.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps = hash:$at/maildir/aliases
alias_database =
recipient_delimiter = +
transport_maps = texthash:$at/postfix/transport
virtual_mailbox_domains = example.com
virtual_mailbox_base = $at/maildir
virtual_mailbox_maps = static:out/
virtual_uid_maps = static:$(id -u $owner)
virtual_gid_maps = static:$(id -g $owner)
virtual_minimum_uid = 1
X
	cat >"$at/postfix/etc/master.cf" <<X
127.0.0.1:$port inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
X
	recipe postfix-master.cf >>"$at/postfix/etc/master.cf"
	# The commands of an alias file run as its owner.
	mkdir "$at/maildir"
	recipe aliases >"$at/maildir/aliases"
	chown -R $owner:games "$at/maildir"
	as_owner /usr/sbin/postalias -c "$at/postfix/etc" "hash:$at/maildir/aliases" || atf_fail postalias
	echo 'billing@acme.example tkt:' >"$at/postfix/transport"
	chmod 755 "$at/postfix" "$at/postfix/etc"
	/usr/sbin/postfix -c "$at/postfix/etc" start >started 2>&1 || atf_fail "$(cat started "$at/postfix/log")"
}
postfix_stop() {
	[ -f place ] && /usr/sbin/postfix -c "$(cat place)/postfix/etc" stop >/dev/null 2>&1
	:
}
