# The programs of the initrd: each file of esp/cmd, esp/test and esp/bench is one program of that name.
# All are static ELF64, but those named in AOUT are turned into Plan 9's a.out by tools/mkaout.

UCC    := clang --target=$(ARCH)-unknown-none-elf
UFLAGS := -std=gnu11 -O2 -g0 -ffreestanding -fno-builtin -fno-pic -fno-stack-protector -fno-common \
          -fno-strict-aliasing -fno-asynchronous-unwind-tables $(filter-out -Wframe-larger-than%,$(WARN)) \
          -Wframe-larger-than=8192 -Iinclude -Iesp/rt -Iesp/rt/$(ARCH)
UFP    := fpu
U      := $(O)/user
AOUT   := aouthello

URT    := $(patsubst %.c,$(U)/%.o,$(wildcard esp/rt/*.c esp/rt/$(ARCH)/*.c) $(call have,kernel/lib,mem str format number,.c))
UPROG  := $(wildcard esp/cmd/*.c esp/test/*.c esp/bench/*.c)
# Tests that are written in x86_64's instructions.
ifneq ($(ARCH),x86_64)
UPROG  := $(filter-out esp/test/doors.c esp/test/entry.c,$(UPROG))
endif
UNAMES := $(basename $(notdir $(UPROG)))
UFILES := $(addprefix $(U)/boot/,$(UNAMES) $(notdir $(wildcard esp/etc/*)))

# Only the programs named in UFP touch floating-point registers.
UINT   := $(URT) $(patsubst %.c,$(U)/%.o,$(UPROG)) $(U)/esp/initcode.o
$(filter-out $(UFP:%=$(U)/esp/test/%.o),$(UINT)): UFLAGS += -mgeneral-regs-only

.SECONDARY:
$(U)/%.o: %.c Makefile esp/programs.mk
	@mkdir -p $(@D)
	@echo "  ucc   $<"
	$(Q)$(UCC) $(UFLAGS) -MMD -MP -c $< -o $@

vpath %.c esp/cmd esp/test esp/bench
$(U)/%.elf: esp/rt/user.ld $(URT)
	@mkdir -p $(@D)
	$(Q)ld.lld -static -z max-page-size=4096 -z noexecstack -s -T $< $(filter %.o,$^) -o $@
define program
$(U)/$(basename $(notdir $(1))).elf: $(patsubst %.c,$(U)/%.o,$(1))
endef
$(foreach p,$(UPROG),$(eval $(call program,$(p))))

$(U)/boot/%: $(U)/%.elf
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(addprefix $(U)/boot/,$(AOUT)): $(U)/boot/%: $(U)/%.elf $(H)/mkaout
	@mkdir -p $(@D)
	$(Q)$(H)/mkaout $< $@
$(U)/boot/%: esp/etc/%
	@mkdir -p $(@D)
	$(Q)install -m 755 $< $@

# The archive is the same bytes for the same programs: sorted, one owner, one date.
$(INITRD): $(UFILES) esp/programs.mk
	@echo "  tar   $@ ($(words $(UFILES)) files)"
	$(Q)tar --format=ustar --mtime=$(ESPDATE) --owner=0 --group=0 --numeric-owner --mode=755 \
	  -C $(U)/boot -cf $@ $(sort $(notdir $(UFILES)))

# The first user program: linked flat at UTZERO, its bytes in the kernel image.
$(U)/initcode.elf: esp/rt/initcode.ld $(U)/esp/initcode.o $(U)/esp/rt/$(ARCH)/stubs.o
	$(Q)ld.lld -static -z max-page-size=4096 -z noexecstack -T $< $(filter %.o,$^) -o $@
$(O)/initcode.h: $(U)/initcode.elf
	@echo "  gen   $@"
	$(Q)llvm-objcopy -O binary $< $(U)/initcode.bin
	$(Q)(echo "/* Made from esp/initcode.c: the first user program, for UTZERO. */"; \
	  echo "static const unsigned char initcode[] = {"; \
	  od -An -v -tx1 $(U)/initcode.bin | sed 's/ \(..\)/0x\1,/g'; echo "};") > $@
$(O)/kernel/userinit.o: $(O)/initcode.h

-include $(URT:.o=.d) $(patsubst %.c,$(U)/%.d,$(UPROG)) $(U)/esp/initcode.d
