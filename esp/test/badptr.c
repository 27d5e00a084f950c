/*
 * badptr.c: every system call with bad pointers of every kind: a note and an error, never more (N6, O5).
 * A handler counts the notes; the kernel must come back each time with -1.
 */
#include "check.h"

typedef struct Call Call;
struct Call {
	u32 number;
	const char *name;
	int nargs;
};

#define S(number, name, nargs) {number, #name, nargs},
static const Call calls[] = {SYSCALLS(S)};
#undef S

enum { NARG = 5 };
static const u64 bad[] = {
    1,
    0x1000,
    0x1ffffff,
    0x7fffffffffffull,
    0x800000000000ull,
    0xffff800000000000ull,
    0xffffffff80000000ull,
    0xfffffffffffff000ull,
    ~0ull,
    0x8000000000000000ull,
};
static volatile int notes;

static void
onnote(Ureg *u, char *text)
{
	(void)u;
	notes += strncmp(text, "sys: bad address in syscall", 27) == 0 ||
		 strncmp(text, "sys: bad sys call", 17) == 0;
	noted(NCONT);
}

/* Calls that do what they are asked without looking at memory, or end us. */
static bool
harmless(const char *name)
{
	static const char *const skip[] = {"exits",	 "noted",  "sleep", "alarm", "rfork",
					   "rendezvous", "notify", "await", "_wait"};

	for (usize i = 0; i < nelem(skip); i++)
		if (strcmp(name, skip[i]) == 0)
			return true;
	return false;
}

static void
allbad(const Call *c, u64 v)
{
	rawcall(c->number, v, v, v, v, v);
}

/* Good descriptors and counts, one bad pointer. */
static void
onebad(const Call *c, u64 v)
{
	u64 a[NARG];

	for (int i = 0; i < c->nargs; i++) {
		for (int j = 0; j < NARG; j++)
			a[j] = 1;
		a[i] = v;
		rawcall(c->number, a[0], a[1], a[2], a[3], a[4]);
		a[2] = 4096;
		rawcall(c->number, a[0], a[1], a[2], a[3], a[4]);
	}
}

static const Call *current;

static void
abuse(void)
{
	int null = open("/dev/null", ORDWR);

	dup(null, 0);
	dup(null, 1);
	atnotify(onnote);
	for (usize i = 0; i < nelem(bad); i++) {
		allbad(current, bad[i]);
		onebad(current, bad[i]);
	}
	exits(nil);
}

/* The pointer of each of these calls, alone bad: the note comes and the value is -1. */
static void
telling(void)
{
	static const struct {
		const char *name;
		u64 number, a[NARG];
	} one[] = {
	    {"open", 14, {0x1000, 0}},
	    {"create", 22, {0x1000, 0, 0}},
	    {"pread", 50, {0, 0x1000, 10, ~0ull}},
	    {"pwrite", 51, {1, 0x1000, 10, ~0ull}},
	    {"pwrite_kernel", 51, {1, 0xffffffff80000000ull, 10, ~0ull}},
	    {"pwrite_wrap", 51, {1, 0xfffffffffffffff0ull, 100, ~0ull}},
	    {"pread_text", 50, {0, UTZERO, 10, ~0ull}},
	    {"pipe", 21, {0x1000}},
	    {"stat", 42, {0x1000, 0x1000, 100}},
	    {"fstat", 43, {0, 0x1000, 100}},
	    {"seek", 39, {0x1000, 0, 0, 0}},
	    {"chdir", 3, {0x1000}},
	    {"exec", 7, {0x1000, 0x1000}},
	    {"errstr", 41, {0x1000, 10}},
	    {"fd2path", 23, {0, 0x1000, 10}},
	    {"remove", 25, {0x1000}},
	    {"semacquire", 37, {0x1000, 0}},
	    {"semrelease", 38, {0x1000, 1}},
	    {"bind", 2, {0x1000, 0x1000, 0}},
	};
	char name[64];

	atnotify(onnote);
	for (usize i = 0; i < nelem(one); i++) {
		int before = notes;
		i64 r =
		    rawcall(one[i].number, one[i].a[0], one[i].a[1], one[i].a[2], one[i].a[3], one[i].a[4]);
		snformat(name, sizeof name, "N6_bad_pointer_%s", one[i].name);
		check(r == -1 && (notes == before + 1 || strncmp(one[i].name, "sem", 3) == 0) &&
			  errhas("bad arg"),
		      name, "%lld, %d notes, '%s'", r, notes - before, lasterr());
	}
	atnotify(nil);
}

void
main(int argc, char **argv)
{
	char name[64], msg[ERRMAX];

	(void)argc, (void)argv;
	telling();
	for (usize i = 0; i < nelem(calls); i++) {
		current = &calls[i];
		if (harmless(current->name))
			continue;
		snformat(name, sizeof name, "N6_O5_%s_survives_bad_arguments", current->name);
		inchild(abuse, msg, sizeof msg);
		/* exec, segdetach, segfree, brk may end the child in its own way: the kernel lives */
		check(strcmp(msg, "no wait record") != 0, name, "%s", msg);
	}
	testend();
}
