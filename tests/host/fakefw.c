/*
 * fakefw.c: see fakefw.h. The map is a list of descriptors; allocation cuts a piece out of a free one,
 * freeing turns it back. Neighbours never merge, so a map only grows, as on real machines.
 */
#define _GNU_SOURCE
#include "host.h"
#include "fakefw.h"

#include <sys/mman.h>

Fake fake;

enum { WB = 0xf };

static void
forbid(const char *what)
{
	fake.forbidden++;
	fake.forbade = what;
}

/* Every boot service but the map and the exit passes here. */
static void
service(const char *what)
{
	if (fake.gone)
		forbid(what);
	if (fake.nexit > 0 && fake.st.Hdr.Revision < (2 << 16 | 90))
		forbid(what);
	fake.mapfresh = false;
}

/* --- memory ---------------------------------------------------------------------------------------- */

void
fakedesc(u32 type, u64 start, u64 pages, u64 attr)
{
	assert_true(fake.ndesc < FakeDescs);
	fake.desc[fake.ndesc++] = (FakeDesc){type, start, pages, attr};
	fake.key++;
}

static void
insert(u32 at, FakeDesc d)
{
	assert_true(fake.ndesc < FakeDescs);
	memmove(&fake.desc[at + 1], &fake.desc[at], (fake.ndesc - at) * sizeof d);
	fake.desc[at] = d;
	fake.ndesc++;
}

/* Cut [start, start+pages) out of descriptor i and give it a type. */
static void
cut(u32 i, u64 start, u64 pages, u32 type)
{
	FakeDesc *d = &fake.desc[i];
	u64 before = (start - d->start) / 4096, after = d->pages - before - pages;
	FakeDesc old = *d;

	*d = (FakeDesc){type, start, pages, old.attr};
	if (after != 0)
		insert(i + 1, (FakeDesc){old.type, start + pages * 4096, after, old.attr});
	if (before != 0)
		insert(i, (FakeDesc){old.type, old.start, before, old.attr});
	fake.key++;
}

/* Highest fit at or below max, inside memory that the test really has. */
static bool
take(u64 pages, u64 max, u32 type, EFI_PHYSICAL_ADDRESS *pa)
{
	for (u32 i = fake.ndesc; i-- > 0;) {
		FakeDesc *d = &fake.desc[i];
		u64 end = d->start + d->pages * 4096;
		bool real = (d->start >= FAKEARENA && end <= FAKEARENA + FAKEARENASIZE) ||
			    (d->start >= FAKELOW && end <= FAKELOW + FAKELOWSIZE);
		if (d->type != EfiConventionalMemory || !real || d->pages < pages)
			continue;
		u64 start = end - pages * 4096;
		if (max != ~0ull && start + pages * 4096 - 1 > max)
			start = (max + 1 - pages * 4096) & ~4095ull;
		if (start < d->start || start > end)
			continue;
		*pa = start;
		cut(i, start, pages, type);
		return true;
	}
	return false;
}

static EFI_STATUS EFIAPI
allocatepages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages, EFI_PHYSICAL_ADDRESS *pa)
{
	service("AllocatePages");
	if (type != EfiLoaderData || pages == 0 || pages > GiB / 4096)
		forbid("AllocatePages: odd type or size");
	if (++fake.nalloc == fake.failalloc)
		return EFI_OUT_OF_RESOURCES;
	if (how == AllocateMaxAddress && fake.nolow)
		return EFI_NOT_FOUND;
	if (!take(pages, how == AllocateMaxAddress ? *pa : ~0ull, type, pa))
		return EFI_OUT_OF_RESOURCES;
	memset((void *)*pa, 0xde, pages * 4096);
	fake.pagesout += pages;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
freepages(EFI_PHYSICAL_ADDRESS pa, UINTN pages)
{
	service("FreePages");
	for (u32 i = 0; i < fake.ndesc; i++)
		if (fake.desc[i].start == pa && fake.desc[i].pages == pages &&
		    fake.desc[i].type == EfiLoaderData) {
			fake.desc[i].type = EfiConventionalMemory;
			memset((void *)pa, 0xfe, pages * 4096);
			fake.pagesout -= pages;
			fake.nfree++;
			fake.key++;
			return EFI_SUCCESS;
		}
	forbid("FreePages: not allocated so");
	return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI
freepool(void *p)
{
	service("FreePool");
	free(p);
	return EFI_SUCCESS;
}

/* --- the map and the exit -------------------------------------------------------------------------- */

static void
putdesc(u8 *p, const FakeDesc *d, u64 stride)
{
	EFI_MEMORY_DESCRIPTOR e = {
	    .Type = d->type, .PhysicalStart = d->start, .NumberOfPages = d->pages, .Attribute = d->attr};

	if (fake.garbage)
		memset(p, 0xa5, stride);
	memcpy(p, &e, stride < sizeof e ? stride : sizeof e);
}

/* Break single pages off the largest free descriptor. */
void
fakefragment(u32 n)
{
	for (; n > 0; n--) {
		u32 best = 0;
		for (u32 i = 0; i < fake.ndesc; i++)
			if (fake.desc[i].type == EfiConventionalMemory &&
			    (fake.desc[best].type != EfiConventionalMemory ||
			     fake.desc[i].pages > fake.desc[best].pages))
				best = i;
		cut(best, fake.desc[best].start, 1, n % 2 == 0 ? EfiBootServicesData : EfiReservedMemoryType);
	}
}

static EFI_STATUS EFIAPI
getmemorymap(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *stride, UINT32 *version)
{
	u64 step = fake.stride != 0 ? fake.stride : 48, need;

	if (fake.gone)
		forbid("GetMemoryMap");
	fake.mapfresh = false;
	fake.nmap++;
	fakefragment(fake.grow);
	if (fake.grow != 0)
		fake.key++;
	need = fake.ndesc * step;
	*key = fake.key; /* EDK2 writes it whatever it answers */
	*stride = step;
	*version = 1;
	if (fake.mapfails != 0)
		return fake.mapfails;
	if (fake.alwayssmall)
		need += *bytes + step;
	if (!fake.probeok && (*bytes < need || (fake.everyother && fake.nmap % 2 == 0))) {
		*bytes = need;
		return EFI_BUFFER_TOO_SMALL;
	}
	for (u32 i = 0; map != nil && i < fake.ndesc; i++)
		putdesc((u8 *)map + (fake.shuffle ? (fake.ndesc - i + 2) % fake.ndesc : i) * step,
			&fake.desc[i], step);
	*bytes = need + fake.wildbytes;
	fake.mapfresh = true;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
exitbootservices(EFI_HANDLE image, UINTN key)
{
	bool fresh = fake.mapfresh;

	if (fake.gone || !fresh || image != FAKEIMAGE)
		forbid("ExitBootServices without a fresh map");
	fake.mapfresh = false;
	fake.nexit++;
	if (fake.never || fake.nexit <= fake.stale) {
		fakefragment(fake.burst != 0 ? fake.burst : 1);
		return EFI_INVALID_PARAMETER;
	}
	if (key != fake.key)
		return EFI_INVALID_PARAMETER;
	fake.gone = true;
	return EFI_SUCCESS;
}

/* --- the rest -------------------------------------------------------------------------------------- */

static EFI_STATUS EFIAPI
setwatchdog(UINTN timeout, UINT64 code, UINTN n, CHAR16 *data)
{
	(void)code, (void)n, (void)data;
	service("SetWatchdogTimer");
	fake.watchdog = timeout == 0;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
stall(UINTN us)
{
	(void)us;
	service("Stall");
	fake.nstall++;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
outputstring(SIMPLE_TEXT_OUTPUT_INTERFACE *o, CHAR16 *s)
{
	usize n = strlen(fake.said);

	(void)o;
	if (fake.gone)
		forbid("OutputString");
	fake.mapfresh = false;
	for (; *s != 0 && n + 1 < sizeof fake.said; s++)
		fake.said[n++] = (char)*s;
	fake.said[n] = 0;
	return EFI_SUCCESS;
}

typedef struct Open Open;
struct Open {
	EFI_FILE_PROTOCOL p;
	FakeFile *f;
	u64 at;
};

static EFI_STATUS EFIAPI
fileclose(EFI_FILE_HANDLE h)
{
	free(h);
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
fileinfo(EFI_FILE_HANDLE h, EFI_GUID *type, UINTN *n, void *d)
{
	EFI_FILE_INFO *i = d;
	FakeFile *f = ((Open *)h)->f;

	(void)type;
	if (*n < offsetof(EFI_FILE_INFO, FileName) + 32)
		return EFI_BUFFER_TOO_SMALL;
	memset(i, 0, offsetof(EFI_FILE_INFO, FileName));
	i->FileSize = f->claims;
	i->Attribute = f->attr;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
fileread1(EFI_FILE_HANDLE h, UINTN *n, void *d)
{
	Open *o = (Open *)h;
	u64 left = o->f->size - o->at;

	if (o->f->readstatus != 0)
		return o->f->readstatus;
	if (*n > left)
		*n = left;
	if (o->f->chunk != 0 && *n > o->f->chunk)
		*n = o->f->chunk;
	memcpy(d, (const u8 *)o->f->data + o->at, *n);
	o->at += *n;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fileopen(EFI_FILE_HANDLE h, EFI_FILE_HANDLE *f, CHAR16 *path, UINT64 mode,
				  UINT64 attr);

static EFI_FILE_HANDLE
newfile(FakeFile *f)
{
	Open *o = calloc(1, sizeof *o);

	o->p.Open = fileopen;
	o->p.Close = fileclose;
	o->p.Read = fileread1;
	o->p.GetInfo = fileinfo;
	o->f = f;
	return &o->p;
}

static bool
samepath(const CHAR16 *a, const CHAR16 *b)
{
	for (; *a == *b && *a != 0; a++, b++)
		;
	return *a == *b;
}

static EFI_STATUS EFIAPI
fileopen(EFI_FILE_HANDLE h, EFI_FILE_HANDLE *f, CHAR16 *path, UINT64 mode, UINT64 attr)
{
	(void)h, (void)attr;
	if (mode != EFI_FILE_MODE_READ)
		forbid("Open for writing");
	for (u32 i = 0; i < FakeFiles && fake.files[i].path != nil; i++)
		if (samepath(fake.files[i].path, path)) {
			*f = newfile(&fake.files[i]);
			return EFI_SUCCESS;
		}
	return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI
openvolume(EFI_FILE_IO_INTERFACE *fs, EFI_FILE_HANDLE *root)
{
	(void)fs;
	*root = newfile(nil);
	return EFI_SUCCESS;
}

static EFI_FILE_IO_INTERFACE volume = {.OpenVolume = openvolume};

static bool
same(const EFI_GUID *a, EFI_GUID b)
{
	return memcmp(a, &b, sizeof b) == 0;
}

static EFI_STATUS EFIAPI
handleprotocol(EFI_HANDLE h, EFI_GUID *guid, void **p)
{
	u64 screen = (u64)h - (u64)FAKECONOUT;

	service("HandleProtocol");
	*p = nil;
	if (h == FAKEIMAGE && same(guid, (EFI_GUID)LOADED_IMAGE_PROTOCOL) && !fake.noloaded)
		*p = &fake.loaded;
	if ((h == FAKEDEVICE || h == FAKEVOLUME) && same(guid, (EFI_GUID)SIMPLE_FILE_SYSTEM_PROTOCOL) &&
	    !fake.novolume)
		*p = &volume;
	if (screen < FakeScreens && same(guid, (EFI_GUID)EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID))
		*p = fake.screens[screen];
	return *p == nil ? EFI_UNSUPPORTED : EFI_SUCCESS;
}

static EFI_STATUS EFIAPI
locatehandlebuffer(EFI_LOCATE_SEARCH_TYPE how, EFI_GUID *guid, void *key, UINTN *n, EFI_HANDLE **h)
{
	(void)how, (void)key;
	service("LocateHandleBuffer");
	*h = calloc(FakeScreens, sizeof **h);
	*n = 0;
	if (same(guid, (EFI_GUID)SIMPLE_FILE_SYSTEM_PROTOCOL) && !fake.novolume)
		(*h)[(*n)++] = FAKEVOLUME;
	for (u32 i = 0; i < FakeScreens && same(guid, (EFI_GUID)EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID); i++)
		if (fake.screens[i] != nil)
			(*h)[(*n)++] = (EFI_HANDLE)((u64)FAKECONOUT + i);
	if (*n > 0)
		return EFI_SUCCESS;
	free(*h);
	return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI
locateprotocol(EFI_GUID *guid, void *key, void **p)
{
	(void)guid, (void)key, (void)p;
	service("LocateProtocol");
	return EFI_NOT_FOUND;
}

void
fakefile(const CHAR16 *path, const void *data, u64 size)
{
	u32 i;

	for (i = 0; fake.files[i].path != nil; i++)
		;
	fake.files[i] = (FakeFile){.path = path, .data = data, .size = size, .claims = size};
}

static void
mapmemory(u64 at, u64 size)
{
	static bool done[2];
	bool *have = &done[at == FAKELOW];

	if (!*have && mmap((void *)at, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)at) {
		if (at != FAKELOW)
			fail_msg("the arena's address is taken");
		fake.nolow = true; /* no right to map so low: as on a machine without low memory */
		return;
	}
	*have = true;
}

void
fakeinit(const void *image, u64 size)
{
	fake = (Fake){.key = 100, .rand = 1};
	fake.bs = (EFI_BOOT_SERVICES){.AllocatePages = allocatepages,
				      .FreePages = freepages,
				      .FreePool = freepool,
				      .GetMemoryMap = getmemorymap,
				      .ExitBootServices = exitbootservices,
				      .SetWatchdogTimer = setwatchdog,
				      .Stall = stall,
				      .HandleProtocol = handleprotocol,
				      .LocateHandleBuffer = locatehandlebuffer,
				      .LocateProtocol = locateprotocol};
	fake.conout = (SIMPLE_TEXT_OUTPUT_INTERFACE){.OutputString = outputstring};
	fake.st.Hdr.Revision = 2 << 16 | 70;
	fake.st.BootServices = &fake.bs;
	fake.st.ConOut = &fake.conout;
	fake.st.ConsoleOutHandle = FAKECONOUT;
	fake.st.ConfigurationTable = fake.config;
	fake.loaded.ImageBase = (void *)(uintptr)image;
	fake.loaded.ImageSize = size;
	fake.loaded.DeviceHandle = FAKEDEVICE;
	mapmemory(FAKEARENA, FAKEARENASIZE);
	mapmemory(FAKELOW, FAKELOWSIZE);
	fakedesc(EfiBootServicesCode, 0, 1, WB);
	fakedesc(EfiConventionalMemory, FAKELOW, FAKELOWSIZE / 4096, WB);
	if (size != 0)
		fakedesc(EfiLoaderCode, (u64)image, size / 4096, WB);
	fakedesc(EfiConventionalMemory, FAKEARENA, FAKEARENASIZE / 4096, WB);
	fakedesc(EfiBootServicesData, FAKEARENA + FAKEARENASIZE, 256, WB);
	fakedesc(EfiACPIReclaimMemory, FAKEARENA + FAKEARENASIZE + MiB, 16, WB);
	fakedesc(EfiRuntimeServicesData, FAKEARENA + FAKEARENASIZE + 2 * MiB, 16, WB | 1ull << 63);
	fakedesc(EfiMemoryMappedIO, 0xfec00000, 1, 1);
}
