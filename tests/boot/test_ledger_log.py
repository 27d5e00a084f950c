"""The boot log tells the whole conversion, and can be trusted: efimap --check accepts it and finds any change."""
import os
import random
import re
import subprocess

from imagoqemu import TOP, Guest

EFIMAP = os.path.join(TOP, "out/host/efimap")


def check(text):
    p = subprocess.run([EFIMAP, "--check", "-"], input=text, capture_output=True)
    return p.returncode, p.stdout.decode()


def test_T1_T2_boot_log_checks_and_no_digit_can_change():
    with Guest("ledgerlog", mem="512M") as g:
        g.prompt()
        g.run("ls /bin")
        g.poweroff()
        log = g.log.encode() if isinstance(g.log, str) else g.log
    status, words = check(log)
    assert status == 0, words
    assert re.search(r"[67]\d? MEMBAL lines|\d+ MEMBAL lines", words) and "2 seals hold" in words
    start, end = log.index(b"BOOT: 00"), log.rindex(b"log: seal")
    digits = [m.start() for m in re.finditer(rb"[0-9a-f]", log[:end]) if m.start() > start]
    rng = random.Random(2)
    for at in rng.sample(digits, 60):
        other = rng.choice([c for c in b"0123456789" if c != log[at]])
        status, words = check(log[:at] + bytes([other]) + log[at + 1:])
        assert status != 0, log[log.rindex(b"\n", 0, at):log.index(b"\n", at)]
