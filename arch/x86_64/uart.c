/*
 * uart.c: the serial port COM1, a 16550, and the emulators' debug ports. Both lives.
 * Until uartintr() bytes are written by polling, 16 at a time as the FIFO takes them; from then on
 * through a queue that the transmit interrupt empties: a full queue makes the writer poll, so
 * nothing is ever lost. A port that answers nothing is left alone. Holds no pointer. Writers
 * serialise (print's lock); the queue has a lock of its own against the interrupt.
 */
#include "mm.h"
#include "lib.h"
#include "machine/ports.h"

enum { /* registers [16550D 8] */
       Data = 0,
       Ier = 1,
       Fcr = 2,
       Lcr = 3,
       Mcr = 4,
       Lsr = 5,
       Scratch = 7,

       IerRx = 1,
       IerTx = 2,
       FcrOn = 1,
       Lcr8n1 = 3,
       LcrDlab = 0x80,
       McrDtr = 1,
       McrRts = 2,
       McrOut2 = 8, /* the interrupt line reaches the controller */
       LsrData = 1,
       LsrTxEmpty = 0x20,

       Fifo = 16,
       Patience = 1 << 24, /* polls until a port counts as dead */
       Irq = 4,
       QueueMax = 16 * 1024,
       Divisor115200 = 1,
};

static struct {
	bool alive;
	bool crlf;
	bool queued;	/* through the queue */
	Lock lock;	/* the queue */
	u32 head, tail; /* (lock) bytes ever put and taken */
	char queue[QueueMax];
} com;

static u8
rd(int reg)
{
	return inb((u16)(PortCom1 + reg));
}

static void
wr(int reg, u8 v)
{
	outb((u16)(PortCom1 + reg), v);
}

/* Does a 16550 answer? Its scratch register keeps what it is given. */
static bool
answers(void)
{
	wr(Scratch, 0x5a);
	if (rd(Scratch) != 0x5a)
		return false;
	wr(Scratch, 0xa5);
	return rd(Scratch) == 0xa5;
}

/* COM1 is where it is on every PC. */
void
uartat(Paddr pa, u32 irq)
{
	(void)pa;
	(void)irq;
}

bool
uartinit(void)
{
	com.alive = false;
	com.queued = false;
	if (!answers())
		return false;
	wr(Ier, 0);
	wr(Lcr, Lcr8n1 | LcrDlab);
	wr(Data, Divisor115200);
	wr(Ier, 0); /* high half of the divisor */
	wr(Lcr, Lcr8n1);
	wr(Fcr, FcrOn);
	wr(Mcr, McrDtr | McrRts | McrOut2);
	com.alive = true;
	return true;
}

void
uartcrlf(bool on)
{
	com.crlf = on;
}

/* Room for Fifo bytes; false if the port has stopped answering. */
static bool
txready(void)
{
	for (u32 i = 0; i < Patience; i++)
		if (rd(Lsr) & LsrTxEmpty)
			return true;
	com.alive = false;
	return false;
}

static void
poll(const char *s, usize n)
{
	while (n > 0 && com.alive && txready()) {
		usize run = n < Fifo ? n : Fifo;
		outsb(PortCom1 + Data, s, run);
		s += run;
		n -= run;
	}
}

/* Hand the port what it has room for; the interrupt asks for more. Queue locked. */
static void
kick(void)
{
	while (com.tail != com.head && (rd(Lsr) & LsrTxEmpty) != 0)
		for (int i = 0; i < Fifo && com.tail != com.head; i++)
			wr(Data, (u8)com.queue[com.tail++ % QueueMax]);
	wr(Ier, com.tail != com.head ? IerRx | IerTx : IerRx);
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
	if (!com.alive || (rd(Lsr) & LsrData) == 0)
		return -1;
	return rd(Data);
}

static void
interrupt(Ureg *u, void *arg)
{
	(void)u;
	(void)arg;
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
	if (intrenable(Irq, interrupt, nil, "uart") < 0) {
		print("uart: no interrupt: output stays polled, no input\n");
		return;
	}
	com.queued = true;
	wr(Ier, IerRx);
}

void
uartpolled(void)
{
	if (!com.alive || !com.queued)
		return;
	com.queued = false;
	wr(Ier, 0);
	while (com.tail != com.head) {
		char c = com.queue[com.tail++ % QueueMax];
		poll(&c, 1);
	}
}

/* A port that does not exist reads as something else, and on real chipsets writing there might matter. */
void
crumbputc(int c)
{
	if (inb(PortOvmf) == PortBochs)
		outb(PortOvmf, (u8)c);
	if (inb(PortBochs) == PortBochs)
		outb(PortBochs, (u8)c);
}

void
debugexit(int code)
{
	outb(PortExit, (u8)code);
}
