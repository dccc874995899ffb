# hop: one Makefile. `make help` lists what it can do.
#
#   make [V=debug|release|asan|tsan|cov] [CC=gcc|clang] [WERROR=]
V      ?= debug
ifeq ($(origin CC),default)
CC     := gcc
endif
O      := build/$(V)-$(notdir $(CC))
WERROR ?= -Werror
WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
          -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wformat=2 -Wcast-align -Wcast-qual \
          -Wwrite-strings -Wpointer-arith -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
CFLAGS.debug    := -O1 -g3
CFLAGS.release  := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS.asan     := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS.tsan     := -O1 -g3 -fsanitize=thread
CFLAGS.cov      := -O0 -g3 --coverage
LDFLAGS.asan    := -fsanitize=address,undefined
LDFLAGS.tsan    := -fsanitize=thread
LDFLAGS.cov     := --coverage
CPPFLAGS += -I. -D_POSIX_C_SOURCE=200809L
CFLAGS   += -std=c11 $(WARN) $(WERROR) -fstack-protector-strong -fno-omit-frame-pointer $(CFLAGS.$(V))
LDFLAGS  += $(LDFLAGS.$(V))
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# ---- what is where -------------------------------------------------------------------------
# Edges touch the world; everything else in the folders below is pure (make pure).
EDGE   := crypto/entropy.c crypto/sodium.c store/lmdb.c audio/portaudio.c audio/wav.c
FOLDERS := base text crypto store cell mesh meeting audio device
src     = $(wildcard $(1)/*.c)
obj     = $(patsubst %.c,$(O)/%.o,$(1))
PURE   := $(filter-out $(EDGE),$(foreach f,$(FOLDERS),$(call src,$(f))))
NODE   := $(wildcard node/*.c)
SIM    := $(filter-out sim/main.c,$(wildcard sim/*.c))
TESTLIB := $(wildcard tests/lib/*.c)

# One archive a folder. Its tests link it and the folders below it, so that an arrow pointing up
# does not even link.
below.base    :=
below.text    := base
below.crypto  := base
below.store   := crypto base
below.cell    := store crypto text base
below.mesh    := cell store crypto text base
below.meeting := cell store crypto text base
below.audio   := crypto base
below.device  := mesh meeting cell store crypto text base
below.node    := device audio mesh meeting cell store crypto text base
below.sim     := device mesh meeting cell store crypto text base
archive = $(patsubst %,$(O)/lib/%.a,$(1))

# Programs and tests choose sodium (default) or toy.
CRYPTO.sodium := $(O)/crypto/sodium.o $(O)/crypto/entropy.o
CRYPTO.toy    := $(O)/crypto/toy.o
LIBS := -lsodium -llmdb -lm -lpthread
LIBS.node    := -lzmq -lmicrohttpd -lcurl -ljansson -lqrencode -lutf8proc
LIBS.audio   := -lopus -lspeexdsp -lportaudio
LIBS.meeting := -lconfig

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D); echo "  CC   $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# the two crypto backends define the same names: they are linked by name, never from the archive
define archive_rule
$(O)/lib/$(1).a: $$(call obj,$$(filter-out crypto/sodium.c crypto/toy.c crypto/entropy.c,$$(call src,$(1))))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive_rule,$(f))))
$(O)/lib/node.a: $(call obj,$(filter-out node/main.c,$(NODE)))
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^
$(O)/lib/sim.a: $(call obj,$(SIM))
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^
$(O)/lib/test.a: $(call obj,$(TESTLIB))
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^

all: $(O)/hop $(O)/hop-sim $(O)/hop-sim-toy ## build everything
$(O)/hop: $(O)/node/main.o $(call archive,node $(below.node)) $(CRYPTO.sodium)
	@echo "  LD   $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS.node) $(LIBS.audio) $(LIBS.meeting) $(LIBS)
$(O)/hop-sim: $(O)/sim/main.o $(call archive,sim $(below.sim)) $(CRYPTO.sodium)
	@echo "  LD   $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS.meeting) $(LIBS)
$(O)/hop-sim-toy: $(O)/sim/main.o $(call archive,sim $(below.sim)) $(CRYPTO.toy)
	@echo "  LD   $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS.meeting) $(LIBS)

# ---- tests: tests/unit/FOLDER/NAME_test.c -> one cmocka program each -------------------------
UNIT := $(wildcard tests/unit/*/*_test.c) $(wildcard tests/scenario/*_test.c)
define unit_rule
$(O)/tests/unit/$(1)/%_test: $(O)/tests/unit/$(1)/%_test.o $(O)/lib/test.a $(call archive,$(1) $(below.$(1))) $$(CRYPTO.sodium)
	@echo "  LD   $$@"; $$(CC) $$(LDFLAGS) $$(LDFLAGS.$$(*F)) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -lcmocka $$(if $(filter $(1),node),$$(LIBS.node)) $$(if $(filter $(1),node audio),$$(LIBS.audio)) $$(if $(filter $(1),meeting device node sim),$$(LIBS.meeting)) $$(LIBS)
$(O)/tests/unit/$(1)/%_toy_test: $(O)/tests/unit/$(1)/%_test.o $(O)/lib/test.a $(call archive,$(1) $(below.$(1))) $$(CRYPTO.toy)
	@echo "  LD   $$@"; $$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -lcmocka $$(LIBS)
endef
$(foreach f,$(FOLDERS) node sim,$(eval $(call unit_rule,$(f))))
$(O)/tests/scenario/%_test: $(O)/tests/scenario/%_test.o $(O)/lib/test.a $(call archive,$(below.sim)) $(CRYPTO.sodium)
	@echo "  LD   $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka $(LIBS.meeting) $(LIBS)
TESTS := $(patsubst %.c,$(O)/%,$(UNIT))
tests: $(TESTS)

-include $(shell find $(O) -name '*.d' 2>/dev/null)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
.PHONY: all tests help
