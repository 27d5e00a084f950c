"""Page tables are reached through one view: the direct map, by the few functions that know them (S-8)."""

import glob
import os
import re

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What gives a pointer into a table: the walkers, and the direct map itself.
WAYS = r"mmuwalk\(|kaddr\(|pageva\(|tableat\(|deepest\(|entryof\(|&root\[|kern\.stash|\(Pte64 \*\)\(uintptr\)e\[0\]"
DECLARED = re.compile(r"\bPte64 \*(\w+)(?: = ([^;]*))?[;,]")
FIRST_LIFE = {"mm/kmap.c"}  # the builder's pool, 1:1


def sources():
    for room in ("mm", "kernel", "efi", "arch/x86_64", "arch/aarch64"):
        yield from (os.path.relpath(p, TOP) for p in sorted(glob.glob(os.path.join(TOP, room, "*.[ch]"))))


def other_ways(name, text):
    """Pointers into tables that come from somewhere else, as "file: line"."""
    return [f"{name}: {m.group(0)}" for m in DECLARED.finditer(text)
            if m.group(2) and not re.search(WAYS, m.group(2))]


@pytest.mark.ids("S-8")
def test_S8_tables_are_reached_by_one_view():
    found = []
    for name in sources():
        if name not in FIRST_LIFE:
            with open(os.path.join(TOP, name)) as f:
                found += other_ways(name, f.read())
    assert found == []


@pytest.mark.ids("S-8")
def test_S8_another_view_is_found():
    assert other_ways("x.c", "	Pte64 *e = (Pte64 *)(VPT + 8 * n);\n") != []
    assert other_ways("x.c", "	const Pte64 *e = kvaptr(tokva(pabits(pa)));\n") != []
    assert other_ways("x.c", "	Pte64 *e = mmuwalk(t, va, 0, false), old = *e;\n") == []
