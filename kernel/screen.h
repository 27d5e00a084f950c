/*
 * screen.h: the screen as the rest of the kernel sees it; print reaches it by screenputs() of log.h.
 */
#pragma once

#include "boot.h"

/* Text on this framebuffer from now on, the log so far first. Needs malloc and vmapwc. */
void screeninit(const BootFb *f);
/* The clock's call: draw what is new, if it is time. Interrupts off. */
void screentick(void);

/* --- a margin above the text, for pictures ------------------------------------------------------------- */

enum { ScreenMargin = 48 }; /* pixels of height, before scaling; small screens have none */
/* The margin's width in pixels and the scale; 0: no screen, or too small a one. */
u32 screenmargin(u32 *scale);
/* Fill a box in the margin with a colour, 0xrrggbb; what lies outside is not drawn. */
void screenbox(u32 x, u32 y, u32 w, u32 h, u32 rgb);
/* A line of text in the margin; screenglyph(): pixels that each character takes. */
void screenlabel(u32 x, u32 y, const char *text);
u32 screenglyph(void);
