"""The view from outside judged itself: a sound machine passes, and each way to break a rule is named by that rule."""

import json
import re

import pytest

import outside
from breaks import BREAKS, Skip, made

CASES = [pytest.param(rule, edit, id=name) for name, rule, edit in BREAKS]


def rules(found):
    return {line.split(":")[0] for line in found}


@pytest.mark.ids("C2", "C3", "C4", "C5", "D10")
def test_C2_a_sound_machine_passes():
    assert outside.judge(made()) == []
    assert "sound: " in outside.summary(made())


@pytest.mark.ids("C2", "C3", "C4", "C5", "D10", "J2")
@pytest.mark.parametrize("rule, edit", CASES)
def test_C2_each_break_is_named(rule, edit):
    view = made().copy()
    edit(view)
    assert rule in rules(outside.judge(view))


def test_C2_every_rule_has_a_break():
    listed = set(re.search(r"^Rules: (.*?)\n\"\"\"", open(outside.__file__).read(), re.M | re.S).group(1).split())
    assert listed == {rule for _, rule, _ in BREAKS}


def test_C2_without_nx_execution_is_no_fault():
    view = made()
    view.cpus[0]["efer"] = 0
    view.cpus[0]["features"]["nx"] = False
    for page in view.pages.values():
        page[:] = [e & ~outside.NX for e in page]
    assert outside.judge(view) == []


def test_C2_nx_bits_without_nxe_are_reserved():
    view = made()
    view.cpus[0]["efer"] = 0
    assert "reserved" in rules(outside.judge(view))


def test_C2_saved_and_loaded_is_the_same(tmp_path):
    made().save(tmp_path / "v.json")
    view = outside.View.load(tmp_path / "v.json")
    assert outside.judge(view) == []
    assert json.dumps(view.cpus) == json.dumps(made().cpus)
    for name, rule, edit in BREAKS:
        broken = view.copy()
        edit(broken)
        assert rule in rules(outside.judge(broken)), name
    assert outside.judge(view) == []  # copies do not share


def test_C2_ranges():
    assert outside.merge([(5, 7), (1, 3), (3, 4), (6, 9)]) == [(1, 4), (5, 9)]
    assert outside.minus([(0, 10)], [(2, 3), (5, 20)]) == [(0, 2), (3, 5)]
    assert outside.minus([(0, 10)], []) == [(0, 10)]
    assert outside.minus([(0, 10)], [(0, 10)]) == []
    assert outside.common([(0, 10), (20, 30)], [(5, 25)]) == [(5, 10), (20, 25)]


def test_C2_ram_of_the_machine():
    text = """FlatView #0
 AS "I/O", root: io
  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan
FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-000000000009ffff (prio 0, ram): pc.ram KVM
  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem
  00000000000c0000-00000000000dffff (prio 1, rom): pc.rom
  0000000000100000-000000001fffffff (prio 0, ram): pc.ram @0000000000100000
  0000000080000000-0000000080ffffff (prio 1, ram): vga.vram
  00000000ffc84000-00000000ffffffff (prio 0, romd): system.flash0
"""
    assert outside.machine_ram(text) == [(0, 0xa0000), (0x100000, 0x20000000)]
