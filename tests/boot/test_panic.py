"""
A kernel fault at any phase ends in words and a status: banner, phase, registers, callers, on the serial line;
never a triple fault, never a silent hang.
"""

import re

import pytest

from imagoqemu import Guest, in_order
from matrix import phases

PANIC_STATUS = 2 * 0x12 + 1  # what QEMU makes of DexitPanic (arch.h)

# Where, and how: each way of failing, at phases from the first after the firmware to the last before user mode.
PLACES = ["X1:null", "X2:ud", "K0:null", "K1:print", "K2:div", "K3:gp", "K5:null", "K5:stack", "K6:lock", "K8:panic",
          "K9:null", "Ka:ud", "Kc:stack", "Kd:gp", "P0:null", "P2:lock"]
TRAPS = {"null": "page fault|fault", "ud": "invalid opcode", "div": "divide", "gp": "general protection",
         "stack": "double fault", "print": "page fault|fault", "lock": "page fault|fault"}


def panicked(name, place, **words):
    """Boot to a deliberate fault; the guest, ended, with the panic's text checked in its order."""
    crumb, how = place.split(":")
    number = [c for c, _, _ in phases()].index(crumb)
    text = phases()[number][2]
    with Guest(name, conf=[f"*panicat={place}"], **words) as g:
        status = g.wait()
        log = g.log
        assert status == PANIC_STATUS, f"status {status} ({g.ended() or 'no shutdown'}):\n{g.tail()}"
        in_order(log, [rf"^BOOT.*{re.escape(text)}", r"^panic: ",
                       rf"^panic: last phase {number:02} {re.escape(text)}", r"^panic: called from pc=0x[0-9a-f]+",
                       r"^panic: end"])
        if how in TRAPS:
            assert re.search(rf"(?i)^panic: .*({TRAPS[how]})", log, re.M), g.tail()
        assert b"!!panic" in g.crumbs(), "the debug port does not know of it"
    return g


@pytest.mark.ids("Q4", "D8", "K6")
@pytest.mark.parametrize("place", PLACES)
def test_Q4_D8_panic(place):
    panicked("panic-" + place.replace(":", "-"), place)


def test_C5_stack_overflow_names_the_guard():
    g = panicked("panic-guard", "K9:stack")
    assert re.search(r"(?i)guard", g.log), g.tail()
