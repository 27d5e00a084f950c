/*
 * command.c: words written to /dev/command (and /dev/reboot): power, and the kernel's reports on itself,
 * which go to the console and the log. Second life, in a process of the host owner. No locks.
 */
#include "dat.h"
#include "runtime.h"
#include "memmap.h"

static void
cmdpoweroff(void)
{
	print("command: power off\n");
	zeroprivatepages();
	membal("poweroff");
	printseal();
	runtimereset(ResetOff);
	machpoweroff();
	error("the machine does not turn off");
}

static void
cmdreboot(void)
{
	print("command: reboot\n");
	zeroprivatepages();
	printseal();
	runtimereset(ResetCold);
	machreset();
	error("the machine does not reset");
}

static void
cmdhalt(void)
{
	print("command: halt\n");
	printseal();
	machhalt();
}

static void
cmdmembal(void)
{
	membal("now");
	memsummary();
	pagesummary();
}

static void
cmdmemcheck(void)
{
	const char *why = memcheck();
	if (why != nil)
		error(why);
}

static void
cmdpanic(void)
{
	panic("asked for by /dev/command");
}

/* A lock that is not given back: the way out of the call sees it (Q8). */
static void
cmdleaklock(void)
{
	static Lock l;

	lock(&l);
}

static const struct {
	const char *name;
	void (*f)(void);
} commands[] = {
    {"poweroff", cmdpoweroff}, {"reboot", cmdreboot},  {"halt", cmdhalt},	  {"membal", cmdmembal},
    {"pool", poolsummary},     {"panic", cmdpanic},    {"ps", procdump},	  {"xsummary", xsummary},
    {"memcheck", cmdmemcheck}, {"membench", membench}, {"leaklock", cmdleaklock}, {"memmap", memmapsummary},
    {"checkmmu", checkmmu},
};

void
command(const char *word)
{
	if (strcmp(up->user, eve) != 0)
		error(Eperm);
	for (usize i = 0; i < nelem(commands); i++)
		if (strcmp(word, commands[i].name) == 0) {
			commands[i].f();
			return;
		}
	if (!membreak(word))
		error(Ebadctl);
}
