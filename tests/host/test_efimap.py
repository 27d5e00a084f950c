"""efimap as users meet it: every real map, every format, noise, damage, raw lies, exit statuses."""
import glob
import json
import os
import random
import re
import resource
import struct
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/host"))
import efioracle  # noqa: E402

EFIMAP = os.path.join(TOP, "out/host/efimap-san")
MAPS = sorted(glob.glob(os.path.join(TOP, "tests/maps/*.txt")))
NAMES = [os.path.basename(m)[:-4] for m in MAPS]
TEXTS = {n: open(m).read() for n, m in zip(NAMES, MAPS)}
FORMATS = "imago linux-old linux-flags linux-arm64 uefi-shell uefi-shell-sfo grub freebsd xen".split()


def efimap(*args, data=None, status=0):
    if isinstance(data, str):
        data = data.encode()
    p = subprocess.run([EFIMAP, *args], input=data, capture_output=True, timeout=120)
    err = p.stderr.decode(errors="replace")
    assert "Sanitizer" not in err and "runtime error" not in err, err
    if status is not None:
        assert p.returncode == status, (p.returncode, err)
    return p.stdout, err


def asjson(*args, data=None):
    return json.loads(efimap("--json", *args, data=data)[0])


def descriptors(j):
    return [(e["type"], e["start"], e["pages"], e["attribute"]) for e in j["entries"]]


# ---- real machines ---------------------------------------------------------------------------------

@pytest.mark.parametrize("name", NAMES)
def test_T2_frozen_json(name):
    """Byte for byte what was reviewed and frozen."""
    out, _ = efimap("--json", os.path.join(TOP, f"tests/maps/{name}.txt"))
    with open(os.path.join(TOP, f"tests/maps/expected/{name}.json"), "rb") as f:
        assert out == f.read()


@pytest.mark.parametrize("name", NAMES)
def test_T1_T2_maps_agree_with_the_oracle(name):
    j = asjson(os.path.join(TOP, f"tests/maps/{name}.txt"))
    assert [e["i"] for e in j["entries"]] == list(range(len(j["entries"])))
    assert efioracle.plain(j) == efioracle.convert(j["entries"], j["machine_arch"])
    assert j["sums"]["off"] == 0
    assert all(r["reason"] and r["from"] for r in j["ledger"])


def test_T2_json_keys_to_the_letter():
    j = asjson(MAPS[0])
    assert list(j) == ["source", "machine_arch", "entries", "ledger", "sums", "anomalies"]
    assert list(j["entries"][0]) == ["i", "type", "start", "pages", "attribute"]
    assert list(j["ledger"][0]) == ["start", "end", "class", "from", "reason"]
    assert list(j["sums"]) == ("described free boot loader low special unaccepted persistent acpi nvs reserved "
                               "mmio runtime bad overlap off").split()
    assert list(j["anomalies"][0]) == ["kind", "entries"]
    assert j["ledger"][0] == {"start": 0, "end": 4096, "class": "reserved", "from": [0], "reason": "page zero"}


E820 = re.compile(r"BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] usable")
PARTIAL = {"002-lenovo-thinkpad-t14-gen3", "104-asus-n56vz"}  # their e820 lists are cut


@pytest.mark.parametrize("name", [n for n in NAMES if E820.search(TEXTS[n]) and n not in PARTIAL])
def test_B8_T2_e820_agrees(name):
    """What Linux called usable is free + boot + loader + low + page zero."""
    s = asjson(os.path.join(TOP, f"tests/maps/{name}.txt"))["sums"]
    usable = sum(int(b, 16) + 1 - int(a, 16) for a, b in E820.findall(TEXTS[name]))
    assert usable == s["free"] + s["boot"] + s["loader"] + s["low"] + 4096
    assert "e820: Linux's" in efimap(os.path.join(TOP, f"tests/maps/{name}.txt"))[0].decode()


def test_T2_e820_differences_are_told():
    text = TEXTS["001-lenovo-thinkpad-x240"].replace("0x00000000dceff000-0x00000000dcefffff] usable",
                                                     "0x00000000dceff000-0x00000000dcefffff] reserved")
    out = efimap("-", data=text)[0].decode()
    assert "[0xdceff000, 0xdcf00000) 4 KiB: e820 says reserved, the map gives usable of class boot" in out


# ---- formats ------------------------------------------------------------------------------------------

def known(fmt, e):
    """Can this format say all of this descriptor?"""
    t, start, pages, attr = e
    plain = attr & ~(1 << 63 | 0x1FF01F) == 0
    if fmt == "freebsd":
        return t <= 14 and plain and attr & ~(1 << 63 | 0x3F01F) == 0
    if fmt == "grub":
        return plain
    return True


@pytest.mark.parametrize("fmt", FORMATS)
def test_T2_round_trip(fmt):
    """Written in a program's words and read again: the same descriptors."""
    for name in NAMES[::3]:
        j = asjson(os.path.join(TOP, f"tests/maps/{name}.txt"))
        text, _ = efimap("--as", fmt, os.path.join(TOP, f"tests/maps/{name}.txt"))
        k = asjson("-", data=text)
        assert k["source"] == fmt
        a, b = descriptors(j), descriptors(k)
        assert len(a) == len(b)
        assert all(x == y for x, y in zip(a, b) if known(fmt, x)), name


def test_T2_raw_round_trip():
    raw, _ = efimap("--as", "raw", MAPS[0])
    j, k = asjson(MAPS[0]), asjson("--raw", "--stride", "48", "-", data=raw)
    assert k["source"] == "raw"
    assert (j["entries"], j["ledger"]) == (k["entries"], k["ledger"])


SAMPLES = [  # one line each of what HANDOFF 4.3 lists: source, line, (type, start, pages, attribute)
    ("linux-old", "efi: mem00: type=3, attr=0xf, range=[0x0000000000000000-0x0000000000001000) (0MB)", (3, 0, 1, 15)),
    ("linux-old", "EFI: mem00: type=2147483649, attr=0x800000000000000f, range=[0x1000-0x3000) (0MB)",
     (0x80000001, 0x1000, 2, 1 << 63 | 15)),
    ("linux-flags", "efi: mem00: [Conventional Memory|   |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000100000-0x0000000000200000) (1MB)",
     (7, 0x100000, 256, 15)),
    ("linux-flags", "efi: mem00: [Conventional Memory|   |  |SP|  |  |  |  |  |   |WB|WT|WC|UC] range=[0x240000000-0x2ffffffff] (3072MB)",
     (7, 0x240000000, 0xC0000, 0x4000F)),
    ("linux-flags", "efi: mem00: [Reserved           |   |  |  |  |   |  |  |  |  ] range=[0x0000000000000000-0x0000000000000000] (invalid)",
     (0, 0, 0, 0)),
    ("linux-flags", "efi: mem00: [Conventional Memory|attr=0x8000000000f0000f] range=[0x1000-0x1fff] (0MB)", (7, 0x1000, 1, 0x8000000000F0000F)),
    ("linux-flags", "efi: mem00: [type=0x80000000     |RUN|  |  |  |XP|  |  |  |   |WB|  |  |  ] range=[0x1000-0x1fff] (0MB)",
     (0x80000000, 0x1000, 1, 1 << 63 | 1 << 14 | 8)),
    ("linux-flags", "efi: mem00: [Memory Mapped I/O  |RUN|  |  |  |  |  |  |  |   |  |  |  |UC] range=[0xfed1c000-0xfed1ffff] (0MB)",
     (11, 0xFED1C000, 4, 1 << 63 | 1)),
    ("linux-flags", "efi: mem00: [ACPI Mem NVS|   |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x1000-0x1fff] (0MB)", (10, 0x1000, 1, 15)),
    ("linux-arm64", "efi:   0x000040000000-0x000047dfcfff [Conventional|   |  |  |  |  |  |  |  |   |WB|  |  |  ]",
     (7, 0x40000000, 0x7DFD, 8)),
    ("linux-arm64", "efi:   0x000047dfd000-0x000047dfdfff [Runtime Data|RUN|  |  |  |  |  |  |  |   |WB|  |  |  ]*",
     (6, 0x47DFD000, 1, 1 << 63 | 8)),
    ("uefi-shell", "BS_Code    0000000000000000-0000000000007FFF 0000000000000008 000000000000000F", (3, 0, 8, 15)),
    ("uefi-shell", "80000001   0000000000001000-0000000000001FFF 0000000000000001 000000000000000F", (0x80000001, 0x1000, 1, 15)),
    ("uefi-shell", "BS_Code 0-7FFF 8 F", (3, 0, 8, 15)),
    ("uefi-shell", "Available  0000000000001000-0000000000001FFF 0000000000000001 000000000000000B", (7, 0x1000, 1, 11)),
    ("uefi-shell", "Available  0000000000001000-0000000000001FFF 0000000000000001 800000000097EB5D", (7, 0x1000, 1, 0x800000000097EB5D)),
    ("uefi-shell", "Available  0000000000001000-0000000000001FFF 0000000000000001 80000000000000EB", (7, 0x1000, 1, 0x80000000000000EB)),
    ("uefi-shell-sfo", 'MemoryMap,"BootServiceCode","0","7FFF","8","F"', (3, 0, 8, 15)),
    ("uefi-shell-sfo", 'MemoryMap,"80000001","0","7FFF","8","F"', (0x80000001, 0, 8, 15)),
    ("grub", "conv-mem  0000000000000000-ffffffffffffffff 00000000      0B UC", (7, 0, 0, 1)),
    ("grub", "conv-mem  0000000000100000-00000000007fffff 00000700    7168KiB UC WC WT WB", (7, 0x100000, 0x700, 15)),
    ("grub", "Unk 80    0000000000100000-00000000007fffff 00000700       7MiB RT UC", (0x80, 0x100000, 0x700, 1 << 63 | 1)),
    ("freebsd", "     ConventionalMemory 000080000000 000080000000 00007efa WB", (7, 0x80000000, 0x7EFA, 8)),
    ("freebsd", "    RuntimeServicesData 00007f000000 0xffff000000 00000010 UC WC WT WB RUNTIME", (6, 0x7F000000, 16, 1 << 63 | 15)),
    ("xen", "(XEN)  00000bf2c9000-00000bf2c9fff type=4 attr=000000000000000f", (4, 0xBF2C9000, 1, 15)),
    ("imago", "efi: 000 0000000000001000-0000000000003000 7 000000000000000f Conventional", (7, 0x1000, 2, 15)),
]


@pytest.mark.parametrize("source,line,want", SAMPLES)
def test_T2_each_format_line(source, line, want):
    j = asjson("-", data=line + "\n")
    assert j["source"] == source
    assert descriptors(j) == [want]


LINUXNAMES = ["Reserved", "Loader Code", "Loader Data", "Boot Code", "Boot Data", "Runtime Code", "Runtime Data",
              "Conventional Memory", "Unusable Memory", "ACPI Reclaim Memory", "ACPI Memory NVS", "Memory Mapped I/O",
              "MMIO Port Space", "PAL Code", "Persistent Memory", "Unaccepted"]
SHELLNAMES = ("Reserved LoaderCode LoaderData BS_Code BS_Data RT_Code RT_Data Available Unusable ACPI_Recl ACPI_NVS MMIO "
              "MMIO_Port PalCode Persistent Unaccepted").split()
GRUBNAMES = ("reserved ldr-code ldr-data BS-code BS-data RT-code RT-data conv-mem unusable ACPI-rec ACPI-nvs MMIO IO-ports "
             "PAL-code persist").split()
NEWNAMES = {7: "Conventional", 8: "Unusable", 9: "ACPI Reclaim", 10: "ACPI Mem NVS", 11: "MMIO", 12: "MMIO Port", 14: "Persistent"}


def test_T2_every_type_name():
    for t, n in list(enumerate(LINUXNAMES)) + list(NEWNAMES.items()):
        assert descriptors(asjson(data=f"efi: mem00: [{n:<19}|   |  |  |WB] range=[0x1000-0x1fff] (0MB)\n"))[0][0] == t
    for t, n in enumerate(SHELLNAMES):
        assert descriptors(asjson(data=f"{n:<10} 0000000000001000-0000000000001FFF 0000000000000001 000000000000000F\n"))[0][0] == t
    for t, n in enumerate(GRUBNAMES):
        assert descriptors(asjson(data=f"{n:<9} 0000000000001000-0000000000001fff 00000001 4KiB WB\n"))[0][0] == t


def test_T2_every_attribute_token():
    bits = dict(RUN=63, HP=20, CC=19, SP=18, NV=15, XP=14, RP=13, WP=12, RO=17, MR=16, UCE=4, WB=3, WT=2, WC=1, UC=0)
    for w, b in bits.items():
        assert descriptors(asjson(data=f"efi: mem00: [Reserved|{w}] range=[0x1000-0x1fff] (0MB)\n"))[0][3] == 1 << b


# ---- noise ------------------------------------------------------------------------------------------------

NOISE = {
    "timestamps": lambda i, s: f"[{i / 1000:12.6f}] {s}",
    "journal": lambda i, s: f"Nov 20 05:13:{i % 60:02d} host-1 kernel: {s}",
    "ansi": lambda i, s: f"\x1b[32m[    0.000000]\x1b[0m \x1b[1m{s}\x1b[0m",
    "crlf": lambda i, s: s + "\r",
    "syslog": lambda i, s: f"<6>[    0.000000] {s}   ",
    "between": lambda i, s: s + f"\nrandom: crng init done {i}\n\n",
}


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("name", ["001-lenovo-thinkpad-x240", "002-lenovo-thinkpad-t14-gen3", "201-asus-tuf-b650m-plus-7800x3d",
                                  "301-arm64-apple-m2-macbook-air-uboot"])
def test_T2_noise(name, noise):
    want = asjson(os.path.join(TOP, f"tests/maps/{name}.txt"))
    lines = [ln for ln in TEXTS[name].splitlines() if not ln.startswith("#")]
    text = "\n".join(NOISE[noise](i, ln) for i, ln in enumerate(lines)) + "\n"
    got = asjson("-", data=text)
    assert descriptors(got) == descriptors(want)
    assert got["ledger"] == want["ledger"]


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("name", ["001-lenovo-thinkpad-x240", "203-unknown-amd-desktop-64gib"])
def test_T2_codings(name, coding):
    got = asjson("-", data=TEXTS[name].encode(coding))
    assert got == asjson(os.path.join(TOP, f"tests/maps/{name}.txt"))


# ---- several dumps, damage ------------------------------------------------------------------------------------

def shell(starts):
    return "Type       Start            End              # Pages          Attributes\n" + "".join(
        f"Available  {s:016X}-{s + 0xFFF:016X} {1:016X} {15:016X}\n" for s in starts)


def test_T2_last_complete_dump_or_nth():
    a, b, c = (f"efi: mem00: type=7, attr=0xf, range=[{s:#x}-{s + 4096:#x}) (0MB)\n" for s in (0x100000, 0x200000, 0x300000))
    text = a + "noise\n" + b + c
    assert asjson(data=text)["entries"][0]["start"] == 0x300000
    assert asjson("--nth", "1", data=text)["entries"][0]["start"] == 0x100000
    assert asjson("--nth", "2", data=text)["entries"][0]["start"] == 0x200000
    assert "no dump number 4" in efimap("--nth", "4", data=text, status=2)[1]
    assert asjson("--nth", "1", data=shell([0x1000]) + shell([0x5000, 0x7000]))["entries"][0]["start"] == 0x1000
    assert len(asjson(data=shell([0x1000]) + shell([0x5000, 0x7000]))["entries"]) == 2
    # the last one is broken: the one before it, and a word about it
    broken = text + "efi: mem00: type=7, attr=0xf, range=[0x400000-0x4010"
    out, err = efimap("--json", data=broken)
    assert json.loads(out)["entries"][0]["start"] == 0x300000
    assert "not complete" in err and "line 5" in err


def test_T2_truncated_logs_name_the_line():
    text = TEXTS["001-lenovo-thinkpad-x240"]
    at = text.index("efi: mem20:")
    line = text[:at].count("\n") + 1
    out, err = efimap("--json", "-", data=text[:at + 40], status=2)
    assert out == b"" and f"standard input:{line}: " in err and "expected" in err
    # a line lost in the middle
    cut = text[:at] + text[text.index("\n", at) + 1:]
    out, err = efimap("--json", "-", data=cut, status=2)
    assert f":{line}: " in err and "descriptor 21 stands where 20 was expected" in err


def test_T2_wrapped_lines_are_reported():
    text = TEXTS["002-lenovo-thinkpad-t14-gen3"].replace("range=[0x0000000000100000-", "range=[0x00000000001\n00000-")
    assert ": column " in efimap("--json", "-", data=text, status=2)[1]


@pytest.mark.parametrize("name", NAMES)
def test_T2_cut_anywhere_never_half_an_entry(name):
    """Cut in the middle of a descriptor's line: refused, or the cut shows no less than whole descriptors."""
    rng = random.Random(name)
    text = TEXTS[name]
    want = descriptors(asjson(os.path.join(TOP, f"tests/maps/{name}.txt")))
    for _ in range(5):
        out, err = efimap("--json", "-", data=text[:rng.randrange(len(text))], status=None)
        if out:
            got = descriptors(json.loads(out))
            assert got == want[:len(got)]
        else:
            assert "efimap: standard input" in err


@pytest.mark.parametrize("fmt", FORMATS)
def test_T2_a_spoilt_character_loses_no_descriptor(fmt):
    """In the middle of a dump: refused with its line, or as many descriptors as there are. Never one fewer."""
    rng = random.Random(fmt)
    lines = efimap("--as", fmt, os.path.join(TOP, "tests/maps/001-lenovo-thinkpad-x240.txt"))[0].decode().splitlines()
    for _ in range(60):
        k = rng.randrange(5, 45)
        i = rng.randrange(len(lines[k]))
        bad = lines[k][:i] + rng.choice("0bfGx -,[]|=\1") + lines[k][i + rng.randrange(2):]
        out, err = efimap("--json", "-", data="\n".join(lines[:k] + [bad] + lines[k + 1:]) + "\n", status=None)
        if out:
            assert len(json.loads(out)["entries"]) == 51, (lines[k], bad)
        else:
            assert "expected" in err, (lines[k], bad)


def test_T2_not_a_map():
    for data in (b"", b"\0" * 1000, os.urandom(4000), b"hello\n" * 10):
        assert "expected lines of" in efimap("--json", data=data, status=2)[1]
    assert "No such file" in efimap("/nonexistent", status=2)[1]
    assert "directory" in efimap("/tmp", status=2)[1]


def test_T2_lines_that_only_look_like_descriptors():
    text = ("efi: Remove mem58: MMIO range=[0xe0000000-0xefffffff] (256MB) from e820 map\n"
            "efi: Not removing mem59: MMIO range=[0xfe410000-0xfe410fff] (4KB) from e820 map\n"
            "efi: mem00: type=7, attr=0xf, range=[0x0000000000100000-0x0000000000200000) (1MB)\n"
            "Reserved  :         10,232 Pages (41,910,272 Bytes)\n"
            "[mem 0x00000000-0x00000fff] type=4\n"
            "memory: 00001000-00001fff\n"
            "efi: memattr: Entry attributes invalid\n")
    assert descriptors(asjson(data=text)) == [(7, 0x100000, 256, 15)]


def test_T2_mutated_files_never_crash():
    """Bytes of real maps changed, dropped, doubled at random: an answer or a refusal, under the sanitizers."""
    rng = random.Random(5)
    for i in range(60):
        b = bytearray(TEXTS[rng.choice(NAMES)].encode())
        for _ in range(rng.randrange(1, 30)):
            at = rng.randrange(len(b))
            op = rng.randrange(3)
            if op == 0:
                b[at] = rng.randrange(256)
            elif op == 1:
                del b[at:at + rng.randrange(60)]
            else:
                b[at:at] = b[at:at + rng.randrange(200)]
        mode = ["--json", "--table", "--svg", "--html", "--check"][i % 5]
        _, err = efimap(mode, "-", data=bytes(b), status=None)
        assert "efimap" in err or not err


# ---- raw ---------------------------------------------------------------------------------------------------------

def raw(entries, stride, rng):
    b = bytearray()
    for t, s, p, a in entries:
        d = struct.pack("<IIQQQQ", t, rng.getrandbits(32), s, rng.getrandbits(64), p, a)
        b += d + bytes(rng.getrandbits(8) for _ in range(stride - 40))
    return bytes(b)


def lies(rng):
    n = rng.randrange(0, 60)
    out = []
    for _ in range(n):
        t = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x6FFFFFFF, 0x70000000, 0xFFFFFFFF])
        s = rng.choice([rng.randrange(0x200) * 4096, rng.randrange(1 << 20) * 4096, rng.getrandbits(64), rng.randrange(1 << 30)])
        p = rng.choice([0, 1, 2, rng.randrange(300), 1 << 40, (1 << 52) - 1, 1 << 52, (1 << 64) - 1])
        a = rng.choice([15, 15, 15, 0, (1 << 64) - 1, 1 << 63 | 15, 0x4000F, 7])
        out.append((t, s, p, a))
    return out


@pytest.mark.parametrize("stride", [40, 48, 56, 64])
def test_A13_T2_raw_lies(stride):
    rng = random.Random(stride)
    for _ in range(60):
        entries = lies(rng)
        j = asjson("--raw", "--stride", str(stride), "-", data=raw(entries, stride, rng))
        assert descriptors(j) == entries
        assert efioracle.plain(j) == efioracle.convert(j["entries"])


def test_A13_T2_raw_refusals():
    for stride, data in ((39, b""), (44, b"x" * 88), (48, b"x" * 47), (48, b"x" * 97), (0, b""), (8, b"")):
        assert efimap("--raw", "--stride", str(stride), "-", data=data, status=2)[1]
    assert asjson("--raw", "-", data=b"")["entries"] == []


def test_B3_T2_a_hundred_thousand_descriptors():
    rng = random.Random(1)
    sets = {
        "sorted": [(7 if i % 2 else 10, 0x100000 + i * 8192, 1, 15) for i in range(100000)],
        "shuffled": [(rng.randrange(16), rng.randrange(1 << 24) * 4096, 1 + rng.randrange(40), 15) for _ in range(100000)],
        "one over all": [(7, 0x100000, 1 << 30, 15)] + [(0, 0x100000 + i * 8192, 1, 15) for i in range(99999)],
    }
    for name, entries in sets.items():
        j = asjson("--raw", "-", data=raw(entries, 48, rng)) if name != "one over all" else None
        if j is not None:
            assert len(j["entries"]) == 100000 and j["sums"]["off"] == 0
    out, err = efimap("--raw", "--json", "-", data=raw([(7, 0, 1 << 20, 15)] * 100000, 48, rng), status=2)
    assert "4999950000 pairs" in err and out == b""
    out, err = efimap("--raw", "--html", "-", data=raw([(7, 0, 1 << 20, 15)] * 100000, 48, rng), status=2)
    assert "4999950000 pairs" in err and out == b""
    out, err = efimap("--raw", "--json", "-", data=raw([(7, 0, 1 << 40, 15)] * 5000, 48, rng), status=2)
    assert "2^64" in err


# ---- other outputs --------------------------------------------------------------------------------------------------

def test_T2_table_says_what_an_engineer_asks():
    out = efimap(MAPS[0])[0].decode()
    for words in ("What the firmware says", "What becomes of it", "Anomalies", "Sums", "page zero (#0)", "not described",
                  "An operating system gets 7.8 GiB", "Reserved (#8 #39)", "EFI v2.31 by Lenovo", "ACPI 2.0 at 0xdcefe014 lies in acpi memory"):
        assert words in out
    assert "\x1b[" not in out
    all_ones = "efi: mem00: type=7, attr=0xffffffffffffffff, range=[0x100000-0x101000) (0MB)\n"
    assert "RUN HP CC SP NV XP RP WP RO MR UCE WB WT WC UC 0x7fffffffffe00fe0" in efimap(data=all_ones)[0].decode()
    assert "\x1b[32m" in efimap("--color", "always", MAPS[0])[0].decode()


def test_T6_facts_of_a_log_are_judged():
    text = TEXTS["001-lenovo-thinkpad-x240"] + (
        "pci 0000:00:02.0: reg 0x10: [mem 0xf0000000-0xf03fffff 64bit]\n"
        "pci 0000:00:19.0: reg 0x10: [mem 0x20000000-0x2001ffff]\n"
        "PCI: MMCONFIG for domain 0000 [bus 00-3f] at [mem 0xf8000000-0xfbffffff] (base 0xf8000000)\n"
        "SRAT: Node 0 PXM 0 [mem 0x00000000-0xffffffff]\n"
        "MTRR default type: uncachable\n"
        "  3 base 0100000000 mask 7F00000000 uncachable\n"
        "efifb: framebuffer at 0xe0000000, using 3072k, total 3072k\n"
        "efi:  MEMATTR=0x30000000\n")
    out = efimap(data=text)[0].decode()
    for line in ("ok   PCI BAR of 0000:00:02.0 [0xf0000000, 0xf0400000) begins in undescribed space",
                 "BAD  PCI BAR of 0000:00:19.0 [0x20000000, 0x20020000) begins in free space and overlaps memory by 128 KiB",
                 "ok   PCI configuration space (MCFG) [0xf8000000, 0xfc000000)",
                 "note 4.4 GiB of memory lies in no node of the SRAT",
                 "BAD  MTRR [0x100000000, 0x200000000) is uncachable: 4 GiB of it is described as memory",
                 "ok   framebuffer [0xe0000000",
                 "ok   SMBIOS at 0xdcd3e000 lies in reserved memory",
                 "BAD  MEMATTR at 0x30000000 lies in free memory, which an operating system will overwrite"):
        assert line in out, line


def test_T6_tables_that_must_be_copied():
    out = efimap(os.path.join(TOP, "tests/maps/003-qemu-ovmf-ia32-mixed.txt"))[0].decode()
    assert "note MEMATTR at 0xbe649190 lies in boot memory: an operating system must copy or keep it" in out


def test_T2_svg_and_html_stand_alone():
    svg = efimap("--svg", MAPS[0])[0].decode()
    assert svg.startswith("<svg") and svg.endswith("</svg>\n") and "LoaderData" in svg
    html = efimap("--html", MAPS[0])[0].decode()
    assert "http://" not in html.replace("http://www.w3.org", "") and "https://" not in html
    assert '"class":"free"' in html and "/*DATA*/" not in html
    # nothing of a hostile log becomes markup
    evil = 'efi: EFI v2.0 by <script>alert(1)</script>"\n' + SAMPLES[0][1] + "\n"
    assert "<script>alert" not in efimap("--html", data=evil)[0].decode()
    assert "<script>alert" not in efimap("--svg", data=evil)[0].decode()


def test_T2_diff():
    a = os.path.join(TOP, "tests/maps/001-lenovo-thinkpad-x240.txt")
    assert "every byte has the same class" in efimap("--diff", a, a)[0].decode()
    changed = TEXTS["001-lenovo-thinkpad-x240"].replace("mem35: type=10,", "mem35: type=7,")
    out = efimap("--diff", a, "-", data=changed, status=1)[0].decode()
    assert re.search(r"dcd3f000 .*dce7f000 +1.2 MiB +nvs +-> free", out)
    j = json.loads(efimap("--diff", "--json", a, "-", data=changed, status=1)[0])
    assert j["changes"] == [{"start": 0xDCD3F000, "end": 0xDCE7F000, "was": "nvs", "is": "free"}]
    assert j["sums"]["nvs"] == [0x140000, 0]
    gone = TEXTS["001-lenovo-thinkpad-x240"].replace("0x000000021e600000)", "0x0000000200000000)")
    j = json.loads(efimap("--diff", "--json", a, "-", data=gone, status=1)[0])
    assert j["changes"] == [{"start": 0x200000000, "end": 0x21E600000, "was": "free", "is": None}]
    assert '"was":"nvs"' in efimap("--diff", "--html", a, "-", data=changed, status=1)[0].decode()
    assert efimap("--diff", a, status=2)[1]


def test_B9_T2_as_e820():
    out = efimap("--as", "e820", MAPS[0])[0].decode()
    assert out.startswith("*e820=2 0000000000000000 0000000000001000 1 0000000000001000 0000000000058000 ")


def test_T2_exit_statuses_and_several_files():
    assert efimap("--strict", MAPS[0], status=1)
    assert efimap("--strict", os.path.join(TOP, "tests/maps/003-qemu-ovmf-ia32-mixed.txt"))
    out = efimap("--json", *MAPS[:3])[0].decode().splitlines()
    assert [len(json.loads(ln)["entries"]) for ln in out] == [51, 163, 46]
    out, _ = efimap("--json", MAPS[0], "/nonexistent", MAPS[1], status=2)
    assert len(out.splitlines()) == 2
    for bad in (["--frob"], ["--stride", "x"], ["--nth", "0"], ["--arch", "vax"], ["--as", "msdos"], ["--color", "mauve"]):
        assert efimap(*bad, MAPS[0], status=2)[1]
    assert "usage: efimap" in efimap("--help")[0].decode()
    assert asjson("--arch", "aarch64", MAPS[0])["machine_arch"] == "aarch64"
    assert asjson("--arch", "aarch64", MAPS[0])["sums"]["low"] == 0


# ---- our own log -------------------------------------------------------------------------------------------------------

def bootlog(name):
    """A boot log in our grammar, from a real map, with the lines that other rooms add."""
    path = os.path.join(TOP, f"tests/maps/{name}.txt")
    s = asjson(path)["sums"]
    lines = efimap("--as", "imago", path)[0].decode().splitlines()
    lines.insert(1, "efi: exit try 1 key 1f3a entries 51 status 0000000000000000")
    ram = s["free"] + s["boot"] + s["loader"] + s["low"] + s["acpi"]
    lines += [f"MEMBAL {ph} ram {ram} = acpi {s['acpi']} + low {s['low']} + free {ram - s['acpi'] - s['low']} off 0 ok"
              for ph in ("meminit", "xinit")]
    return ["BOOT: 01 +0ms efi entry image pa 0x6000000"] + lines + ["BOOT: 12 +9ms xinit complete"]


def test_T1_check_accepts_our_log():
    for name in NAMES:
        if not name.startswith("3"):
            text = "\r\n".join(bootlog(name)) + "\r\n"
            assert "are as the map gives them" in efimap("--check", "-", data=text)[0].decode()


def test_T1_check_finds_any_changed_digit():
    lines = bootlog("003-qemu-ovmf-ia32-mixed")
    rng = random.Random(9)
    for i, line in enumerate(lines):
        if line.startswith(("BOOT", "efi: exit")):
            continue
        digits = [k for k, ch in enumerate(line) if ch in "0123456789abcdef" and k > 7 and not line[k - 1].isalpha()]
        for k in rng.sample(digits, min(2, len(digits))):
            other = rng.choice([d for d in "0123456789" if d != line[k]])
            bad = lines[:i] + [line[:k] + other + line[k + 1:]] + lines[i + 1:]
            p = subprocess.run([EFIMAP, "--check", "-"], input="\n".join(bad).encode() + b"\n", capture_output=True)
            assert p.returncode in (1, 2), (line, bad[i])


def test_T1_check_finds_missing_and_doubled_lines():
    lines = bootlog("003-qemu-ovmf-ia32-mixed")
    for i, line in enumerate(lines):
        if line.startswith(("BOOT", "efi: exit", "MEMBAL")):
            continue
        p = subprocess.run([EFIMAP, "--check", "-"], input="\n".join(lines[:i] + lines[i + 1:]).encode() + b"\n", capture_output=True)
        assert p.returncode in (1, 2), line
    assert efimap("--check", MAPS[0], status=2)


def test_T1_check_of_a_file_that_its_runner_sealed(tmp_path):
    """Also lines of the firmware, a line of any length, and one without an end."""
    sys.path.insert(0, os.path.join(TOP, "tests/boot"))
    from imagoqemu import seal
    for tail in ("", "x" * 6000 + "\n", "no end 5"):
        log = tmp_path / "boot.log"
        log.write_text("\r\n".join(["\x1b[2J\x1b[01;01HBdsDxe: starting Boot0001"] + bootlog("003-qemu-ovmf-ia32-mixed")) + "\r\n" + tail,
                       newline="")
        seal(log)
        assert "1 seals hold" in efimap("--check", str(log))[0].decode()
        text = log.read_bytes()
        for old, new in ((b"Boot0001", b"Boot0002"), (b"[01;01H", b"[01;02H"), (b"xxx\n", b"xx1\n"), (b"end 5", b"end 6"), (b"bytes ", b"bytes 1")):
            if old in text:
                out = efimap("--check", "-", data=text.replace(old, new), status=1)[0]
                assert b"its seal does not fit" in out


def test_T1_check_knows_of_ram_beyond_reach():
    """A lie of RAM at 2^51: the kernel says what it does not take, and its MEMBAL lines are short by just that."""
    lines = bootlog("003-qemu-ovmf-ia32-mixed")
    seal = next(i for i, ln in enumerate(lines) if ln.startswith("ledger: seal"))
    short = [re.sub(r"ram (\d+)(.*free )(\d+)", lambda m: f"ram {int(m[1]) - 65536}{m[2]}{int(m[3]) - 65536}", ln)
             if ln.startswith("MEMBAL") else ln for ln in lines]
    told = short[:seal + 1] + ["efi: 65536 bytes of RAM lie beyond the direct map: reserved"] + short[seal + 1:]
    efimap("--check", "-", data="\n".join(told) + "\n")
    efimap("--check", "-", data="\n".join(short) + "\n", status=1)
    efimap("--check", "-", data="\n".join(told).replace("efi: 65536", "efi: 61440") + "\n", status=1)


def test_T1_check_of_dropped_giants():
    """Pages beyond 2^52 look shorter in a log whose ends are modulo 2^64."""
    data = raw([(7, 0x100000, 16, 15), (7, 0x200000, 1 << 52, 15), (7, 0x300000, (1 << 52) + 3, 15), (7, 0, (1 << 64) - 1, 15)],
               48, random.Random(1))
    log = efimap("--raw", "--as", "imago", "-", data=data)[0]
    efimap("--check", "-", data=log)


def test_T2_ten_thousand_descriptors_within_20M_instructions():
    """Counted by valgrind; the script refuses by itself."""
    subprocess.run(["make", "-s", "out/host/benchmap"], cwd=TOP, check=True)
    p = subprocess.run(["tools/benchmap.sh"], cwd=TOP, capture_output=True, text=True, env={**os.environ, "SIZES": "1000 10000"})
    assert p.returncode == 0, p.stderr
    n = {k: int(v) for k, v in re.findall(r"bench: map_(\w+) (\d+) instr", p.stdout)}
    for order in ("sorted", "shuffled"):
        assert n[f"{order}_10000"] < 20 * n[f"{order}_1000"]  # n log n, not n squared


def test_T2_reading_converting_and_writing_json_within_20M_instructions(tmp_path):
    """The whole program on 10 000 descriptors in order; what a user waits for is not only the conversion."""
    (tmp_path / "map").write_bytes(raw([(i % 11, 0x100000 + i * 8192, 1 + i % 2, 15) for i in range(10000)], 48, random.Random(1)))
    p = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", os.path.join(TOP, "out/host/efimap"),
                        "--raw", "--json", tmp_path / "map"], capture_output=True, text=True)
    assert p.returncode == 0 and len(json.loads(p.stdout)["entries"]) == 10000
    assert int(re.search(r"Collected : (\d+)", p.stderr)[1]) < 20_000_000


# ---- size ---------------------------------------------------------------------------------------------------------------

def test_T2_big_files_in_constant_memory():
    """Noise of 200 MB around a map, through a pipe, in 96 MiB of address space."""
    def small():
        resource.setrlimit(resource.RLIMIT_AS, (96 << 20, 96 << 20))
    tool = os.path.join(TOP, "out/host/efimap")
    noise = b"Nov 20 05:13:00 host kernel: usb 1-1: new high-speed USB device number 2 using xhci_hcd\n" * 12000
    p = subprocess.Popen([tool, "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=small)
    for i in range(200):
        if i == 100:
            p.stdin.write(TEXTS["001-lenovo-thinkpad-x240"].encode())
        p.stdin.write(noise)
    p.stdin.write(b"x" * (8 << 20) + b"\n")
    out, _ = p.communicate()
    assert p.returncode == 0 and len(json.loads(out)["entries"]) == 51


# ---- its papers --------------------------------------------------------------------------------------------------------

def test_T2_manual_help_and_completion_name_every_option():
    source = open(os.path.join(TOP, "tools/efimap/main.c")).read()
    options = set(re.findall(r'\{"(\w+)", (?:no|required)_argument', source)) - {"colour"}
    assert len(options) > 12
    helptext = efimap("--help")[0].decode()
    man = open(os.path.join(TOP, "tools/efimap/efimap.1")).read().replace("\\-", "-")
    complete = subprocess.run(["bash", "-c", "source tools/efimap/efimap.bash; COMP_WORDS=(efimap --); COMP_CWORD=1; _efimap; "
                               "echo ${COMPREPLY[@]}"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    for o in options:
        assert f"--{o}" in helptext and f"--{o}" in man and f"--{o}" in complete, o
