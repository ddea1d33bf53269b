# mail-fetch: its words; what it fetches, from a real server, is in whole/fetch_test.
. "$TKT_SRC/tests/helpers.sh"

common__words_and_disk_body() {
	desk --sample
	common_checks mail-fetch
	no_desk mail-fetch
	[ $? -eq 66 ] || atf_fail "no desk: not 66"
	fails 78 'tkt.conf has no block fetch' mail-fetch
	fails 77 'may not desk.config' mail-fetch --as carol
	printf 'fetch in { url = "imap://127.0.0.1:1" user = a secret = pw }\n' >>desk/tkt.conf
	ok tkt-config apply
	fails 66 'secret/pw' mail-fetch
	(umask 077 && echo x >desk/secret/pw)
	fails 69 "fetch \"in\": Couldn't connect to server" mail-fetch
	fails 69 'fetch "in": ' sh -c 'mail-fetch >/dev/full'
}

conf__wrong_servers_are_refused_body() {
	desk
	wrong() {
		cp desk/tkt.conf bad.conf
		printf '%s\n' "$2" >>bad.conf
		tkt-config check --conf bad.conf >out 2>err
		[ $? -eq 78 ] && grep -qF "$1" err || atf_fail "$2: $(cat err)"
	}
	wrong 'fetch "in" has no url' 'fetch in { user = a secret = b }'
	wrong 'fetch "in" needs user and secret' 'fetch in { url = "imaps://h" }'
	wrong 'use imaps://HOST:PORT or pop3s://HOST:PORT' 'fetch in { url = "http://h" user = a secret = b }'
	wrong 'the name belongs into user' 'fetch in { url = "imaps://a:b@h" user = a secret = b }'
	wrong 'keep: POP3 does not say' 'fetch in { url = "pop3s://h" user = a secret = b keep = true }'
	wrong 'the name of a file in the desk' 'fetch in { url = "imaps://h" user = a secret = "../x" }'
	wrong 'mailbox "sales": no such mailbox' 'fetch in { url = "imaps://h" user = a secret = b mailbox = sales }'
	wrong 'smtp: url or sendmail, not both' 'smtp { url = "smtp://h" sendmail = "/bin/x" }'
	wrong 'use smtp://HOST:PORT or smtps://HOST:PORT' 'smtp { url = "h:25" }'
	wrong 'user and secret go together' 'smtp { url = "smtp://h" user = a }'
	wrong 'pin "x": sha256//' 'smtp { url = "smtp://h" pin = x }'
}

cases cmd/mail-fetch_test.sh
