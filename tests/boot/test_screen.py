"""The framebuffer, as a photograph: log and shell on it, panics too, and no display is no trouble."""

import re

import pytest

from imagoqemu import Guest


def ppm(path):
    """Width, height and pixel bytes of a P6 file."""
    with open(path, "rb") as f:
        data = f.read()
    m = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    return int(m[1]), int(m[2]), data[m.end():]


def cells(path, w=8, h=16):
    """How many character cells of the screen hold both ink and paper, by text row."""
    width, height, pix = ppm(path)
    rows = []
    for top in range(0, height - h + 1, h):
        inked = 0
        for left in range(0, width - w + 1, w):
            starts = (3 * ((top + y) * width + left) for y in range(0, h, 2))
            inked += len({pix[at + 3 * x:at + 3 * x + 3] for at in starts for x in range(w)}) > 1
        rows.append(inked)
    return rows


@pytest.mark.ids("A6", "J3", "M5", "T10")
def test_A6_J3_log_and_shell_on_the_screen():
    with Guest("screen", mem="512M", vga="std") as g:
        g.prompt()
        assert re.search(r"^BOOT: 01 .*gop.*\d+x\d+", g.log, re.M), g.tail()
        before = cells(g.screendump("boot.ppm"))
        assert sum(before) > 500, f"only {sum(before)} cells of text on the screen"
        g.run("echo " + "#" * 60)
        after = cells(g.screendump("shell.ppm"))
        assert after != before, "what the shell writes does not reach the screen"
        assert g.poweroff() == 0


def test_Q4_T10_panic_on_the_screen():
    """The machine stays up after its panic (no debug exit), so that the screen can be looked at."""
    with Guest("screen-panic", mem="512M", vga="std", conf=["*panicat=K9:null"], debugexit=False) as g:
        g.expect("panic: end")
        assert sum(cells(g.screendump("panic.ppm"))) > 300


def test_A6_no_display():
    with Guest("no-display", mem="512M", vga="none") as g:
        g.prompt()
        assert g.poweroff() == 0
