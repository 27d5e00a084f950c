#!/usr/bin/python3
"""
outside: the view from outside. Stops a guest through QEMU's monitor, reads its registers, walks its page tables
in its memory with a walker of its own, and says what breaks a rule. Nothing that the kernel says about its tables
is believed; from the boot log it takes the ledger alone, and holds the tables against it.

    outside.py --qmp SOCKET --log FILE     judge a running guest (it is stopped for the time and goes on)
    outside.py --boot [-- QEMU WORDS]      boot the image to the prompt and judge that
    outside.py --load FILE                 judge what --save FILE wrote

Prints one line for each broken rule, "rule: words", and ends with status 1; a sound guest gives a summary and 0.
For tests: problems(guest) takes an imagoqemu.Guest at its prompt and gives the list of lines.

Rules: wx alias user-bit low-half null direct-map direct-rights direct-exec code-place image-end guards stack
       windows reserved garbage secrets cr
"""

import argparse
import copy
import json
import os
import re
import struct
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
P, W, U, PWT, PCD, PS, G = 1, 2, 4, 8, 16, 128, 256
NX = 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
CR0_WP, CR4_SMEP, CR4_SMAP, CR4_UMIP, CR4_LA57, EFER_NXE = 1 << 16, 1 << 20, 1 << 21, 1 << 11, 1 << 12, 1 << 11
HALF = 1 << 47
RAM = {"free", "boot", "loader", "low", "acpi"}  # classes of the ledger that the direct map shows
NOTHING_BELOW = 64 * 1024


def layout(header=os.path.join(TOP, "include/layout.h")):
    """The constants of layout.h as the kernel has them (not the host tests)."""
    text = open(header).read()
    text = re.sub(r"#ifdef IMAGO_HOST.*?#else", "", text, flags=re.S)
    names = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
    for name, value in re.findall(r"^#define (\w+)[ \t]+(.*?)(?:/\*.*)?$", text, re.M):
        value = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)(?:ull|u)\b", r"\1", value)
        try:
            names[name] = int(eval(value, {"__builtins__": {}}, names))
        except (SyntaxError, NameError, TypeError):
            pass  # not a number: a macro with arguments
    return names


L = layout()


def size(n):
    for unit, word in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if n >= unit and n % unit == 0:
            return f"{n // unit} {word}"
    return f"{n} bytes"


# ---- what is looked at ---------------------------------------------------------------------------------------


class View:
    """A guest standing still: registers and features of each processor, RAM as QEMU sees it, log, pages."""

    def __init__(self):
        self.cpus = []   # {"cr0":, "cr3":, "cr4":, "efer":, "rsp":, "cpl":, "features": {...}, "width":}
        self.ram = []    # [start, end) of the machine's RAM
        self.log = ""
        self.pages = {}  # page number: 512 entries; only those that were asked for
        self.fetch = None

    def need(self, pages):
        """Read these pages, neighbours in one go."""
        missing = sorted(set(pages) - self.pages.keys())
        while missing:
            n = 1
            while n < len(missing) and missing[n] == missing[0] + n:
                n += 1
            data = self.fetch(missing[0] << 12, n << 12) if self.fetch else bytes(n << 12)
            for i in range(n):
                self.pages[missing[i]] = list(struct.unpack_from("<512Q", data, i << 12))
            missing = missing[n:]

    def copy(self):
        v = copy.copy(self)
        v.pages = {k: list(p) for k, p in self.pages.items()}
        v.cpus = copy.deepcopy(self.cpus)
        v.ram = list(self.ram)
        return v

    def entry(self, va, level=0, cpu=0):
        """(page, index) of the entry for va, at this level or at the large leaf above; for those who edit."""
        page = self.cpus[cpu]["cr3"] >> 12 & 0xFFFFFFFFFF
        for at in range(3, -1, -1):
            self.need([page])
            i = va >> 12 + 9 * at & 511
            e = self.pages[page][i]
            if at == level or not e & P or (at in (1, 2) and e & PS):
                return page, i
            page = (e & ADDRESS) >> 12

    def get(self, va, level=0):
        page, i = self.entry(va, level)
        return self.pages[page][i]

    def set(self, va, value, level=0):
        page, i = self.entry(va, level)
        self.pages[page][i] = value

    def save(self, path):
        with open(path, "w") as f:
            json.dump({"cpus": self.cpus, "ram": self.ram, "log": self.log,
                       "pages": {f"{k:x}": {i: f"{e:x}" for i, e in enumerate(p) if e} for k, p in
                                 self.pages.items()}}, f)

    @staticmethod
    def load(path):
        with open(path) as f:
            d = json.load(f)
        v = View()
        v.cpus, v.ram, v.log = d["cpus"], [tuple(r) for r in d["ram"]], d["log"]
        for k, p in d["pages"].items():
            v.pages[int(k, 16)] = [int(p.get(str(i), "0"), 16) for i in range(512)]
        return v


def machine_ram(mtree):
    """[start, end) of RAM in the flat view of the processor's memory; no video memory, no flash."""
    for part in mtree.split("FlatView #")[1:]:
        if 'AS "memory"' in part:
            found = re.findall(r"^ +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\): (\S+)", part, re.M)
            return merge([(int(a, 16), int(b, 16) + 1) for a, b, name in found
                          if not re.search(r"vram|flash|rom|bios", name)])
    return []


def stand_still(qmp, log):
    """A View of a guest behind a QMP function; the guest is stopped and the caller lets it go on."""
    hmp = lambda line: qmp("human-monitor-command", **{"command-line": line})
    v = View()
    v.log = log
    qmp("stop")
    v.ram = machine_ram(hmp("info mtree -f"))
    for cpu in qmp("query-cpus-fast"):
        text = qmp("human-monitor-command", **{"command-line": "info registers", "cpu-index": cpu["cpu-index"]})
        reg = {k.lower(): int(x, 16) for k, x in re.findall(r"\b(CR[034]|EFER|RSP)=([0-9a-f]+)", text)}
        if "rsp" not in reg:
            continue  # parked in real mode by the firmware, never started
        reg["cpl"] = int(re.search(r"CPL=(\d)", text).group(1))
        prop = lambda name: qmp("qom-get", path=cpu["qom-path"], property=name)
        reg["features"] = {f: prop(f) for f in ("nx", "smep", "smap", "umip", "pdpe1gb")}
        reg["width"] = prop("phys-bits") or 40
        v.cpus.append(reg)
    tmp = tempfile.NamedTemporaryFile(prefix="imago.")

    def fetch(pa, n):
        qmp("pmemsave", val=pa, size=n, filename=tmp.name)
        with open(tmp.name, "rb") as f:
            return f.read()

    v.fetch = fetch
    return v


# ---- the walk ------------------------------------------------------------------------------------------------


class Leaf:
    """A run of addresses mapped alike: [va, va+n) to [pa, pa+n)."""
    __slots__ = ("va", "pa", "n", "w", "x", "u", "g", "type", "level")

    def __init__(self, va, pa, n, w, x, u, g, kind, level):
        self.va, self.pa, self.n, self.w, self.x, self.u, self.g, self.type, self.level = va, pa, n, w, x, u, g, kind, level

    def __str__(self):
        rights = "r" + ("w" if self.w else "-") + ("x" if self.x else "-") + (" user" if self.u else "")
        return f"[{self.va:016x}, {self.va + self.n:#018x}) -> {self.pa:#x} {rights}"


def canonical(va):
    return va | 0xFFFF << 48 if va & HALF else va


def walk(view, cpu, say):
    """All leaves under this processor's root, joined into runs; say() hears of entries that cannot be."""
    reg = view.cpus[cpu]
    nxe = bool(reg["efer"] & EFER_NXE)
    beyond = ADDRESS & ~((1 << reg["width"]) - 1)
    root = reg["cr3"] >> 12 & 0xFFFFFFFFFF
    todo, leaves, tables = [(root, 3, 0, W | U, False)], [], {root}
    for level in range(3, -1, -1):
        view.need({t[0] for t in todo})
        below = []
        for page, _, base, rights, nx in todo:
            for i, e in enumerate(view.pages[page]):
                if not e:
                    continue
                va = canonical(base + (i << 12 + 9 * level))
                if not e & P:
                    say("garbage", f"{va:016x} level {level} has an absent entry with bits: {e:#x}")
                    continue
                leaf = level == 0 or bool(e & PS)
                low = (1 << 12 + 9 * level) - 1 & ~0x1FFF if leaf and level else 0
                if e & beyond or e & low or (e & NX and not nxe) or (level == 3 and e & PS):
                    say("reserved", f"{va:016x} level {level} has reserved bits: {e:#x}")
                if va >= HALF and e & U:
                    say("user-bit", f"{va:016x} level {level} of the kernel's half is open to user mode: {e:#x}")
                r, n = rights & e, nx or bool(e & NX)
                if leaf:
                    span = 1 << 12 + 9 * level
                    kind = e >> 3 & 3 | (e >> (12 if level else 7) & 1) << 2
                    x = not n if nxe else True
                    leaves.append(Leaf(va, e & ADDRESS & ~(span - 1), span, bool(r & W), x, bool(r & U), bool(e & G),
                                       kind, level))
                else:
                    next_page = (e & ADDRESS) >> 12
                    tables.add(next_page)
                    below.append((next_page, level - 1, base + (i << 12 + 9 * level), r, n))
        todo = below
    leaves.sort(key=lambda f: f.va)
    return joined(leaves), tables


def joined(leaves):
    out = []
    for f in leaves:
        o = out[-1] if out else None
        if o and (o.va + o.n, o.pa + o.n, o.w, o.x, o.u, o.g, o.type) == (f.va, f.pa, f.w, f.x, f.u, f.g, f.type):
            o.n += f.n
        else:
            out.append(f)
    return out


# ---- ranges --------------------------------------------------------------------------------------------------


def merge(ranges):
    out = []
    for a, b in sorted(ranges):
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        elif a < b:
            out.append((a, b))
    return out


def minus(these, those):
    """What of these ranges no one of those covers."""
    out, those = [], merge(those)
    for a, b in merge(these):
        for c, d in those:
            if d <= a or c >= b:
                continue
            if c > a:
                out.append((a, c))
            a = d
            if a >= b:
                break
        if a < b:
            out.append((a, b))
    return out


def common(these, those):
    return minus(these, minus(these, those))


def words(ranges, most=4):
    text = ", ".join(f"[{a:#x}, {b:#x}) {size(b - a)}" for a, b in ranges[:most])
    return text + (f" and {len(ranges) - most} more" if len(ranges) > most else "")


def ledger(log):
    """(start, end, class) of the last ledger in the boot log."""
    rows = re.findall(r"^ledger: ([0-9a-f]{16})-([0-9a-f]{16}) (\w+)", log, re.M)
    return [(int(a, 16), int(b, 16) or 1 << 64, c) for a, b, c in rows]


# ---- the rules -----------------------------------------------------------------------------------------------


def window(leaves, base, n):
    """Those parts that lie in [base, base+n)."""
    return [f for f in leaves if base <= f.va < base + n]


def frames(leaves):
    return merge([(f.pa, f.pa + f.n) for f in leaves])


def judge_rights(leaves, say):
    for f in leaves:
        if f.w and f.x:
            say("wx", f"{f} is writable and executable")
    data = frames(f for f in leaves if f.w)
    # A user's text is RAM, which the direct map shows writable to the kernel: for users only users' names count.
    for who, of, by in (("kernel", lambda f: f.va >= HALF, lambda f: True), ("user", lambda f: f.va < HALF, lambda f: f.u)):
        both = common(frames(f for f in leaves if f.x and of(f)), frames(f for f in leaves if f.w and by(f)))
        if both:
            say("alias", f"frames {words(both)} are {who} code under one name and can be written under another")
    image = window(leaves, L["KZERO"], L["KIMAGEMAX"])
    sealed = common(frames(f for f in image if not f.w), data)
    if sealed:
        say("alias", f"frames {words(sealed)} of the image's text or constants can be written by another name")


def judge_low(leaves, say):
    for f in leaves:
        if f.va < HALF and not f.u:
            say("low-half", f"{f} maps the kernel's memory in the low half")
        if f.va < NOTHING_BELOW:
            say("null", f"{f}: the first 64 KiB must stay empty")


def judge_direct(leaves, view, width, say):
    rows = ledger(view.log)
    if not rows:
        say("direct-map", "the log has no ledger to hold the tables against")
        return
    limit = min(L["HHDMSIZE"], 1 << width)
    ram = common([(a, b) for a, b, c in rows if c in RAM], [(0, limit)])
    acpi = [(a, b) for a, b, c in rows if c == "acpi"]
    image = frames(window(leaves, L["KZERO"], L["KIMAGEMAX"]))
    direct = window(leaves, L["HHDM"], L["HHDMSIZE"])
    for f in direct:
        if f.pa != f.va - L["HHDM"]:
            say("direct-map", f"{f} is not at its place")
        if f.x:
            say("direct-exec", f"{f} of the direct map is executable")
        if f.u or not f.g or f.type != 0:
            say("direct-rights", f"{f} is not kernel-only, global and write-back")
    have = frames(direct)
    for what, ranges in (("shows what is not RAM of the ledger", minus(have, ram)),
                         ("lacks RAM of the ledger", minus(ram, have)),
                         ("shows what the machine has no RAM for", minus(have, view.ram))):
        if ranges:
            say("direct-map", f"the direct map {what}: {words(ranges)}")
    writable = frames(f for f in direct if f.w)
    if common(writable, image):
        say("direct-rights", f"the image can be written in the direct map: {words(common(writable, image))}")
    if common(writable, acpi):
        say("direct-rights", f"ACPI tables can be written in the direct map: {words(common(writable, acpi))}")
    locked = minus(minus(minus(have, writable), acpi), image)
    if locked:
        say("direct-rights", f"ordinary RAM is read-only in the direct map: {words(locked)}")


def judge_places(leaves, nxe, say):
    known = [(L[n], L[n] + L[n + "SIZE"]) for n in ("HHDM", "PAGES", "VMALLOC", "KSTACKS", "KMAP", "VMAP")]
    known.append((L["KZERO"], L["KZERO"] + L["KIMAGEMAX"]))
    for f in leaves:
        if f.va < HALF:
            continue
        if f.x and nxe and not L["KZERO"] <= f.va:
            say("code-place", f"{f} is kernel code outside of the image")
        if minus([(f.va, f.va + f.n)], known):
            say("windows", f"{f} lies in no window of the layout")
        if not f.g:
            say("windows", f"{f} of the kernel's half is not global")
    for f in window(leaves, L["VMAP"], L["VMAPSIZE"]):
        if f.pa != f.va - L["VMAP"]:
            say("windows", f"{f} is not at its place in the device window")
        if f.type not in (3, 7):
            say("windows", f"{f} is a device mapped with caching (attribute {f.type})")
    ram = frames(window(leaves, L["HHDM"], L["HHDMSIZE"]))
    both = common(frames(window(leaves, L["VMAP"], L["VMAPSIZE"])), ram)
    if both:
        say("windows", f"RAM has a device window too: {words(both)}")
    image = merge([(f.va, f.va + f.n) for f in window(leaves, L["KZERO"], L["KIMAGEMAX"])])
    if len(frames(window(leaves, L["KZERO"], L["KIMAGEMAX"]))) != 1 and not image:
        say("image-end", "there is no image at KZERO")
    if image and image[0][0] != L["KZERO"]:
        say("image-end", f"the image begins at {image[0][0]:#x}, not at KZERO")


def judge_stacks(leaves, view, say):
    stride, stack, base = L["KSTACKSTRIDE"], L["KSTACK"], L["KSTACKS"]
    mapped = merge([(f.va, f.va + f.n) for f in window(leaves, base, L["KSTACKSSIZE"])])
    if not mapped:
        say("guards", "there is no kernel stack in its window")
    for a, b in mapped:
        at = (a - base) // stride * stride + base
        if (a, b) != (at + stride - stack, at + stride):
            say("guards", f"[{a:#x}, {b:#x}) is no stack of {size(stack)} above a guard page")
    for f in window(leaves, base, L["KSTACKSSIZE"]):
        if not f.w or f.x:
            say("guards", f"{f}: a stack is read, written, and nothing else")
    for i, cpu in enumerate(view.cpus):
        if cpu["cpl"] == 0 and not any(a <= cpu["rsp"] <= b for a, b in mapped):
            say("stack", f"processor {i} stands on {cpu['rsp']:#x}, which is no stack of the window")


def judge_secrets(leaves, tables, say):
    """What user mode can reach is no memory of the kernel's."""
    users = frames(f for f in leaves if f.va < HALF)
    for name, kernel in (("page tables", merge([(t << 12, (t + 1) << 12) for t in tables])),
                         ("the image", frames(window(leaves, L["KZERO"], L["KIMAGEMAX"]))),
                         ("kernel stacks", frames(window(leaves, L["KSTACKS"], L["KSTACKSSIZE"]))),
                         ("page records", frames(window(leaves, L["PAGES"], L["PAGESSIZE"])))):
        if common(users, kernel):
            say("secrets", f"user mode reaches {name}: {words(common(users, kernel))}")


def judge_registers(view, say):
    for i, cpu in enumerate(view.cpus):
        f = cpu["features"]
        for ok, name in ((cpu["cr0"] & CR0_WP, "CR0.WP"), (cpu["efer"] & EFER_NXE or not f["nx"], "EFER.NXE"),
                         (cpu["cr4"] & CR4_SMEP or not f["smep"], "CR4.SMEP"),
                         (cpu["cr4"] & CR4_SMAP or not f["smap"], "CR4.SMAP"),
                         (cpu["cr4"] & CR4_UMIP or not f["umip"], "CR4.UMIP"),
                         (not cpu["cr4"] & CR4_LA57, "four levels (CR4.LA57 clear)")):
            if not ok:
                say("cr", f"processor {i} lacks {name}")


def judge(view):
    """Every broken rule of this View as "rule: words", the worst repeats cut."""
    out, seen = [], {}

    def say(rule, text):
        seen[rule] = seen.get(rule, 0) + 1
        if seen[rule] <= 8:
            out.append(f"{rule}: {text}")

    judge_registers(view, say)
    roots = set()
    for i, cpu in enumerate(view.cpus):
        if cpu["cr3"] in roots:
            continue
        roots.add(cpu["cr3"])
        leaves, tables = walk(view, i, say)
        nxe = bool(cpu["efer"] & EFER_NXE)
        kernel = [f for f in leaves if f.va >= HALF]
        if nxe:
            judge_rights(leaves, say)
        judge_low(leaves, say)
        if nxe:
            judge_direct(kernel, view, cpu["width"], say)
        else:
            judge_direct([no_exec(f) for f in kernel], view, cpu["width"], say)
        judge_places(leaves, nxe, say)
        judge_stacks(leaves if nxe else [no_exec(f) for f in leaves], view, say)
        judge_secrets(leaves, tables, say)
    return out


def no_exec(f):
    """Without NX every page can be executed: that is the machine's fault and no violation."""
    g = copy.copy(f)
    g.x = False
    return g


def problems(guest):
    """For boot tests: what is wrong with a guest that stands at its prompt; it goes on afterwards."""
    view = stand_still(guest.qmp, guest.log)
    try:
        return judge(view)
    finally:
        guest.qmp("cont")


def summary(view):
    leaves, tables = walk(view, 0, lambda *_: None)
    direct = sum(f.n for f in window(leaves, L["HHDM"], L["HHDMSIZE"]))
    return (f"sound: {len(tables)} tables, {len(leaves)} runs, direct map {size(direct)}, "
            f"{sum(f.n for f in leaves if f.va < HALF) // 4096} user pages")


def main(argv):
    ap = argparse.ArgumentParser(prog="outside", description="Judge a guest's page tables from outside.")
    ap.add_argument("--qmp", metavar="SOCKET")
    ap.add_argument("--log", metavar="FILE", help="its serial log")
    ap.add_argument("--boot", action="store_true", help="boot the image to the prompt first")
    ap.add_argument("--mem", default="512M")
    ap.add_argument("--cpu", default="max")
    ap.add_argument("--machine", default="q35")
    ap.add_argument("--load", metavar="FILE")
    ap.add_argument("--save", metavar="FILE")
    ap.add_argument("extra", nargs="*", help="more words for QEMU, behind --")
    o = ap.parse_args(argv)
    sys.path.insert(0, os.path.join(TOP, "tests/boot"))
    if o.load:
        view = View.load(o.load)
        found = judge(view)
    elif o.boot:
        from imagoqemu import Guest
        with Guest("outside", mem=o.mem, cpu=o.cpu, machine=o.machine, extra=o.extra) as g:
            g.prompt()
            view = stand_still(g.qmp, g.log)
            found = judge(view)
    elif o.qmp and o.log:
        from imagoqemu import Qmp, clean
        qmp = Qmp(o.qmp)
        with open(o.log, "rb") as f:
            view = stand_still(qmp, clean(f.read().decode(errors="replace")))
        found = judge(view)
        qmp("cont")
    else:
        ap.error("say --boot, --qmp and --log, or --load")
    if o.save:
        view.save(o.save)
    print("\n".join(found) or summary(view))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
