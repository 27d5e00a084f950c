"""
The memory system on a running machine: its reports agree with each other, its self-tests pass, broken promises
end in a panic that names page, owner and caller, and a machine of 4 TiB pays what a small one does.
"""

import re

import pytest

from imagoqemu import Guest, in_order

PANIC_STATUS = 2 * 0x12 + 1  # what QEMU makes of DexitPanic (arch.h)

# Word for /dev/command, and what the panic must say.
BREAKS = {
    "memearly": r"earlypage: sealed by pageinit, caller 0x[0-9a-f]{16}",
    "memdoublefree": r"putpage: page 0x[0-9a-f]+ refcount is -1 \(expected in use\) purpose \d owner 0x[0-9a-f]{16} "
                     r"caller 0x[0-9a-f]{16}",
    "memforeign": r"putpage: .*(is no page|refcount is 0).* caller 0x[0-9a-f]{16}",
    "memoverflow": r"pool Main block 0x[0-9a-f]+: mem user overflow",
    "memheader": r"xfree\(0x[0-9a-f]+\) 0x0 != 0x484f4c45",
}


def balances(log):
    """(phase, ram, {kind: bytes}, off, verdict) of every MEMBAL line."""
    for m in re.finditer(r"^MEMBAL (\S+) ram (\d+) = (.*) off (\d+) (ok|BAD)$", log, re.M):
        terms = dict(t.rsplit(" ", 1) for t in m[3].split(" + "))
        yield m[1], int(m[2]), {k: int(v) for k, v in terms.items()}, int(m[4]), m[5]


@pytest.mark.ids("H3", "H4", "H11", "H13", "H15", "B4", "B6", "F5", "F8", "M4", "U3")
def test_H13_M4_reports_agree():
    with Guest("memory-reports", mem="512M", conf=["*poison=1"]) as g:
        g.prompt()
        swap = g.run("cat /dev/swap")
        g.run("mem")
        g.run("xsummary")
        log = g.log
    law = list(balances(log))
    assert len(law) >= 7, "MEMBAL lines"
    for phase, ram, kinds, off, verdict in law:
        assert off == 0 and verdict == "ok" and sum(kinds.values()) == ram, (phase, kinds, off)
        assert ram == law[0][1], "RAM changed"
    numbers = dict((name, value) for value, name in re.findall(r"^(\S+) (memory|pagesize|kernel|user)$", swap, re.M))
    used, may = map(int, numbers["user"].split("/"))
    assert int(numbers["memory"]) == law[0][1] == (int(numbers["kernel"]) + may) * 4096
    assert int(numbers["kernel"]) * 4096 <= (4 << 20) + law[0][1] // 1000, "U3"
    # conf.mem is the ledger's free memory, less the page that holds conf.mem
    banks = sum(int(n) for n in re.findall(r"^meminit: conf\.mem\[\d+\]: base=0x[0-9a-f]+ npage=(\d+)$", log, re.M))
    first = law[0][2]
    assert first["free"] - banks * 4096 in (4096, 8192)
    usable = [int(n) for n in re.findall(r"usable (\d+) MiB", log)]
    gained = re.search(r"reclaimed \+(\d+) MiB", log)
    assert usable and gained and abs(int(gained[1]) - (first["boot"] + first["loader"]) // (1 << 20)) <= 1
    m = re.findall(r"(\d+)M memory: (\d+)M kernel data, (\d+)M user, (\d+)M swap", log)
    assert m and all(int(a) == int(k) + int(u) and s == "0" for a, k, u, s in m)
    assert int(m[-1][2]) == may * 4096 >> 20 and int(m[-1][0]) == law[0][1] >> 20
    assert re.search(r"pageinit: .*unmapped 0 poisoned 0 ", log)
    # xsummary adds up, and is what the law calls xfree
    holes = [int(n) for n in re.findall(r"^xalloc: 0x[0-9a-f]+ 0x[0-9a-f]+ (\d+)$", log, re.M)]
    last = [int(n) for n in re.findall(r"^xalloc: (\d+) bytes free$", log, re.M)][-1]
    assert last in holes or last == sum(holes[-2:])
    assert last == law[-1][2]["xfree"]
    in_order(log, [r"xinit complete", r"pageinit: ", r"pageinit complete", r"usable", r"reclaimed"])


@pytest.mark.ids("H13")
def test_H13_a_leaked_page_is_named():
    with Guest("memory-leak") as g:
        g.prompt()
        g.run("echo -n memleak >/dev/command")
        law = list(balances(g.log))
        assert law[-1][0] == "leak" and law[-1][3] == 4096 and law[-1][4] == "BAD"
        assert re.search(r"^membal: class pages off 4096: ", g.log, re.M)


@pytest.mark.ids("H12", "H15", "F3", "G2", "H6")
@pytest.mark.parametrize("word", BREAKS)
def test_H12_H15_broken_promises_panic(word):
    with Guest("memory-" + word) as g:
        g.prompt()
        g.send(f"echo -n {word} >/dev/command\n")
        assert g.wait() == PANIC_STATUS, g.tail()
        assert re.search(r"^panic: " + BREAKS[word], g.log, re.M), g.tail()


@pytest.mark.ids("U1", "U3", "H2")
def test_U1_4T_costs_what_256M_costs():
    kept = {}
    for mem, words in (("256M", {}), ("4T", {"big": True, "cpu": "max,phys-bits=46", "timeout": 200})):
        with Guest("memory-" + mem, mem=mem, **words) as g:
            g.prompt()
            swap = g.run("cat /dev/swap")
            kept[mem] = int(re.search(r"^(\d+) kernel$", swap, re.M)[1]) * 4096
            assert all(v == "ok" for *_, v in balances(g.log))
    assert kept["4T"] - kept["256M"] <= 2 << 20, kept
