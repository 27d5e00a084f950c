/*
 * phase.h: the phases of a boot, in order: id, two-character crumb, text of the BOOT: line.
 * A crumb goes to the debug port before any console works; the log, the crumbs, tools/phase and the
 * tests all read this one table.
 */
#pragma once

#include "u.h"

/*  id           crumb  prefix           text (a format; arguments by the caller) */
#define PHASES(P)                                                                                            \
	P(PhEntry, "E0", "BOOT:", "efi entry")                                                               \
	P(PhGop, "E1", "BOOT:", "gop")                                                                       \
	P(PhRsdp, "E2", "BOOT:", "acpi rsdp")                                                                \
	P(PhInitrd, "E3", "BOOT:", "initrd")                                                                 \
	P(PhPlanned, "E4", "BOOT:", "page tables planned")                                                   \
	P(PhExit, "X0", "BOOT:", "exit boot services ok")                                                    \
	P(PhBuilt, "X1", "BOOT:", "page tables built")                                                       \
	P(PhPreflight, "X2", "BOOT:", "preflight")                                                           \
	P(PhRelocated, "X3", "BOOT:", "relocated")                                                           \
	P(PhLive, "K0", "BOOT:", "own tables live at KZERO")                                                 \
	P(PhPrint, "K1", "BOOT:", "printinit complete - serial console ready")                               \
	P(PhLedger, "K2", "BOOT:", "ledger balanced")                                                        \
	P(PhXinit, "K3", "BOOT:", "xinit complete")                                                          \
	P(PhBorrow, "K4", "BOOT:", "borrow checker initialised")                                             \
	P(PhMmuinit, "K5", "BOOT:", "mmuinit complete - runtime page tables live")                           \
	P(PhProcinit, "K6", "BOOT:", "procinit0 complete - process table ready")                             \
	P(PhDevreset, "K7", "BOOT:", "device reset sequence finished")                                       \
	P(PhRegistered, "K8", "BOOT:", "initrd registered")                                                  \
	P(PhPageinit, "K9", "BOOT:", "pageinit complete")                                                    \
	P(PhReclaimed, "Ka", "BOOT:", "boot services memory reclaimed")                                      \
	P(PhUserinit, "Kb", "BOOT:", "userinit scheduled *init* kernel process")                             \
	P(PhSpawned, "Kc", "BOOT[userinit]:", "spawned proc0 kernel process")                                \
	P(PhSched, "Kd", "BOOT:", "entering scheduler - expecting proc0 hand-off")                           \
	P(PhProc0, "P0", "BOOT[proc0]:", "about to call init0 - switching to userspace")                     \
	P(PhChandev, "P1", "BOOT[init0]:", "chandevinit complete")                                           \
	P(PhEnv, "P2", "BOOT[init0]:", "environment configured")                                             \
	P(PhUser, "P3", "BOOT[init0]:", "entering user mode with initcode")

#define P(id, crumb, prefix, text) id,
typedef enum Phase { PHASES(P) NPHASE } Phase;
#undef P

/*
 * phase: enter a phase: crumb, number, milliseconds since entry, text and, behind it, `more`
 * (a format, may be ""): "BOOT: 05 +12ms exit boot services ok tries 1". Out of order is a panic.
 */
void phase(Phase ph, const char *more, ...) PRINTF(2, 3);
Phase phasenow(void);
const char *phasetext(Phase ph);

/*
 * Fail at a phase: "K5" or "K5:how", how one of null ud div gp stack print lock panic,
 * or of what the tables forbid from K3 on: text alias data hhdm user (*panicat=). False: unknown.
 */
bool phaseinject(const char *text);
/* *timing=1: with the last phase, print the cycles that each took, counted from tentry. */
void phasetiming(u64 tentry);
