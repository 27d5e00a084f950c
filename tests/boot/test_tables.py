"""What the page tables forbid is tried from inside: each try ends in the banner that names it, never in silence."""

import re

import pytest

from test_panic import panicked

# place:way, what the banner says, and whose rule it is
TRIES = [
    pytest.param("K9:text", "PROTECTION VIOLATION", "WRITE", id="D10_write_to_text"),
    pytest.param("K9:alias", "PROTECTION VIOLATION", "WRITE", id="C3_write_to_text_by_the_direct_map"),
    pytest.param("K9:data", "PROTECTION VIOLATION", "EXECUTE", id="D10_execute_data"),
    pytest.param("K9:hhdm", "PROTECTION VIOLATION", "EXECUTE", id="C2_execute_the_direct_map"),
    pytest.param("P3:user", "PROTECTION VIOLATION", "READ", id="K7_read_user_memory_unasked"),
]


@pytest.mark.ids("C3", "C4", "D10", "Q5")
@pytest.mark.parametrize("place, kind, access", TRIES)
def test_C3_D10_forbidden(place, kind, access):
    log = panicked("tables-" + place.replace(":", "-"), place).log
    assert re.search(rf"^trap: Fault Type: {kind}$", log, re.M), log[-3000:]
    assert re.search(rf"^trap: Access Type: {access}$", log, re.M), log[-3000:]
    assert re.search(r"^trap: Privilege: KERNEL MODE", log, re.M), log[-3000:]
