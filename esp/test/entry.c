/*
 * entry.c: the way into the kernel with registers and flags as nobody's compiler leaves them (K, N6):
 * direction, nested task, alignment and trap flags set, odd segments, every register full; and what must come
 * back.
 */
#include "check.h"

enum { FlTf = 0x100, FlDf = 0x400, FlNt = 0x4000, FlAc = 0x40000 };
enum { CallSleep = 17, CallPread = 50 };

/* A call made with these flags on. */
static i64
withflags(u64 flags, u64 number, u64 a, u64 b, u64 c, u64 d)
{
	i64 r;

	__asm__ volatile("push %%rbp\n\tpush %[d]\n\tpush %[c]\n\tpush %[b]\n\tpush %[a]\n\tpush $0\n\t"
			 "mov %[n], %%rbp\n\tpushf\n\tor %[f], (%%rsp)\n\tpopf\n\t"
			 "syscall\n\t"
			 "pushf\n\tandq $~0x44500, (%%rsp)\n\tpopf\n\t"
			 "add $40, %%rsp\n\tpop %%rbp"
			 : "=a"(r)
			 : [n] "r"(number), [f] "r"(flags), [a] "r"(a), [b] "r"(b), [c] "r"(c), [d] "r"(d)
			 : "rcx", "r11", "memory");
	return r;
}

static void
flagcalls(void)
{
	static const struct {
		u64 flag;
		const char *name;
	} t[] = {{FlDf, "K4_direction_flag_at_entry"},
		 {FlNt, "K4_nested_task_flag_at_entry"},
		 {FlAc, "K4_alignment_flag_at_entry"}};
	char want[64], got[64];
	int fd = open("/boot/echo", OREAD);

	pread(fd, want, sizeof want, 100);
	for (usize i = 0; i < nelem(t); i++) {
		memset(got, 0, sizeof got);
		i64 r = withflags(t[i].flag, CallPread, (u64)fd, (u64)(uintptr)got, sizeof got, 100);
		check(r == sizeof got && memcmp(want, got, sizeof got) == 0, t[i].name, "%lld", r);
	}
	close(fd);
}

/* A single step into the kernel: a note for us, nothing for the kernel. */
static void
tracecall(void)
{
	withflags(FlTf, CallSleep, 0, 0, 0, 0);
}

/* Everything but rax, rcx and r11 is as it was. */
static void
preserved(void)
{
	u64 r[10];

	__asm__ volatile(
	    "push %%rbx\n\tpush %%rbp\n\tmov %0, %%rax\n\tpush %%rax\n\t"
	    "mov $11, %%rbx\n\tmov $22, %%rdx\n\tmov $33, %%rsi\n\tmov $44, %%rdi\n\tmov $55, %%r8\n\t"
	    "mov $66, %%r9\n\tmov $77, %%r10\n\tmov $88, %%r12\n\tmov $99, %%r14\n\tmov $111, %%r15\n\t"
	    "push $0\n\tpush $0\n\tmov $17, %%ebp\n\tsyscall\n\tadd $16, %%rsp\n\tpop %%rax\n\t"
	    "mov %%rbx, (%%rax)\n\tmov %%rdx, 8(%%rax)\n\tmov %%rsi, 16(%%rax)\n\tmov %%rdi, 24(%%rax)\n\t"
	    "mov %%r8, 32(%%rax)\n\tmov %%r9, 40(%%rax)\n\tmov %%r10, 48(%%rax)\n\tmov %%r12, 56(%%rax)\n\t"
	    "mov %%r14, 64(%%rax)\n\tmov %%r15, 72(%%rax)\n\tpop %%rbp\n\tpop %%rbx"
	    :
	    : "r"(r)
	    : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r14", "r15", "memory");
	check(r[0] == 11 && r[1] == 22 && r[2] == 33 && r[3] == 44 && r[4] == 55 && r[5] == 66 &&
		  r[6] == 77 && r[7] == 88 && r[8] == 99 && r[9] == 111,
	      "O5_registers_over_a_call", "%llu %llu %llu %llu %llu", r[0], r[1], r[2], r[3], r[4]);
}

static void
segments(void)
{
	__asm__ volatile(
	    "xor %%eax, %%eax\n\tmov %%eax, %%gs\n\tmov %%eax, %%fs\n\tmov %%eax, %%ds\n\tmov %%eax, %%es" ::
		: "eax");
	sleep(5);
	exits(getpid() > 0 ? nil : "lost");
}

static void
kernelsegment(void)
{
	__asm__ volatile("mov $8, %%eax\n\tmov %%eax, %%ds" ::: "eax");
}

/* An interrupt gate that is the kernel's own. */
static void
timergate(void)
{
	__asm__ volatile("int $0x20");
}

static void
pagefaultgate(void)
{
	__asm__ volatile("int $14");
}

static void
sysret(void)
{
	__asm__ volatile("sysretq");
}

static void
wrmsr(void)
{
	__asm__ volatile("xor %%ecx, %%ecx\n\twrmsr" ::: "eax", "ecx", "edx");
}

static void
lidt(void)
{
	static u8 d[10];

	__asm__ volatile("lidt %0" ::"m"(d));
}

/* 100 busy milliseconds by two: nobody starves (O6), no call needed to be preempted. */
static void
preempted(void)
{
	char msg[ERRMAX];
	u64 t = rdtsc(), hz = _tos->cyclefreq;
	int pid = fork();

	if (pid == 0) {
		while (rdtsc() - t < hz / 5)
			;
		exits(nil);
	}
	while (rdtsc() - t < hz / 5)
		;
	waitpid(msg, sizeof msg);
	check((rdtsc() - t) / (hz / 1000 + 1) < 5000, "O6_two_that_never_call", "%llu ms",
	      (rdtsc() - t) / (hz / 1000 + 1));
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	flagcalls();
	checkend("K4_trap_flag_at_entry", tracecall, "sys: debug exception");
	preserved();
	checkend("K4_null_segments", segments, "");
	checkend("K4_kernel_segment", kernelsegment, "sys: trap: general protection violation");
	checkend("K4_timer_gate", timergate, "sys: trap: general protection violation");
	checkend("K4_page_fault_gate", pagefaultgate, "sys: trap: general protection violation");
	checkend("K4_sysret", sysret, "sys: trap: ");
	checkend("K4_wrmsr", wrmsr, "sys: trap: general protection violation");
	checkend("K4_lidt", lidt, "sys: trap: general protection violation");
	preempted();
	testend();
}
