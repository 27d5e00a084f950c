"""
test_hostile.py: imago started by firmware that lies (tests/hostile/hostile.c). It must come up, say what it dropped, and
leave every page alone that is not free: those hold a pattern that is compared from outside. Or it must refuse in
words and go back to the firmware.
"""

import array
import os
import re
import subprocess

import pytest

from imagoqemu import OUT, TOP, Guest, in_order

PATTERN = 0x9E3779B97F4A7C15
PAGE = 4096
EFIMAP = os.path.join(TOP, "out/host/efimap")
RETURNED = 0x31 * 2 + 1  # isa-debug-exit's status when imago came back
UP = r"(?:^|[\r\n])% $"  # the shell

# Lies that imago must live with: words for the hostile firmware, and lines that the log must then have.
LIES = {
    "none": ("", [r"efi: exit try 1 key \w+ entries \d+ status 0$"]),
    "stale-1": ("stale=1", [r"efi: exit try 1 .* status 8000000000000002$", r"efi: exit try 2 .* status 0$"]),
    "stale-15": ("stale=15", [r"efi: exit try 15 .* status 8000000000000002$", r"efi: exit try 16 .* status 0$"]),
    "grows": ("grow=20", [r"exit boot services ok"]),
    "grows-and-stale": ("grow=3 stale=15", [r"efi: exit try 16 .* status 0$"]),
    "toosmall": ("toosmall=1", [r"exit boot services ok"]),
    "toosmall-stale": ("toosmall=1 stale=6", [r"efi: exit try \d+ .* status 8000000000000005$", r"status 0$"]),
    "stride-40": ("stride=40", [r"efi: map \d+ entries stride 40 version 1$"]),
    "stride-64": ("stride=64", [r"efi: map \d+ entries stride 64 version 1$"]),
    "stride-64-all": ("stride=64 shuffle=1 bad=1 stale=4 grow=2 toosmall=1", [r"ledger: anomaly unsorted"]),
    "shuffled": ("shuffle=1", [r"ledger: anomaly unsorted"]),
    "bad": ("bad=1", [r"ledger: anomaly empty", r"ledger: anomaly wraps", r"ledger: anomaly unknown-type",
                      r"ledger: anomaly not-wb", r"ledger: anomaly unaligned", r"ledger: anomaly overlap"]),
    "pieces-5000": ("pieces=2500", [r"efi: map 5\d\d\d entries"]),
    "gop-pitch": ("gop=1", [r"efi: gop refused: pitch", r"BOOT: 01 .*gop none"]),
    "gop-over-ram": ("gop=2 bad=1", [r"efi: gop dropped: the framebuffer lies over RAM"]),
    "gop-blt": ("gop=3", [r"efi: gop refused: no pixels", r"BOOT: 01 .*gop none"]),
    "gop-none": ("gop=4", [r"BOOT: 01 .*gop none"]),
    "rsdp-sum": ("rsdp=1", [r"efi: acpi rsdp pa=.* refused: checksum", r"BOOT: 02 .*none"]),
    "rsdp-none": ("rsdp=2", [r"BOOT: 02 .*none"]),
    "rsdp-in-boot-memory": ("rsdp=3", [r"BOOT: 02 .*rev=2 sum=ok"]),
    "options-binary": ("options=1", [r"load options, which are not text"]),
}
# ... and those that it must refuse: words on the console, and a status back.
REFUSALS = {
    "refuses-for-ever": ("stale=99", r"cannot start: the firmware refused 16 times to let go"),
    "stride-44": ("stride=44", r"cannot start: the memory map cannot be read"),
    "stride-16": ("stride=16", r"cannot start: the memory map cannot be read"),
}


def hostile(name, words, **machine):
    return Guest("hostile-" + name, efi=os.path.join(OUT, "hostile.efi"),
                 files={"IMAGO.EFI": os.path.join(OUT, "BOOTX64.EFI")}, mem="256M", vga="std",
                 extra=["-fw_cfg", f"name=opt/imago/hostile,string={words or 'none=1'}"], **machine)


def untouched(guest):
    """Every page that the hostile firmware filled and that was not free still holds its pattern."""
    pages, lost = set(), set()
    for what, start, end in re.findall(r"hostile: (keep|pieces|lost) (\w{16})-(\w{16})", guest.log):
        step = PAGE * (2 if what == "pieces" else 1)
        (lost if what == "lost" else pages).update(range(int(start, 16), int(end, 16), step))
    assert len(pages) >= 88
    path = os.path.join(guest.tmp, "memory")
    guest.qmp("stop")
    guest.qmp("pmemsave", val=0, size=256 << 20, filename=path)
    with open(path, "rb") as f:
        for pa in sorted(pages - lost):
            f.seek(pa)
            want = array.array("Q", (a ^ PATTERN for a in range(pa, pa + PAGE, 8))).tobytes()
            assert f.read(PAGE) == want, f"page {pa:#x} was touched"
    os.unlink(path)


@pytest.mark.ids("A6", "A7", "A8", "A12", "A13", "T1", "T3", "T4")
@pytest.mark.parametrize("name", LIES)
def test_T3_up_in_spite_of(name):
    words, lines = LIES[name]
    with hostile(name, words, listens=False) as g:
        g.expect(UP)
        for line in lines:
            assert re.search(line, g.log, re.M), f"the log has no {line!r}:\n{g.tail(80)}"
        assert re.search(r"^ledger: sum .* off 0$", g.log, re.M)
        assert not re.search(r"MEMBAL .*BAD", g.log)
        untouched(g)
        log = os.path.join(g.dir, "so-far.log")
        with open(log, "w") as f:
            f.write(g.log)
        done = subprocess.run([EFIMAP, "--check", log], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.ids("A12", "A13", "T3")
@pytest.mark.parametrize("name", REFUSALS)
def test_A12_back_in_words(name):
    words, said = REFUSALS[name]
    with hostile(name, words) as g:
        assert g.wait() == RETURNED
        in_order(g.log, [said, r"hostile: returned 80000000000000\w\w"])


@pytest.mark.ids("A11")
@pytest.mark.parametrize("n", range(1, 12))
def test_A11_allocation_fails(n):
    """Parcel, log, conf, boot.cfg, initrd, low page, stacks, map, ledger, scratch, tables: only the sixth can be missed."""
    with hostile(f"failalloc-{n}", f"failalloc={n}") as g:
        if n == 6:
            g.expect(UP)
            assert "efi: lowpage pa=0\n" in g.log
        else:
            assert g.wait() == RETURNED
            in_order(g.log, [r"cannot start: .*: the firmware has no \d+ bytes", r"hostile: returned 8000000000000009"])
