"""
The console by hand: line editing, interrupts, end of file, what is typed ahead, and that nothing of a
long output is lost.
"""

import time

import pytest

from imagoqemu import SLOW, Guest


@pytest.fixture(scope="module")
def guest():
    with Guest("console", mem="512M") as g:
        g.prompt()
        yield g
        g.poweroff()


def typed(guest, keys):
    guest.send(keys)
    return guest.prompt(timeout=30 * SLOW)


def test_M3_backspace_and_kill(guest):
    assert "kept\n" in typed(guest, "ecxx\b\bho drop\b\b\b\bkept\r").replace("\r", "")
    assert "all new" in typed(guest, "this is not run\x15echo all new\n")
    assert "rubbed" in typed(guest, "echo rubbedx\x7f\n")


def test_M3_interrupt_ends_what_runs(guest):
    guest.send("sleep 1000\n")
    time.sleep(1)
    began = time.time()
    typed(guest, "\x03")
    assert time.time() - began < 20 * SLOW
    assert "interrupt" in guest.run("echo $status")
    guest.send("cat\n")
    time.sleep(0.5)
    typed(guest, "\x7f")  # DEL with an empty line is Plan 9's interrupt
    assert "interrupt" in guest.run("echo $status")


def test_M3_interrupt_of_a_busy_program(guest):
    guest.send("eater\n")
    time.sleep(0.5)
    guest.send("\x03")
    guest.send("echo still here\n")
    guest.expect(r"(?:\n|% )still here\r?\n", timeout=60 * SLOW)
    guest.prompt()


def test_M3_end_of_file(guest):
    guest.send("cat\n")
    time.sleep(0.5)
    text = typed(guest, "through\n\x04")
    assert text.count("through") == 2
    typed(guest, "\x04")  # the shell's own end: init starts another
    assert "pid" not in guest.run("echo again")


def test_M5_typed_ahead(guest):
    guest.send("sleep 1\necho one\necho two\n")
    guest.expect(r"(?:\n|% )one\r?\n", timeout=30 * SLOW)
    guest.expect(r"(?:\n|% )two\r?\n", timeout=30 * SLOW)
    guest.prompt()


def test_M5_a_megabyte_arrives_whole(guest):
    text = guest.run("megabyte", timeout=300 * SLOW).replace("\r", "")
    lines = [line for line in text.split("\n") if line.startswith("line ")]
    assert len(lines) == 16384
    for i, line in enumerate(lines):
        assert line == f"line {i:6} " + "0123456789abcdef" * 3 + "abc", line
