"""
test_first.py: the first life under real firmware, seen in its log and from outside: where it is, what it found, how
it left; and the firmware's runtime services, used, refused and broken.
"""

import hashlib
import os
import re
import struct

import pytest

from imagoqemu import OUT, Guest, in_order
from test_hostile import hostile


def relocations(path):
    """Base relocations of type DIR64 in a PE file [PE/COFF 5.6]: what the mover must find."""
    with open(path, "rb") as f:
        data = f.read()
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    nsect, optsize = struct.unpack_from("<H12xH", data, pe + 6)
    rva, size = struct.unpack_from("<II", data, pe + 24 + 112 + 5 * 8)
    for i in range(nsect):
        vsize, at, rawsize, raw = struct.unpack_from("<IIII", data, pe + 24 + optsize + 40 * i + 8)
        if at <= rva < at + max(vsize, rawsize):
            table = data[raw + rva - at:raw + rva - at + size]
    count, off = 0, 0
    while off < size:
        length = struct.unpack_from("<I", table, off + 4)[0]
        count += sum(e >> 12 == 10 for e in struct.unpack_from(f"<{(length - 8) // 2}H", table, off + 8))
        off += length
    return count


def field(pattern, log):
    m = re.search(pattern, log, re.M)
    assert m, f"no {pattern!r} in:\n{log[-3000:]}"
    return m.group(1)


@pytest.fixture(scope="module")
def small():
    with Guest("first-256M", mem="256M", conf=["*initrdsum=1"]) as g:
        g.prompt()
        g.registers = g.qmp("human-monitor-command", **{"command-line": "info registers"})
        yield g


def test_A3_the_image_may_lie_anywhere(small):
    with Guest("first-1G", mem="1G", cpu="qemu64") as g:
        g.prompt()
        where = {field(r"^efi: image pa=(0x\w+) ", guest.log) for guest in (small, g)}
    assert len(where) == 2


def test_A4_every_relocation_is_accounted_for(small):
    n = relocations(os.path.join(OUT, "BOOTX64.EFI"))
    moved, left, bad = re.search(r"^BOOT: \d\d .* relocated (\d+) left (\d+) bad (\d+)", small.log, re.M).groups()
    assert int(moved) + int(left) == n and int(bad) == 0 and n > 0
    assert int(field(r"^efi: image .* relocations=(\d+)$", small.log)) == n


def test_A5_T5_the_processor_is_audited(small):
    in_order(small.log, [r"^cpu: entry CR0=0x\w+ CR3=0x\w+ CR4=0x\w+ EFER=0x\w+", r"^cpu: .*LA57 "])


def test_T5_devices_are_audited():
    usb = ["-device", "qemu-xhci", "-device", "usb-ehci"]
    with Guest("first-devices", mem="256M", extra=usb) as g:
        g.prompt()
        assert re.search(r"^pci: 00:\w\w\.\d 1b36:000d class 0c0330.* usb owner \w+$", g.log, re.M)
        assert re.search(r"^pci: .* class 0c0320.* usb owner \w+$", g.log, re.M)
        masters = len(re.findall(r"^pci: ..:.* bus master\b", g.log, re.M))
        assert int(field(r"^pci: functions \d+, bus masters alive (\d+)$", g.log)) == masters


def test_A7_A10_A17_what_was_found(small):
    assert field(r"^efi: \.bss nonzero=(\d+)$", small.log) == "0"
    assert re.search(r"acpi rsdp pa=0x\w+ rev=2 sum=ok", small.log)
    assert 0 < int(field(r"^efi: lowpage pa=0x(\w+)$", small.log), 16) < 0x100000


def test_A11_T4_nothing_is_allocated_after_the_map_and_all_is_kept(small):
    assert field(r"^efi: kept \d+ runs proved, allocations between map and exit (\d+)$", small.log) == "0"
    assert int(field(r"^efi: kept (\d+) runs proved", small.log)) >= 10


def test_D7_preflight_counts_every_check(small):
    done, of = re.search(r"preflight (\d+)/(\d+) ok", small.log).groups()
    assert done == of and int(done) >= 23


def test_A9_the_initrd_is_the_one_on_the_disk(small):
    with open(os.path.join(OUT, "initrd.tar"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    assert len(re.findall(digest, small.log)) >= 2  # before the page allocator, and after


def test_A15_firmware_descriptor_tables_are_out_of_use(small):
    gdt, idt = (int(field(rf"^{t}=\s*(\w+) ", small.registers), 16) for t in ("GDT", "IDT"))
    assert gdt >= 0xFFFFFD0000000000 and idt >= 0xFFFFFD0000000000


def test_A18_two_clocks_agree():
    """Instructions are time: no host can disturb the comparison."""
    with Guest("first-icount", extra=["-icount", "shift=0,sleep=off"], timeout=300) as g:
        g.expect(r"first life \d+Hz")
        second, first = re.search(r"cycle counter (\d+)Hz by .*, first life (\d+)Hz", g.log).groups()
    assert abs(int(second) - int(first)) < 0.02 * int(second)


def test_T7_the_hand_over_is_timed(small):
    assert re.search(r"^efi: time entry to map \d+ exit \d+ cycles$", small.log, re.M)


# ---- runtime services --------------------------------------------------------------------------------

def epoch(g):
    return int(g.run("cat /dev/time; echo").split()[0])


@pytest.mark.parametrize("mode,said", [("virtual", "virtual"), ("physical", "1:1")])
def test_A16_time_and_power_off_by_the_firmware(mode, said):
    with Guest("runtime-" + mode, mem="256M", conf=[f"*runtime={mode}"], extra=["-rtc", "base=2026-02-03T04:05:06"]) as g:
        g.prompt()
        assert field(r"^runtime: (\S+), \d+ stretches, time yes, reset yes", g.log) == said
        assert 0 <= epoch(g) - 1770091506 < 600
        assert g.poweroff() == 0
        assert "runtime: ResetSystem came back" not in g.log


def test_A16_without_them_acpi_does_it():
    with Guest("runtime-off", mem="256M", conf=["*runtime=off"], extra=["-rtc", "base=2026-02-03T04:05:06"]) as g:
        g.prompt()
        assert "runtime:" not in g.log
        assert 0 <= epoch(g) - 1770091506 < 600
        assert g.poweroff() == 0


def test_A16_a_fault_in_a_call_ends_them_and_nothing_else():
    with hostile("rtfault", "rtfault=1") as g:
        g.prompt()
        assert epoch(g) > 1700000000
        in_order(g.log, [r"^runtime: virtual", r"^runtime: the firmware trapped at pc=0x\w+"])
        assert "panic" not in g.log
        assert g.poweroff() == 0


# ---- settings that set nothing -------------------------------------------------------------------------

def test_A8_bad_settings_are_told():
    with Guest("conf-bad", mem="256M", conf=["noequalsign", "*kernelpercent=200", "*imagemaxmb=banana"]) as g:
        g.prompt()
        assert re.search(r"^conf: line \d+ sets nothing \(name=value\): noequalsign$", g.log, re.M), g.tail()
        assert "confinit: *kernelpercent=200 is not in 1 to 90: the default stands" in g.log
        assert "conf: *imagemaxmb=banana is no number: 0 stands" in g.log
        assert g.poweroff() == 0


def test_A8_a_boot_cfg_that_is_no_text_is_told():
    with Guest("conf-utf16", mem="256M", files={"boot.cfg": "service=cpu\n".encode("utf-16")}) as g:
        g.prompt()
        assert re.search(r"^efi: boot.cfg is no text at byte 3 \(UTF-16; save it as UTF-8\): the \d+ bytes", g.log, re.M)
        assert g.poweroff() == 0
