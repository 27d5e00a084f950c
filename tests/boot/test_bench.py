"""The figures: below the limits, and the same to the digit twice."""

import os
import re
import subprocess

import pytest

from imagoqemu import TOP


@pytest.mark.ids("U2", "U3", "T7")
def test_U2_U3_figures(result):
    done = subprocess.run([os.path.join(TOP, "tools/bench")], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    rows = re.findall(r"^bench: (\w+) (\d+) (\w+)(.*)$", done.stdout, re.M)
    for name, value, unit, verdict in rows:
        result("U2_" + name, "OVER" not in verdict, f"{value} {unit}{verdict}")
    assert len(rows) >= 9, done.stdout
    assert "two runs differ" not in done.stdout, done.stdout
    assert len(re.findall(r"^phase: ", done.stdout, re.M)) > 20, "no phases"
