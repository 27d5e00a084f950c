"""
tools/phase: logs, crumbs and images of memory tell where a boot stopped; its table is the kernel's own.
"""

import importlib.machinery
import importlib.util
import io
import struct
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TOOL = TOP / "tools/phase"
loader = importlib.machinery.SourceFileLoader("phasetool", str(TOOL))
spec = importlib.util.spec_from_loader("phasetool", loader)
phase = importlib.util.module_from_spec(spec)
loader.exec_module(phase)
ROWS = phase.table()


def log(numbers):
    lines = [f"{ROWS[n][2]} {n:02} +{3 * n}ms {ROWS[n][3]} some 0x12" for n in numbers]
    return ("BdsDxe: starting\r\n" + "\n".join(lines) + "\n% ").encode()


def tell(data):
    out = io.StringIO()
    status = phase.read(data, ROWS, out)
    return status, out.getvalue()


def memory(text, last, pad=4096):
    ring = text.encode()
    return b"\0" * pad + phase.MAGIC + struct.pack("<QQQ", len(ring), 5 * len(ring), last) + ring + b"\0" * 99


def test_Q1_every_phase_has_a_cause_and_a_crumb():
    assert len({r[1] for r in ROWS}) == len(ROWS)
    assert {r[1] for r in ROWS} == set(phase.CAUSES)


def test_Q1_whole_log():
    status, text = tell(log(range(len(ROWS))))
    assert status == 0 and text == f"last: {len(ROWS) - 1:02} {ROWS[-1][1]} {ROWS[-1][3]}\n"


@pytest.mark.parametrize("gone", range(len(ROWS) - 1))
def test_Q1_a_dropped_phase_is_named(gone):
    status, text = tell(log(n for n in range(len(ROWS)) if n != gone))
    assert status == 1 and f"missing: {gone:02} {ROWS[gone][1]}" in text


@pytest.mark.parametrize("last", range(len(ROWS) - 1))
def test_Q2_R10_stopped_at(last):
    crumbs = "".join(ROWS[n][1] for n in range(last + 1)).encode()
    for data in log(range(last + 1)), crumbs, b"SecCoreStartup\n" + crumbs:
        status, text = tell(data)
        assert status == 1
        assert f"last: {last:02} {ROWS[last][1]} {ROWS[last][3]}" in text
        assert f"next: {last + 1:02} {ROWS[last + 1][1]}" in text
        assert f"likely: {phase.CAUSES[ROWS[last + 1][1]]}" in text


def test_Q1_order():
    status, text = tell(log([0, 1, 3, 2]))
    assert status == 1 and "out of order" in text


def test_Q3_ring_in_memory():
    status, text = tell(memory(log(range(9)).decode(), 8))
    assert status == 1 and "last: 08" in text
    status, text = tell(memory("overwritten by much other text", 11))
    assert status == 1 and "last: 11" in text


def test_Q3_newest_of_two_rings_and_broken_heads():
    old, new = memory(log(range(3)).decode(), 2), memory(log(range(20)).decode(), 19)
    broken = phase.MAGIC + struct.pack("<QQQ", 1 << 62, 1 << 63, 5)
    assert "last: 19" in tell(broken + new + old + phase.MAGIC)[1]


def test_R10_panic_is_told_first():
    status, text = tell(log(range(len(ROWS))) + b"\npanic: kernel fault: write addr=0x0\npanic: end\n")
    assert status == 1 and text.startswith("panic: kernel fault: write addr=0x0\n")


def test_R10_unusable(tmp_path):
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert subprocess.run([TOOL, empty], capture_output=True).returncode == 2
    assert subprocess.run([TOOL, tmp_path / "none"], capture_output=True).returncode == 2
    done = subprocess.run([TOOL], input=log(range(4)), capture_output=True)
    assert done.returncode == 1 and b"last: 03" in done.stdout
