# One Makefile for everything; what configure found out is in out/config.mk. All products are under
# out/: O=out/x builds a variant beside it, SAN=1 one with the address and undefined sanitizers.

-include out/config.mk
ifdef SAN
O ?= out/san
else
O ?= out
endif

all: $(O)/hod

configure: configure.ac
	autoconf
out/config.mk: configure
	if [ -x config.status ]; then ./config.status --recheck >/dev/null && ./config.status --quiet; \
	else ./configure --quiet; fi

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wno-unused-parameter -Wno-missing-field-initializers
CPPFLAGS_ALL := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DHOD_VERSION='"$(VERSION)"' -Iinclude -I$(O)/gen \
	$(if $(filter yes,$(HAVE_ISAL)),-DHAVE_ISAL) $(if $(filter yes,$(HAVE_SUBID)),-DHAVE_SUBID) \
	$(if $(filter yes,$(HAVE_MICROHTTPD)),-DHAVE_MICROHTTPD)
CFLAGS_ALL := -std=gnu11 $(WARN) $(STRICT) -fPIE -fstack-protector-strong $(HARDEN)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(PACK) -Wl,--as-needed -Wl,--gc-sections
ifdef SAN
CFLAGS_ALL += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -DHOD_SAN
LDFLAGS_ALL += -fsanitize=address,undefined
LIBS_HOT := -lcap -ljansson -lz -lnettle -ldeflate
else
CPPFLAGS_ALL += $(if $(findstring -O,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif
ifdef FUZZ # a fuzzer that does not see the branches of what it tests finds little; O=out/fuzz is its own
CFLAGS_ALL += -fsanitize=fuzzer-no-link
endif
CFLAGS_ALL += -ffunction-sections -fdata-sections

folders := util oci store net registry runtime image monitor engine build cmd
sources := $(foreach f,$(folders),$(sort $(wildcard src/$(f)/*.c)))
objects := $(sources:src/%.c=$(O)/obj/%.o)
# programs that run at build time; each writes one generated header (see "generated" below)
generated := $(O)/gen/seccomp_bpf.h $(O)/gen/init_program.h $(O)/gen/trampoline_program.h

$(O)/obj/%.o: src/%.c out/config.mk | $(generated)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/libhod.a: $(objects)
	@rm -f $@
	ar rcs $@ $(objects)

$(O)/hod: $(O)/obj/main.o $(O)/libhod.a
	$(CC) $(CFLAGS_ALL) $(CFLAGS) $(LDFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LIBS_HOT)

# The default system call filters, compiled by libseccomp once, here.
$(O)/runtime/gen/seccomp: src/runtime/gen/seccomp.c $(wildcard src/runtime/*.h src/runtime/gen/*.h) out/config.mk
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) -std=gnu11 $(WARN) $(STRICT) $(CFLAGS) -Isrc/runtime -o $@ $< $(LDFLAGS) -lseccomp -lcap
$(O)/gen/seccomp_bpf.h: $(O)/runtime/gen/seccomp
	@mkdir -p $(@D)
	$< >$@.new && mv $@.new $@

# Programs without any library, as bytes in a header: that of --init, the last step before a command.
FREESTANDING := -Os -ffreestanding -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -static -nostdlib -Wl,--build-id=none,-z,noexecstack,-s
$(O)/engine/gen/init $(O)/runtime/gen/trampoline: $(O)/%: src/%.c out/config.mk
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARN) $(STRICT) $(FREESTANDING) -o $@ $<
$(O)/gen/init_program.h: $(O)/engine/gen/init
$(O)/gen/trampoline_program.h: $(O)/runtime/gen/trampoline
$(O)/gen/%_program.h:
	@mkdir -p $(@D)
	{ echo 'static const unsigned char $*_program[] = {'; \
		od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '};'; } >$@.new && mv $@.new $@

# ---- tests ----
unit_sources := $(sort $(wildcard tests/unit/*/*.c))
unit_tests := $(unit_sources:tests/%.c=$(O)/tests/%)
fuzz_sources := $(sort $(wildcard tests/fuzz/*.c))
fuzz_replay := $(fuzz_sources:tests/%.c=$(O)/tests/%)

$(O)/tests/unit/%: tests/unit/%.c $(O)/libhod.a $(wildcard tests/unit/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) -Isrc -Itests/unit $(CFLAGS_ALL) $(CFLAGS) $(LDFLAGS_ALL) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
		$(O)/libhod.a $(LIBS_HOT) -lcheck -lsubunit -lm -lrt -lpthread
# a fuzz target built without a fuzzer replays its seeds; with CC=clang FUZZ=1 it is the fuzzer
$(O)/tests/fuzz/%: tests/fuzz/%.c $(O)/libhod.a $(wildcard tests/fuzz/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) -Isrc $(CFLAGS_ALL) $(CFLAGS) $(if $(FUZZ),-fsanitize=fuzzer,-DREPLAY) $(LDFLAGS_ALL) $(LDFLAGS) -o $@ $< \
		$(O)/libhod.a $(LIBS_HOT)

check: check-unit check-integration
check-unit: $(unit_tests) $(fuzz_replay)
	O=$(O) sh tests/unit.sh $(unit_tests) -- $(fuzz_replay)
check-integration: $(O)/hod
	O=$(O) sh tests/integration.sh
golden: $(unit_tests)
	GOLDEN=rewrite O=$(O) sh tests/unit.sh $(unit_tests) --
bench: $(O)/hod
	O=$(O) sh tests/bench/run.sh

lint:
	sh tests/lint.sh
man:
	mandoc -T lint -W warning man/*.[0-9]
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# ---- installing ----
bindir = $(prefix)/bin
mandir = $(prefix)/share/man
datadir = $(prefix)/share
install: $(O)/hod
	install -D -m 0755 $(O)/hod $(DESTDIR)$(bindir)/hod
	ln -sf hod $(DESTDIR)$(bindir)/hod-oci
	for page in man/*.[0-9]; do \
		install -D -m 0644 $$page $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	install -d $(DESTDIR)$(datadir)/bash-completion/completions \
		$(DESTDIR)$(datadir)/zsh/site-functions $(DESTDIR)$(datadir)/fish/vendor_completions.d
	$(O)/hod completion bash >$(DESTDIR)$(datadir)/bash-completion/completions/hod
	$(O)/hod completion zsh >$(DESTDIR)$(datadir)/zsh/site-functions/_hod
	$(O)/hod completion fish >$(DESTDIR)$(datadir)/fish/vendor_completions.d/hod.fish
uninstall:
	rm -f $(DESTDIR)$(bindir)/hod $(DESTDIR)$(bindir)/hod-oci $(DESTDIR)$(datadir)/bash-completion/completions/hod \
		$(DESTDIR)$(datadir)/zsh/site-functions/_hod $(DESTDIR)$(datadir)/fish/vendor_completions.d/hod.fish
	for page in man/*.[0-9]; do rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}; done
dist:
	mkdir -p $(O)
	git archive --prefix=hod-$(VERSION)/ -o $(O)/hod-$(VERSION).tar.gz HEAD
clean:
	rm -rf out autom4te.cache configure configure~ config.log config.status

-include $(objects:.o=.d) $(O)/obj/main.d $(unit_tests:=.d)
.PHONY: all check check-unit check-integration golden bench lint man format install uninstall dist clean
.DELETE_ON_ERROR:
