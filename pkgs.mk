# What `make deps` installs from Debian, and which libraries each program names.

# To build.
PKGS_BUILD = gcc make pkg-config libc6-dev libsqlite3-dev libjansson-dev libtalloc-dev \
	libsodium-dev libconfuse-dev libpcre2-dev libgmime-3.0-dev libxml2-dev libseccomp-dev libcsv-dev libarchive-dev libical-dev \
	libyaml-dev libcurl4-openssl-dev libmd4c-dev libgit2-dev libstemmer-dev libstrophe-dev \
	tzdata
# To run the tests and to lint.
PKGS_TEST = libatf-dev atf-sh kyua clang libclang-rt-14-dev clang-tidy clang-format \
	cppcheck shellcheck mandoc sqlite3 jq bash zsh fish openssh-server openssh-client git \
	python3-jsonschema libxml2-utils perl zstd procmail util-linux postfix dovecot-core \
	dovecot-lmtpd dovecot-sieve dovecot-imapd dovecot-pop3d redis-server redis-tools rabbitmq-server amqp-tools \
	openssl curl chromium ngircd inspircd atheme-services prosody python3-slixmpp

# Every program: store, records, memory, hashes. SQLite statically where Debian has it:
# 0.4 ms less to start.
LIBS_all = -ltalloc -ljansson -lsodium -l:libsqlite3.a -lm
# Programs that name a heavier library. One that calls such an area without being listed
# here does not link, which is the guard.
LIBS_tkt-config = -lconfuse -lical -lyaml
LIBS_tkt-init = -lconfuse -lical -lyaml -lgit2
# The knowledge base: git, front matter, Markdown, stems.
LIBS_kb = -lgit2 -lyaml -lmd4c -lstemmer
LIBS_kb-publish = $(LIBS_kb) -larchive
LIBS_kb-import = $(LIBS_kb) -larchive $(shell pkg-config --libs libxml-2.0)
LIBS_kb-show = $(LIBS_kb)
LIBS_kb-log = $(LIBS_kb)
LIBS_kb-diff = $(LIBS_kb)
LIBS_kb-lint = $(LIBS_kb) -lcurl
LIBS_kb-feedback = $(LIBS_kb)
LIBS_kb-stats = -lyaml -lmd4c -lstemmer
LIBS_kb-new = $(LIBS_kb)
LIBS_kb-search = -lstemmer -lyaml -lmd4c
LIBS_mail-ingest = $(shell pkg-config --libs gmime-3.0 libxml-2.0) -lseccomp
LIBS_tkt-doctor = $(LIBS_mail-ingest)
# Mail out: MIME, Markdown, SMTP.
LIBS_mail-send = $(shell pkg-config --libs gmime-3.0) -lmd4c -lcurl
LIBS_mail-queue = $(shell pkg-config --libs gmime-3.0) -lmd4c
LIBS_mail-fetch = $(LIBS_mail-ingest) -lcurl
# Hooks: HTTP, TLS.
LIBS_hook-send = -lcurl
LIBS_chat-bridge = -lcurl -lstrophe $(LIBS_chat-bot)
LIBS_chat-bot = -lstemmer -lyaml -lmd4c
LIBS_social-poll = -lcurl $(LIBS_chat-bot) $(shell pkg-config --libs libxml-2.0)
# Rows of CSV.
LIBS_cust-import = -lcsv
LIBS_phone-log = -lcsv
# Archives.
LIBS_tkt-export = -larchive
LIBS_cust-export = -larchive
LIBS_tkt-backup = -larchive
LIBS_tkt-restore = -larchive
LIBS_tkt-import = -larchive -lcsv $(LIBS_mail-ingest)
LIBS_mail-quarantine = $(LIBS_mail-ingest)
# Queries may hold regular expressions.
LIBS_query = -lpcre2-8
# The whole library, for tests.
LIBS_tests = $(LIBS_all) $(LIBS_query) $(LIBS_tkt-config) $(LIBS_tkt-import) $(LIBS_mail-send) $(LIBS_kb) -lstrophe
