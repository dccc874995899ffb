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
CFLAGS.cov      := -O0 -g3 --coverage -fprofile-update=atomic
CFLAGS.fuzz     := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS.asan    := -fsanitize=address,undefined
LDFLAGS.tsan    := -fsanitize=thread
LDFLAGS.cov     := --coverage
LDFLAGS.fuzz    := -fsanitize=fuzzer,address,undefined
CPPFLAGS += -I. -D_POSIX_C_SOURCE=200809L
CFLAGS   += -std=c11 $(WARN) $(WERROR) -fstack-protector-strong -fno-omit-frame-pointer $(CFLAGS.$(V))
LDFLAGS  += $(LDFLAGS.$(V))
JOBS     ?= $(shell nproc 2>/dev/null || echo 2)
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
SIM    := $(filter-out sim/main.c sim/memo.c,$(wildcard sim/*.c))
# tests/lib: what every test links, and what only tests of whole devices do (clusters of meshes)
TESTLIB := tests/lib/test.c tests/lib/main.c
CLUSTER := $(filter-out $(TESTLIB),$(wildcard tests/lib/*.c))
UNIT   := $(sort $(wildcard tests/unit/*/*_test.c))
PROPERTY := $(sort $(wildcard tests/property/*.c))
SCENARIO := $(sort $(wildcard tests/scenario/*_test.c))
FUZZ   := $(sort $(wildcard tests/fuzz/*.c))
BENCH  := $(sort $(wildcard bench/*.c))
SOURCES := $(PURE) $(wildcard $(EDGE)) $(NODE) $(SIM) $(wildcard sim/main.c sim/memo.c tests/netns/*.c) $(TESTLIB) $(CLUSTER) $(UNIT) $(PROPERTY) $(SCENARIO) $(FUZZ) $(BENCH) $(wildcard tools/*.c)

# One archive a folder. Its tests link it and the folders below it, so that an arrow pointing up
# does not even link. procedures is data: the files of procedures/, embedded.
below.base    :=
below.text    := base
below.crypto  := base
below.store   := crypto base
below.cell    := store crypto base
below.mesh    := cell store crypto base
below.meeting := procedures cell store crypto text base
below.audio   := crypto base
below.device  := mesh meeting procedures cell store crypto text base
below.node    := device audio mesh meeting procedures cell store crypto text base
below.sim     := device mesh meeting procedures cell store crypto text base
archive = $(patsubst %,$(O)/lib/%.a,$(1))

# Programs and tests choose sodium (default) or toy.
CRYPTO.sodium := $(O)/crypto/sodium.o $(O)/crypto/entropy.o
CRYPTO.toy    := $(O)/crypto/toy.o
LIBS := -lsodium -llmdb -lm -lpthread
LIBS.node    := -lzmq -lmicrohttpd -lcurl -ljansson -lqrencode -lutf8proc
LIBS.audio   := -lopus -lspeexdsp -lportaudio
LIBS.meeting := -lconfig
LIBS.sim := -lz -lsqlite3 -ljansson
# what the folders in $(1) need from outside
libs = $(if $(filter node,$(1)),$(LIBS.node)) $(if $(filter node audio,$(1)),$(LIBS.audio)) $(if $(filter sim,$(1)),$(LIBS.sim)) $(if $(filter meeting device node sim,$(1)),$(LIBS.meeting)) $(LIBS)
# objects by name, archives in a group: their order does not matter
link = @echo "  LD   $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# Changes only when the command line of the compiler does, so that other edits of this file do not
# rebuild the world.
COMPILE := $(CC) $(CPPFLAGS) $(CFLAGS)
$(O)/flags: FORCE
	@mkdir -p $(@D); echo '$(COMPILE)' >$@.$$$$; cmp -s $@.$$$$ $@ && rm -f $@.$$$$ || mv $@.$$$$ $@
FORCE:

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D); echo "  CC   $<"
	@$(COMPILE) -MMD -MP -c -o $@ $<

# ---- files compiled in: the pages and the procedures ----------------------------------------
WEB        := $(sort $(shell find node/web -type f 2>/dev/null))
PROCEDURES := $(sort $(wildcard procedures/*.conf))
$(O)/assets/web.c: $(WEB) tools/embed
	@mkdir -p $(@D); tools/embed node/web_assets.h web_asset web_assets node/web $(WEB) >$@
$(O)/assets/procedures.c: $(PROCEDURES) tools/embed
	@mkdir -p $(@D); tools/embed procedures/assets.h procedure_asset procedure_assets procedures $(PROCEDURES) >$@
$(O)/assets/sim.c: sim/report.html tools/embed
	@mkdir -p $(@D); tools/embed sim/assets.h sim_asset sim_assets sim sim/report.html >$@
$(O)/assets/%.o: $(O)/assets/%.c $(O)/flags
	@echo "  CC   $<"; $(COMPILE) -MMD -MP -c -o $@ $<

# the two crypto backends define the same names: they are linked by name, never from the archive
define archive_rule
$(O)/lib/$(1).a: $$(call obj,$$(filter-out crypto/sodium.c crypto/toy.c crypto/entropy.c,$$(call src,$(1))))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive_rule,$(f))))
$(O)/lib/procedures.a: $(O)/assets/procedures.o
$(O)/lib/node.a: $(call obj,$(filter-out node/main.c,$(NODE))) $(O)/assets/web.o
$(O)/lib/sim.a: $(call obj,$(SIM)) $(O)/assets/sim.o
$(O)/lib/test.a: $(call obj,$(TESTLIB))
$(O)/lib/cluster.a: $(call obj,$(CLUSTER))
$(O)/lib/procedures.a $(O)/lib/node.a $(O)/lib/sim.a $(O)/lib/test.a $(O)/lib/cluster.a:
	@mkdir -p $(@D); rm -f $@; ar rcs $@ $^

# ---- programs ------------------------------------------------------------------------------
all: $(O)/hop $(O)/hop-sim $(O)/hop-sim-toy $(O)/hear $(O)/tests/netns/middle ## build everything
$(O)/hop: $(O)/node/main.o $(call archive,node $(below.node)) $(CRYPTO.sodium)
	$(link) $(call libs,node)
# memo.o remembers signatures that were checked: the linker leads the calls through it
MEMO := -Wl,--wrap=hop_verify,--wrap=hop_sign
$(O)/hop-sim: $(O)/sim/main.o $(O)/sim/memo.o $(call archive,sim $(below.sim)) $(CRYPTO.sodium)
	$(link) $(MEMO) $(call libs,sim)
$(O)/hop-sim-toy: $(O)/sim/main.o $(O)/sim/memo.o $(call archive,sim $(below.sim)) $(CRYPTO.toy)
	$(link) $(MEMO) $(call libs,sim)

$(O)/hear: $(O)/tools/hear.o $(call archive,audio $(below.audio)) $(CRYPTO.sodium)
	$(link) $(call libs,audio)
$(O)/tests/netns/middle: $(O)/tests/netns/middle.o $(call archive,device $(below.device)) $(CRYPTO.sodium)
	$(link) $(call libs,device)

# ---- tests: tests/unit/FOLDER/NAME_test.c -> one cmocka program each -------------------------
WHOLE := mesh device node sim
define unit_rule
$(O)/tests/unit/$(1)/%_test: $(O)/tests/unit/$(1)/%_test.o $(O)/lib/test.a $(if $(filter $(WHOLE),$(1)),$(O)/lib/cluster.a) $(call archive,$(1) $(below.$(1))) $(if $(filter base text,$(1)),,$$(CRYPTO.sodium))
	$$(link) -lcmocka $$(call libs,$(1))
$(O)/tests/unit/$(1)/%_toy_test: $(O)/tests/unit/$(1)/%_test.o $(O)/lib/test.a $(if $(filter $(WHOLE),$(1)),$(O)/lib/cluster.a) $(call archive,$(1) $(below.$(1))) $$(CRYPTO.toy)
	$$(link) -lcmocka $$(call libs,$(1))
endef
$(foreach f,$(FOLDERS) node sim,$(eval $(call unit_rule,$(f))))
$(O)/tests/scenario/%_test: $(O)/tests/scenario/%_test.o $(O)/lib/test.a $(O)/lib/cluster.a $(call archive,$(below.sim)) $(CRYPTO.sodium)
	$(link) -lcmocka $(call libs,sim)
# random histories of the cell, with the toy backend: what is signed there is never in doubt
$(O)/tests/property/%: $(O)/tests/property/%.o $(O)/lib/test.a $(call archive,text cell $(below.cell)) $(CRYPTO.toy)
	$(link) -lcmocka $(call libs,cell)
PROPERTY_CHECK := build/release-$(notdir $(CC))/tests/property/authority 100000
# run a second time with the toy backend: what both backends promise, and what is built on it
TOY   := $(wildcard $(patsubst %,tests/unit/crypto/%_test.c,contract drbg keyfile))
TESTS := $(patsubst %.c,$(O)/%,$(UNIT)) $(patsubst %_test.c,$(O)/%_toy_test,$(TOY)) $(patsubst %.c,$(O)/%,$(SCENARIO))
tests: $(TESTS) ## build every test program

check: ## install what is missing, build, run all tests; ends with "N passed, N failed"
	@tools/deps
	@$(MAKE) -k -j$(JOBS) --no-print-directory V=release $(firstword $(PROPERTY_CHECK))
	@$(MAKE) -k -j$(JOBS) --no-print-directory all tests; BUILD_STATUS=$$? HOP=$(O)/hop HOP_SIM=$(O)/hop-sim-toy \
	    tools/run-tests $(TESTS) "$(PROPERTY_CHECK)" $(wildcard tests/plant/run tests/sim/run tests/sim/commands tests/sim/report tests/trouble/run tests/bundle/run tests/serial/run tests/audio-rig/run tests/netns/run tests/netns/pairing tests/netns/hostile tests/web/run) \
	    tools/security-tests "tools/determinism $(O)/hop-sim $(O)/hop-sim-toy"
check-unit: ## build and run unit and scenario tests only
	@$(MAKE) -k -j$(JOBS) --no-print-directory tests; BUILD_STATUS=$$? tools/run-tests $(TESTS)
# what threads share: rings, the voice thread, the ZAP handler. libzmq is not built for this, so what
# only libzmq can see is left out
TSAN := $(filter tests/unit/audio/% $(patsubst %,tests/unit/node/%_test.c,voice zap links),$(UNIT))
check-tsan: $(patsubst %.c,$(O)/%,$(TSAN))
	@TSAN_OPTIONS=ignore_noninstrumented_modules=1 tools/run-tests $^
demo: ## play a real meeting of three devices on this machine
	@tools/deps
	@$(MAKE) V=release -j$(JOBS) --no-print-directory build/release-$(notdir $(CC))/hop build/release-$(notdir $(CC))/hear
	@HOP=build/release-$(notdir $(CC))/hop HEAR=build/release-$(notdir $(CC))/hear tools/demo

# ---- gates (STYLE §19, §20) ------------------------------------------------------------------
pure: $(call obj,$(PURE) $(wildcard $(EDGE)) $(NODE) $(wildcard sim/*.c)) ## prove the pure folders do no I/O, and who draws entropy
	@tools/pure $(call obj,$(PURE)) -- $(filter-out $(O)/crypto/entropy.o,$^)
security-tests: ## every test that docs/security.md names is there
	@tools/security-tests
layers: ## prove the arrows between folders point down
	@tools/layers
tidy: ## banned calls, tabs, long functions, files nobody builds
	@tools/tidy $(SOURCES)
format: ## clang-format agrees with every file
	@clang-format --dry-run -Werror $(SOURCES) $(wildcard $(addsuffix /*.h,$(FOLDERS) node sim tests/lib procedures))
clang-tidy: ## clang-tidy on the pure folders (.clang-tidy says which checks)
	@printf '%s\n' $(PURE) | xargs -P $(JOBS) -I{} clang-tidy --quiet {} -- $(CPPFLAGS) -std=c11
# memleakOnRealloc: it does not see that the caller of a growing function keeps the old pointer;
# assertWithSideEffect: it takes every call with a pointer for a side effect
cppcheck: ## cppcheck on all our code
	@cppcheck -q -j $(JOBS) --enable=warning,portability --inline-suppr --error-exitcode=1 --std=c11 -I. \
	    -D_POSIX_C_SOURCE=200809L --suppress=missingIncludeSystem \
	    --suppress=memleakOnRealloc --suppress=assertWithSideEffect $(filter-out tests/% bench/%,$(SOURCES))

shellcheck: ## shellcheck on every script
	@shellcheck -S warning tools/embed $(shell grep -lE '^.!/bin/(ba)?sh' tools/* .ci/* $$(find tests docs -type f -size -100k ! -path '*/corpus/*' 2>/dev/null) 2>/dev/null)

# ---- fuzzing: the first line of tests/fuzz/NAME.c says which folders it links -----------------
FUZZ_SECONDS ?= 20
ifeq ($(V),fuzz)
# the word toy links that backend instead of sodium
define fuzz_rule
fuzz.$(1) := $$(shell sed -n '1s|^/\* fuzz: \(.*\) \*/$$$$|\1|p' tests/fuzz/$(1).c)
folders.$(1) := $$(sort $$(patsubst toy,crypto,$$(fuzz.$(1))))
$(O)/tests/fuzz/$(1): $(O)/tests/fuzz/$(1).o $$(call archive,$$(folders.$(1))) $$(if $$(filter crypto,$$(folders.$(1))),$$(if $$(filter toy,$$(fuzz.$(1))),$$(CRYPTO.toy),$$(CRYPTO.sodium)))
	$$(link) $$(call libs,$$(folders.$(1)))
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rule,$(basename $(notdir $(f))))))
endif
fuzz-targets: $(patsubst %.c,$(O)/%,$(FUZZ))
fuzz: ## run every fuzz target FUZZ_SECONDS=20 from its corpus
	@$(MAKE) V=fuzz CC=clang -j$(JOBS) --no-print-directory fuzz-targets
	@tools/run-fuzz $(FUZZ_SECONDS) $(patsubst %.c,build/fuzz-clang/%,$(FUZZ))

# ---- measuring -------------------------------------------------------------------------------
$(O)/bench/%: $(O)/bench/%.o $(O)/lib/cluster.a $(call archive,node $(below.node)) $(CRYPTO.sodium)
	$(link) $(call libs,node)
bench-programs: $(patsubst %.c,$(O)/%,$(BENCH))
SYNC := $(filter bench/sync_%,$(BENCH))
released = $(patsubst %.c,build/release-$(notdir $(CC))/%,$(1))
bench: ## measure; prints tables and writes build/bench.json
	@$(MAKE) V=release -j$(JOBS) --no-print-directory bench-programs build/release-$(notdir $(CC))/hop
	@HOP=build/release-$(notdir $(CC))/hop tools/run-bench build/bench.json $(call released,$(filter-out $(SYNC),$(BENCH)))
bench-sync: ## measure sync against its goals, beside four other libraries; into build/bench.json too
	@tools/deps
	@$(MAKE) V=release -j$(JOBS) --no-print-directory $(call released,$(SYNC))
	@tools/bench-sync build/bench.json $(call released,$(SYNC))
bench-sim: ## judge the simulator by its goals: speed, memory, power cuts; BUGS=1 plants bugs too
	@tools/deps
	@$(MAKE) V=release -j$(JOBS) --no-print-directory build/release-$(notdir $(CC))/hop-sim build/release-$(notdir $(CC))/hop-sim-toy build/release-$(notdir $(CC))/tests/unit/store/lmdb_power_test
	@tools/bench-sim build/release-$(notdir $(CC))
sim-bugs: ## plant bugs one at a time: the simulator must find and shrink every one (minutes)
	@tests/sim/bugs/run
coverage: ## lines of the pure folders that the tests reach
	@find build/cov-gcc -name '*.gcda' -delete 2>/dev/null || true
	-@$(MAKE) V=cov CC=gcc --no-print-directory check-unit
	@gcovr -r . --gcov-ignore-parse-errors --object-directory build/cov-gcc $(patsubst %,-f '%/.*',$(FOLDERS)) $(patsubst %,-e %,$(EDGE))

# ---- the rest --------------------------------------------------------------------------------
PREFIX ?= /usr/local
install: ## V=release programs, man pages and procedures under PREFIX=/usr/local
	@$(MAKE) V=release -j$(JOBS) --no-print-directory all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/hop/procedures
	install -m 755 build/release-$(notdir $(CC))/hop build/release-$(notdir $(CC))/hop-sim $(DESTDIR)$(PREFIX)/bin
	$(if $(wildcard docs/man/*.1),install -m 644 $(wildcard docs/man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1)
	$(if $(PROCEDURES),install -m 644 $(PROCEDURES) $(DESTDIR)$(PREFIX)/share/hop/procedures)
	install -d $(DESTDIR)$(PREFIX)/share/hop/sim/scenarios $(DESTDIR)$(PREFIX)/share/hop/sim/data
	install -m 644 sim/scenarios/*.conf $(DESTDIR)$(PREFIX)/share/hop/sim/scenarios
	install -m 644 sim/data/* $(DESTDIR)$(PREFIX)/share/hop/sim/data
tags: ## ctags for people
	@ctags -R --exclude=build --exclude=node_modules .
sources:
	@printf '%s\n' $(SOURCES)
clean: ## remove build/
	rm -rf build

-include $(shell find $(O) -name '*.d' 2>/dev/null)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | expand -t 14
.PHONY: all tests security-tests check check-unit check-tsan shellcheck demo pure layers tidy format clang-tidy cppcheck fuzz fuzz-targets bench bench-programs bench-sync bench-sim sim-bugs coverage install tags sources clean help FORCE
