/*
 * memmap.h: the firmware's memory in 9front's words: settings and a report.
 */
#pragma once

#include "boot.h"
#include "ledger.h"

/* Enter *e820, *acpi and *bootscreen among the settings, and keep l for the report. Needs malloc. */
void memmapinit(Ledger *l, const BootKeep *k);
/* Print memmapdump's lines, a line for each kind, and how full the table is (B3). */
void memmapsummary(void);
/* A framebuffer's pixel as Plan 9 writes it ("x8r8g8b8") into d[0..n), 40 are enough; the length. */
usize fbchan(const BootFb *f, char *d, usize n);
