/*
 * runtime.h: the firmware's runtime services, as far as they work. Second life.
 */
#pragma once

#include "boot.h"
#include "ledger.h"

enum { ResetCold, ResetWarm, ResetOff }; /* [UEFI 2.10 8.5.1] */

/* Once, while boot-services memory is still the firmware's. */
void runtimeinit(const BootKeep *k, Ledger *l);
/* Seconds since 1970 by the firmware's clock; false: it does not tell. */
bool runtimeseconds(u64 *s) MUSTUSE;
/* Reset or switch off; returns if the firmware does not. */
void runtimereset(u32 how);
