"""The same tree by another compiler, and a boot watched by the emulator itself."""

import os
import re
import shutil
import subprocess

import pytest

from imagoqemu import TOP, Guest

MINGW = "out/x86_64-mingw"


def built(directory):
    """The image as a clean copy of the tree builds it."""
    shutil.copytree(TOP, directory, ignore=shutil.ignore_patterns(".git", "out", "__pycache__"))
    subprocess.run(["make", "-s", "-j2", "all"], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    out = os.path.join(directory, "out/x86_64")
    return {name: open(os.path.join(out, name), "rb").read() for name in ("BOOTX64.EFI", "esp.img")}


def test_R6_same_bytes_twice(tmp_path):
    """Two copies of the tree, in directories of names of different length, build the same bytes."""
    a = built(str(tmp_path / "a"))
    b = built(str(tmp_path / "another-directory"))
    for name in a:
        assert a[name] == b[name], f"{name} differs between two builds of one tree"


@pytest.mark.ids("R5", "R6")
def test_R6_mingw_builds_and_boots():
    subprocess.run(["make", "-s", "-j2", "CC_KIND=mingw", "all"], cwd=TOP, check=True)
    efi = os.path.join(TOP, MINGW, "BOOTX64.EFI")
    done = subprocess.run([os.path.join(TOP, "tools/pecheck"), efi], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    with Guest("mingw", mem="512M", esp=os.path.join(TOP, MINGW, "esp.img")) as g:
        g.prompt()
        assert "hello" in g.run("echo hello")
        assert g.poweroff() == 0


@pytest.mark.ids("S-2", "D8", "K6")
def test_S2_no_exception_that_nobody_asked_for():
    """QEMU logs every exception: none but page faults, and those of the kernel only in copies to and from users."""
    with Guest("exceptions", mem="512M", qmp=True) as g:
        trace = os.path.join(g.tmp, "int.log")
        g.qmp("human-monitor-command", **{"command-line": f"logfile {trace}"})
        g.qmp("human-monitor-command", **{"command-line": "log int"})
        g.prompt()
        g.run("ls /boot | cat")
        with open(trace, errors="replace") as f:
            seen = re.findall(r"v=(..) e=(\w+) i=0 cpl=(\d)", f.read())
        g.poweroff()
    assert seen, "the trace is empty"
    wrong = [s for s in seen if s[0] in ("06", "08", "0d", "12")]
    assert wrong == []
    in_kernel = [s for s in seen if s[0] == "0e" and s[2] == "0"]
    assert len(in_kernel) < 200, f"{len(in_kernel)} page faults of the kernel"
