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


def ppm(path):
    with open(path, "rb") as f:
        magic, size, _, pixels = f.read().split(b"\n", 3)
    assert magic == b"P6"
    w, h = map(int, size.split())
    return w, h, lambda x, y: pixels[3 * (y * w + x):3 * (y * w + x) + 3]


def test_T10_the_screen_shows_the_map():
    """The bar at the top has the colours of the ledger's kinds, in order, from edge to edge."""
    kinds = dict(re.findall(r'K\(K(\w+),.*0x(\w{6})\)', open(os.path.join(TOP, "include/kind.h")).read()))
    with Guest("ledgerscreen", mem="512M", vga="std") as g:
        g.prompt()
        w, h, at = ppm(g.screendump())
        g.poweroff()
        log = g.log if isinstance(g.log, str) else g.log.decode()
    bar = [at(x, 14).hex() for x in range(w)]
    runs = [c for i, c in enumerate(bar) if i == 0 or bar[i - 1] != c]
    assert set(runs) <= {c.lower() for c in kinds.values()} | {"000000"}
    assert bar[0] == kinds["Reserved"] and bar[-1] == kinds["Mmio"]
    for k in ("Low", "Free", "Boot", "Nvs", "Acpi", "Runtime", "Image", "Tables"):
        assert kinds[k] in runs, k
    assert "screen: 1280x800" in log and [at(x, 46) for x in range(0, w, 7)].count(b"\0\0\0") > w // 7 - 20


def test_B3_B9_B13_memmap_in_9fronts_words():
    """Fixed memory, fixed firmware: the lines of memmapdump; the settings that 9front's loader would have given."""
    with Guest("ledgermemmap", mem="512M", ovmf="4M") as g:
        g.prompt()
        out = g.run("echo memmap > /dev/command").replace("\r", "")
        g.poweroff()
    lines = re.findall(r"^[0-9a-f]{16}-[0-9a-f]{16} [0-9a-f]+$", out, re.M)
    assert lines[0] == "0000000000000000-0000000000001000 4"
    assert lines[1] == "0000000000001000-00000000000a0000 1"
    assert lines[-2:] == ["00000000b0000000-00000000c0000000 4", "00000000ffc00000-0000000100000000 0"]
    assert any(ln.endswith("-0000000020000000 4") for ln in lines)  # the top of RAM is NVS here
    assert re.search(r"^low +636 KiB in 1 range$", out, re.M) and "LOST 0 (0 bytes)" in out
