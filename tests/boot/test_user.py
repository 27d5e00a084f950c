"""
User programs that test the kernel from user mode. Each esp/test/*.c (but for those whose head says
`helper`) is run from the shell of one boot; its lines

    ok NAME
    not ok NAME: why

are results of their own, with the ids that NAME begins with, and its last line is `done`. The machine must
balance afterwards: what a program took came back. A program whose head says that time is `counted` (it measures
time) runs on a machine whose clock counts instructions.
"""

import glob
import os
import re

import pytest

from imagoqemu import SLOW, TOP, Failed, Guest

SOURCES = sorted(glob.glob(os.path.join(TOP, "esp/test/*.c")))


# The clock of the machine is the number of its instructions: a busy host takes nothing from it.
COUNTED = ["-icount", "shift=5,sleep=off"]


def head_says(word, program):
    with open(os.path.join(TOP, "esp/test", program + ".c")) as f:
        return re.search(rf"\b{word}\b", f.read(1500).split("*/")[0]) is not None


PROGRAMS = [p for p in (os.path.basename(s)[:-2] for s in SOURCES) if not head_says("helper", p)]


def results_of(text):
    """(name, ok, why) of each line that is a result."""
    found = re.findall(r"^(not )?ok ([\w.+-]+)(?:: *(.*))?$", text, re.M)
    return [(name, not bad, why) for bad, name, why in found]


@pytest.mark.ids("R7")
@pytest.mark.parametrize("program", PROGRAMS)
def test_R7_program(program, result):
    extra = COUNTED if head_says("counted", program) else []
    with Guest("user-" + program, mem="512M", conf=["*poison=1"], extra=extra) as g:
        g.prompt()
        text = g.run(program, timeout=180 * SLOW)
        rows = results_of(text)
        for name, ok, why in rows:
            result(name, ok, why + "\n" + text[-3000:] if not ok else "")
        if not re.search(r"^done$", text, re.M):
            raise Failed(f"{program} did not come to its end:\n{text[-3000:]}\n{g.tail()}")
        assert rows, f"{program} gave no result"
        membal = re.findall(r"^MEMBAL .*$", g.run("mem"), re.M)
        assert membal and all(line.endswith(" off 0 ok") for line in membal), membal
        assert g.poweroff() == 0
