"""
The second port under AAVMF: the same kernel, the same boot lines, the same programs, the same words when
something breaks. Machines differ in processor, interrupt controller and the level at which firmware runs us.
"""

import re

import pytest

from imagoqemu import SLOW, Guest, in_order
import arm
from matrix import phases
from test_user import results_of

ARM = {"arch": "aarch64", "timeout": 180 * SLOW}
PANIC_STATUS = 2 * 0x12 + 1

MACHINES = {
    "a53-gic2-el1-256M": dict(cpu="cortex-a53", machine="virt,gic-version=2", mem="256M"),
    "a72-gic3-el2-2G": dict(cpu="cortex-a72", machine="virt,gic-version=3,virtualization=on", mem="2G"),
    "max-gic3-el1-ramfb": dict(cpu="max", machine="virt,gic-version=3", vga="ramfb"),
    "max-gic2-el2-8G": dict(cpu="max", machine="virt,gic-version=2,virtualization=on", mem="8G"),
}


@pytest.mark.ids("W1", "W2")
@pytest.mark.parametrize("kind", MACHINES)
def test_W1_W2_boots_to_the_shell(kind, tmp_path):
    machine = MACHINES[kind]
    gdb = str(tmp_path / "gdb")
    with Guest("arm-" + kind, extra=arm.gdbwords(gdb), **ARM, **machine) as g:
        g.prompt()
        in_order(g.log, [rf"^BOOT.*{re.escape(text)}" for crumb, _, text in phases()
                         if crumb != "E1" or machine.get("vga")])
        assert f"cpu: entry EL{2 if 'el2' in kind else 1} " in g.log
        assert f"gic: version {3 if 'gic3' in kind else 2} " in g.log
        assert "violations=0" in g.log and "bad=0" in g.log
        assert all(line.endswith(" off 0 ok") for line in re.findall(r"^MEMBAL .*$", g.log, re.M))
        assert arm.problems(g, gdb) == []
        assert g.run("echo alive") == "alive"
        assert g.poweroff() == 0


PROGRAMS = ["args", "forks", "cow", "faults", "notestest", "semas", "pipes", "execs", "segs", "badptr", "files", "fpu"]


@pytest.mark.ids("W2")
def test_W2_the_same_programs(result):
    with Guest("arm-programs", cpu="cortex-a72", conf=["*poison=1"], **ARM) as g:
        g.prompt()
        for program in PROGRAMS:
            text = g.run(program, timeout=180 * SLOW)
            for name, ok, why in results_of(text):
                result(f"W2_aarch64_{name}", ok, why + "\n" + text[-2000:] if not ok else "")
            assert re.search(r"^done$", text, re.M), text[-2000:]
        membal = re.findall(r"^MEMBAL .*$", g.run("mem"), re.M)
        assert membal and all(line.endswith(" off 0 ok") for line in membal), membal
        assert g.poweroff() == 0


WORDS = {"X1:null": "write", "X2:panic": "injected", "K0:null": "write", "K5:stack": "no kernel stack", "K2:ud": "breakpoint", "K9:text": "permission fault",
         "K9:data": "permission fault", "K9:user": "translation fault", "P0:lock": "write"}


@pytest.mark.ids("W2", "Q4")
@pytest.mark.parametrize("el", [1, 2])
@pytest.mark.parametrize("place", WORDS)
def test_W2_Q4_panic(place, el):
    """At any phase after the exit, at the firmware's level before the bridge, at EL1 behind it."""
    crumb = place.split(":")[0]
    number = [c for c, _, _ in phases()].index(crumb)
    machine = "virt" + (",virtualization=on" if el == 2 else "")
    with Guest(f"arm-panic-{place.replace(':', '-')}-el{el}", cpu="cortex-a72", machine=machine,
               conf=[f"*panicat={place}"], **ARM) as g:
        assert g.wait() == PANIC_STATUS, g.tail()
        # The first life's addresses are low; a stack that is full has no room for its last record.
        callers = [] if "stack" in place else [r"^panic: #01 pc=0x" + ("[0-9a-f]+$" if place[0] == "X" else "ffffffff8")]
        in_order(g.log, [WORDS[place], rf"^panic: last phase {number:02} ", *callers, r"^panic: end"])
