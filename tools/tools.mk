# mkaout: a Plan 9 a.out out of a program of the initrd.
$(H)/mkaout: tools/mkaout.c
	@mkdir -p $(@D)
	$(Q)clang -std=gnu11 -O1 -Wall -Wextra -Werror $< -o $@

# efimap: firmware maps explained. It links the kernel's own conversion: no second copy of any rule.
EFIMAP_C := $(wildcard tools/efimap/*.c)
EFIMAP_K := efi/fwmap.c efi/fwtext.c mm/ledger.c mm/maptext.c kernel/lib/kind.c kernel/lib/format.c \
            kernel/lib/number.c kernel/lib/str.c
EFIMAP_F := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla -Werror -DIMAGO_HOST -Iinclude -Iefi -Itools/efimap
EFIMAP_D := $(EFIMAP_C) $(EFIMAP_K) tools/efimap/page.S tools/efimap/page.html tools/efimap/efimap.h \
            $(wildcard include/*.h efi/fw*.h) tools/tools.mk
efimap: $(H)/efimap
$(H)/efimap: $(EFIMAP_D)
	@mkdir -p $(@D)
	@echo "  hcc   $@"
	$(Q)clang -O2 -gdwarf-4 $(EFIMAP_F) $(EFIMAP_C) tools/efimap/page.S $(EFIMAP_K) -o $@
# The same under the sanitizers, for the tests.
$(H)/efimap-san: $(EFIMAP_D)
	@mkdir -p $(@D)
	@echo "  hcc   $@"
	$(Q)clang -O1 -gdwarf-4 $(SAN) $(EFIMAP_F) $(EFIMAP_C) tools/efimap/page.S $(EFIMAP_K) -o $@
all hosttests: $(H)/efimap
hosttests: $(H)/efimap-san
.PHONY: efimap
# The screen's font, from where Debian's xfonts-terminus puts it.
FONT ?= /usr/share/fonts/X11/misc/ter-u16n_unicode.pcf.gz
out/font/font.h: tools/mkfont $(FONT)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/mkfont $(FONT) > $@
$(FONT):
	@echo "there is no $@: install xfonts-terminus (make deps), or say FONT=file.pcf.gz"; exit 1
$(O)/kernel/screen.o $(HT)/kernel/screen.o $(HT)/tests/host/test_screen.o: out/font/font.h

# Write the frozen answers anew (tests/maps/README.md): read the difference before you commit it.
maps-freeze: $(H)/efimap
	$(Q)for m in tests/maps/*.txt; do $< --json $$m > tests/maps/expected/$$(basename $$m .txt).json || exit 1; done
.PHONY: maps-freeze

# The conversion's cost, for valgrind: instructions for 100 to 100 000 descriptors.
$(H)/benchmap: tools/benchmap.c efi/fwmap.c mm/ledger.c kernel/lib/kind.c $(wildcard include/*.h efi/fwmap.h)
	@mkdir -p $(@D)
	$(Q)clang -O2 -gdwarf-4 $(EFIMAP_F) tools/benchmap.c efi/fwmap.c mm/ledger.c kernel/lib/kind.c -o $@
benchmap: $(H)/benchmap
	$(Q)tools/benchmap.sh $<
.PHONY: benchmap
