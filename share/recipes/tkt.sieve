# Dovecot Pigeonhole with sieve_extprograms: mail-ingest stands in sieve_pipe_bin_dir. When
# the desk cannot take a mail, Pigeonhole keeps it in INBOX: a maildir that this cron line
# empties: */5 * * * * mail-ingest -D /var/lib/tkt --maildir ~/mail --drain --quiet -o ids
require ["vnd.dovecot.pipe", "envelope", "variables"];
if envelope :matches "to" "*" {
	pipe "mail-ingest" ["-D", "/var/lib/tkt", "--recipient", "${1}"];
} else {
	pipe "mail-ingest" ["-D", "/var/lib/tkt"];
}
