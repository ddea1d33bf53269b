# tkt: GNU make, no configure step. `make help` lists what there is.
# B= picks the build folder; local.mk holds personal settings.

-include local.mk
include pkgs.mk

VERSION = 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
B ?= build
CC ?= gcc
SAN ?=

BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
SHAREDIR = $(PREFIX)/share/tkt

CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla
HARDEN = -fstack-protector-strong -fPIE
ifeq ($(SAN),)
HARDEN += -D_FORTIFY_SOURCE=2
endif
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DTKT_VERSION='"$(VERSION)"' \
	-DTKT_SHAREDIR='"$(SHAREDIR)"' -Ilib -I$(B) $(WARN) $(HARDEN) $(CFLAGS) $(SAN)
ALL_LDFLAGS = -Wl,--as-needed -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(SAN)

PROGRAMS := $(sort $(basename $(notdir $(wildcard cmd/*.c))))
LIB_SRC := $(sort $(wildcard lib/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/migrations.o $(B)/samples.o
BINS := $(PROGRAMS:%=$(B)/bin/%)
MANS := $(sort $(wildcard man/*.[1-8]))

.PHONY: all help deps deps-build demo check check-only completions bench asan lint format \
	fuzz fuzz-run afl afl-run install uninstall dist clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BINS)

help:
	@echo "all deps demo check check-only bench asan lint format fuzz install uninstall dist clean"

# ---- objects ----

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS_$(notdir $(*D))) -MMD -MP -c -o $@ $<

# Names and lines of all programs, from their own option tables' neighbours.
$(B)/programs.h: $(wildcard cmd/*.c)
	@mkdir -p $(@D)
	sh share/build/programs.sh $(sort $(wildcard cmd/*.c)) >$@

$(B)/cmd/tkt.o: $(B)/programs.h

# Only lib/mail sees GMime's headers; lib/base those of libxml2, too.
CFLAGS_bench = $(CFLAGS_mail)
CFLAGS_social = $(shell pkg-config --cflags libxml-2.0)
CFLAGS_base = $(shell pkg-config --cflags libxml-2.0)
CFLAGS_mail = $(shell pkg-config --cflags gmime-3.0 libxml-2.0)

$(B)/migrations.c: $(wildcard share/schema/sqlite/*.sql) share/build/embed-sql.sh
	@mkdir -p $(@D)
	sh share/build/embed-sql.sh share/schema/sqlite/*.sql >$@

$(B)/migrations.o: $(B)/migrations.c
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

TEMPLATES := $(wildcard share/templates/*.md)
$(B)/samples.c: share/tkt.conf share/sample/tkt.conf share/schema/views.sql $(TEMPLATES) \
		share/site/page.html share/site/style.css \
		share/kb/pre-receive share/kb/post-receive \
		share/build/embed-files.sh
	@mkdir -p $(@D)
	sh share/build/embed-files.sh conf_default=share/tkt.conf \
		conf_sample=share/sample/tkt.conf views_sql=share/schema/views.sql \
		hook_pre_receive=share/kb/pre-receive hook_post_receive=share/kb/post-receive \
		site_page=share/site/page.html site_style=share/site/style.css \
		$(foreach t,$(TEMPLATES),template_$(subst .,_,$(basename $(notdir $t)))=$t) >$@

$(B)/samples.o: $(B)/samples.c
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libtkt.a: $(LIB_OBJ)
	rm -f $@
	ar rcs $@ $(LIB_OBJ)

$(B)/bin/%: $(B)/cmd/%.o $(B)/libtkt.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/libtkt.a $(LIBS_all) $(LIBS_query) $(LIBS_$*)

-include $(LIB_OBJ:.o=.d) $(PROGRAMS:%=$(B)/cmd/%.d) $(wildcard $(B)/tests/*/*.d)

# ---- completions: from the programs' own option tables ----

COMPLETIONS := $(foreach p,$(PROGRAMS),$(B)/completions/bash/$(p) \
	$(B)/completions/zsh/_$(p) $(B)/completions/fish/$(p).fish)

completions: $(COMPLETIONS)
$(B)/completions/bash/%: $(B)/bin/% completions/generate.sh
	@mkdir -p $(@D)
	$(B)/bin/$* --dump-options | sh completions/generate.sh bash >$@
$(B)/completions/zsh/_%: $(B)/bin/% completions/generate.sh
	@mkdir -p $(@D)
	$(B)/bin/$* --dump-options | sh completions/generate.sh zsh >$@
$(B)/completions/fish/%.fish: $(B)/bin/% completions/generate.sh
	@mkdir -p $(@D)
	$(B)/bin/$* --dump-options | sh completions/generate.sh fish >$@

# ---- what must be installed ----

APT = $(if $(filter 0,$(shell id -u)),,sudo )apt-get
# Asks nothing and does nothing when all is there. Services that come along are neither
# started nor enabled: a policy-rc.d of our own says no while we install.
deps:
	@sh share/build/deps.sh $(PKGS_BUILD) $(PKGS_TEST)
	@sh share/build/deps-web.sh $(CURDIR)/build/web
deps-build:
	@sh share/build/deps.sh $(PKGS_BUILD)

# ---- the two commands of the README ----

demo: deps-build
	@$(MAKE) --no-print-directory -s all
	@B=$(abspath $(B)) sh share/demo.sh

check: deps
	@$(MAKE) --no-print-directory all completions
	@$(MAKE) --no-print-directory check-only

# ---- tests ----

C_TESTS := $(patsubst tests/lib/%.c,%,$(wildcard tests/lib/*_test.c))
SH_TESTS := $(wildcard tests/cmd/*_test.sh tests/whole/*_test.sh)
TEST_BINS := $(C_TESTS:%=$(B)/tests/lib/%)
WERROR ?= -Werror

# Tests see every statement of the registry: the whole archive is linked.
$(B)/tests/lib/%: $(B)/tests/lib/%.o $(B)/libtkt.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--whole-archive $(B)/libtkt.a \
		-Wl,--no-whole-archive $(LIBS_tests) -latf-c
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libtkt.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/libtkt.a $(LIBS_all) $(LIBS_query) \
		$(LIBS_$(notdir $@))
LIBS_gmime = $(LIBS_mail-ingest)

$(B)/tests/Kyuafile: $(TEST_BINS) $(SH_TESTS) share/build/kyuafile.sh
	@mkdir -p $(@D)
	sh share/build/kyuafile.sh $(abspath $(B)) $(C_TESTS) -- $(SH_TESTS) >$@

JOBS ?= $(shell nproc)
CRASHES ?= 200
# T='cmd/tkt-new_test' runs a part; LONG=1 runs property and crash tests at full length.
check-only: all completions $(TEST_BINS) $(B)/tests/bench/generate $(B)/tests/Kyuafile
	@TKT_CRASHES=$(CRASHES) TKT_SRC=$(CURDIR) TKT_BUILD=$(abspath $(B)) TKT_LONG=$(LONG) TKT_WEB=$(CURDIR)/build/web \
		sh share/build/run-tests.sh $(abspath $(B)) $(JOBS) $(T)

asan:
	@$(MAKE) --no-print-directory B=$(B)-asan CC=clang \
		SAN='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
		CFLAGS='-O1 -g' CRASHES=40 check-only

bench: all $(B)/tests/bench/generate $(B)/tests/bench/limits $(B)/tests/bench/gmime $(B)/tests/bench/clocks
	@B=$(abspath $(B)) TKT_SRC=$(CURDIR) sh tests/bench/run.sh $(SIZES)

FUZZ_TARGETS ?= $(basename $(notdir $(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS ?= 60
fuzz:
	@$(MAKE) --no-print-directory B=$(B)-fuzz CC=clang \
		SAN='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all' CFLAGS='-O1 -g' fuzz-run
fuzz-run: $(FUZZ_TARGETS:%=$(B)/fuzz/%)
	@for f in $(FUZZ_TARGETS); do mkdir -p $(B)/corpus/$$f; \
		$(B)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$(B)/corpus/$$f- \
			$(B)/corpus/$$f $$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) || exit 1; done
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libtkt.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/libtkt.a $(LIBS_tests)

# The same with AFL++ (Debian: afl++), for the mail target.
afl:
	@$(MAKE) --no-print-directory B=$(B)-afl CC=afl-clang-fast CFLAGS='-O1 -g' afl-run
afl-run: $(B)/afl/mail
	@mkdir -p $(B)/found
	AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 \
		afl-fuzz -V $(FUZZ_SECONDS) -t 5000 -i tests/fuzz/corpus/mail -o $(B)/found \
		-- $(B)/afl/mail
	@! ls $(B)/found/default/crashes/id* $(B)/found/default/hangs/id* 2>/dev/null
$(B)/afl/mail: $(B)/tests/fuzz/mail.o $(B)/libtkt.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/libtkt.a $(LIBS_all) \
		$(LIBS_query) $(LIBS_mail-ingest)

# ---- lint ----

C_FILES = $(wildcard cmd/*.[ch] lib/*/*.[ch] tests/*/*.[ch])
SH_FILES = $(wildcard tests/*.sh tests/*/*.sh share/*.sh share/build/*.sh completions/*.sh .ci/run)
format:
	clang-format -i $(C_FILES)
lint:
	@B=$(abspath $(B)) CC="$(CC)" sh share/build/lint.sh "$(C_FILES)" "$(SH_FILES)" "$(MANS)" \
		"$(filter-out -DTKT%,$(ALL_CFLAGS))"

# ---- installing ----

install: all completions
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SHAREDIR)/sample/mail \
		$(DESTDIR)$(SHAREDIR)/schema $(DESTDIR)$(SHAREDIR)/recipes \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7
	install -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	install -m 644 share/tkt.conf $(DESTDIR)$(SHAREDIR)
	install -m 644 share/sample/tkt.conf $(DESTDIR)$(SHAREDIR)/sample
	install -m 644 share/sample/mail/* $(DESTDIR)$(SHAREDIR)/sample/mail
	install -m 644 share/schema/*.json $(DESTDIR)$(SHAREDIR)/schema
	install -d $(DESTDIR)$(SHAREDIR)/channel
	install -m 755 share/channel/* $(DESTDIR)$(SHAREDIR)/channel
	install -d $(DESTDIR)$(SHAREDIR)/phone
	install -m 644 share/phone/* $(DESTDIR)$(SHAREDIR)/phone
	install -d $(DESTDIR)$(SHAREDIR)/bot
	install -m 644 share/bot/* $(DESTDIR)$(SHAREDIR)/bot
	for f in share/recipes/*; do m=644; [ ! -x $$f ] || m=755; \
		install -m $$m $$f $(DESTDIR)$(SHAREDIR)/recipes; done
	for m in $(MANS); do install -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/; done
	install -m 644 $(B)/completions/bash/* $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(B)/completions/zsh/* $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 $(B)/completions/fish/* $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

uninstall:
	rm -f $(PROGRAMS:%=$(DESTDIR)$(BINDIR)/%)
	for m in $(notdir $(MANS)); do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/share/bash-completion/completions/%) \
		$(PROGRAMS:%=$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_%) \
		$(PROGRAMS:%=$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/%.fish)
	rm -rf $(DESTDIR)$(SHAREDIR)

dist:
	git archive --prefix=tkt-$(VERSION)/ -o tkt-$(VERSION).tar.gz HEAD

clean:
	rm -rf $(B) $(B)-asan $(B)-fuzz $(B)-afl tkt-*.tar.gz
