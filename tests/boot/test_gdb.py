"""gdb on a running machine: symbols right at KZERO, and the script's own commands, in one batch run."""

import os
import re
import subprocess

import pytest

from imagoqemu import OUT, TOP, Guest

EFI = os.path.join(OUT, "BOOTX64.EFI")


def gdb(sock, *commands):
    words = [w for c in commands for w in ("-ex", c)]
    done = subprocess.run(["gdb", "-q", "-nx", "-batch", EFI, "-ex", f"target remote {sock}",
                           "-x", os.path.join(TOP, "tools/gdb/imago.py"), *words],
                          cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.stdout


@pytest.mark.ids("R3", "Q3")
def test_R3_Q3_gdb_at_the_prompt(result, tmp_path):
    sock = str(tmp_path / "gdb")
    with Guest("gdb", mem="512M", extra=["-chardev", f"socket,id=gdb,path={sock},server=on,wait=off",
                                         "-gdb", "chardev:gdb"]) as g:
        g.prompt()
        said = gdb(sock, "walk kmain", "walk 0", "phase", "holes", "ringlog 1000", "info symbol kmain", "bt 1")

        def check(name, pattern):
            result(name, re.search(pattern, said, re.M) is not None, f"no {pattern!r} in:\n{said}")

        check("R3_walk_ends_in_text", r"PTE .*\n  pa 0x[0-9a-f]+ in a page of 4 KiB|PDE .*PS.*\n  pa 0x")
        check("R3_walk_stops_at_null", r"STOP: nothing at level \d")
        check("R3_phase", r"^phase: \d\d P3 entering user mode")
        check("R3_holes", r"^holes: \d+ of \d+ bytes; xalloc counts \d+ ok")
        check("Q3_ringlog", r"^BOOT\[init0\]: \d\d .*entering user mode")
        check("R3_symbols_at_KZERO", r"^kmain in section \.text")
