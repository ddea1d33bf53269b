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

.PHONY: all help deps demo check check-only bench asan lint format fuzz install uninstall \
	dist clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BINS)

help:
	@echo "all deps demo check check-only bench asan lint format fuzz install uninstall dist clean"

# ---- objects ----

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS_$(notdir $(*D))) -MMD -MP -c -o $@ $<

# Only lib/channel sees GMime's headers.
CFLAGS_channel = $(shell pkg-config --cflags gmime-3.0)

$(B)/migrations.c: $(wildcard share/schema/sqlite/*.sql) share/build/embed-sql.sh
	@mkdir -p $(@D)
	sh share/build/embed-sql.sh share/schema/sqlite/*.sql >$@

$(B)/migrations.o: $(B)/migrations.c
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/samples.c: share/tkt.conf share/sample/tkt.conf share/build/embed-files.sh
	@mkdir -p $(@D)
	sh share/build/embed-files.sh conf_default=share/tkt.conf \
		conf_sample=share/sample/tkt.conf >$@

$(B)/samples.o: $(B)/samples.c
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libtkt.a: $(LIB_OBJ)
	rm -f $@
	ar rcs $@ $(LIB_OBJ)

$(B)/bin/%: $(B)/cmd/%.o $(B)/libtkt.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/libtkt.a $(LIBS_all) $(LIBS_query) $(LIBS_$*)

-include $(LIB_OBJ:.o=.d) $(PROGRAMS:%=$(B)/cmd/%.d)

clean:
	rm -rf $(B)
