/*
 * apic.h: interrupt controllers and the clocks beside them, as the port's files see each other.
 */
#pragma once

#include "machine/cpu.h"

/* This processor's local controller, in the mode that APIC_BASE says; prints what it found (L2). */
void apicinit(void);
void apiceoi(void);
u32 apicid(void);
void apicextint(void); /* the old controllers' interrupts come through this one */
/* The timer: counts down from `count` once, then raises VecTimer; 0 stops it. Counts a second: apichz. */
void apicarm(u32 count);
u64 apichz(void);
/* Frequency from what was counted since apicinit(), without waiting; hz of the cycle counter. */
void apiccalibrate(u64 cyclehz);
/* The I/O controllers and the old ones, from the ACPI tables. */
void ioapicinit(void);
