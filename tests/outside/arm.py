"""
arm.py: the tables of a running aarch64 guest, seen from outside: the root from QEMU's own registers (through its
gdb port), tables as physical memory (through QMP), rights decoded here from the manual alone [ARM ARM D8.3].
problems(guest) lists what breaks a promise: something both writable and executable, something of the kernel's that
users reach, a direct map that is not the ledger's RAM. The guest must have been started with GDB in its words.
"""

import os
import re
import socket
import struct

HHDM, HHDMEND, KZERO = 0xFFFF800000000000, 0xFFFFC00000000000, 0xFFFFFFFF80000000
RAM = ("free", "boot", "loader", "acpi", "low")
TABLEBITS, PAGE = 9, 4096


def gdbwords(path):
    """Words for QEMU: its gdb port at a socket."""
    return ["-chardev", f"socket,id=gdb,path={path},server=on,wait=off", "-gdb", "chardev:gdb"]


class Gdb:
    """As much of gdb's protocol as reading a system register takes. The guest stands still meanwhile."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(path)
        self.data = b""
        self.ask("qSupported:xmlRegisters=aarch64")
        self.xml("target.xml")
        self.names = dict(re.findall(r'name="(\w+)"[^>]*regnum="(\d+)"', self.xml("system-registers.xml")))

    def packet(self):
        while not (m := re.search(rb"\$([^#]*)#..", self.data, re.S)):
            self.data += self.sock.recv(65536)
        self.data = self.data[m.end():]
        self.sock.sendall(b"+")
        return m.group(1).decode("latin-1")

    def ask(self, text):
        self.sock.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 255))
        while re.match(r"T\d\dthread", answer := self.packet()):  # "the guest has stopped": nobody asked
            pass
        return answer

    def xml(self, name):
        text = ""
        while True:
            part = self.ask(f"qXfer:features:read:{name}:{len(text):x},7ff")
            text += part[1:]
            if part[0] != "m":
                return text

    def register(self, name):
        return struct.unpack("<Q", bytes.fromhex(self.ask(f"p{int(self.names[name]):x}")))[0]

    def close(self):
        self.ask("D")
        self.sock.close()


def table(guest, pa, n=512):
    path = os.path.join(guest.tmp, "table")
    guest.qmp("pmemsave", val=pa, size=8 * n, filename=path)
    with open(path, "rb") as f:
        return struct.unpack(f"<{n}Q", f.read())


def leaves(guest, pa, level, va, nouser=False):
    """(va, pa, size, attributes) of each leaf below a table."""
    size = PAGE << TABLEBITS * level
    for i, e in enumerate(table(guest, pa)):
        at, out = va + i * size, e & 0xFFFFFFFFF000
        if not e & 1:
            continue
        if level > 0 and e & 2:
            yield from leaves(guest, out, level - 1, at, nouser or bool(e >> 61 & 1))
        else:
            yield at, out & ~(size - 1), size, {
                "user": bool(e >> 6 & 1) and not nouser, "write": not e >> 7 & 1, "pxn": bool(e >> 53 & 1),
                "uxn": bool(e >> 54 & 1), "attr": e >> 2 & 7}


def merged(runs):
    out = []
    for start, end in sorted(runs):
        if out and out[-1][1] == start:
            out[-1][1] = end
        else:
            out.append([start, end])
    return out


def problems(guest, path):
    """What is wrong with a guest at its prompt; path: the socket of gdbwords()."""
    gdb = Gdb(path)
    try:
        ttbr1, mair, sctlr = (gdb.register(r) for r in ("TTBR1_EL1", "MAIR_EL1", "SCTLR"))
        # The root's upper half: 256 entries of 512 GiB, from the first address of the kernel's half.
        half = table(guest, ttbr1 & 0xFFFFFFFFFFFE, 256)
        kernel = [leaf for i, e in enumerate(half) if e & 1
                  for leaf in leaves(guest, e & 0xFFFFFFFFF000, 2, HHDM + (i << 39), bool(e >> 61 & 1))]
    finally:
        gdb.close()
    bad = []
    if sctlr & 0x81005 != 0x81005:
        bad.append(f"SCTLR_EL1 is {sctlr:#x}: MMU, caches and write-implies-no-execute are not all on")
    for va, pa, _, a in kernel:
        if a["write"] and not (a["pxn"] and a["uxn"]):
            bad.append(f"{va:#x} is writable and executable")
        if a["user"]:
            bad.append(f"{va:#x} is open to users")
        if HHDM <= va < HHDMEND and (va - HHDM != pa or mair >> 8 * a["attr"] & 255 != 0xFF or not a["pxn"]):
            bad.append(f"{va:#x} of the direct map leads to {pa:#x}, type {mair >> 8 * a['attr'] & 255:#x}")
    hhdm = merged((pa, pa + size) for va, pa, size, _ in kernel if HHDM <= va < HHDMEND)
    ledger = merged((int(s, 16), int(e, 16)) for s, e, kind in
                    re.findall(r"^ledger: ([0-9a-f]{16})-([0-9a-f]{16}) (\w+)", guest.log, re.M) if kind in RAM)
    if hhdm != ledger:
        bad.append(f"the direct map holds {hhdm}, the ledger's RAM is {ledger}")
    if not any(va >= KZERO and not a["pxn"] for va, _, _, a in kernel):
        bad.append("nothing of the image can be executed: this is not the kernel's table")
    return bad
