"""
matrix.py: which machines are booted, and what every boot of ours must show.

The rows are pairwise: of any two of memory, processor, chipset, display and firmware build, each pair of values
stands in some row (test_matrix.py counts them).
"""

import itertools
import os
import re
import subprocess

import outside
from imagoqemu import TOP, Failed, in_order

MEM = ["128M", "256M", "2G", "5G", "9G"]
CPU = ["qemu64", "max", "max,-pdpe1gb", "max,-nx", "max,-smep,-smap"]
MACHINE = ["q35", "pc"]
VGA = ["none", "std"]
OVMF = ["4M", "2M"]
KEYS = ("mem", "cpu", "machine", "vga", "ovmf")
USABLE_SLACK = 8 << 20  # bytes of the firmware's free + boot + loader that programs may miss
MEMBALS = 6


def pairwise():
    """Every memory with every processor; the two-valued words are spread so that all pairs are there."""
    rows = []
    for (i, mem), (j, cpu) in itertools.product(enumerate(MEM), enumerate(CPU)):
        rows.append(dict(mem=mem, cpu=cpu, machine=MACHINE[(i + j) % 2], vga=VGA[(i + j // 2) % 2],
                         ovmf=OVMF[(i // 2 + j) % 2]))
    return rows


# Sizes that firmware maps differently, smallest first, and machines larger than the host.
EXTRA = [
    dict(mem="97M"), dict(mem="1023M"), dict(mem="3G"), dict(mem="4G", machine="pc"),
    dict(mem="512M", smp=4), dict(mem="20G", extra=["-object", "memory-backend-ram,id=n0,size=10G",
                                                   "-object", "memory-backend-ram,id=n1,size=10G",
                                                   "-numa", "node,nodeid=0,memdev=n0",
                                                   "-numa", "node,nodeid=1,memdev=n1"]),
    dict(mem="64G", big=True, cpu="max,phys-bits=46"),
    dict(mem="512M", machine="q35,max-ram-below-4g=1G"),
    dict(mem="5G", machine="q35,max-ram-below-4g=1G"),
    dict(mem="512M", cpu="max,-umip,-smep,-smap,-pdpe1gb,-nx"),
    dict(mem="512M", cpu="qemu64,+la57"),
]


def row_name(row):
    return "-".join(f"{v}" for k, v in row.items() if k != "extra" and not (k == "big"))


def phases():
    """(crumb, prefix, text) of each phase, from the one table."""
    with open(os.path.join(TOP, "include/phase.h")) as f:
        table = re.findall(r'P\(\w+,\s*"(..)",\s*"([^"]*)",\s*"([^"]*)"\)', f.read())
    if len(table) < 20:
        raise Failed("include/phase.h: the table of phases was not understood")
    return table


def phase_lines():
    """The BOOT: lines in order, as patterns."""
    return [rf"^{re.escape(prefix)} {n:02} \+\d+ms {re.escape(text)}" for n, (_, prefix, text) in enumerate(phases())]


def firmware_ram(log):
    """Bytes that the conversion called free, boot and loader, from the line of the sum."""
    m = re.search(r"^ledger: sum described \d+ = (.*) off (-?\d+)$", log, re.M)
    if not m:
        raise Failed("no `ledger: sum described` line")
    if m[2] != "0":
        raise Failed(f"the conversion's sum is off by {m[2]}")
    parts = {w.split()[0]: int(w.split()[1]) for w in m[1].split(" + ")}
    return sum(parts.get(k, 0) for k in ("free", "boot", "loader"))


def usable_ram(swap):
    """Bytes that programs may have: /dev/swap counts user pages in use and in all."""
    size = re.search(r"^(\d+) pagesize", swap, re.M)
    user = re.search(r"^(\d+)/(\d+) user", swap, re.M)
    if not size or not user:
        raise Failed(f"/dev/swap says nothing of pagesize and user:\n{swap}")
    return int(size[1]) * int(user[2])


def check_phases(log):
    in_order(log, phase_lines())
    if "this should never happen" in log:
        raise Failed("init0 returned")
    numbers = [int(n) for n in re.findall(r"^BOOT(?:\[\w+\])?: (\d\d) \+\d+ms", log, re.M)]
    if numbers != sorted(set(numbers)):
        raise Failed(f"phases are not monotone: {numbers}")


def check_membal(log):
    lines = re.findall(r"^MEMBAL .*$", log, re.M)
    bad = [line for line in lines if not re.fullmatch(r"MEMBAL \S+ ram \d+ = \w+ \d+(?: \+ \w+ \d+)* off 0 ok", line)]
    if bad:
        raise Failed("memory does not balance: " + "; ".join(bad))
    if len(lines) < MEMBALS:
        raise Failed(f"only {len(lines)} MEMBAL lines")
    for line in lines:  # the sum, added up once more here
        ram, parts = re.match(r"MEMBAL \S+ ram (\d+) = (.*) off 0 ok", line).groups()
        if int(ram) != sum(int(p.split()[1]) for p in parts.split(" + ")):
            raise Failed("a MEMBAL line does not add up: " + line)


def check_efimap(guest):
    """The host tool converts the logged map once more and compares."""
    tool = os.path.join(TOP, "out/host/efimap")
    path = os.path.join(guest.dir, "checked.log")
    with open(path, "w") as f:
        f.write(guest.log)
    done = subprocess.run([tool, "--check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failed(f"efimap --check: status {done.returncode}: {done.stdout}")


def check_usable(guest):
    firmware, usable = firmware_ram(guest.log), usable_ram(guest.run("cat /dev/swap"))
    if not firmware - USABLE_SLACK <= usable <= firmware:
        raise Failed(f"programs may have {usable} bytes of {firmware}: {firmware - usable} are missing")


def check_outside(guest):
    """Page tables and memory read through the monitor, and judged there."""
    found = outside.problems(guest)
    if found:
        raise Failed("\n".join(found))
