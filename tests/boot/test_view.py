"""A real boot seen from outside, and its own tables broken in every way: each break is named."""

import re

import pytest

import outside
from breaks import BREAKS, Skip
from imagoqemu import Guest

# What the kernel says about its own tables, each line with numbers that a lie would change.
LINES = [
    ("D1_planned_is_used", r"^BOOT: \d+ \+\d+ms page tables built planned (\d+) used \1$"),
    ("Q7_trace", r"^kmap: ffffffff8\w+-ffffffff8\w+ pa \w+ r-xg tables \d+ text$"),
    ("D7_preflight", r"^BOOT: \d+ \+\d+ms preflight (\d+)/\1 ok$"),
    ("D10_audit", r"^kernelro: marked [1-9]\d* text pages R-X, [1-9]\d* data pages RW- violations=0$"),
    ("D9_both_views", r"^mmu: hhdm selftest ok$"),
    ("E4_S3_sweep", r"^mmu: xlat sweep n=[1-9]\d* bad=0$"),
    ("N5_C6_checkmmu", r"^checkmmu: spaces [1-9]\d* PML4 [1-9]\d* PDP [1-9]\d* PD [1-9]\d* PT [1-9]\d* bad=0$"),
]


def top_level(view):
    """The kernel's half of the root that is in the processor."""
    return view.pages[view.cpus[0]["cr3"] >> 12][256:]


@pytest.mark.ids("C2", "C3", "C4", "C5", "C6", "D10", "J2", "S-3", "S-8", "S-12")
def test_C2_C3_C4_C5_D10_view_from_outside(result):
    with Guest("view", conf=["*mmutrace=1"]) as g:
        g.prompt()
        view = outside.stand_still(g.qmp, g.log)
        found = outside.judge(view)
        g.qmp("cont")
        for program in ("forks", "cow", "pipes"):
            g.run(program)
        g.run("echo checkmmu > /dev/command")
        later = outside.stand_still(g.qmp, g.log)
        found_later = outside.judge(later)
        g.qmp("cont")
        assert g.poweroff() == 0
        log = g.log
    assert found == []
    result("C2_C3_C4_C5_sound_after_work", found_later == [], "\n".join(found_later))
    result("C6_top_level_entries_never_change", top_level(view) == top_level(later))
    for name, line in LINES:
        result(name, re.search(line, log, re.M) is not None, f"no line {line}")
    view.fetch = None
    for name, rule, edit in BREAKS:
        broken = view.copy()
        try:
            edit(broken)
        except Skip:
            continue
        heard = {line.split(":")[0] for line in outside.judge(broken)}
        result(f"C2_break_{name}_is_named", rule in heard, f"rules that spoke: {heard}")


@pytest.mark.ids("J2", "J3", "J5")
def test_J2_J3_device_windows():
    """Registers are uncached, the framebuffer write-combining, both mapped once, neither in the direct map."""
    with Guest("view-vga", vga="std") as g:
        g.prompt()
        view = outside.stand_still(g.qmp, g.log)
        found = outside.judge(view)
        leaves, _ = outside.walk(view, 0, lambda *_: None)
        g.qmp("cont")
        assert g.poweroff() == 0
    assert found == []
    windows = outside.window(leaves, outside.L["VMAP"], outside.L["VMAPSIZE"])
    screen = int(re.search(r"^BOOT: \d+ \+\d+ms gop .*pa=0x([0-9a-f]+)", view.log, re.M).group(1), 16)
    uncached, combining = 3, 7  # indices of the page attribute table [SDM 3A 12.12]
    for pa, kind in ((0xFEE00000, uncached), (screen, combining)):
        names = [f for f in leaves if f.pa <= pa < f.pa + f.n]
        assert len(names) == 1 and names[0] in windows, f"{pa:#x}: {[str(f) for f in names]}"
        assert names[0].type == kind, f"{pa:#x}: attribute {names[0].type}"
