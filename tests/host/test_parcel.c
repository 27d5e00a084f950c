/*
 * The parcel's seal and rules: a sound one is built, then each rule is broken in turn and named.
 * sources: kernel/lib/parcel.c kernel/lib/crc32.c
 */
#include "host.h"
#include "boot.h"
#include "layout.h"

static Boot boot;

static BootRun
run(u64 pa, u64 size)
{
	return (BootRun){topaddr(pa), size};
}

/* A parcel that keeps every rule. */
static void
sound(void)
{
	BootKeep *k = &boot.keep;
	BootOnce *o = &boot.once;

	memset(&boot, 0, sizeof boot);
	k->image = run(0x1000000, 0x4000);
	k->nsect = 2;
	k->sect[0] = (BootSect){.name = "headers", .size = BY2PG, .perm = PermR};
	k->sect[1] = (BootSect){.name = ".text", .rva = BY2PG, .size = 0x2000, .perm = PermR | PermX};
	k->initrd = run(0x2000000, 12345);
	k->conf = run(0x2100000, 1);
	k->log = run(0x2200000, 0x10000);
	k->stack = run(0x2300000, NBOOTSTACK * KSTACK);
	k->tables = run(0x2400000, 10 * BY2PG);
	k->tablesplanned = k->tablesused = 9;
	k->root = k->tables.pa;
	k->fwmap = run(0x2500000, 9600);
	k->fwmapbytes = 4800;
	k->fwmapstride = 48;
	k->ntries = 2;
	k->tries[0].status = 2;
	k->fb = (BootFb){topaddr(0x80000000), 0x300000, 1024, 768, 4096, 32, 0xff0000, 0xff00, 0xff, 0};
	o->ranges = run(0x2600000, 100 * 24);
	o->nranges = 50;
	o->caprange = 100;
	o->nown = 2;
	o->own[0] = (struct BootOwn){run(0x1000000, 0x4000), KImage, 0};
	o->own[1] = (struct BootOwn){run(0x2000000, 0x4000), KInitrd, 0};
	bootseal(&boot);
}

static void
is(const char *rule)
{
	const char *why = bootcheck(&boot);

	if (rule == nil)
		assert_null(why);
	else
		assert_string_equal(why == nil ? "sound" : why, rule);
}

/* Break it by a statement, seal it again, and the check names the rule. */
#define broken(rule, ...)                                                                                    \
	do {                                                                                                 \
		sound();                                                                                     \
		__VA_ARGS__;                                                                                 \
		bootseal(&boot);                                                                             \
		is(rule);                                                                                    \
	} while (0)

static void
test_A14_a_sealed_parcel_is_sound(void **state)
{
	(void)state;
	sound();
	is(nil);
	assert_true(boot.magic == BOOTMAGIC && boot.version == BOOTVERSION && boot.size == sizeof boot);
}

static void
test_A14_any_byte_that_changes_is_seen(void **state)
{
	u8 *p = (u8 *)&boot;

	(void)state;
	sound();
	for (usize i = 0; i < sizeof boot; i++) {
		p[i] ^= 0x10;
		assert_non_null(bootcheck(&boot));
		p[i] ^= 0x10;
	}
	is(nil);
	p[sizeof boot / 2] ^= 1;
	is("crc");
}

static void
test_A14_another_build_s_parcel(void **state)
{
	(void)state;
	sound();
	boot.magic++;
	is("magic");
	sound();
	boot.version++;
	is("version");
	sound();
	boot.size -= 8;
	is("size");
}

static void
test_A14_each_rule_is_named(void **state)
{
	BootKeep *k = &boot.keep;
	BootOnce *o = &boot.once;

	(void)state;
	broken("own runs: count", o->nown = 0);
	broken("own runs: count", o->nown = BootOwn + 1);
	broken("own runs: bounds", o->own[0].run.pa = topaddr(0x1000001));
	broken("own runs: bounds", o->own[0].run.size = 0);
	broken("own runs: bounds", o->own[0].run.size = 0x4001);
	broken("own runs: bounds", o->own[0].run = run(PHYSTOP - BY2PG, 2 * BY2PG));
	broken("own runs: bounds", o->own[0].run = run(~0ull << 12, 2 * BY2PG));
	broken("own runs: bounds", o->own[0].kind = NKIND);
	broken("own runs: overlap", o->own[1].run = run(0x1003000, BY2PG));
	broken(nil, o->own[1].run = run(0x1004000, BY2PG));
	broken("sections: count", k->nsect = 1);
	broken("sections: count", k->nsect = BootSects + 1);
	broken("sections: bounds", k->sect[1].size = 0x4000);
	broken("sections: bounds", k->sect[1].rva = 0x1800);
	broken("sections: bounds", k->sect[1].rva = 0x80000000);
	broken("sections: writable and executable", k->sect[1].perm |= PermW);
	broken("sections: overlap", k->sect[1].rva = 0);
	broken("image", k->image.pa = topaddr(1));
	broken("image", k->image.size = 2 * GiB);
	broken("initrd", k->initrd.size = 0);
	broken("conf", k->conf.pa = topaddr(12));
	broken("log", k->log.size = 0);
	broken("stack", k->stack.size -= BY2PG);
	broken("tables", k->tablesused = 11; k->tablesplanned = 11);
	broken("tables", k->tablesused = 8);
	broken("root", k->root = topaddr(0x2300000));
	broken("root", k->root = topaddr(0x2400000 + 10 * BY2PG));
	broken("fwmap: bounds", k->fwmapbytes = 0x3001);
	broken("fwmap: stride", k->fwmapstride = 32);
	broken("fwmap: stride", k->fwmapstride = 44);
	broken("ranges", o->nranges = 101);
	broken("ranges", o->nranges = 0);
	broken("exit history", k->ntries = 0);
	broken("exit history", k->ntries = BootTries + 1);
	broken("exit history", k->tries[1].status = 2);
	broken("framebuffer", k->fb.pitch = 4092);
	broken("framebuffer", k->fb.height = 769);
	broken("framebuffer", k->fb.depth = 0);
	broken(nil, k->fb.size = 0; k->fb.depth = 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A14_a_sealed_parcel_is_sound),
	    cmocka_unit_test(test_A14_any_byte_that_changes_is_seen),
	    cmocka_unit_test(test_A14_another_build_s_parcel),
	    cmocka_unit_test(test_A14_each_rule_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
