/*
 * The audit of devices over a configuration space of paper: buses behind bridges, bus masters, owners
 * of USB controllers. sources: arch/x86_64/devaudit.c
 */
#include "host.h"
#include "../../arch/x86_64/machine/devaudit.h"

enum { Funcs = 16 };

typedef struct Func Func;
struct Func {
	u32 bus, dev, fn;
	u32 reg[64]; /* by offset / 4 */
};
static Func funcs[Funcs];
static u32 nfuncs, reads;
static u32 memory[64]; /* of controllers, at 0x1000 */

static u32
config(u32 bus, u32 dev, u32 fn, u32 reg)
{
	reads++;
	for (u32 i = 0; i < nfuncs; i++)
		if (funcs[i].bus == bus && funcs[i].dev == dev && funcs[i].fn == fn)
			return funcs[i].reg[reg / 4];
	return ~0u;
}

static u32
window(u64 at)
{
	assert_true(at >= 0x1000 && at < 0x1000 + sizeof memory);
	return memory[(at - 0x1000) / 4];
}

static Func *
put(u32 bus, u32 dev, u32 fn, u32 class, u32 command, u32 header)
{
	Func *f = &funcs[nfuncs++];

	*f = (Func){.bus = bus, .dev = dev, .fn = fn};
	f->reg[0] = 0x12348086;
	f->reg[1] = command;
	f->reg[2] = class << 8;
	f->reg[3] = header << 16;
	return f;
}

static Devaudit
walk(void)
{
	Devaudit a = {.config = config, .window = window};

	hostclear();
	reads = 0;
	pciwalk(&a);
	return a;
}

static void
fresh(void)
{
	nfuncs = 0;
	memset(memory, 0, sizeof memory);
}

static void
test_T5_bus_masters_behind_bridges(void **state)
{
	Devaudit a;

	(void)state;
	fresh();
	put(0, 0, 0, 0x060000, 0, 0);
	put(0, 3, 0, 0x060400, 4, 1)->reg[6] = 5 << 8; /* a bridge to bus 5 */
	put(5, 1, 0, 0x010802, 6, 0x80);
	put(5, 1, 6, 0x020000, 4, 0);
	put(6, 0, 0, 0x020000, 4, 0); /* nothing leads there */
	a = walk();
	assert_int_equal(a.functions, 4);
	assert_int_equal(a.masters, 3);
	assert_true(hostsaid("pci: 00:03.0 8086:1234 class 060400 bus master\n"));
	assert_true(hostsaid("pci: 05:01.0 8086:1234 class 010802 bus master\n"));
	assert_true(hostsaid("pci: 05:01.6 8086:1234 class 020000 bus master\n"));
	assert_false(hostsaid("pci: 00:00.0"));
}

static void
test_T5_a_bridge_to_itself_ends(void **state)
{
	(void)state;
	fresh();
	put(0, 1, 0, 0x060400, 0, 1)->reg[6] = 0;
	put(0, 2, 0, 0x060400, 0, 1)->reg[6] = 255 << 8;
	put(255, 0, 0, 0x060400, 0, 1)->reg[6] = 255 << 8;
	assert_int_equal(walk().functions, 3);
	assert_true(reads < 1000);
}

static void
test_T5_owners_of_usb(void **state)
{
	Func *f;

	(void)state;
	fresh();
	f = put(0, 1, 0, 0x0c0320, 2, 0); /* EHCI: its capability lies in configuration space */
	f->reg[4] = 0x1000;
	memory[2] = 0x68 << 8;
	f->reg[0x68 / 4] = 1 << 16 | 1;
	walk();
	assert_true(hostsaid("pci: 00:01.0 8086:1234 class 0c0320 usb owner firmware\n"));
	f->reg[0x68 / 4] = 1 << 24 | 1;
	walk();
	assert_true(hostsaid("usb owner system"));
	f->reg[1] = 0; /* its window is closed: not asked */
	walk();
	assert_true(hostsaid("usb owner unknown"));
	f->reg[2] = 0x0c0300 << 8; /* UHCI has no owner */
	walk();
	assert_false(hostsaid("usb owner"));

	fresh();
	f = put(0, 1, 0, 0x0c0330, 2, 0); /* xHCI: the second capability of its window */
	f->reg[4] = 0x1004;
	memory[4] = 0x8 << 16;
	memory[8] = 0x4 << 8 | 2;
	memory[12] = 1 << 16 | 1;
	walk();
	assert_true(hostsaid("class 0c0330 usb owner firmware\n"));
	memory[12] = 4 << 8 | 9; /* a list without it, and without an end */
	memory[16] = 0;
	walk();
	assert_true(hostsaid("usb owner nobody"));
	f->reg[5] = 1; /* the window lies above 4 GiB */
	walk();
	assert_true(hostsaid("usb owner unknown"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_T5_bus_masters_behind_bridges),
	    cmocka_unit_test(test_T5_a_bridge_to_itself_ends),
	    cmocka_unit_test(test_T5_owners_of_usb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
