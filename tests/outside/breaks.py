"""
breaks: one way to break each rule of the view from outside, as edits of a View. Each entry is (name, rule that
must speak, function). They work on any sound view, a made one or one of a real boot; Skip where it lacks the thing.
"""

import re

from outside import ADDRESS, G, HALF, L, NX, P, PCD, PS, PWT, RAM, U, W, View, ledger, minus, walk, window


class Skip(Exception):
    """This view has nothing to break that way."""


def leaves(view):
    return walk(view, 0, lambda *_: None)[0]


def find(view, base, n, want=lambda f: True):
    """Address of the last page of the first run in a window that is as wanted."""
    for f in window(leaves(view), base, n):
        if want(f):
            return f.va + f.n - 4096
    raise Skip(f"no such mapping at {base:#x}")


def text(view):
    return find(view, L["KZERO"], L["KIMAGEMAX"], lambda f: f.x)


def direct(view, want=lambda f: f.w):
    return find(view, L["HHDM"], L["HHDMSIZE"], want)


def stack(view):
    return find(view, L["KSTACKS"], L["KSTACKSSIZE"])


def device(view):
    return find(view, L["VMAP"], L["VMAPSIZE"])


def change(where, on=0, off=0, level=0):
    def edit(view):
        va = where(view)
        view.set(va, (view.get(va, level) | on) & ~off, level)
    return edit


def register(name, off=0, on=0):
    def edit(view):
        view.cpus[0][name] = view.cpus[0][name] & ~off | on
    return edit


def second_name(view):
    """A stack's page becomes another name of the kernel's text."""
    va, code = stack(view), view.get(text(view)) & ADDRESS
    view.set(va, view.get(va) & ~ADDRESS | code)


def image_alias(view):
    """The direct map's page of the image gets the right to write."""
    pa = view.get(text(view)) & ADDRESS
    va = L["HHDM"] + pa
    view.set(va, view.get(va) | W)


def supervisor_low(view):
    """The low half shows what the direct map shows."""
    view.set(0, view.get(L["HHDM"], 3), 3)


def null_page(view):
    view.set(0, view.get(L["KSTACKS"], 3), 3)


def lose_ram(view):
    view.set(direct(view), 0)


def misplace(view):
    va = direct(view)
    view.set(va, view.get(va) ^ (1 << 21))


def log_change(old, new):
    def edit(view):
        for a, b, c in ledger(view.log):
            if c in old:
                row = f"ledger: {a:016x}-{b:016x} {c}"
                view.log = view.log.replace(row, row[:-len(c)] + new)
                return
        raise Skip(f"the ledger has no {old}")
    return edit


def no_ledger(view):
    view.log = re.sub(r"^ledger:", "lodger:", view.log, flags=re.M)


def less_ram(view):
    pa = direct(view) - L["HHDM"]
    view.ram = minus(view.ram, [(pa, pa + 4096)])


def writable_acpi(view):
    for a, b, c in ledger(view.log):
        if c == "acpi":
            view.set(L["HHDM"] + a, view.get(L["HHDM"] + a) | W)
            return
    raise Skip("no ACPI tables")


def guard_mapped(view):
    va = stack(view) - L["KSTACK"]
    view.set(va, view.get(va + 4096))


def half_a_stack(view):
    view.set(stack(view), 0)


def no_stacks(view):
    view.set(L["KSTACKS"], 0, 3)


def not_at_kzero(view):
    view.set(L["KZERO"], 0)


def nowhere(view):
    """A mapping between the windows."""
    slot = L["KSTACKS"] - (1 << 39)
    view.set(slot, view.get(L["KSTACKS"], 3), 3)


def device_moved(view):
    va = device(view)
    view.set(va, view.get(va) + 0x1000)


def device_is_ram(view):
    va = device(view)
    view.set(va, view.get(va) & ~ADDRESS | view.get(stack(view)) & ADDRESS)


def reserved_high(view):
    va = stack(view)
    view.set(va, view.get(va) | 1 << 51)


def reserved_large(view):
    two = 2 << 20
    for f in window(leaves(view), L["HHDM"], L["HHDMSIZE"]):
        for va in range((f.va + two - 1) // two * two, f.va + f.n, two):
            if view.get(va, 1) & PS:
                view.set(va, view.get(va, 1) | 1 << 14, 1)
                return
    raise Skip("no large page")


def absent_with_bits(view):
    view.set(L["VMALLOC"], 0xDEDEDEDEDEDEDEDE & ~P, 2)


def user_page(view):
    for f in leaves(view):
        if f.va < HALF:
            return f.va
    raise Skip("no user page under this root")


def shows(where):
    """The user's page becomes another name of a page of the kernel's."""
    def edit(view):
        va = user_page(view)
        view.set(va, view.get(va) & ~ADDRESS | where(view) & ADDRESS)
    return edit


def user_wx(view):
    va = user_page(view)
    view.set(va, view.get(va) & ~NX | W)


BREAKS = [
    ("text_writable", "wx", change(text, on=W)),
    ("user_page_writable_and_code", "wx", user_wx),
    ("text_by_a_second_name", "alias", second_name),
    ("text_by_the_direct_map", "alias", image_alias),
    ("image_writable_in_the_direct_map", "direct-rights", image_alias),
    ("user_bit_on_a_leaf", "user-bit", change(stack, on=U)),
    ("user_bit_on_a_table", "user-bit", change(text, on=U, level=2)),
    ("supervisor_page_in_the_low_half", "low-half", supervisor_low),
    ("null_page", "null", null_page),
    ("ram_lost", "direct-map", lose_ram),
    ("ram_misplaced", "direct-map", misplace),
    ("ram_that_is_none", "direct-map", log_change({"free", "boot"}, "reserved")),
    ("ram_not_shown", "direct-map", log_change({"reserved", "nvs", "runtime"}, "free")),
    ("no_ledger", "direct-map", no_ledger),
    ("ram_the_machine_lacks", "direct-map", less_ram),
    ("direct_map_executable", "direct-exec", change(direct, off=NX)),
    ("direct_map_uncached", "direct-rights", change(direct, on=PCD | PWT)),
    ("direct_map_not_global", "direct-rights", change(direct, off=G)),
    ("direct_map_read_only", "direct-rights", change(direct, off=W)),
    ("acpi_writable", "direct-rights", writable_acpi),
    ("stack_executable", "code-place", change(stack, off=NX | W)),
    ("image_not_at_kzero", "image-end", not_at_kzero),
    ("guard_page_mapped", "guards", guard_mapped),
    ("stack_with_a_hole", "guards", half_a_stack),
    ("no_stack_at_all", "guards", no_stacks),
    ("stack_read_only", "guards", change(stack, off=W)),
    ("stack_pointer_astray", "stack", register("rsp", off=-1, on=L["KZERO"] + 0x2000)),
    ("mapping_in_no_window", "windows", nowhere),
    ("device_cached", "windows", change(device, off=PCD | PWT)),
    ("device_moved", "windows", device_moved),
    ("device_window_to_ram", "windows", device_is_ram),
    ("kernel_page_not_global", "windows", change(stack, off=G)),
    ("reserved_address_bit", "reserved", reserved_high),
    ("reserved_bit_in_a_large_page", "reserved", reserved_large),
    ("absent_entry_with_bits", "garbage", absent_with_bits),
    ("user_sees_a_table", "secrets", shows(lambda v: v.cpus[0]["cr3"])),
    ("user_sees_the_image", "secrets", shows(lambda v: v.get(L["KZERO"]))),
    ("user_sees_a_stack", "secrets", shows(lambda v: v.get(stack(v)))),
    ("no_write_protect", "cr", register("cr0", off=1 << 16)),
    ("no_nxe", "cr", register("efer", off=1 << 11)),
    ("no_smep", "cr", register("cr4", off=1 << 20)),
    ("no_smap", "cr", register("cr4", off=1 << 21)),
    ("no_umip", "cr", register("cr4", off=1 << 11)),
    ("five_levels", "cr", register("cr4", on=1 << 12)),
]


# ---- a made view, for tests without a guest --------------------------------------------------------------------


class Maker:
    """Builds tables the way layout.h wants them, in pages from 1 MiB on."""

    def __init__(self):
        self.view = View()
        self.next = 0x100
        self.root = self.page()

    def page(self):
        self.next += 1
        self.view.pages[self.next] = [0] * 512
        return self.next

    def map(self, va, pa, n, bits, level=0):
        span = 1 << 12 + 9 * level
        for off in range(0, n, span):
            page = self.root
            for at in range(3, level, -1):
                i = va + off >> 12 + 9 * at & 511
                if not self.view.pages[page][i]:
                    self.view.pages[page][i] = self.page() << 12 | P | W | (U if va < HALF else 0)
                page = self.view.pages[page][i] >> 12 & 0xFFFFFFFFFF
            self.view.pages[page][va + off >> 12 + 9 * level & 511] = pa + off | bits | P | (PS if level else 0)


def made():
    """A small sound machine: 16 MiB of RAM at 1 MiB, an image, two stacks, a device, a process."""
    mib, m = 1 << 20, Maker()
    direct, image = L["HHDM"], 3 * mib
    m.map(direct + mib, mib, mib, W | G | NX)
    m.map(direct + 2 * mib, 2 * mib, mib, W | G | NX)
    m.map(direct + image, image, 0x4000, G | NX)
    m.map(direct + image + 0x4000, image + 0x4000, mib - 0x4000, W | G | NX)
    m.map(direct + 4 * mib, 4 * mib, 12 * mib, W | G | NX, 1)
    m.map(direct + 16 * mib, 16 * mib, 0x10000, G | NX)
    m.map(L["KZERO"], image, 0x1000, G | NX)
    m.map(L["KZERO"] + 0x1000, image + 0x1000, 0x1000, G)
    m.map(L["KZERO"] + 0x2000, image + 0x2000, 0x2000, W | G | NX)
    for i in range(2):
        top = L["KSTACKS"] + (i + 1) * L["KSTACKSTRIDE"]
        m.map(top - L["KSTACK"], 5 * mib + i * L["KSTACK"], L["KSTACK"], W | G | NX)
    m.map(L["VMAP"] + 0xFEE00000, 0xFEE00000, 0x1000, W | G | NX | PCD | PWT)
    m.map(L["PAGES"], 6 * mib, 0x1000, W | G | NX)
    m.map(L["VMALLOC"], 7 * mib, 0x1000, W | G | NX)
    m.map(L["UTZERO"], 8 * mib, 0x1000, U)
    m.map(L["USTKTOP"] - 0x1000, 9 * mib, 0x1000, U | W | NX)
    features = {f: True for f in ("nx", "smep", "smap", "umip", "pdpe1gb")}
    m.view.cpus = [{"cr0": 1 << 16 | 1, "cr3": m.root << 12, "cr4": 1 << 20 | 1 << 21 | 1 << 11, "efer": 1 << 11,
                    "rsp": L["KSTACKS"] + L["KSTACKSTRIDE"] - 64, "cpl": 0, "features": features, "width": 40}]
    m.view.ram = [(0, 32 * mib)]
    m.view.log = ("ledger: 0000000000100000-0000000000300000 free 1 conventional\n"
                  "ledger: 0000000000300000-0000000000400000 loader 2 loader\n"
                  "ledger: 0000000000400000-0000000001000000 boot 3 boot services\n"
                  "ledger: 0000000001000000-0000000001010000 acpi 4 tables\n"
                  "ledger: 0000000001010000-0000000001020000 nvs 5 kept\n")
    assert {c for _, _, c in ledger(m.view.log)} & RAM
    return m.view
