"""The boot matrix: each machine reaches the shell with its memory accounted for, seen from in and outside."""

import itertools

import pytest

import matrix
from imagoqemu import Failed, Guest
from matrix import EXTRA, KEYS, pairwise, row_name

ROWS = pairwise() + EXTRA


def test_R8_rows_cover_every_pair():
    rows = pairwise()
    for a, b in itertools.combinations(KEYS, 2):
        want = set(itertools.product({r[a] for r in rows}, {r[b] for r in rows}))
        have = {(r[a], r[b]) for r in rows}
        assert have == want, f"{a} x {b}: {want - have}"


@pytest.mark.ids("A3", "B4", "B8", "C2", "D7", "H13", "Q1", "R8", "S-1", "S-2", "S-9", "T1", "U1")
@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_R2_matrix(row, result):
    """One boot; each thing that it must show is a result of its own."""
    def check(name, f, *words):
        try:
            f(*words)
            result(name, True)
        except Failed as e:
            result(name, False, str(e))

    with Guest("matrix-" + row_name(row), **row) as g:
        g.prompt()
        check("H13_memory_balances", matrix.check_membal, g.log)
        check("Q1_phases_in_order", matrix.check_phases, g.log)
        check("B4_H1_usable_ram", matrix.check_usable, g)
        check("T1_efimap_accepts_the_log", matrix.check_efimap, g)
        check("C2_C3_C4_C5_view_from_outside", matrix.check_outside, g)
        assert g.poweroff() == 0
