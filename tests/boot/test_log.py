"""What one boot says about itself, line by line: each promise of the log is a result of its own."""

import re

import pytest

from imagoqemu import Guest
from matrix import phases

KZERO = 0xFFFFFFFF80000000
COUNTED = ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm"]

# Name (ids first) and the line that must stand in the log; numbers that must hold are checked below.
LINES = [
    ("A17_bss_is_zero", r"^efi: \.bss nonzero=0$"),
    ("A6_gop", r"^BOOT: 01 .*gop fb 1280x800 stride=5120 .* pa=0x[0-9a-f]+$"),
    ("A7_rsdp", r"^BOOT: 02 .*acpi rsdp pa=0x[0-9a-f]+ rev=2 sum=ok$"),
    ("A9_initrd", r"^BOOT: 03 .*initrd pa=0x[0-9a-f]+ size=\d+ files=\d+$"),
    ("A10_low_page", r"^efi: lowpage pa=0x[0-9a-f]{1,5}$"),
    ("A11_no_allocation_before_the_exit", r"^efi: kept \d+ runs proved, allocations between map and exit 0$"),
    ("A12_T3_exit_history", r"^efi: exit try 1 key [0-9a-f]+ entries \d+ status 0$"),
    ("A4_relocated", r"^BOOT: 08 .*relocated [1-9]\d* left \d+ bad 0$"),
    ("A5_T5_registers_at_entry", r"^cpu: entry CR0=0x\w+ CR3=0x\w+ CR4=0x\w+ EFER=0x\w+"),
    ("A5_T5_pat_and_apic_at_entry", r"^cpu: entry PAT=0x\w+ APIC_BASE=0x\w+ GDT=0x\w+ IDT=0x\w+"),
    ("A5_T5_what_the_processor_can", r"^cpu: \w+ signature .* width \d+ NX \w+ 1GiB \w+ .*LA57 [\w/]+"),
    ("D10_C3_kernelro", r"^kernelro: marked [1-9]\d* text pages R-X, [1-9]\d* data pages RW- violations=0$"),
    ("E4_S3_sweep", r"^mmu: xlat sweep n=[1-9]\d* bad=0$"),
    ("D9_hhdm_through_both_views", r"^mmu: hhdm selftest ok$"),
    ("B4_meminit", r"^meminit: conf\.mem\[0\]: base=0x[0-9a-f]+ npage=\d+$"),
    ("B6_reclaimed", r"^memreclaim: usable \d+ MiB\nmemreclaim: reclaimed \+[1-9]\d* MiB$"),
    ("F5_S5_holes", r"^xalloc: \d+ bytes free$"),
    ("L2_lapic", r"^LAPIC: [0-9a-f]{8} 0x[0-9a-f]+"),
    ("L5_lapic_clock", r"^cpu0: lapic clock at \d+MHz$"),
    ("L6_arch", r"^arch: acpi "),
    ("L1_madt", r"^arch: acpi processors 1 ioapics 1 overrides \d+ lost 0"),
    ("H3_pageinit", r"^pageinit: free [1-9]\d* unmapped 0 poisoned 0 highwater \d+ headroom \d+$"),
    ("H4_memory", r"^page: \d+M memory: \d+M kernel data, \d+M user, 0M swap$"),
    ("K5_ring3_preflight", r"^userinit: ring3 preflight ok pc 0x200000 "),
    ("N2_S10_demand", r"ring3 preflight ok .* demand=[1-9]\d*$"),
    ("O1_O2_user_code_writes", r"^BOOT\[init0\]: \d\d .*initcode\n(?:log: .*\n)?init: user mode reached, pid 1$"),
]


@pytest.fixture(scope="module")
def boots():
    """A counted boot of 512M with a screen, and another of 2G: their logs and crumbs."""
    seen = {}
    for mem, vga in (("512M", "std"), ("2G", "none")):
        with Guest("log-" + mem, mem=mem, vga=vga, conf=["*crumbs=1"], extra=COUNTED) as g:
            g.prompt()
            seen[mem] = (g.log, g.crumbs(), g.crumbs(0xE9))
            assert g.poweroff() == 0
    return seen


def numbers(pattern, log):
    m = re.search(pattern, log, re.M)
    return tuple(int(x, 0) for x in m.groups()) if m else (0,) * re.compile(pattern).groups


def test_lines_of_the_log(boots, result):
    log, crumbs, crumbs2 = boots["512M"]
    for name, pattern in LINES:
        result(name, re.search(pattern, log, re.M) is not None, f"no line {pattern!r}")

    planned, used = numbers(r"page tables built planned (\d+) used (\d+)", log)
    result("D1_planned_is_used", planned == used > 0, f"planned {planned}, used {used}")
    done, of = numbers(r"preflight (\d+)/(\d+) ok", log)
    result("D7_preflight", done == of >= 23, f"{done} of {of}")
    now, before = numbers(r"cycle counter (\d+)Hz by .*, first life (\d+)Hz", log)
    # How far the two agree is asked where instructions are time (test_first.py): a busy host disturbs this one.
    result("L5_both_lives_measure_the_counter", now > 10**6 and before > 10**6, f"{now} and {before} Hz")
    pa, pa2 = numbers(r"image pa=(0x\w+)", log)[0], numbers(r"image pa=(0x\w+)", boots["2G"][0])[0]
    result("A3_loaded_anywhere", pa and pa2 and pa != pa2, f"{pa:#x} and {pa2:#x}")
    result("A6_no_screen_is_told", re.search(r"^BOOT: 01 .*gop none", boots["2G"][0], re.M) is not None,
           "the boot without a display says nothing of it")

    want = "".join(c for c, _, _ in phases()).encode()
    result("Q2_crumbs_on_402", crumbs.replace(b"\n", b"") == want, f"{crumbs!r}")
    result("Q2_crumbs_on_e9", crumbs2.replace(b"\n", b"") == want, f"{crumbs2!r}")
    result("Q2_crumbs_are_unique", len({c for c, _, _ in phases()}) == len(phases()), "a crumb stands twice")
    started, entered, sched = (numbers(rf"BOOT.*: {n} \+(\d+)ms", log)[0] for n in ("00", "05", "22"))
    result("T7_times", started <= entered <= sched, f"{started} {entered} {sched} ms")
