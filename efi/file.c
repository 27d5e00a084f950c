/*
 * file.c: files of the volume that we were started from, whole, into LoaderData pages.
 *
 * First life. The device of the LoadedImage is asked first; an image started from memory has none,
 * then every volume is tried in turn. Sizes come from the file system and are not believed: a read that
 * ends early is a refusal. The initrd's archive is walked by its headers, so that a broken one is refused
 * while the firmware can still show words.
 */
#include "guest.h"
#include "options.h"
#include "tar.h"

enum { Chunk = 1 * MiB }; /* bytes asked for at once: larger reads fail on some firmware */

static EFI_STATUS
openvolume(Guest *g, EFI_HANDLE dev, EFI_FILE_HANDLE *root)
{
	EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
	EFI_FILE_IO_INTERFACE *fs;
	EFI_STATUS s;

	if (dev == nil)
		return EFI_NOT_FOUND;
	s = g->bs->HandleProtocol(dev, &guid, (void **)&fs);
	return s != EFI_SUCCESS ? EFI_NOT_FOUND : fs->OpenVolume(fs, root);
}

static EFI_STATUS
openon(Guest *g, EFI_HANDLE dev, const CHAR16 *path, EFI_FILE_HANDLE *f)
{
	EFI_FILE_HANDLE root;
	EFI_STATUS s;

	s = openvolume(g, dev, &root);
	if (s != EFI_SUCCESS)
		return s;
	s = root->Open(root, f, (CHAR16 *)(uintptr)path, EFI_FILE_MODE_READ, 0);
	root->Close(root);
	return s;
}

/* Open on our own device, or on the first volume that has the path. */
static EFI_STATUS
openfile(Guest *g, const CHAR16 *path, EFI_FILE_HANDLE *f)
{
	EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
	EFI_HANDLE *h;
	UINTN n, i;
	EFI_STATUS s;

	if (g->loaded->DeviceHandle != nil)
		return openon(g, g->loaded->DeviceHandle, path, f);
	s = g->bs->LocateHandleBuffer(ByProtocol, &guid, nil, &n, &h);
	if (s != EFI_SUCCESS)
		return EFI_NOT_FOUND;
	s = EFI_NOT_FOUND;
	for (i = 0; i < n && s != EFI_SUCCESS; i++)
		s = openon(g, h[i], path, f);
	g->bs->FreePool(h);
	return s;
}

/* Bytes of an open file; a directory is none [UEFI 2.10 13.5]. */
static EFI_STATUS
filesize(EFI_FILE_HANDLE f, u64 *size)
{
	EFI_GUID guid = EFI_FILE_INFO_ID;
	union {
		EFI_FILE_INFO info;
		u8 room[offsetof(EFI_FILE_INFO, FileName) + 512];
	} u;
	UINTN n = sizeof u;
	EFI_STATUS s;

	s = f->GetInfo(f, &guid, &n, &u);
	if (s != EFI_SUCCESS)
		return s;
	if ((u.info.Attribute & EFI_FILE_DIRECTORY) != 0)
		return EFI_UNSUPPORTED;
	*size = u.info.FileSize;
	return EFI_SUCCESS;
}

/* Read exactly size bytes. */
static EFI_STATUS
readall(EFI_FILE_HANDLE f, u8 *d, u64 size)
{
	u64 done;
	UINTN n;
	EFI_STATUS s;

	for (done = 0; done < size; done += n) {
		n = size - done < Chunk ? size - done : Chunk;
		s = f->Read(f, &n, d + done);
		if (s != EFI_SUCCESS)
			return s;
		if (n == 0 || n > size - done)
			return EFI_END_OF_FILE;
	}
	return EFI_SUCCESS;
}

static EFI_STATUS
readopen(Guest *g, EFI_FILE_HANDLE f, Kind kind, const char *what, BootRun *run)
{
	u64 size;
	EFI_STATUS s;

	s = filesize(f, &size);
	if (s != EFI_SUCCESS)
		return refuse(g, s, "%s: is no file that can be read", what);
	if (size == 0)
		return refuse(g, EFI_END_OF_FILE, "%s: is empty", what);
	s = takepages(g, kind, size, 0, what, run);
	if (s != EFI_SUCCESS)
		return s;
	s = readall(f, (u8 *)(uintptr)pabits(run->pa), size);
	if (s != EFI_SUCCESS)
		return refuse(g, s, "%s: reading its %llu bytes failed", what, size);
	return EFI_SUCCESS;
}

/*
 * The file's bytes in pages of this kind; *run tells where, its size not rounded. EFI_NOT_FOUND: there
 * is none. Pages stay in the list of own runs.
 */
EFI_STATUS
fileread(Guest *g, const CHAR16 *path, Kind kind, const char *what, BootRun *run)
{
	EFI_FILE_HANDLE f;
	EFI_STATUS s;

	s = openfile(g, path, &f);
	if (s == EFI_NOT_FOUND)
		return refuse(g, s, "%s: not found on the volume we were started from", what);
	if (s != EFI_SUCCESS)
		return refuse(g, s, "%s: cannot be opened", what);
	s = readopen(g, f, kind, what, run);
	f->Close(f);
	return s;
}

static i32
hexdigit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Does the digest equal 64 lower-case hex digits? */
static bool
samedigest(const u8 *digest, const char *hex, usize n)
{
	usize i;

	if (n != 64)
		return false;
	for (i = 0; i < 32; i++)
		if (hexdigit(hex[2 * i]) != digest[i] >> 4 || hexdigit(hex[2 * i + 1]) != (digest[i] & 15))
			return false;
	return true;
}

/*
 * *initrdsum=1 records the SHA-256 in the parcel, *initrdsum=<64 hex digits> demands it; without the setting
 * nothing is hashed, since that would be most of the boot's instructions.
 */
static EFI_STATUS
initrdsum(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	const char *want;
	usize n;

	want = confvalue((const char *)(uintptr)pabits(k->conf.pa), "*initrdsum", &n);
	if (want == nil || (n == 1 && want[0] == '0'))
		return EFI_SUCCESS;
	sha256((const void *)(uintptr)pabits(k->initrd.pa), k->initrd.size, k->initrdsha);
	if (n > 1 && !samedigest(k->initrdsha, want, n))
		return refuse(g, EFI_CRC_ERROR, "initrd.tar: is not what *initrdsum in boot.cfg asks for");
	return EFI_SUCCESS;
}

/* Text of what is wrong with an archive, or nil; *files counts those before it. */
static const char *
tarcheck(const u8 *p, u64 size, u32 *files)
{
	const char *why = nil;
	usize off = 0;
	TarFile f;
	int r;

	for (*files = 0; (r = tarnext(p, size, &off, &f, &why)) > 0; ++*files)
		;
	if (r < 0)
		return why;
	return *files == 0 ? "no file in it" : nil;
}

/* The archive with the first programs; missing, cut or damaged is a refusal. */
EFI_STATUS
initrdread(Guest *g)
{
	static const CHAR16 path[] = u"\\initrd.tar";
	BootKeep *k = &g->boot->keep;
	const char *why;
	u32 files;
	EFI_STATUS s;

	s = fileread(g, path, KInitrd, "initrd.tar", &k->initrd);
	if (s != EFI_SUCCESS)
		return s;
	why = tarcheck((const u8 *)(uintptr)pabits(k->initrd.pa), k->initrd.size, &files);
	if (why != nil)
		return refuse(g, EFI_VOLUME_CORRUPTED, "initrd.tar: %s after %u files", why, files);
	s = initrdsum(g);
	if (s == EFI_SUCCESS)
		phase(PhInitrd, "pa=%#llx size=%llu files=%u", pabits(k->initrd.pa), k->initrd.size, files);
	return s;
}
