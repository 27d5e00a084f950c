# imago: one UEFI application that becomes the kernel.
#
#   make            BOOTX64.EFI and esp.img into out/$(ARCH)/, tools into out/host/
#   make run        boot to the shell on this terminal (DISPLAY_ON=1: with a window; RUNFLAGS='--mem 2G')
#   make test       every test (T='names'); make check: the fast ones on the host
#   make status     requirement ids with their tests, from the last run
#   make bench      instructions per operation into out/bench.txt
#   make gdb        one command that debugs the running machine
#   make deps       install what is missing (Debian 12, as root or with sudo)
#   make port       what a port is made of: files and their lines
#   make format     clang-format over the tree;  make clean
#
#   ARCH=x86_64     the port, or aarch64;  V=1 shows commands;  CC_KIND=mingw builds with x86_64-w64-mingw32-gcc

ARCH    ?= x86_64
CC_KIND ?= clang
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
O       := out/$(ARCH)$(if $(filter mingw,$(CC_KIND)),-mingw)
H       := out/host
SHELL   := /bin/bash
PYTHON  := /usr/bin/python3

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---- the rooms, in river order ---------------------------------------------------------------------

EFI   := main say image config console rtmap options file gop clock pages build reloc exit fwmap fwtext
LIB   := mem str format number crc32 sha256 kind parcel tar date
MM    := ledger maptext bank xlat ptab walk kmap audit vmap kstack space xalloc pool malloc buddy page membal selftest own image segment
KERN  := main phase log print screen mapview memmap lock panic conf initrd acpi archinit time arena \
         proc sched prio sleep note noteq memwait checkmmu fault exec exechdr userinit \
         error chan path mount namec fgrp stat dev devtab devroot devcons line tod command \
         devdup devenv pipeq devpipe devproc devswap devarch \
         syscall sysproc sysfile sysseg runtime
PORT  := uart cpu pte bridge devaudit gdt trap banner unwind fpu apic ioapic gic clock user power mtrr
PORTS := enter vectors context usercopy

# A file joins the build when it exists.
have  = $(wildcard $(addprefix $(1)/,$(addsuffix $(3),$(2))))

EFI_C  := $(call have,efi,$(EFI),.c)
LIB_C  := $(call have,kernel/lib,$(LIB),.c)
MM_C   := $(call have,mm,$(MM),.c)
KERN_C := $(call have,kernel,$(KERN),.c)
PORT_C := $(call have,arch/$(ARCH),$(PORT),.c)
PORT_S := $(call have,arch/$(ARCH),$(PORTS),.S)

# ---- tools and flags ------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wframe-larger-than=1024 -Wno-format-zero-length -Werror
# -ffile-prefix-map: the same bytes wherever the tree lies.
BASE := -std=gnu11 -O2 -g -gdwarf-4 -ffreestanding -fno-common -fno-strict-aliasing -fno-stack-protector \
        -ffile-prefix-map=$(CURDIR)=. $(WARN)

ifeq ($(ARCH),x86_64)
  BOOTNAME := BOOTX64.EFI
  MACHINE  := x64
  PORTFLAGS := -mno-red-zone -mgeneral-regs-only -funwind-tables
  EFIINC   := -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
endif
ifeq ($(ARCH),aarch64)
  BOOTNAME := BOOTAA64.EFI
  MACHINE  := arm64
  # Unwind tables for the order in which a frame record is saved: without them the two words change places.
  PORTFLAGS := -mgeneral-regs-only -fno-omit-frame-pointer -funwind-tables
  EFIINC   := -isystem out/deps/gnu-efi-arm64/usr/include/efi -isystem out/deps/gnu-efi-arm64/usr/include/efi/aarch64
  EFIHEADERS := out/deps/gnu-efi-arm64/usr/include/efi/efi.h
endif
ifeq ($(CC_KIND),mingw)
  KCC  := x86_64-w64-mingw32-gcc
  KFLAGS := $(BASE) $(PORTFLAGS) -mno-stack-arg-probe -mno-ms-bitfields -Wno-sign-conversion -Wno-format-zero-length
else
  KCC  := clang --target=$(ARCH)-unknown-windows
  KFLAGS := $(BASE) $(PORTFLAGS) -mno-stack-arg-probe -fno-builtin
endif

# A room sees its own words and those it may use, nothing else.
INC_LIB  := -Iinclude
INC_EFI  := -Iinclude -Iefi -Iarch/$(ARCH)/include $(EFIINC)
INC_PORT := -Iinclude -Imm -Iarch/$(ARCH)/include -Iarch/$(ARCH) -I$(O)
INC_MM   := -Iinclude -Imm -Iarch/$(ARCH)/include
INC_KERN := -Iinclude -Imm -Ikernel -Iarch/$(ARCH)/include -I$(O) -Iout/font

obj  = $(patsubst %.c,$(O)/%.o,$(patsubst %.S,$(O)/%.o,$(1)))
OBJS := $(call obj,$(EFI_C) $(LIB_C) $(MM_C) $(KERN_C) $(PORT_C) $(PORT_S))

# The image is linked from the day kernel/main.c calls everything; until then a build is its objects.
all: $(if $(wildcard kernel/main.c),$(O)/$(BOOTNAME) $(O)/esp.img,$(OBJS))

$(call obj,$(EFI_C)):  INC := $(INC_EFI)
$(O)/efi/build.o:      INC := $(INC_EFI) -Imm
$(call obj,$(LIB_C)):  INC := $(INC_LIB)
$(call obj,$(MM_C)):   INC := $(INC_MM)
$(call obj,$(KERN_C)): INC := $(INC_KERN)
$(call obj,$(PORT_C) $(PORT_S)): INC := $(INC_PORT)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  cc    $<"
	$(Q)$(KCC) $(KFLAGS) $(INC) -MMD -MP -c $< -o $@
$(O)/%.o: %.S Makefile
	@mkdir -p $(@D)
	@echo "  as    $<"
	$(Q)$(KCC) $(KFLAGS) $(INC) -MMD -MP -c $< -o $@

# The headers of gnu-efi for another machine, from Debian's package for it.
out/deps/gnu-efi-%/usr/include/efi/efi.h:
	@echo "  deps  gnu-efi for $*"
	$(Q)tools/deps --headers $* out/deps/gnu-efi-$*
$(call obj,$(EFI_C)): | $(EFIHEADERS)

# What assembly needs of C: offsets.c says it, the compiler counts it.
$(call obj,$(PORT_S)): $(if $(wildcard arch/$(ARCH)/offsets.c),$(O)/offsets.h)
$(O)/offsets.h: arch/$(ARCH)/offsets.c Makefile
	@mkdir -p $(@D)
	$(Q)$(KCC) $(KFLAGS) $(INC_PORT) -MMD -MP -MT $@ -MF $(O)/offsets.d -S $< -o $(O)/offsets.s
	$(Q)sed -n 's/.*->\([A-Z0-9_]*\) \$$\{0,1\}\(-\{0,1\}[0-9]*\).*/#define \1 \2/p' $(O)/offsets.s > $@

$(O)/$(BOOTNAME): $(OBJS)
	@echo "  link  $@"
ifeq ($(CC_KIND),mingw)
	$(Q)$(KCC) -nostdlib -Wl,--subsystem,10 -Wl,-e,efimain -Wl,--image-base,0xffffffff80000000 \
	  -Wl,--dynamicbase -Wl,--nxcompat -Wl,--section-alignment,4096 -Wl,--no-insert-timestamp -o $@ $^
else
	$(Q)lld-link /nologo /machine:$(MACHINE) /subsystem:efi_application /entry:efimain /base:0xffffffff80000000 \
	  /dynamicbase /nodefaultlib /debug:dwarf /Brepro /out:$@ $^
endif

-include $(OBJS:.o=.d) $(O)/offsets.d

# ---- the EFI system partition: what the machine sees ------------------------------------------------

INITRD := $(O)/initrd.tar
ESPDATE := 2026-01-01T00:00:00Z
$(O)/esp.img: $(O)/$(BOOTNAME) esp/boot.cfg $(INITRD)
	@echo "  esp   $@"
	$(Q)rm -f $@ && truncate -s 32M $@ && mformat -i $@ -N 0 ::
	$(Q)rm -rf $(O)/esp && mkdir -p $(O)/esp/EFI/BOOT
	$(Q)cp $(O)/$(BOOTNAME) $(O)/esp/EFI/BOOT/ && cp esp/boot.cfg $(INITRD) $(O)/esp/
	$(Q)find $(O)/esp -exec touch -d $(ESPDATE) {} +
	$(Q)TZ=UTC SOURCE_DATE_EPOCH=$$(date -d $(ESPDATE) +%s) mcopy -i $@ -s -m $(O)/esp/EFI $(O)/esp/boot.cfg $(O)/esp/initrd.tar ::

include esp/programs.mk tests/tests.mk tools/tools.mk

# ---- what people do --------------------------------------------------------------------------------

RUNARGS := $(if $(filter 1,$(DISPLAY_ON)),--display) $(RUNFLAGS)
run: all
	$(Q)IMAGO_OUT=$(O) $(PYTHON) tests/boot/imagoqemu.py $(RUNARGS)
bench: all $(H)/benchmap
	$(Q)tools/bench $(if $(filter 1,$(BIG)),--big)
	$(Q)tools/benchmap.sh | tee -a out/bench.txt
gdb:
	@echo "# beside a machine started with: make run RUNFLAGS=--gdb     (--wait: before its first instruction)" >&2
	@echo "gdb -q $(O)/$(BOOTNAME) -ex 'target remote localhost:1234' -x tools/gdb/imago.py"
port:
	$(Q)for p in arch/x86_64 arch/aarch64 arch/host esp/rt/x86_64 esp/rt/aarch64; do echo "$$p:"; \
	  git ls-files $$p | xargs wc -l | sed 's|'"$$p"'/||'; done
deps:
	$(Q)tools/deps
help:
	$(Q)sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile
clean:
	$(Q)rm -rf out
format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

.PHONY: all run bench gdb port deps help clean format
# The value of a variable, for the tests: make -s print-KFLAGS
print-%:
	@echo '$($*)'
