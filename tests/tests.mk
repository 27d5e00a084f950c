# tests.mk: how tests are built and run.
#
# Host tests: every tests/host/test_*.c is one program. A line "sources: mm/ledger.c kernel/lib/kind.c" in
# its head comment names the files of the tree that it compiles, unchanged, beside itself and hostlib.c,
# under ASan and UBSan, or with a line "sanitizer: thread" under TSan. "links: -lm" adds to the link.
#
#   make check [T=ledger]        the host tests (those whose name holds T), refuse and static checks
#   make test  [T='expression']  everything; T is pytest's -k
#   make host-ledger             one host test: build it, run it
#   make coverage                lines and branches of the tree's files that the host tests run
#   make mutants [FILES=..]      changes in the code that no host test notices

HOSTCC  := clang
SAN     := -fsanitize=address,undefined -fno-sanitize-recover=all
HOSTFLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-strict-aliasing -fno-common -DIMAGO_HOST \
             -Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla -Werror $(SAN) $(COVERAGE)
HT      := out/host/test$(HTKIND)

# The include walls, once more, with the host port under them.
HINC_include := -Iinclude
HINC_efi     := -Iinclude -Iefi -Iarch/host/include -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -DGNU_EFI_USE_MS_ABI
HINC_kernel  := -Iinclude -Imm -Ikernel -Iarch/host/include -Iout/font
HINC_mm      := -Iinclude -Imm -Iarch/host/include
HINC_arch    := -Iinclude -Imm -Iarch/host/include
HINC_tests   := -Iinclude -Iout/font -Imm -Ikernel -Iefi -Itools -Iarch/host/include -Itests/host -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -DGNU_EFI_USE_MS_ABI
HINC_tools   := -Iinclude -Imm -Iefi -Itools -Iarch/host/include
HINC_x86     := -Iinclude -Imm -Iarch/x86_64/include -Iarch/x86_64
HINC_arm     := -Iinclude -Imm -Iarch/aarch64/include -Iarch/aarch64
hinc = $(if $(filter arch/x86_64/%,$(1)),$(HINC_x86),$(if $(filter arch/aarch64/%,$(1)),$(HINC_arm),$(HINC_$(firstword $(subst /, ,$(1))))))

HTESTS := $(patsubst tests/host/%.c,%,$(sort $(wildcard tests/host/test_*.c)))
hsrc    = $(shell sed -n 's/^.*sources: *//p' tests/host/$(1).c)
hlink   = $(shell sed -n 's/^.*links: *//p' tests/host/$(1).c)

hsan    = $(shell sed -n 's/^.*sanitizer: *//p' tests/host/$(1).c)

define hosttest
$(HT)/$(1): $(addprefix $(HT)/$(if $(call hsan,$(1)),$(call hsan,$(1))/),tests/host/$(1).o tests/host/hostlib.o \
  $(patsubst %.c,%.o,$(call hsrc,$(1))))
	@echo "  link  $$@"
	$$(Q)$$(HOSTCC) $(if $(call hsan,$(1)),-fsanitize=$(call hsan,$(1)),$$(SAN)) $$(COVERAGE) -o $$@ $$^ -lcmocka $(call hlink,$(1))
host-$(patsubst test_%,%,$(1)): $(HT)/$(1)
	$$<
HSRCS += $(call hsrc,$(1))
endef
$(foreach t,$(HTESTS),$(eval $(call hosttest,$(t))))

$(HT)/efi/build.o: HINC_efi += -Imm
$(HT)/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@echo "  hcc   $<"
	$(Q)$(HOSTCC) $(HOSTFLAGS) $(call hinc,$<) -MMD -MP -c $< -o $@
$(HT)/thread/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	@echo "  hcc   $< (threads)"
	$(Q)$(HOSTCC) $(filter-out $(SAN),$(HOSTFLAGS)) -fsanitize=thread -DHOSTPAGES=0x0000560000000000ull $(call hinc,$<) -MMD -MP -c $< -o $@
-include $(wildcard $(HT)/tests/host/*.d $(HT)/thread/*/*.d $(HT)/thread/*/*/*.d) $(patsubst %.c,$(HT)/%.d,$(sort $(HSRCS)))

hosttests: $(addprefix $(HT)/,$(HTESTS))
PYTEST := $(PYTHON) -m pytest -q -rfE --tb=short -p no:cacheprovider

# A host test that does not build fails by itself and stops no other: conftest.py asks make which ones.
BROKEN := $(HT)/broken
buildtests:
	$(Q)mkdir -p $(HT) && rm -f $(BROKEN)
	$(Q)$(MAKE) -k hosttests || touch $(BROKEN)
check: buildtests
	$(Q)$(PYTEST) tests/host tests/static $(if $(T),-k '$(T)')
# Boots are tested from the day there is something to boot.
test: all secondport hostile buildtests
	$(Q)$(PYTEST) tests $(if $(wildcard kernel/main.c),,--ignore=tests/boot) $(if $(T),-k '$(T)')
# The other port, for the boots that prove it.
secondport: $(if $(filter x86_64,$(ARCH)),all)
	$(Q)$(MAKE) ARCH=aarch64 all
status:
	$(Q)tools/status

# How much of the pure files the host tests run, and whether they notice when one is changed.
COVFLAGS := -fprofile-instr-generate -fcoverage-mapping
coverage:
	$(Q)$(MAKE) -s HTKIND=-coverage COVERAGE='$(COVFLAGS)' hosttests
	$(Q)rm -f out/host/test-coverage/*.profraw
	$(Q)for t in $(HTESTS); do LLVM_PROFILE_FILE=out/host/test-coverage/$$t.profraw \
	  out/host/test-coverage/$$t >/dev/null 2>&1 || echo "coverage: $$t fails"; done
	$(Q)llvm-profdata merge -o out/host/test-coverage/all.profdata out/host/test-coverage/*.profraw
	$(Q)llvm-cov report -instr-profile out/host/test-coverage/all.profdata \
	  out/host/test-coverage/$(firstword $(HTESTS)) $(addprefix -object out/host/test-coverage/,$(HTESTS)) \
	  $(sort $(HSRCS)) | tee out/coverage.txt
MUTANTS := 40
mutants:
	$(Q)tools/mutate -n $(MUTANTS) $(FILES)

.PHONY: check buildtests test secondport status coverage mutants hosttests

# The hostile firmware: a UEFI application of its own that starts imago and lies to it.
hostile: out/x86_64/hostile.efi
out/x86_64/hostile.efi: tests/hostile/hostile.c Makefile tests/tests.mk
	@mkdir -p $(@D)/tests
	@echo "  efi   $@"
	$(Q)clang --target=x86_64-unknown-windows -std=gnu11 -O1 -ffreestanding -mno-red-zone -mno-stack-arg-probe -mgeneral-regs-only \
	  -Wall -Wextra -Werror -fno-builtin -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
	  -c $< -o $(@D)/tests/hostile.o
	$(Q)lld-link /nologo /machine:x64 /subsystem:efi_application /entry:efimain /dynamicbase /nodefaultlib /Brepro /out:$@ $(@D)/tests/hostile.o
.PHONY: hostile

# Fuzz targets: every tests/fuzz/fuzz_*.c is one libFuzzer program; "sources:" as above.
#   make fuzz [FUZZ_SECONDS=60]
FT      := out/host/fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
fsrc     = $(shell sed -n 's/^.*sources: *//p' tests/fuzz/$(1).c)
define fuzzer
$(FT)/$(1): tests/fuzz/$(1).c $(call fsrc,$(1)) $(wildcard include/*.h efi/*.h tools/efimap/*.h) tests/tests.mk
	@mkdir -p $$(@D)
	@echo "  fuzz  $$@"
	$$(Q)$$(HOSTCC) $$(HOSTFLAGS) -fsanitize=fuzzer $(HINC_tests) -Itools/efimap -o $$@ tests/fuzz/$(1).c $(call fsrc,$(1))
endef
$(foreach t,$(FUZZERS),$(eval $(call fuzzer,$(t))))
fuzzers: $(addprefix $(FT)/,$(FUZZERS))
fuzz: fuzzers
	$(Q)$(PYTEST) tests/fuzz
hosttests: fuzzers
.PHONY: fuzz fuzzers
