"""The PE image as strict firmware sees it, and the checker itself: each rule broken once, each time named."""

import os
import struct
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EFI = os.path.join(TOP, "out/x86_64/BOOTX64.EFI")
MIB = 1 << 20
pytestmark = pytest.mark.skipif(not os.path.exists(EFI), reason="no image is built yet")


def pecheck(path, *words):
    return subprocess.run([os.path.join(TOP, "tools/pecheck"), path, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


@pytest.fixture
def image(tmp_path):
    """A copy of the image to break: bytes in, checker's words out."""
    with open(EFI, "rb") as f:
        data = bytearray(f.read())
    pe = struct.unpack_from("<I", data, 0x3C)[0]

    def broken(at, fmt, value, base=pe):
        struct.pack_into(fmt, data, base + at, value)
        path = tmp_path / "x.efi"
        path.write_bytes(data)
        return pecheck(str(path))

    broken.data, broken.pe = data, pe
    broken.section = pe + 24 + struct.unpack_from("<H", data, pe + 20)[0]
    return broken


def test_A1_headers():
    done = pecheck(EFI)
    assert done.returncode == 0, done.stderr


def test_A1_image_within_1_MiB():
    done = pecheck(EFI, "--max", str(MIB))
    assert done.returncode == 0, done.stderr
    assert "more than 4096" in pecheck(EFI, "--max", "4096").stderr


@pytest.mark.parametrize("at, fmt, value, words", [
    (4, "<H", 0x14C, "machine 0x14c"),
    (24 + 68, "<H", 3, "subsystem 3"),
    (24 + 32, "<I", 0x20, "section alignment 0x20"),
    (24 + 24, "<Q", 0x400000, "image base 0x400000"),
    (24 + 70, "<H", 0x60, "NX_COMPAT"),
    (24 + 70, "<H", 0x100, "DYNAMIC_BASE"),
    (24 + 112 + 8 * 5 + 4, "<I", 0, "no base relocations"),
    (24 + 16, "<I", 0, "not in an executable section"),
])
def test_A1_broken_header_is_named(image, at, fmt, value, words):
    done = image(at, fmt, value)
    assert done.returncode == 1 and words in done.stderr


def test_A1_writable_code_is_named(image):
    flags = struct.unpack_from("<I", image.data, image.section + 36)[0]
    done = image(36, "<I", flags | 0xE0000000, image.section)
    assert done.returncode == 1 and "writable and executable" in done.stderr


def test_A1_unaligned_section_is_named(image):
    rva = struct.unpack_from("<I", image.data, image.section + 12)[0]
    done = image(12, "<I", rva + 16, image.section)
    assert done.returncode == 1 and "not on a page" in done.stderr


def test_A1_a_cut_file_is_no_image(tmp_path):
    path = tmp_path / "cut.efi"
    with open(EFI, "rb") as f:
        path.write_bytes(f.read(300))
    assert pecheck(str(path)).returncode == 2


def test_A2_no_loader_in_the_binary():
    with open(EFI, "rb") as f:
        data = f.read().lower()
    for word in (b"limine", b"multiboot", b"stivale"):
        assert word not in data
