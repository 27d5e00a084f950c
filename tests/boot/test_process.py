"""
What the kernel says and does about processes, from outside them: the first one's way to user mode, a lock that
a call forgets, memory that runs out.
"""

import re

import pytest

from imagoqemu import SLOW, Guest


@pytest.mark.ids("K5", "N2", "O1")
def test_K5_N2_O1_the_first_steps_to_user_mode():
    with Guest("process-first", mem="256M", vga="none") as g:
        g.prompt()
        log = g.log
        assert re.search(r"^userinit: ring3 preflight ok pc 0x200000 sp 0x7\w+ kstack 0xfffffd\w+ demand=2$", log, re.M)
        order = ["userinit scheduled *init* kernel process", "BOOT[userinit]: ", "entering scheduler",
                 "BOOT[proc0]: ", "chandevinit complete", "environment configured", "ring3 preflight ok",
                 "entering user mode with initcode", "init: user mode reached, pid 1"]
        at = [log.index(words) for words in order]
        assert at == sorted(at)
        assert "should never happen" not in log


@pytest.mark.ids("Q8")
def test_Q8_a_lock_kept_over_a_call_is_a_panic():
    with Guest("process-leak", mem="256M", vga="none") as g:
        g.prompt()
        g.send("echo -n leaklock > /dev/command\n")
        g.console.expect(r"leaves with 1 locks", timeout=30 * SLOW)


@pytest.mark.ids("H14")
def test_H14_who_eats_all_memory_dies_alone():
    with Guest("process-eater", mem="128M", vga="none") as g:
        g.prompt()
        text = g.run("eater -a", timeout=120 * SLOW)
        assert "Killed: Insufficient physical memory" in text
        assert "not ok" not in text
        assert "hello" in g.run("echo hello")
