/*
 * hostile.c: firmware that lies, for the first life to survive. A UEFI application that the real firmware
 * starts as BOOTX64.EFI; it puts itself between: scatters memory of all types and fills it with a
 * pattern, replaces some boot services, and then starts \IMAGO.EFI. What it does is said in QEMU's fw_cfg
 * file opt/imago/hostile, as words name=number:
 *
 *	stale=N      ExitBootServices refuses N times, the key changing; 99: for ever
 *	grow=N       each GetMemoryMap has N more descriptors than the one before
 *	toosmall=1   every other GetMemoryMap answers BUFFER_TOO_SMALL, with a fresh key
 *	stride=N     DescriptorSize, with garbage between the descriptors
 *	shuffle=1    descriptors in no order
 *	bad=1        lies over free memory: empty, wrapping, unaligned, reserved, OEM, uncached ...
 *	pieces=N     N single pages of alternating types, with free pages between
 *	failalloc=N  the N-th AllocatePages of loader data fails (drivers take other types)
 *	gop=N        1: pitch smaller than a line; 2: over RAM; 3: Blt only; 4: no GOP
 *	rsdp=N       1: bad checksum; 2: no RSDP; 3: a copy in boot-services memory
 *	options=1    binary load options
 *	rtfault=1    the runtime service GetTime begins with an illegal instruction
 *
 * Every page that must stay as it is holds a pattern of its own address (PATTERN below) and is named on
 * the serial line as "hostile: keep <start>-<end>"; a test compares them from outside. If imago comes back,
 * its status is printed and the emulator left with code 0x31.
 */
#include <efi.h>
#undef __attribute__

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define nil	((void *)0)
#define PATTERN 0x9e3779b97f4a7c15ull

enum {
	MaxDescs = 16384,
	Victims = 64, /* pages that the map calls free and, over that, something else */
	WB = 0xf,
	Com1 = 0x3f8,
	Exit = 0xf4,
};

typedef struct Desc Desc;
struct Desc { /* as the firmware writes it, 48 bytes with its own padding */
	u32 type, pad;
	u64 start, virt, pages, attr, more;
};

static EFI_SYSTEM_TABLE *st;
static EFI_BOOT_SERVICES *bs, real; /* real: the firmware's own words */
static EFI_HANDLE self;
static char words[512];
static Desc *descs;
static u32 ndescs;
static u64 victim; /* first of the pages with a lie over them */
static u64 fakekey = 0x5000, calls, refusals, allocations;

/* --- speaking -------------------------------------------------------------------------------------- */

static void
outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static u8
inb(u16 port)
{
	u8 v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static void
outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static void
say(const char *s)
{
	for (; *s != 0; s++) {
		while ((inb(Com1 + 5) & 0x20) == 0)
			;
		outb(Com1, (u8)*s);
	}
}

static void
sayhex(u64 v)
{
	char b[17];

	for (int i = 15; i >= 0; i--, v >>= 4)
		b[i] = "0123456789abcdef"[v & 15];
	b[16] = 0;
	say(b);
}

void *
memset(void *d, int c, __SIZE_TYPE__ n)
{
	for (u8 *p = d; n > 0; n--)
		*p++ = (u8)c;
	return d;
}
void *
memcpy(void *d, const void *s, __SIZE_TYPE__ n)
{
	u8 *p = d;
	const u8 *q = s;

	for (; n > 0; n--)
		*p++ = *q++;
	return d;
}

/* Stop here: a step of our own failed, which is no test of anybody. */
static void
must(EFI_STATUS s, const char *what)
{
	if (s == EFI_SUCCESS)
		return;
	say("hostile: cannot ");
	say(what);
	say(" status ");
	sayhex((u64)s);
	say("\n");
	outb(Exit, 0x30);
}

/* --- what we are asked for -------------------------------------------------------------------------- */

enum { FwSelect = 0x510, FwData = 0x511, FwDir = 0x19, FwName = 56 };

static u32
fwbe32(void)
{
	u32 v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | inb(FwData);
	return v;
}

/* The file opt/imago/hostile of QEMU's fw_cfg into words[]. */
static void
readwords(void)
{
	static const char want[] = "opt/imago/hostile";
	u32 n, size, i, j;
	u16 select;
	u8 same;

	outw(FwSelect, FwDir);
	n = fwbe32();
	for (i = 0; i < n; i++) {
		size = fwbe32();
		select = (u16)(fwbe32() >> 16);
		for (j = 0, same = 1; j < FwName; j++)
			same &= (inb(FwData) == (j < sizeof want ? want[j] : 0)) || j >= sizeof want;
		if (!same)
			continue;
		outw(FwSelect, select);
		for (j = 0; j < size && j + 1 < sizeof words; j++)
			words[j] = (char)inb(FwData);
		return;
	}
}

static u64
knob(const char *name)
{
	u64 v = 0;
	u32 n;

	for (const char *p = words; *p != 0; p++) {
		if (p != words && p[-1] != ' ')
			continue;
		for (n = 0; name[n] != 0 && p[n] == name[n]; n++)
			;
		if (name[n] != 0 || p[n] != '=')
			continue;
		for (p += n + 1; *p >= '0' && *p <= '9'; p++)
			v = 10 * v + (u64)(*p - '0');
		return v;
	}
	return 0;
}

/* --- memory that must stay as it is ------------------------------------------------------------------ */

static void
fill(u64 start, u64 pages)
{
	for (u64 a = start; a < start + pages * 4096; a += 8)
		*(u64 *)a = a ^ PATTERN;
}

static void
name(const char *what, u64 start, u64 pages)
{
	say("hostile: ");
	say(what);
	say(" ");
	sayhex(start);
	say("-");
	sayhex(start + pages * 4096);
	say("\n");
}

static void
keep(u64 start, u64 pages)
{
	fill(start, pages);
	name("keep", start, pages);
}

static const u32 types[] = {
    EfiReservedMemoryType,  EfiACPIMemoryNVS, EfiRuntimeServicesData, EfiUnusableMemory, EfiACPIReclaimMemory,
    EfiRuntimeServicesCode, 0x80000001,	      EfiMemoryMappedIO};
enum { Ntypes = sizeof types / sizeof types[0] };

/* A few pages of each type that is not ours to have. */
static void
scatter(void)
{
	EFI_PHYSICAL_ADDRESS pa;

	for (u32 i = 0; i < Ntypes; i++) {
		must(real.AllocatePages(AllocateAnyPages, types[i], 3, &pa), "allocate odd types");
		keep(pa, 3);
	}
	must(real.AllocatePages(AllocateAnyPages, EfiLoaderData, Victims, &pa), "allocate victims");
	victim = pa;
	keep(victim, Victims);
}

/*
 * Single pages of alternating types with free ones between: 2n descriptors. The firmware may take some of
 * the block for its own book-keeping: those are named as lost.
 */
static void
pieces(u64 n)
{
	EFI_PHYSICAL_ADDRESS block, pa;

	if (n == 0)
		return;
	must(real.AllocatePages(AllocateAnyPages, EfiLoaderData, 2 * n, &block), "allocate a block");
	real.FreePages(block, 2 * n);
	for (u64 i = 0; i < n; i++) {
		pa = block + 2 * i * 4096;
		if (real.AllocatePages(AllocateAddress, types[i % 2], 1, &pa) == EFI_SUCCESS)
			fill(pa, 1);
		else
			name("lost", pa, 1);
	}
	name("pieces", block, 2 * n);
}

/* --- the map ------------------------------------------------------------------------------------------ */

static void
add(u32 type, u64 start, u64 pages, u64 attr)
{
	if (ndescs < MaxDescs)
		descs[ndescs++] = (Desc){type, 0, start, 0, pages, attr, 0};
}

/* Make the victims free, and say something else over each eight of them. */
static void
lieover(void)
{
	static const struct {
		u32 type;
		u64 attr;
	} over[] = {{EfiReservedMemoryType, WB},
		    {0x80000000, WB},
		    {EfiConventionalMemory, 1},
		    {EfiBootServicesData, 1ull << 63 | WB},
		    {EfiUnusableMemory, WB},
		    {14, WB},
		    {0x20, WB},
		    {EfiMemoryMappedIO, 1}};
	u32 i;

	add(EfiConventionalMemory, victim, Victims, WB);
	for (i = 0; i < sizeof over / sizeof over[0]; i++)
		add(over[i].type, victim + i * 8 * 4096, 8, over[i].attr);
	add(EfiConventionalMemory, victim, 0, WB);
	add(EfiConventionalMemory, victim, 1ull << 52, WB);
	add(EfiConventionalMemory, ~0xfffull, 1, WB);
	add(EfiReservedMemoryType, victim + 0x123, 1, WB);
	add(EfiConventionalMemory, 1ull << 51, 16, WB);
}

/* Does [start, end) lie in the victims' pages? They were allocated as loader data. */
static u8
isvictim(const Desc *d)
{
	return d->start < victim + Victims * 4096 && d->start + d->pages * 4096 > victim;
}

/* Break a free descriptor into single pages until there are n more. */
static void
split(u64 n)
{
	for (u32 i = 0; i < ndescs && n > 0; i++)
		for (; n > 0 && descs[i].type == EfiConventionalMemory && descs[i].pages > 2; n--) {
			add(EfiConventionalMemory, descs[i].start + (descs[i].pages - 1) * 4096, 1,
			    descs[i].attr);
			descs[i].pages--;
		}
}

/* The true map into descs[], then what the knobs make of it. */
static EFI_STATUS
makemap(UINT32 *version)
{
	static u8 buf[MaxDescs * 48];
	UINTN bytes = sizeof buf, key, stride;
	EFI_STATUS s = real.GetMemoryMap(&bytes, (EFI_MEMORY_DESCRIPTOR *)buf, &key, &stride, version);

	ndescs = 0;
	if (s != EFI_SUCCESS)
		return s;
	for (u64 at = 0; at < bytes; at += stride) {
		EFI_MEMORY_DESCRIPTOR *d = (EFI_MEMORY_DESCRIPTOR *)(buf + at);
		Desc one = {d->Type, 0, d->PhysicalStart, 0, d->NumberOfPages, d->Attribute, 0};
		if (!knob("bad") || !isvictim(&one)) {
			descs[ndescs++] = one;
			continue;
		}
		if (one.start < victim) /* loader data that merged with the victims */
			add(one.type, one.start, (victim - one.start) / 4096, one.attr);
		if (one.start + one.pages * 4096 > victim + Victims * 4096)
			add(one.type, victim + Victims * 4096,
			    (one.start + one.pages * 4096 - victim) / 4096 - Victims, one.attr);
	}
	if (knob("bad"))
		lieover();
	split(knob("grow") * calls);
	return s;
}

static EFI_STATUS EFIAPI
getmemorymap(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *stride, UINT32 *version)
{
	u64 step = knob("stride") != 0 ? knob("stride") : 48, need;
	u32 i, at;
	EFI_STATUS s;

	calls++;
	s = makemap(version);
	if (s != EFI_SUCCESS)
		return s;
	need = ndescs * step;
	*key = ++fakekey;
	*stride = step;
	if (*bytes < need || (knob("toosmall") && calls % 2 == 0)) {
		*bytes = need;
		return EFI_BUFFER_TOO_SMALL;
	}
	for (i = 0; i < ndescs; i++) {
		at = knob("shuffle") ? (ndescs - i + 2) % ndescs : i;
		memset((u8 *)map + at * step, 0xa5, step);
		memcpy((u8 *)map + at * step, &descs[i], step < sizeof descs[i] ? step : sizeof descs[i]);
	}
	*bytes = need;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
exitbootservices(EFI_HANDLE h, UINTN key)
{
	static u8 buf[MaxDescs * 48];
	UINTN bytes = sizeof buf, realkey, stride;
	UINT32 version;
	u64 stale = knob("stale");

	if (refusals < stale || stale == 99 || key != fakekey) {
		refusals++;
		fakekey++;
		return EFI_INVALID_PARAMETER;
	}
	real.GetMemoryMap(&bytes, (EFI_MEMORY_DESCRIPTOR *)buf, &realkey, &stride, &version);
	return real.ExitBootServices(h, realkey);
}

/* --- other services ------------------------------------------------------------------------------------ */

static EFI_STATUS EFIAPI
allocatepages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN n, EFI_PHYSICAL_ADDRESS *pa)
{
	if (type == EfiLoaderData && ++allocations == knob("failalloc"))
		return EFI_OUT_OF_RESOURCES;
	return real.AllocatePages(how, type, n, pa);
}

static u8
isgop(const EFI_GUID *g)
{
	EFI_GUID gop = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	u8 same = 1;

	for (u32 i = 0; i < sizeof gop; i++)
		same &= ((const u8 *)g)[i] == ((u8 *)&gop)[i];
	return same;
}

static EFI_STATUS EFIAPI
handleprotocol(EFI_HANDLE h, EFI_GUID *g, void **p)
{
	EFI_STATUS s = isgop(g) && knob("gop") == 4 ? EFI_UNSUPPORTED : real.HandleProtocol(h, g, p);
	EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *m;

	if (s != EFI_SUCCESS || !isgop(g))
		return s;
	m = ((EFI_GRAPHICS_OUTPUT_PROTOCOL *)*p)->Mode;
	if (knob("gop") == 1)
		m->Info->PixelsPerScanLine = m->Info->HorizontalResolution / 2;
	if (knob("gop") == 2)
		m->FrameBufferBase = victim & ~0xfffull;
	if (knob("gop") == 3)
		m->Info->PixelFormat = PixelBltOnly;
	return s;
}

static u8 *
rsdpcopy(EFI_MEMORY_TYPE type, const u8 *from)
{
	EFI_PHYSICAL_ADDRESS pa;

	must(real.AllocatePages(AllocateAnyPages, type, 1, &pa), "allocate a page for the RSDP");
	memcpy((void *)pa, from, 36);
	return (u8 *)pa;
}

static void
breakrsdp(u64 how)
{
	EFI_GUID guids[] = {ACPI_20_TABLE_GUID, ACPI_TABLE_GUID};
	EFI_CONFIGURATION_TABLE *t = st->ConfigurationTable;
	u8 *p;

	for (u32 i = 0; how != 0 && i < 2; i++)
		for (UINTN j = 0; j < st->NumberOfTableEntries; j++) {
			if (t[j].VendorGuid.Data1 != guids[i].Data1)
				continue;
			p = how == 2 ? nil
				     : rsdpcopy(how == 3 ? EfiBootServicesData : EfiReservedMemoryType,
						t[j].VendorTable);
			if (how == 1)
				p[9]++;
			if (how != 2)
				t[j].VendorTable = p;
			else
				t[j].VendorGuid.Data1 = 0;
			break;
		}
}

/* --- starting imago ------------------------------------------------------------------------------------- */

/* \IMAGO.EFI of our own volume: the device's path and a file's behind it. */
static EFI_DEVICE_PATH *
imagopath(EFI_HANDLE dev)
{
	static u8 path[1024];
	static const CHAR16 name[] = u"\\IMAGO.EFI";
	EFI_GUID guid = DEVICE_PATH_PROTOCOL;
	u8 *from, *to = path;
	u16 n;

	must(real.HandleProtocol(dev, &guid, (void **)&from), "find the device's path");
	for (; from[0] != 0x7f; from += n, to += n) {
		n = (u16)(from[2] | from[3] << 8);
		memcpy(to, from, n);
	}
	to[0] = 4; /* media, file path */
	to[1] = 4;
	to[2] = 4 + sizeof name;
	to[3] = 0;
	memcpy(to + 4, name, sizeof name);
	to += 4 + sizeof name;
	memcpy(to, "\x7f\xff\x04\x00", 4);
	return (EFI_DEVICE_PATH *)path;
}

/* UD2 at the start of GetTime, in code that the firmware may have made read-only. */
static void
breaktime(void)
{
	u64 cr0;

	__asm__ volatile("cli; mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0 & ~(1ull << 16)));
	*(volatile u16 *)st->RuntimeServices->GetTime = 0x0b0f;
	__asm__ volatile("mov %0, %%cr0; sti" : : "r"(cr0));
}

static void
hook(void)
{
	bs->GetMemoryMap = getmemorymap;
	bs->ExitBootServices = exitbootservices;
	bs->AllocatePages = allocatepages;
	bs->HandleProtocol = handleprotocol;
	bs->Hdr.CRC32 = 0;
	real.CalculateCrc32(bs, bs->Hdr.HeaderSize, &bs->Hdr.CRC32);
}

EFI_STATUS EFIAPI efimain(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab);

EFI_STATUS EFIAPI
efimain(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab)
{
	static u8 binary[] = {0x01, 0xd8, 0xff, 0xff, 0x00, 0xdc, 0x07, 0x00, 0x42};
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *loaded;
	EFI_PHYSICAL_ADDRESS pa;
	EFI_HANDLE imago;
	EFI_STATUS s;

	self = image;
	st = systab;
	bs = st->BootServices;
	real = *bs;
	readwords();
	say("hostile: words ");
	say(words);
	say("\n");
	must(real.AllocatePages(AllocateAnyPages, EfiBootServicesData, MaxDescs * sizeof(Desc) / 4096, &pa),
	     "allocate the map");
	descs = (Desc *)pa;
	scatter();
	pieces(knob("pieces"));
	breakrsdp(knob("rsdp"));
	must(real.HandleProtocol(self, &guid, (void **)&loaded), "find ourselves");
	must(real.LoadImage(FALSE, self, imagopath(loaded->DeviceHandle), nil, 0, &imago), "load imago");
	must(real.HandleProtocol(imago, &guid, (void **)&loaded), "find imago");
	if (knob("options")) {
		loaded->LoadOptions = binary;
		loaded->LoadOptionsSize = sizeof binary;
	}
	if (knob("rtfault"))
		breaktime();
	hook();
	s = bs->StartImage(imago, nil, nil);
	say("\nhostile: returned ");
	sayhex((u64)s);
	say("\n");
	outb(Exit, 0x31);
	return s;
}
