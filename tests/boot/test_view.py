"""A real boot seen from outside, and its own tables broken in every way: each break is named."""

import time

import pytest

import outside
from breaks import BREAKS, Skip
from imagoqemu import Guest


@pytest.mark.ids("C2", "C3", "C4", "C5", "D10", "J2", "S-3", "S-12")
def test_C2_C3_C4_C5_D10_view_from_outside(result):
    with Guest("view") as g:
        g.prompt()
        start = time.monotonic()
        view = outside.stand_still(g.qmp, g.log)
        found = outside.judge(view)
        took = time.monotonic() - start
        g.qmp("cont")
        assert g.poweroff() == 0
    assert found == []
    assert took < 5, f"the view took {took:.1f} s"
    view.fetch = None
    for name, rule, edit in BREAKS:
        broken = view.copy()
        try:
            edit(broken)
        except Skip:
            continue
        heard = {line.split(":")[0] for line in outside.judge(broken)}
        result(f"C2_break_{name}_is_named", rule in heard, f"rules that spoke: {heard}")
