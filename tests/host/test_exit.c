/*
 * The whole first life over a fake firmware: efimain to the bridge, which here is a jump back into the
 * test. The fake lies in one way after another; what must come out is either a sound parcel and not one
 * forbidden call, or words on ConOut, a status, and every page given back.
 * sources: efi/main.c efi/say.c efi/image.c efi/config.c efi/options.c efi/file.c efi/gop.c efi/clock.c
 * sources: efi/rtmap.c efi/pages.c efi/build.c efi/reloc.c efi/exit.c efi/fwmap.c efi/fwtext.c efi/console.c
 * sources: mm/ledger.c mm/kmap.c mm/ptab.c mm/xlat.c arch/host/pte.c
 * sources: kernel/lib/kind.c kernel/lib/parcel.c kernel/lib/tar.c kernel/lib/str.c kernel/lib/format.c
 * sources: kernel/lib/number.c kernel/lib/crc32.c kernel/lib/sha256.c
 * sources: tests/host/fakefw.c
 * links: -no-pie
 */
#include <stdio.h>
#include "host.h"
#include "fakefw.h"
#include "guest.h"
#include "pe.h"

EFI_STATUS EFIAPI efimain(EFI_HANDLE self, EFI_SYSTEM_TABLE *st);
void kmain(Boot *b);

enum { ImageSize = 0x6000, Word = 0x2010, Pointers = 3 };
extern u8 fakeimage[] __asm__("__ImageBase");
u8 fakeimage[ImageSize] ALIGNED(4096);
extern const u8 __ImageBase[];

static struct {
	jmp_buf out;
	Boot *boot; /* what crossed the bridge */
	u64 entry, stacktop;
	Paddr root;
	bool open;
	const char *cpuwhy;
	char firstwords[65536]; /* the log when it crossed */
} bridge;

/* --- what other rooms give ------------------------------------------------------------------------- */

bool
uartinit(void)
{
	return true;
}
void
printlog(Log *l)
{
	(void)l;
}
void
printtext(const char *s, usize n)
{
	print("%.*s", (int)n, s);
}
void
loginit(Log *l, u64 bytes)
{
	memset(l, 0, sizeof *l);
	l->size = bytes - sizeof *l;
}
void
phaseclock(u64 tentry, u64 hz)
{
	(void)tentry, (void)hz;
}
void
phase(Phase ph, const char *more, ...)
{
	char rest[256];
	va_list ap;

	va_start(ap, more);
	vsnprintf(rest, sizeof rest, more, ap);
	va_end(ap);
	print("BOOT: %02d %s\n", (int)ph, rest);
}
bool
phaseinject(const char *where)
{
	(void)where;
	return true;
}
void
cpuaudit(u64 audit[16])
{
	audit[0] = 1;
}
void
cpuauditprint(const u64 audit[16])
{
	(void)audit;
}
const char *
cpurefuse(const u64 audit[16])
{
	(void)audit;
	return bridge.cpuwhy;
}
void
devaudit(void)
{
}
void
trapinit0(void)
{
	assert_true(fake.gone);
}
void
kmain(Boot *b)
{
	(void)b;
}
void
bridgeopen(void)
{
	bridge.open = true;
}
BootRun
bridgewindow(const BootKeep *k)
{
	return (BootRun){paadd(k->image.pa, 0x1000), BY2PG};
}
NORETURN void
bridgeenter(Paddr root, u64 kmainva, u64 stacktop, u64 parcelva)
{
	bridge.root = root;
	bridge.entry = kmainva;
	bridge.stacktop = stacktop;
	bridge.boot = (Boot *)(uintptr)(parcelva - HHDM);
	snprintf(bridge.firstwords, sizeof bridge.firstwords, "%s", hostlog);
	longjmp(bridge.out, 1);
}

/* --- a machine to be born on ----------------------------------------------------------------------- */

static void
put16(u32 at, u16 v)
{
	memcpy(fakeimage + at, &v, 2);
}
static void
put32(u32 at, u32 v)
{
	memcpy(fakeimage + at, &v, 4);
}
static void
put64(u32 at, u64 v)
{
	memcpy(fakeimage + at, &v, 8);
}

static void
putsection(u32 i, const char *name, u32 rva, u32 size, u32 flags)
{
	u32 row = 0x40 + PeOptional + 240 + i * PeSectBytes;

	memcpy(fakeimage + row, name, strlen(name));
	put32(row + PeSectVirtualSize, size);
	put32(row + PeSectRva, rva);
	put32(row + PeSectRawSize, rva == 0x2000 ? 0x100 : size);
	put32(row + PeSectFlags, flags);
}

/* Headers, text at 0x1000, data at 0x2000 with Pointers to move, .reloc at 0x3000, debug at 0x4000. */
static void
buildimage(void)
{
	memset(fakeimage, 0, ImageSize);
	put16(0, PeMz);
	put32(PeOffset, 0x40);
	put32(0x40, PeMagic);
	put16(0x40 + PeNsect, 4);
	put16(0x40 + PeOptionalSize, 240);
	put16(0x40 + PeOptional, PePlus);
	put32(0x40 + PeOptional + PeImageSize, ImageSize);
	put32(0x40 + PeOptional + PeRelocDir, 0x3000);
	put32(0x40 + PeOptional + PeRelocDir + 4, 16);
	putsection(0, ".text", 0x1000, 0x800, PeRead | PeExec);
	putsection(1, ".data", 0x2000, 0x1000, PeRead | PeWrite);
	putsection(2, ".reloc", 0x3000, 16, PeRead | PeDiscard);
	putsection(3, ".debug", 0x4000, 0x2000, PeRead | PeDiscard);
	put32(0x3000, 0x2000);
	put32(0x3004, 16);
	for (u32 i = 0; i < Pointers; i++) {
		put16(0x3008 + 2 * i, (u16)(10 << 12 | (0x10 + 8 * i)));
		put64(Word + 8 * i, (u64)(uintptr)fakeimage + 0x1000 + i);
	}
}

static u8 archive[4096];

static void
buildarchive(void)
{
	u32 sum = 0;

	memset(archive, 0, sizeof archive);
	strcpy((char *)archive, "./boot/init");
	strcpy((char *)archive + 100, "0000755");
	strcpy((char *)archive + 124, "00000000005");
	memcpy(archive + 257,
	       "ustar\0"
	       "00",
	       8);
	archive[156] = '0';
	memset(archive + 148, ' ', 8);
	for (u32 i = 0; i < 512; i++)
		sum += archive[i];
	snprintf((char *)archive + 148, 8, "%06o", sum);
	memcpy(archive + 512, "hello", 5);
}

static void
machine(void)
{
	buildimage();
	buildarchive();
	fakeinit(fakeimage, ImageSize);
	fakefile(u"\\initrd.tar", archive, 2048);
	fakefile(u"\\boot.cfg", "*debug=1\n", 9);
	memset(&bridge, 0, sizeof bridge);
	hostclear();
}

/* Live. True: we crossed the bridge. */
static bool
live(EFI_STATUS *status)
{
	*status = 0;
	if (setjmp(bridge.out) != 0)
		return true;
	*status = efimain(FAKEIMAGE, &fake.st);
	return false;
}

static void
crossed(void)
{
	EFI_STATUS s;
	bool over = live(&s);

	if (!over)
		fail_msg("refused: %s", fake.said);
	if (fake.forbidden != 0)
		fail_msg("forbidden call: %s", fake.forbade);
	assert_string_equal(bootcheck(bridge.boot) == nil ? "sound" : bootcheck(bridge.boot), "sound");
}

/* Refused, in words that hold `text`, nothing kept (pages may stay after a failed exit). */
static void
refused(const char *text, bool pagesback)
{
	EFI_STATUS s;

	if (live(&s))
		fail_msg("went over the bridge instead of saying %s", text);
	assert_true((s & 1ull << 63) != 0);
	if (strstr(fake.said, text) == NULL)
		fail_msg("said \"%s\", not \"%s\"", fake.said, text);
	if (fake.forbidden != 0)
		fail_msg("forbidden call: %s", fake.forbade);
	if (pagesback)
		assert_int_equal(fake.pagesout, 0);
	assert_false(fake.gone);
}

/* --- the good case ---------------------------------------------------------------------------------- */

static void
test_A12_T3_a_healthy_firmware_lets_go_at_once(void **state)
{
	(void)state;
	machine();
	crossed();
	const BootKeep *k = &bridge.boot->keep;
	assert_int_equal(k->ntries, 1);
	assert_int_equal(k->tries[0].status, 0);
	assert_int_equal(fake.nexit, 1);
	assert_true(hostsaid("efi: exit try 1 key "));
	assert_true(hostsaid("allocations between map and exit 0"));
	assert_true(fake.watchdog); /* A15 */
}

static void
test_A4_words_of_the_image_move_to_kzero(void **state)
{
	u64 v;

	(void)state;
	machine();
	put64(Word + 8, 42); /* changed by the first life: not ours to move */
	crossed();
	assert_true(bridge.open);
	assert_int_equal(bridge.boot->keep.relocmoved, Pointers - 1);
	assert_int_equal(bridge.boot->keep.relocleft, 1);
	assert_int_equal(bridge.boot->keep.relocbad, 0);
	memcpy(&v, fakeimage + Word + 16, 8);
	assert_true(v == KZERO + 0x1000 + 2);
	memcpy(&v, fakeimage + Word + 8, 8);
	assert_true(v == 42);
	assert_true(bridge.entry == KZERO + ((u64)(uintptr)kmain - (u64)(uintptr)fakeimage));
	assert_true(bridge.stacktop == KSTACKTOP(0));
}

static void
test_A1_sections_are_read_and_debug_is_left_behind(void **state)
{
	(void)state;
	machine();
	crossed();
	const BootKeep *k = &bridge.boot->keep;
	assert_int_equal(k->nsect, 4);
	assert_memory_equal(k->sect[1].name, ".text", 6);
	assert_int_equal(k->sect[1].perm, PermR | PermX);
	assert_int_equal(k->sect[1].size, 0x1000);
	assert_int_equal(k->sect[2].perm, PermR | PermW);
	assert_int_equal(k->image.size, 0x4000);
}

static const Range *
rangeat(u64 pa)
{
	const BootOnce *o = &bridge.boot->once;
	const Range *r = (const Range *)pabits(o->ranges.pa);

	for (u32 i = 0; i < o->nranges; i++)
		if (pa >= r[i].start && pa < r[i].end)
			return &r[i];
	fail_msg("%llx is in no range", pa);
	return nil;
}

static void
test_T4_D1_what_we_carry_has_kinds_of_its_own(void **state)
{
	(void)state;
	machine();
	crossed();
	const BootKeep *k = &bridge.boot->keep;
	assert_int_equal(rangeat(pabits(k->image.pa))->kind, KImage);
	assert_int_equal(rangeat(pabits(k->stack.pa))->kind, KStacks);
	assert_int_equal(rangeat(pabits(k->tables.pa))->kind, KTables);
	assert_int_equal(rangeat(pabits(k->initrd.pa))->kind, KInitrd);
	assert_int_equal(rangeat(pabits(k->conf.pa))->kind, KConf);
	assert_int_equal(rangeat(pabits(k->log.pa))->kind, KLog);
	assert_int_equal(rangeat(pabits(k->fwmap.pa))->kind, KFwmap);
	assert_int_equal(rangeat((u64)(uintptr)bridge.boot)->kind, KParcel);
	assert_int_equal(rangeat(pabits(bridge.boot->once.ranges.pa))->kind, KLedger);
	assert_int_equal(k->tablesused, k->tablesplanned);
	assert_true(paeq(bridge.root, k->root));
	if (!fake.nolow)
		assert_true(pabits(k->lowpage) != 0 && pabits(k->lowpage) < MiB);
}

static void
test_A8_boot_cfg_and_load_options_make_one_text(void **state)
{
	static CHAR16 options[] = u"BOOTX64.EFI *debug=2 *nomp name='two words'";

	(void)state;
	machine();
	fake.loaded.LoadOptions = options;
	fake.loaded.LoadOptionsSize = sizeof options;
	crossed();
	const BootKeep *k = &bridge.boot->keep;
	assert_string_equal((const char *)pabits(k->conf.pa),
			    "*debug=1\n\n*debug=2\n*nomp=1\nname=two words\n");
	assert_int_equal(k->conf.size, strlen((const char *)pabits(k->conf.pa)) + 1);
}

/* --- leaving: each lie ------------------------------------------------------------------------------ */

static void
test_A12_T3_stale_keys_fifteen_times(void **state)
{
	(void)state;
	for (u32 n = 1; n <= 15; n++) {
		machine();
		fake.stale = n;
		crossed();
		const BootKeep *k = &bridge.boot->keep;
		assert_int_equal(k->ntries, n + 1);
		for (u32 i = 0; i < n; i++)
			assert_true(k->tries[i].status == EFI_INVALID_PARAMETER);
		assert_int_equal(k->tries[n].status, 0);
		assert_true(k->tries[n].key != k->tries[n - 1].key);
		assert_true(k->tries[n].sum != k->tries[n - 1].sum);
	}
}

static void
test_A12_nothing_is_allocated_after_a_failed_exit(void **state)
{
	(void)state;
	machine();
	fake.stale = 1;
	fake.burst = 60; /* fits into the spare room */
	crossed();
	machine();
	fake.stale = 1;
	fake.burst = 400; /* does not: and it is too late to make more */
	refused("refused 16 times to let go", false);
}

static void
test_A12_T3_refusing_for_ever_gives_words(void **state)
{
	(void)state;
	machine();
	fake.never = true;
	refused("refused 16 times to let go", false);
	assert_int_equal(fake.nexit, 16);
}

static void
test_A12_refusing_for_ever_gives_pages_back_where_that_is_allowed(void **state)
{
	(void)state;
	machine();
	fake.never = true;
	fake.st.Hdr.Revision = 2 << 16 | 90;
	refused("refused 16 times to let go", true);
}

static void
test_A12_a_map_that_grows_at_every_call(void **state)
{
	(void)state;
	for (u32 grow = 1; grow <= 300; grow += 43) {
		machine();
		fake.grow = grow;
		crossed();
	}
}

static void
test_A12_a_map_that_never_fits(void **state)
{
	(void)state;
	machine();
	fake.alwayssmall = true;
	refused("the memory map outgrows every buffer", true);
	assert_true(fake.nmap < 64);
}

static void
test_T3_too_small_with_a_fresh_key_is_no_map(void **state)
{
	(void)state;
	machine();
	fake.everyother = true;
	crossed();
	machine();
	fake.everyother = true;
	fake.stale = 5;
	crossed();
	assert_int_equal(fake.forbidden, 0);
}

static void
test_A13_any_stride_gives_the_same_ledger(void **state)
{
	static const u64 strides[] = {40, 48, 56, 64, 128};
	Range first[64];
	u32 n = 0;

	(void)state;
	for (u32 i = 0; i < nelem(strides); i++) {
		machine();
		fakedesc(EfiReservedMemoryType, 0x200000000ull, 16,
			 0xf); /* so that all maps take as many pages */
		fake.stride = strides[i];
		fake.garbage = i % 2 == 1;
		crossed();
		const BootOnce *o = &bridge.boot->once;
		assert_int_equal(bridge.boot->keep.fwmapstride, strides[i]);
		assert_true(o->nranges < nelem(first));
		if (i == 0) {
			n = o->nranges;
			memcpy(first, (void *)pabits(o->ranges.pa), n * sizeof(Range));
		}
		assert_int_equal(o->nranges, n);
		for (u32 j = 0; j < n; j++)
			assert_int_equal(((Range *)pabits(o->ranges.pa))[j].kind, first[j].kind);
	}
}

static void
test_A13_strides_that_are_none(void **state)
{
	static const u64 strides[] = {8, 16, 39, 44, 50, 1ull << 33};

	(void)state;
	for (u32 i = 0; i < nelem(strides); i++) {
		machine();
		fake.stride = strides[i];
		refused("imago: cannot start", true);
	}
}

static void
test_A13_a_map_larger_than_its_buffer(void **state)
{
	(void)state;
	machine();
	fake.wildbytes = 4096; /* the buffer has one page */
	refused("larger than its buffer", true);
}

static void
test_A12_map_calls_that_fail(void **state)
{
	(void)state;
	machine();
	fake.mapfails = EFI_DEVICE_ERROR;
	refused("does not tell its map's size", true);
	machine();
	fake.probeok = true;
	refused("does not tell its map's size", true);
}

static void
test_A12_shuffled_and_fragmented(void **state)
{
	(void)state;
	machine();
	fake.shuffle = true;
	fakefragment(3000);
	crossed();
	assert_true(bridge.boot->keep.tries[0].entries > 3000);
	assert_true(hostsaid("ledger: anomaly unsorted"));
}

static void
test_A12_bad_descriptors_are_dropped_and_told(void **state)
{
	(void)state;
	machine();
	fakedesc(EfiConventionalMemory, 0x300000000ull, 0, 0xf);
	fakedesc(EfiConventionalMemory, 0x300000000ull, 1ull << 52, 0xf);
	fakedesc(EfiConventionalMemory, 0x300000123ull, 16, 0xf);
	fakedesc(0x70000001, 0x310000000ull, 16, 0xf);
	fakedesc(EfiConventionalMemory, 1ull << 51, 16, 0xf); /* beyond any processor */
	fakedesc(EfiConventionalMemory, 0x320000000ull, 16, 1);
	crossed();
	assert_true(hostsaid("ledger: anomaly empty"));
	assert_true(hostsaid("ledger: anomaly wraps"));
	assert_true(hostsaid("ledger: anomaly unaligned"));
	assert_true(hostsaid("ledger: anomaly not-wb"));
	assert_true(hostsaid("65536 bytes of RAM lie beyond the direct map"));
	assert_int_equal(rangeat(1ull << 51)->kind, KReserved);
}

static void
test_T4_a_map_that_denies_us_our_own_memory(void **state)
{
	(void)state;
	machine();
	fakedesc(EfiReservedMemoryType, (u64)(uintptr)fakeimage, 1, 0xf);
	refused("denies us our image", true);
	machine();
	fakedesc(EfiRuntimeServicesData, FAKEARENA + FAKEARENASIZE / 2, FAKEARENASIZE / 2 / 4096, 0xf);
	refused("denies us our", true);
}

static void
test_A12_a_map_without_memory(void **state)
{
	(void)state;
	machine();
	for (u32 i = 0; i < fake.ndesc; i++)
		fake.desc[i].attr = 0;
	refused("only 0 bytes of RAM", true);
}

/* --- running out ------------------------------------------------------------------------------------ */

static void
test_A11_every_allocation_fails_once(void **state)
{
	u32 n;
	EFI_STATUS s;

	(void)state;
	for (n = 1; n < 64; n++) {
		machine();
		fake.failalloc = n;
		if (live(&s)) {
			if (fake.nalloc < n)
				break;						/* none left to fail */
			assert_int_equal(pabits(bridge.boot->keep.lowpage), 0); /* the only one we can miss */
			continue;
		}
		assert_true(s == EFI_OUT_OF_RESOURCES);
		assert_non_null(strstr(fake.said, "imago: cannot start"));
		assert_int_equal(fake.pagesout, 0);
		assert_int_equal(fake.forbidden, 0);
	}
	assert_true(n > 8 && n < 64);
}

static void
test_A10_no_low_memory_is_no_reason_to_refuse(void **state)
{
	(void)state;
	machine();
	fake.nolow = true;
	crossed();
	assert_int_equal(pabits(bridge.boot->keep.lowpage), 0);
}

/* --- refusals on the way ---------------------------------------------------------------------------- */

static void
test_A5_a_processor_that_cannot_carry_us(void **state)
{
	(void)state;
	machine();
	bridge.cpuwhy = "LA57 is on";
	refused("processor: LA57 is on", true);
}

static void
test_A17_bss_that_is_not_zero(void **state)
{
	(void)state;
	machine();
	fakeimage[0x2800] = 1;
	refused(".bss nonzero=1", true);
}

static void
test_A3_an_image_that_does_not_run_where_it_was_loaded(void **state)
{
	(void)state;
	machine();
	fake.loaded.ImageBase = fakeimage + 4096;
	refused("but running at", true);
	machine();
	fake.noloaded = true;
	refused("does not say where it loaded us", true);
}

static void
test_A1_damaged_headers(void **state)
{
	(void)state;
	machine();
	put32(0x40, 0);
	refused("no PE32+ headers", true);
	machine();
	put32(0x40 + PeOptional + 240 + PeSectRva, 0x1001);
	refused("not page aligned", true);
	machine();
	put32(0x40 + PeOptional + 240 + PeSectFlags, PeRead | PeWrite | PeExec);
	refused("writable and executable", true);
	machine();
	put32(0x40 + PeOptional + 240 + PeSectVirtualSize, 0x10000000);
	refused("leaves the image", true);
	machine();
	put32(0x3004, 0);
	refused("relocations", true);
}

static void
test_A9_an_initrd_that_is_missing_or_broken(void **state)
{
	(void)state;
	machine();
	fake.files[0].path = u"\\other";
	refused("initrd.tar: not found", true);
	machine();
	fake.files[0].claims = fake.files[0].size = 0;
	refused("initrd.tar: is empty", true);
	machine();
	fake.files[0].claims = 3 * GiB;
	refused("initrd.tar: 3221225472 bytes are no size", true);
	machine();
	fake.files[0].claims = 4096; /* the file system promises more than it has */
	refused("initrd.tar: reading its 4096 bytes failed", true);
	machine();
	fake.files[0].readstatus = EFI_DEVICE_ERROR;
	refused("initrd.tar: reading", true);
	machine();
	fake.files[0].attr = EFI_FILE_DIRECTORY;
	refused("initrd.tar: is no file", true);
	machine();
	archive[0] = 'x';
	refused("initrd.tar: header checksum after 0 files", true);
	machine();
	fake.files[0].size = fake.files[0].claims = 700;
	refused("initrd.tar: ends without its last block", true);
	machine();
	memset(archive, 0, sizeof archive);
	refused("initrd.tar: no file in it", true);
}

static void
test_A9_short_reads_and_other_volumes(void **state)
{
	(void)state;
	machine();
	fake.files[0].chunk = 100;
	crossed();
	assert_memory_equal((void *)pabits(bridge.boot->keep.initrd.pa), archive, 2048);
	machine();
	fake.loaded.DeviceHandle = nil; /* started from memory: any volume that has the file */
	crossed();
	machine();
	fake.novolume = true;
	refused("initrd.tar: not found", true);
}

static void
test_A9_a_digest_that_is_asked_for(void **state)
{
	static const char zero[32];
	char cfg[128];
	u8 d[32];
	int n;

	(void)state;
	machine();
	crossed();
	assert_memory_equal(bridge.boot->keep.initrdsha, zero, 32);
	sha256(archive, 2048, d);
	machine();
	n = snprintf(cfg, sizeof cfg, "*initrdsum=");
	for (u32 i = 0; i < 32; i++)
		n += snprintf(cfg + n, sizeof cfg - (usize)n, "%02x", d[i]);
	fake.files[1].data = cfg;
	fake.files[1].size = fake.files[1].claims = (u64)n;
	crossed();
	assert_memory_equal(bridge.boot->keep.initrdsha, d, 32);
	machine();
	cfg[n - 1] = cfg[n - 1] == '0' ? '1' : '0';
	fake.files[1].data = cfg;
	fake.files[1].size = fake.files[1].claims = (u64)n;
	refused("is not what *initrdsum", true);
}

static void
test_A8_no_boot_cfg_or_too_much_of_it(void **state)
{
	static char big[64 * 1024];

	(void)state;
	machine();
	fake.files[1].path = u"\\other";
	crossed();
	assert_string_equal((const char *)pabits(bridge.boot->keep.conf.pa), "");
	machine();
	memset(big, 'x', sizeof big);
	fake.files[1].data = big;
	fake.files[1].size = fake.files[1].claims = sizeof big;
	refused("boot.cfg: has more than", true);
}

/* --- screen and tables ------------------------------------------------------------------------------ */

static EFI_GRAPHICS_OUTPUT_MODE_INFORMATION info[2];
static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE mode[2];

static EFI_STATUS EFIAPI
querymode(EFI_GRAPHICS_OUTPUT_PROTOCOL *g, UINT32 n, UINTN *size, EFI_GRAPHICS_OUTPUT_MODE_INFORMATION **i)
{
	(void)g, (void)n;
	if (fake.querymode != 0)
		return fake.querymode;
	*size = sizeof **i;
	*i = malloc(sizeof **i);
	return EFI_SUCCESS;
}
static EFI_STATUS EFIAPI
setmode(EFI_GRAPHICS_OUTPUT_PROTOCOL *g, UINT32 n)
{
	(void)g;
	assert_int_equal(n, 0);
	fake.setmode++;
	fake.querymode = 0;
	return EFI_SUCCESS;
}
static EFI_GRAPHICS_OUTPUT_PROTOCOL gop[2] = {{querymode, setmode, nil, &mode[0]},
					      {querymode, setmode, nil, &mode[1]}};

static void
screen(u32 i, u32 handle)
{
	info[i] = (EFI_GRAPHICS_OUTPUT_MODE_INFORMATION){
	    .HorizontalResolution = 1366,
	    .VerticalResolution = 768,
	    .PixelFormat = PixelBlueGreenRedReserved8BitPerColor,
	    .PixelsPerScanLine = 1376,
	};
	mode[i] = (EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE){
	    .Info = &info[i], .FrameBufferBase = 0x8000000000ull + i * GiB, .FrameBufferSize = 16 * MiB};
	fake.screens[handle] = &gop[i];
}

static void
test_A6_the_screen_on_the_console_wins(void **state)
{
	(void)state;
	machine();
	screen(0, 1);
	screen(1, 0);
	crossed();
	const BootFb *fb = &bridge.boot->keep.fb;
	assert_true(pabits(fb->pa) == 0x8000000000ull + GiB);
	assert_int_equal(fb->width, 1366);
	assert_int_equal(fb->height, 768);
	assert_int_equal(fb->pitch, 1376 * 4);
	assert_int_equal(fb->red, 0xff0000);
	assert_int_equal(fake.setmode, 0);
}

static void
test_A6_blt_only_is_skipped_and_a_sleeping_screen_is_started(void **state)
{
	(void)state;
	machine();
	screen(1, 0);
	info[1].PixelFormat = PixelBltOnly;
	screen(0, 2);
	fake.querymode = EFI_NOT_STARTED;
	crossed();
	assert_true(pabits(bridge.boot->keep.fb.pa) == 0x8000000000ull);
	assert_true(fake.setmode > 0);
}

static void
lyingscreen(const char *said)
{
	crossed();
	assert_int_equal(bridge.boot->keep.fb.size, 0);
	if (!hostsaid(said))
		fail_msg("the log does not say: %s", said);
}

static void
test_A6_screens_that_lie_are_no_screens(void **state)
{
	(void)state;
	machine();
	lyingscreen("BOOT: 01 none");
	machine();
	screen(0, 0);
	info[0].PixelsPerScanLine = 1365;
	lyingscreen("gop refused: pitch");
	machine();
	screen(0, 0);
	mode[0].FrameBufferSize = 1376 * 4 * 768 - 1;
	lyingscreen("gop refused: framebuffer smaller");
	machine();
	screen(0, 0);
	mode[0].FrameBufferBase = 0;
	lyingscreen("gop refused: odd base");
	machine();
	screen(0, 0);
	mode[0].FrameBufferBase = ~0ull << 12;
	lyingscreen("gop refused: odd base");
	machine();
	screen(0, 0);
	info[0].VerticalResolution = 0;
	lyingscreen("gop refused: odd resolution");
	machine();
	screen(0, 0);
	info[0].PixelFormat = PixelBitMask;
	info[0].PixelInformation.RedMask = info[0].PixelInformation.GreenMask = 0xff;
	info[0].PixelInformation.BlueMask = 0xff00;
	lyingscreen("gop refused: no pixels");
	machine();
	screen(0, 0);
	mode[0].Info = nil;
	lyingscreen("gop refused: no mode");
	machine();
	screen(0, 0);
	mode[0].FrameBufferBase = FAKEARENA + 8 * MiB;
	lyingscreen("gop dropped: the framebuffer lies over RAM");
}

static void
putrsdp(u32 i, u8 rev, EFI_GUID guid)
{
	u8 *p = (u8 *)FAKEARENA + i * 64; /* memory that the map calls free */

	memset(p, 0, 36);
	memcpy(p, "RSD PTR ", 8);
	p[15] = rev;
	p[20] = 36;
	p[8] = (u8)(0u - bytesum(p, 20));
	p[32] = (u8)(0u - bytesum(p, 36));
	fake.config[i].VendorGuid = guid;
	fake.config[i].VendorTable = p;
	fake.st.NumberOfTableEntries = i + 1;
}

static void
test_A7_acpi_2_is_preferred_and_kept(void **state)
{
	(void)state;
	machine();
	putrsdp(0, 0, (EFI_GUID)ACPI_TABLE_GUID);
	putrsdp(1, 2, (EFI_GUID)ACPI_20_TABLE_GUID);
	crossed();
	assert_true(pabits(bridge.boot->keep.rsdp) == FAKEARENA + 64);
	assert_int_equal(rangeat(FAKEARENA + 64)->kind, KAcpi); /* T4: it lay in free memory */
	assert_true(hostsaid("rev=2 sum=ok"));
}

static void
test_A7_checksums_are_proved(void **state)
{
	(void)state;
	machine();
	putrsdp(0, 0, (EFI_GUID)ACPI_TABLE_GUID);
	putrsdp(1, 2, (EFI_GUID)ACPI_20_TABLE_GUID);
	((u8 *)FAKEARENA)[64 + 30]++; /* under the extended checksum alone */
	crossed();
	assert_true(pabits(bridge.boot->keep.rsdp) == FAKEARENA);
	assert_true(hostsaid("refused: extended checksum"));
	machine();
	putrsdp(0, 0, (EFI_GUID)ACPI_TABLE_GUID);
	((u8 *)FAKEARENA)[9]++;
	crossed();
	assert_true(pabits(bridge.boot->keep.rsdp) == 0);
	machine();
	putrsdp(0, 2, (EFI_GUID)ACPI_20_TABLE_GUID);
	((u8 *)FAKEARENA)[21] = 0xff; /* length */
	crossed();
	assert_true(pabits(bridge.boot->keep.rsdp) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A12_T3_a_healthy_firmware_lets_go_at_once),
	    cmocka_unit_test(test_A4_words_of_the_image_move_to_kzero),
	    cmocka_unit_test(test_A1_sections_are_read_and_debug_is_left_behind),
	    cmocka_unit_test(test_T4_D1_what_we_carry_has_kinds_of_its_own),
	    cmocka_unit_test(test_A8_boot_cfg_and_load_options_make_one_text),
	    cmocka_unit_test(test_A12_T3_stale_keys_fifteen_times),
	    cmocka_unit_test(test_A12_nothing_is_allocated_after_a_failed_exit),
	    cmocka_unit_test(test_A12_T3_refusing_for_ever_gives_words),
	    cmocka_unit_test(test_A12_refusing_for_ever_gives_pages_back_where_that_is_allowed),
	    cmocka_unit_test(test_A12_a_map_that_grows_at_every_call),
	    cmocka_unit_test(test_A12_a_map_that_never_fits),
	    cmocka_unit_test(test_T3_too_small_with_a_fresh_key_is_no_map),
	    cmocka_unit_test(test_A13_any_stride_gives_the_same_ledger),
	    cmocka_unit_test(test_A13_strides_that_are_none),
	    cmocka_unit_test(test_A13_a_map_larger_than_its_buffer),
	    cmocka_unit_test(test_A12_map_calls_that_fail),
	    cmocka_unit_test(test_A12_shuffled_and_fragmented),
	    cmocka_unit_test(test_A12_bad_descriptors_are_dropped_and_told),
	    cmocka_unit_test(test_T4_a_map_that_denies_us_our_own_memory),
	    cmocka_unit_test(test_A12_a_map_without_memory),
	    cmocka_unit_test(test_A11_every_allocation_fails_once),
	    cmocka_unit_test(test_A10_no_low_memory_is_no_reason_to_refuse),
	    cmocka_unit_test(test_A5_a_processor_that_cannot_carry_us),
	    cmocka_unit_test(test_A17_bss_that_is_not_zero),
	    cmocka_unit_test(test_A3_an_image_that_does_not_run_where_it_was_loaded),
	    cmocka_unit_test(test_A1_damaged_headers),
	    cmocka_unit_test(test_A9_an_initrd_that_is_missing_or_broken),
	    cmocka_unit_test(test_A9_short_reads_and_other_volumes),
	    cmocka_unit_test(test_A9_a_digest_that_is_asked_for),
	    cmocka_unit_test(test_A8_no_boot_cfg_or_too_much_of_it),
	    cmocka_unit_test(test_A6_the_screen_on_the_console_wins),
	    cmocka_unit_test(test_A6_blt_only_is_skipped_and_a_sleeping_screen_is_started),
	    cmocka_unit_test(test_A6_screens_that_lie_are_no_screens),
	    cmocka_unit_test(test_A7_acpi_2_is_preferred_and_kept),
	    cmocka_unit_test(test_A7_checksums_are_proved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
