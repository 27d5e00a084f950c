"""The first of the two commands as a user types it: a shell on this terminal, a log left behind, status 0."""

import os
import subprocess

import pexpect
import pytest

from imagoqemu import BOOT_TIMEOUT, COMMAND_TIMEOUT, OUT, PROMPT, TOP


@pytest.mark.ids("A16", "L7", "T1")
def test_R2_tools_imago_run():
    log = os.path.join(OUT, "boot.log")
    shell = pexpect.spawn(os.path.join(TOP, "tools/imago"), ["run", "--mem", "256M"], cwd=TOP, encoding="utf-8",
                          codec_errors="replace", timeout=BOOT_TIMEOUT)
    shell.delaybeforesend = None
    try:
        shell.expect(PROMPT)
        shell.send("echo by hand | cat\n")
        shell.expect(r"\nby hand\r", timeout=COMMAND_TIMEOUT)
        shell.expect(PROMPT, timeout=COMMAND_TIMEOUT)
        shell.send("poweroff\n")
        shell.expect(pexpect.EOF, timeout=COMMAND_TIMEOUT)
    finally:
        shell.close()
    assert shell.exitstatus == 0
    checked = subprocess.run([os.path.join(TOP, "out/host/efimap"), "--check", log], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout
    with open(log, "rb") as f:
        data = f.read()
    digits = [i for i, c in enumerate(data) if chr(c).isdigit()]
    for at in digits[:3] + digits[-3:] + digits[::len(digits) // 30]:  # the firmware's lines, ours, the seal itself
        bad = data[:at] + (b"1" if data[at:at + 1] != b"1" else b"2") + data[at + 1:]
        assert subprocess.run([os.path.join(TOP, "out/host/efimap"), "--check", "-"], input=bad,
                              stdout=subprocess.DEVNULL).returncode != 0, data[max(0, at - 40):at + 10]
