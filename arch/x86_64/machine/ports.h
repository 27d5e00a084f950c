/*
 * ports.h: I/O ports of the PC, each named once.
 */
#pragma once

enum {
	PortPic1 = 0x20, /* 8259 master: command, data at +1 */
	PortPic2 = 0xa0,
	PortPit0 = 0x40, /* 8254: counter 0..2 */
	PortPitMode = 0x43,
	PortKbd = 0x60,
	PortKbdStat = 0x64,
	PortCmos = 0x70,
	PortPost = 0x80,  /* power-on codes: a harmless port, some microsecond slow */
	PortBochs = 0xe9, /* one byte to the emulator's log; reads as itself where it exists */
	PortExit = 0xf4,  /* isa-debug-exit, as our runner places it */
	PortCom1 = 0x3f8,
	PortOvmf = 0x402,    /* isa-debugcon as OVMF uses it; reads as PortBochs */
	PortPciAddr = 0xcf8, /* PCI configuration: what, and its data */
	PortPciData = 0xcfc,
	PortReset = 0xcf9,     /* reset control of PCI chipsets */
	PortQemuOff = 0x604,   /* PM1a control of q35, where firmware leaves it */
	PortBochsOff = 0xb004, /* ... of Bochs and old pc machines */
};
