"""
imago.py: gdb on a running imago. `make gdb` prints the command that loads this.

    walk ADDR     the page tables on the way to ADDR: each entry in words, where it stops, the physical end
    phase         the phase of boot entered last, and what comes next
    holes         xalloc's free holes, physical, and their sum
    ringlog [N]   the last N lines of the ring log (20)
    early [PA]    symbols where the firmware loaded the image, for the first life; without PA it is taken from the
                  "efi entry" line of the log of the last boot (firmware loads at the same place again)

Nothing here knows an address: the base comes from the image's headers, structures from its DWARF, tables from
the processor's registers. Page tables are read as physical memory through QEMU's stub, so that what gdb
says does not depend on the mappings that it judges.
"""

import importlib.machinery
import importlib.util
import os
import re
import struct

import gdb

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _pecheck():
    loader = importlib.machinery.SourceFileLoader("pecheck", os.path.join(TOP, "tools/pecheck"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pecheck", loader))
    loader.exec_module(module)
    return module


def image_name():
    if not gdb.current_progspace().filename:
        raise gdb.GdbError("load the image first: file out/x86_64/BOOTX64.EFI")
    return gdb.current_progspace().filename


def image():
    """Headers of the image that gdb has loaded."""
    with open(image_name(), "rb") as f:
        return _pecheck().Pe(f.read())


class Physical:
    """Read guest memory by physical address, for as long as the `with` lasts."""

    def __enter__(self):
        self._mode(1)
        return self

    def __exit__(self, *exc):
        self._mode(0)

    @staticmethod
    def _mode(n):
        gdb.execute(f"maintenance packet Qqemu.PhyMemMode:{n}", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)

    @staticmethod
    def read(pa, size):
        return bytes(gdb.selected_inferior().read_memory(pa, size))


def register(name):
    return int(gdb.parse_and_eval(f"(unsigned long long)${name}"))


# ---- walk -------------------------------------------------------------------------------------------

PGSHIFT, INDEX_BITS, ENTRY = 12, 9, 8
NAMES = ("PTE", "PDE", "PDPE", "PML4E", "PML5E")
FLAGS = ((0, "P"), (1, "W"), (2, "U"), (3, "PWT"), (4, "PCD"), (5, "A"), (6, "D"), (8, "G"), (63, "NX"))
PS = 7
PHYSICAL_BITS = 52
CR4_LA57 = 12


def bits(low, high):
    """A mask of bits [low, high)."""
    return (1 << high) - (1 << low)


def entry_words(level, e):
    words = [name for bit, name in FLAGS if e >> bit & 1]
    if level > 0 and e >> PS & 1:
        words.append("PS")
    return " ".join(words) or "nothing"


def walk(va):
    """Text lines and the physical address of va, or None where the walk stops."""
    top = 4 if register("cr4") >> CR4_LA57 & 1 else 3
    table = register("cr3") & bits(PGSHIFT, PHYSICAL_BITS)
    lines = [f"walk {va:#018x} from root {table:#x}"]
    with Physical() as memory:
        for level in range(top, -1, -1):
            index = va >> (PGSHIFT + INDEX_BITS * level) & bits(0, INDEX_BITS)
            e = struct.unpack("<Q", memory.read(table + ENTRY * index, ENTRY))[0]
            leaf = level == 0 or e >> PS & 1
            lines.append(f"  {NAMES[level]:5} [{index:3}] {e:#018x} {entry_words(level, e)}")
            if not e & 1:
                return lines + [f"  STOP: nothing at level {level}"], None
            if leaf:
                size = PGSHIFT + INDEX_BITS * level
                pa = (e & bits(size, PHYSICAL_BITS)) | (va & bits(0, size))
                return lines + [f"  pa {pa:#x} in a page of {1 << (size - 10)} KiB"], pa
            table = e & bits(PGSHIFT, PHYSICAL_BITS)
    raise AssertionError("level 0 is a leaf")


class Walk(gdb.Command):
    """walk ADDR: the page tables on the way to ADDR, read as physical memory."""

    def __init__(self):
        super().__init__("walk", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, text, from_tty):
        if not text:
            raise gdb.GdbError("walk ADDR")
        mask = bits(0, 64)
        lines, _ = walk(int(gdb.parse_and_eval(f"(unsigned long long)({text})")) & mask)
        print("\n".join(lines))


# ---- the two lives ----------------------------------------------------------------------------------

def logged_image():
    """The image's physical address in the log of the last boot, or None."""
    path = os.path.join(os.path.dirname(image_name()), "boot.log")
    if not os.path.exists(path):
        return None
    with open(path, errors="replace") as f:
        m = re.search(r"efi entry.*image pa[ =]*(?:0x)?([0-9a-f]+)", f.read())
    return int(m[1], 16) if m else None


class Early(gdb.Command):
    """early [PA]: symbols for the first life, where the firmware loaded the image."""

    def __init__(self):
        super().__init__("early", gdb.COMMAND_FILES)

    def invoke(self, text, from_tty):
        pa = int(gdb.parse_and_eval(text)) if text else logged_image()
        if pa is None:
            raise gdb.GdbError("early PA: no boot.log with an `efi entry` line to take it from")
        gdb.execute(f"add-symbol-file {image_name()} -o {pa - image().base:#x}", to_string=True)
        print(f"first life's symbols at {pa:#x}; use hbreak (memory is not loaded yet): hbreak efimain")


def variable(name, source):
    """A static variable of a source file, wherever the image now runs."""
    try:
        v = gdb.parse_and_eval(f"'{source}'::{name}")
    except gdb.error:
        raise gdb.GdbError(f"no {name} in {source}: is this image built with debug information?") from None
    base = image().base
    pc = register("pc")
    if pc >= base:
        return v
    pa = logged_image()
    if pa is None:
        raise gdb.GdbError("the image is not at KZERO yet, and no boot.log says where it is: early PA")
    return (v.address.cast(gdb.lookup_type("unsigned long long")) - base + pa).cast(v.address.type).dereference()


# ---- phase ------------------------------------------------------------------------------------------

def phases():
    """(crumb, text) of each phase, from the one table."""
    with open(os.path.join(TOP, "include/phase.h")) as f:
        return re.findall(r'P\(\w+,\s*"(..)",\s*"[^"]*",\s*"([^"]*)"\)', f.read())


class PhaseNow(gdb.Command):
    """phase: the phase of boot entered last, and what comes next."""

    def __init__(self):
        super().__init__("phase", gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        n = int(variable("boot", "kernel/phase.c")["entered"])
        table = phases()
        if n > len(table):
            raise gdb.GdbError("no imago there yet (or `early` knows a wrong address)")
        now = f"{n - 1:02} {table[n - 1][0]} {table[n - 1][1]}" if n else "none yet"
        print(f"phase: {now}")
        print(f"next:  {table[n][0]} {table[n][1]}" if n < len(table) else "next:  user code")


# ---- holes, ring log --------------------------------------------------------------------------------

class Holes(gdb.Command):
    """holes: xalloc's free holes by physical address, and whether they add up to what it counts as free."""

    def __init__(self):
        super().__init__("holes", gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        lists = variable("xlists", "mm/xalloc.c")
        hole, count, total = lists["table"], 0, 0
        while int(hole):
            pa, size = int(hole["addr"]["pa"]), int(hole["size"])
            print(f"[{pa:#018x}, {pa + size:#018x}) {size}")
            count, total, hole = count + 1, total + size, hole["link"]
        counted = int(lists["free"])
        print(f"holes: {count} of {total} bytes; xalloc counts {counted} "
              + ("ok" if counted == total else "BAD") + f", given {int(lists['given'])}")


class Ringlog(gdb.Command):
    """ringlog [N]: the last N lines (20) of the ring log, also after a hang."""

    def __init__(self):
        super().__init__("ringlog", gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        ring = variable("out", "kernel/print.c")["ring"]
        if not int(ring):
            raise gdb.GdbError("no ring yet")
        size, head = int(ring["size"]), int(ring["head"])
        start = int(ring["data"].address)
        data = bytes(gdb.selected_inferior().read_memory(start, size))
        newest = data[:head] if head <= size else data[head % size:] + data[:head % size]
        lines = newest.decode(errors="replace").splitlines()
        print("\n".join(lines[-int(text or 20):]))


Walk()
Early()
PhaseNow()
Holes()
Ringlog()
