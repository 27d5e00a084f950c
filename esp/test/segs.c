/*
 * segs.c: attached segments: where they come to lie, who shares them, what each wrong argument says, what
 * comes back (N8).
 */
#include "check.h"

enum { PG = 4096, ROUNDS = 200, RONLY = 040, CEXEC = 0100, FAULT = 0200, NOEXEC = 02000 };

static u8 *const None = (u8 *)-1;
static u8 *mem; /* what the children of a check look at */

static u8 *
attach(int attr, const char *class, void *va, u64 len)
{
	return (u8 *)segattach(attr, class, va, len);
}

static bool
fails(i64 r, const char *why)
{
	return r == -1 && errhas(why);
}

static void
rounds(void)
{
	u8 *p, *first = nil;
	int n;

	for (n = 0; n < ROUNDS; n++) {
		p = attach(0, n % 2 ? "shared" : "memory", nil, (u64)(n % 7 + 1) * PG);
		if (p == None || *p != 0)
			break;
		memset(p, n | 1, PG);
		p[(n % 7) * PG] = 1;
		if (n == 0)
			first = p + PG;
		if (p + (n % 7 + 1) * PG != first || segdetach(p + n) < 0)
			break;
	}
	check(n == ROUNDS, "N8_200_attaches_and_detaches", "%d: %s", n, lasterr());
}

static void
places(void)
{
	u8 *a = attach(0, "memory", nil, 2 * PG), *b = attach(0, "memory", nil, 1), *c, *d;

	check((u64)a == USTKTOP - USTKSIZE - 2 * PG, "N8_the_highest_gap_below_the_stack", "%p", (void *)a);
	check(b == a - PG, "N8_the_next_lies_below", "%p %p", (void *)a, (void *)b);
	segdetach(a);
	c = attach(0, "memory", nil, 3 * PG);
	d = attach(0, "memory", nil, PG);
	check(c == b - 3 * PG && d == a + PG, "N8_a_gap_is_used_where_it_fits", "%p %p", (void *)c,
	      (void *)d);
	segdetach(b);
	segdetach(c);
	segdetach(d);
	a = attach(0, "memory", (void *)0x300000000123ull, 2 * PG - 1);
	check((u64)a == 0x300000000000ull, "N8_the_address_is_rounded_down", "%p", (void *)a);
	a[2 * PG - 1] = 1;
	check(segdetach(a + 2 * PG) < 0 && segdetach(a + 2 * PG - 1) == 0, "N8_detach_by_any_address_inside",
	      "%s", lasterr());
}

static void
badargs(void)
{
	u8 *p = attach(0, "memory", (void *)0x300000000000ull, 2 * PG);
	void *last = (void *)(USTKTOP - PG);

	check(fails(segattach(0, "memory", nil, 0), "bad arg"), "N8_length_0", "%s", lasterr());
	check(fails(segattach(0, "memory", nil, ~0ull), "bad arg"), "N8_length_wraps", "%s", lasterr());
	check(fails(segattach(0, "memory", last, 2 * PG), "bad arg"), "N8_past_the_stack", "%s", lasterr());
	check(fails(segattach(0, "memory", (void *)~0xfffull, PG), "bad arg"), "N8_in_the_kernel", "%s",
	      lasterr());
	check(fails(segattach(0, "memory", (void *)0xfff, PG), "bad arg"), "N8_page_0", "%s", lasterr());
	check(fails(segattach(0, "nosuch", nil, PG), "bad arg"), "N8_unknown_class", "%s", lasterr());
	check(fails(segattach(0, "a name longer than any class could ever have", nil, PG), "bad arg"),
	      "N8_long_class", "%s", lasterr());
	check(fails(segattach(0, "memory", p + PG, PG), "segments overlap") &&
		  fails(segattach(0, "memory", p - PG, 2 * PG), "segments overlap") &&
		  fails(segattach(0, "memory", last, PG), "segments overlap"),
	      "N8_overlap", "%s", lasterr());
	check(fails(segattach(0, "memory", nil, 64 * GiB + 1), "virtual memory allocation failed"),
	      "N8_more_than_64_gib", "%s", lasterr());
	check(fails(segdetach(&p), "bad arg"), "N8_the_stack_stays", "%s", lasterr());
	check(fails(segdetach((void *)0x1000), "bad arg"), "N8_detach_nothing", "%s", lasterr());
	check(fails(segfree((void *)0x1000, PG), "bad arg") && fails(segfree(p, 2 * PG + 1), "bad arg") &&
		  fails(segfree(p + PG, ~0ull), "bad arg"),
	      "N8_free_outside", "%s", lasterr());
	check(fails(segflush((void *)0x1000, PG), "bad arg") && fails(segflush(p, 3 * PG), "bad arg") &&
		  fails(segflush(p, ~0ull), "bad arg") && segflush((void *)0x1000, 0) == 0,
	      "N8_flush_outside", "%s", lasterr());
	check(fails(segbrk((void *)badargs, p), "bad arg") && fails(segbrk(&p, p), "bad arg") &&
		  fails(segbrk((void *)0x1000, p), "bad arg"),
	      "N8_segbrk_of_others", "%s", lasterr());
	segdetach(p);
}

static void
slots(void)
{
	u8 *p[16];
	int n;

	for (n = 0; n < 16 && (p[n] = attach(0, "shared", nil, PG)) != None; n++)
		;
	check(n == 5 && errhas("virtual memory allocation failed"), "N8_five_slots", "%d: %s", n, lasterr());
	while (n > 0)
		segdetach(p[--n]);
	p[0] = attach(0, "memory", nil, 64 * GiB);
	check(p[0] != None, "N8_64_gib_at_once", "%s", lasterr());
	p[0][0] = p[0][64 * GiB - 1] = 1;
	segdetach(p[0]);
}

/* --- who sees what -------------------------------------------------------------------------------------- */

static void
addone(void)
{
	mem[0]++;
}

static void
sharing(void)
{
	char msg[ERRMAX];

	mem = attach(0, "shared", nil, PG);
	checkend("N8_shared_child_writes", addone, "");
	check(mem[0] == 1, "N8_shared_is_seen_after_fork", "%d", mem[0]);
	segdetach(mem);
	mem = attach(0, "memory", nil, PG);
	mem[0] = 7;
	checkend("N8_memory_child_writes", addone, "");
	check(mem[0] == 7, "N8_memory_is_copied_by_fork", "%d", mem[0]);
	if (rfork(RFPROC | RFMEM) == 0) {
		addone();
		segdetach(mem);
		exits(nil);
	}
	waitpid(msg, sizeof msg);
	check(mem[0] == 8 && !*msg, "N8_memory_is_shared_by_rfmem", "%d %s", mem[0], msg);
	segdetach(mem);
}

static void
touch(void)
{
	*(volatile u8 *)mem;
}

static void
store(void)
{
	*(volatile u8 *)mem = 1;
}

static void
runit(void)
{
	((void (*)(void))mem)();
}

static void
rights(void)
{
	static const u8 code[] = {RETURN};

	mem = attach(RONLY, "memory", nil, PG);
	checkend("N8_readonly_reads", touch, "");
	checkend("N8_readonly_refuses_writes", store, "fault write");
	segdetach(mem);
	mem = attach(FAULT, "memory", nil, PG);
	checkend("N8_fault_refuses_reads", touch, "fault read");
	segdetach(mem);
	mem = attach(0, "memory", nil, PG);
	memcpy(mem, code, sizeof code);
	checkend("N8_no_fetch_before_segflush", runit, "fault read");
	check(segflush(mem, 1) == 0, "N8_segflush", "%s", lasterr());
	checkend("N8_fetch_after_segflush", runit, "");
	segdetach(mem);
	mem = attach(NOEXEC, "memory", nil, PG);
	memcpy(mem, code, sizeof code);
	segflush(mem, PG);
	checkend("N8_noexec_stays", runit, "fault read");
	segdetach(mem);
	checkend("N8_detached_is_gone", touch, "fault read");
}

/* --- giving back ------------------------------------------------------------------------------------------
 */

static i32 turn[2]; /* semaphores: the sharer's, ours */
static volatile u8 seen;

/* Map the page, wait until it was given back, look again. */
static void
sharer(void)
{
	seen = mem[0];
	semrelease(&turn[1], 1);
	semacquire(&turn[0], 1);
	seen = mem[0];
	mem[0] = 9;
	exits(nil);
}

static void
refill(void)
{
	static u8 data[3 * PG] __attribute__((aligned(4096))) = {[0] = 5, [PG] = 6, [2 * PG] = 7};
	char msg[ERRMAX];
	i64 before;

	mem = attach(0, "memory", nil, 64 * PG);
	before = usedpages();
	memset(mem, 1, 64 * PG);
	check(segfree(mem + 1, 64 * PG - 1) == 0, "N8_segfree", "%s", lasterr());
	check(mem[0] == 1 && mem[PG - 1] == 1 && mem[PG] == 0 && mem[64 * PG - 1] == 0,
	      "N8_whole_pages_come_back_zero", "%d %d %d %d", mem[0], mem[PG - 1], mem[PG], mem[64 * PG - 1]);
	segfree(mem, 64 * PG);
	check(usedpages() == before, "N8_segfree_gives_pages_back", "%lld, %lld", before, usedpages());
	memset(data, 1, sizeof data);
	check(segfree(data + PG, PG) == 0 && data[0] == 1 && data[PG] == 6 && data[PG + 1] == 0 &&
		  data[2 * PG] == 1,
	      "N8_data_is_read_again", "%d %d %d", data[0], data[PG], data[2 * PG]);
	mem[0] = 3;
	if (rfork(RFPROC | RFMEM) == 0)
		sharer();
	semacquire(&turn[1], 1);
	check(seen == 3, "N8_the_sharer_has_it_mapped", "%d", seen);
	segfree(mem, PG);
	semrelease(&turn[0], 1);
	waitpid(msg, sizeof msg);
	check(seen == 0 && mem[0] == 9, "N8_segfree_reaches_sharers", "%d %d", seen, mem[0]);
	segdetach(mem);
}

static void
resize(void)
{
	u8 *p = attach(0, "memory", (void *)0x300000000000ull, PG), *q;

	q = attach(0, "shared", p + 4 * PG, PG);
	check(segbrk(p, p + 3 * PG + 1) == 0, "N8_segbrk_grows", "%s", lasterr());
	p[4 * PG - 1] = 1;
	check(fails(segbrk(p, p + 4 * PG + 1), "segments overlap"), "N8_segbrk_overlap", "%s", lasterr());
	check(fails(segbrk(q, q + 65 * GiB), "virtual memory"), "N8_segbrk_limit", "%s", lasterr());
	check(segbrk(p + PG, p + 1) == 0 && segbrk(p, p + 4 * PG) == 0 && p[4 * PG - 1] == 0,
	      "N8_segbrk_drops_pages", "%s", lasterr());
	check(segbrk(p, p) == 0 && segdetach(p) == 0, "N8_an_empty_segment_detaches", "%s", lasterr());
	mem = q;
	if (rfork(RFPROC | RFMEM) == 0) {
		semacquire(&turn[0], 1);
		exits(nil);
	}
	check(fails(segbrk(q, q), "in use"), "N8_no_shrinking_what_others_share", "%s", lasterr());
	semrelease(&turn[0], 1);
	waitpid((char[ERRMAX]){0}, ERRMAX);
	segdetach(q);
}

static void
eachtenth(void)
{
	for (int i = 0; i < 64; i += 10)
		mem[i * PG]++;
}

/* Touched here and in children, shared and copied. */
static void
churn(void)
{
	static const char *const class[] = {"shared", "memory"};
	char msg[ERRMAX];

	for (int i = 0; i < 10; i++) {
		mem = attach(0, class[i % 2], nil, 64 * PG);
		eachtenth();
		inchild(eachtenth, msg, sizeof msg);
		segfree(mem, 32 * PG);
		segdetach(mem);
	}
}

static void
balance(void)
{
	i64 before, after;

	churn(); /* our own pages are all there after it */
	before = usedpages();
	churn();
	after = usedpages();
	check(before == after, "N8_pages_come_back", "%lld before, %lld after", before, after);
}

/* Over exec: the segment stays unless it was attached with CEXEC. The exec'ed copy of us looks. */
static void
overexec(void)
{
	char *kept[] = {"/boot/segs", "kept", nil}, *gone[] = {"/boot/segs", "gone", nil}, msg[ERRMAX];

	mem = attach(0, "shared", (void *)0x300000000000ull, PG);
	mem[0] = 42;
	run(kept, msg, sizeof msg);
	check(!*msg, "N8_stays_over_exec", "%s", msg);
	segdetach(mem);
	mem = attach(CEXEC, "shared", (void *)0x300000000000ull, PG);
	run(gone, msg, sizeof msg);
	check(!*msg, "N8_cexec_goes", "%s", msg);
	segdetach(mem);
}

void
main(int argc, char **argv)
{
	mem = (u8 *)0x300000000000ull;
	if (argc > 1 && strcmp(argv[1], "kept") == 0)
		exits(mem[0] == 42 ? nil : "not what was written");
	if (argc > 1 && strcmp(argv[1], "gone") == 0)
		exits(segdetach(mem) < 0 ? nil : "still there");
	rounds();
	places();
	badargs();
	slots();
	sharing();
	rights();
	resize();
	overexec();
	refill();
	balance();
	testend();
}
