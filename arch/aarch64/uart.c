/*
 * uart.c: the serial port, a PL011, where the firmware's SPCR table says it is. Both lives: 1:1 in the
 * first, in its device window in the second. Speed and format stay as the firmware set them. Until
 * uartintr() bytes are written by polling; from then on through a queue that the transmit interrupt
 * empties: a full queue makes the writer poll, so nothing is ever lost. Writers serialise (print's
 * lock); the queue has a lock of its own against the interrupt. [PL011 3]
 */
#include "machine/cpu.h"
#include "xlat.h"

enum { /* registers */
       Data = 0x00,
       Flags = 0x18,
       Control = 0x30,
       IntMask = 0x38,
       IntClear = 0x44,

       FlagRxEmpty = 1 << 4,
       FlagTxFull = 1 << 5,
       ControlOn = 1 << 0 | 1 << 8 | 1 << 9, /* the port, transmitter, receiver */
       IntRx = 1 << 4 | 1 << 6,		     /* bytes came, and stay unread */
       IntTx = 1 << 5,

       Patience = 1 << 24, /* polls until a port counts as dead */
       QueueMax = 16 * 1024,
};

static struct {
	Paddr pa; /* 0: nobody said that there is one */
	u32 irq;
	bool alive;
	bool crlf;
	bool queued;	/* through the queue */
	Lock lock;	/* the queue */
	u32 head, tail; /* (lock) bytes ever put and taken */
	char queue[QueueMax];
} com;

static volatile u32 *
reg(u32 r)
{
	u64 at = cpuhigh() ? windowva(com.pa) : pabits(com.pa);

	return (volatile u32 *)(uintptr)(at + r);
}

void
uartat(Paddr pa, u32 irq)
{
	com.pa = pa;
	com.irq = irq;
}

bool
uartinit(void)
{
	com.queued = false;
	com.alive = pabits(com.pa) != 0;
	if (!com.alive)
		return false;
	*reg(IntMask) = 0;
	*reg(Control) = *reg(Control) | ControlOn;
	return true;
}

void
uartcrlf(bool on)
{
	com.crlf = on;
}

/* Room for a byte; false if the port has stopped. */
static bool
txready(void)
{
	for (u32 i = 0; i < Patience; i++)
		if (!(*reg(Flags) & FlagTxFull))
			return true;
	com.alive = false;
	return false;
}

static void
poll(const char *s, usize n)
{
	for (; n > 0 && com.alive && txready(); n--)
		*reg(Data) = (u8)*s++;
}

/* Hand the port what it has room for; the interrupt asks for more. Queue locked. */
static void
kick(void)
{
	while (com.tail != com.head && !(*reg(Flags) & FlagTxFull))
		*reg(Data) = (u8)com.queue[com.tail++ % QueueMax];
	*reg(IntMask) = com.tail != com.head ? IntRx | IntTx : IntRx;
}

/* One byte into the queue; full: the oldest ones out by polling first. Queue locked. */
static void
enqueue(char c)
{
	while (com.head - com.tail == QueueMax && com.alive && txready())
		kick();
	com.queue[com.head++ % QueueMax] = c;
}

static void
put(const char *s, usize n)
{
	if (!com.queued) {
		poll(s, n);
		return;
	}
	ilock(&com.lock);
	for (usize i = 0; i < n && com.alive; i++)
		enqueue(s[i]);
	kick();
	iunlock(&com.lock);
}

void
uartputs(const char *s, usize n)
{
	usize line;

	if (!com.alive)
		return;
	if (!com.crlf) {
		put(s, n);
		return;
	}
	for (; n > 0; s += line, n -= line) {
		for (line = 0; line < n && s[line] != '\n'; line++)
			continue;
		put(s, line);
		if (line < n) {
			put("\r\n", 2);
			line++;
		}
	}
}

int
uartgetc(void)
{
	if (!com.alive || *reg(Flags) & FlagRxEmpty)
		return -1;
	return (int)(*reg(Data) & 0xff);
}

static void
interrupt(Ureg *u, void *arg)
{
	(void)u;
	(void)arg;
	*reg(IntClear) = IntRx | IntTx;
	for (int c; (c = uartgetc()) >= 0;)
		conschar(c);
	ilock(&com.lock);
	kick();
	iunlock(&com.lock);
}

void
uartintr(void)
{
	if (!com.alive)
		return;
	if (intrenable((int)com.irq, interrupt, nil, "uart") < 0) {
		print("uart: no interrupt: output stays polled, no input\n");
		return;
	}
	com.queued = true;
	*reg(IntMask) = IntRx;
}

void
uartpolled(void)
{
	if (!com.alive || !com.queued)
		return;
	com.queued = false;
	*reg(IntMask) = 0;
	while (com.tail != com.head) {
		char c = com.queue[com.tail++ % QueueMax];
		poll(&c, 1);
	}
}

/* No debug ports on this kind of machine. */
void
crumbputc(int c)
{
	(void)c;
}

/* By semihosting, with the status that a PC's debug port gives. */
void
debugexit(int code)
{
	enum { SysExit = 0x18, StoppedExit = 0x20026 };
	const u64 block[2] = {StoppedExit, (u64)(2 * code + 1)};

	if (trapspeaks())
		semihost(SysExit, block);
}
