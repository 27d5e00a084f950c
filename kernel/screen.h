/*
 * screen.h: the screen as the rest of the kernel sees it; print reaches it by screenputs() of log.h.
 */
#pragma once

#include "boot.h"

/* Text on this framebuffer from now on, the log so far first. Needs malloc and vmapwc. */
void screeninit(const BootFb *f);
/* The clock's call: draw what is new, if it is time. Interrupts off. */
void screentick(void);
