/*
 * fakefw.h: a firmware in a test's hands: boot services over an arena of real memory, a map that is always
 * true to what was allocated, and a knob for each way in which firmware lies. It notes every call that
 * the specification forbids between the map and the exit.
 */
#pragma once

#include <efi.h>
#undef __attribute__

#include "u.h"

typedef struct Fake Fake;
typedef struct FakeFile FakeFile;
typedef struct FakeDesc FakeDesc;

enum {
	FakeDescs = 8192,
	FakeFiles = 8,
	FakeTables = 8,
	FakeScreens = 4,
};
#define FAKEARENA     0x10000000ull /* where the arena lies: pointers are physical addresses */
#define FAKEARENASIZE (64 * MiB)
#define FAKELOW	      0x90000ull /* and a little memory below 1 MiB */
#define FAKELOWSIZE   0x10000ull

struct FakeDesc {
	u32 type;
	u64 start, pages, attr;
};
struct FakeFile {
	const CHAR16 *path;
	const void *data;
	u64 size;   /* bytes there are */
	u64 claims; /* bytes that GetInfo claims */
	u64 attr;
	u64 chunk; /* most that one Read gives; 0: all */
	EFI_STATUS readstatus;
};

struct Fake {
	/* knobs */
	u32 stale;	  /* ExitBootServices refuses so often, the map changing each time */
	u32 burst;	  /* ... by so many descriptors; 0: one */
	bool never;	  /* ... and for ever */
	u32 grow;	  /* pieces broken off free memory at each GetMemoryMap */
	bool everyother;  /* every other GetMemoryMap says TOO_SMALL, with a fresh key */
	bool alwayssmall; /* GetMemoryMap never finds its buffer large enough */
	u64 stride;	  /* of descriptors; 0: 48 */
	bool garbage;	  /* bytes between descriptors are not zero */
	bool shuffle;	  /* descriptors in no order */
	u64 wildbytes;	  /* added to the size that a good GetMemoryMap says */
	bool probeok;	  /* the probe with size 0 succeeds */
	EFI_STATUS mapfails;
	u32 failalloc; /* the n-th AllocatePages fails (from 1); 0: none */
	bool nolow;    /* nothing below 1 MiB */
	u32 stalltick; /* cycles that a microsecond takes; for Stall */
	bool noloaded, nodevice, novolume, norng;
	FakeFile files[FakeFiles];
	EFI_GRAPHICS_OUTPUT_PROTOCOL *screens[FakeScreens]; /* 0: on the ConOut handle */
	EFI_STATUS querymode;

	/* what the firmware saw */
	u32 nalloc, nfree, nmap, nexit, nstall, setmode, watchdog;
	u32 forbidden; /* calls that were not allowed then */
	const char *forbade;
	bool mapfresh; /* the last call was a good GetMemoryMap */
	bool gone;     /* boot services have ended */
	u64 key, pagesout;
	char said[4096]; /* everything sent to ConOut */

	/* the machine */
	FakeDesc desc[FakeDescs];
	u32 ndesc;
	u64 rand;
	EFI_SYSTEM_TABLE st;
	EFI_BOOT_SERVICES bs;
	EFI_CONFIGURATION_TABLE config[FakeTables];
	EFI_LOADED_IMAGE loaded;
	SIMPLE_TEXT_OUTPUT_INTERFACE conout;
};

extern Fake fake;
/* A healthy machine: the arena free, our image in it if size is not 0, some memory of other types. */
void fakeinit(const void *image, u64 size);
/* One more descriptor, as it is. */
void fakedesc(u32 type, u64 start, u64 pages, u64 attr);
void fakefile(const CHAR16 *path, const void *data, u64 size);
/* Break free memory into so many more descriptors. */
void fakefragment(u32 n);
/* What fillers of UEFI tables need: a handle for the image, a mode that is a good screen. */
#define FAKEIMAGE  ((EFI_HANDLE)0x1111)
#define FAKEDEVICE ((EFI_HANDLE)0x2222)
#define FAKEVOLUME ((EFI_HANDLE)0x3333)
#define FAKECONOUT ((EFI_HANDLE)0x4440)
