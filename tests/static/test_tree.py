"""
Static checks over the tree: what grep can tell. Comments and strings are blanked before a check looks
for words of C, so that prose may name what code may not.
"""

import os
import re
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "out")
KERNEL_ROOMS = ("include/", "efi/", "kernel/", "mm/", "arch/x86_64/", "arch/aarch64/")


def tree(*ends):
    """Files of the tree (not of .git, out/ and Python's caches), by the end of their names."""
    found = []
    for where, rooms, names in os.walk(TOP):
        rooms[:] = sorted(r for r in rooms if r not in (".git", "__pycache__") and os.path.join(where, r) != OUT)
        found += [os.path.relpath(os.path.join(where, n), TOP) for n in sorted(names)]
    return [f for f in found if f.endswith(ends or ("",)) and f != ".git"]


def text(name):
    with open(os.path.join(TOP, name), errors="replace") as f:
        return f.read()


def code(name):
    """C without comments and strings; the line numbers stay."""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text(name), flags=re.S)


def found(pattern, files, of=code):
    """file:line of each match."""
    return [f"{name}:{n}: {line.strip()}" for name in files for n, line in enumerate(of(name).split("\n"), 1)
            if re.search(pattern, line)]


def kernel_sources(*ends):
    return [f for f in tree(*(ends or (".c", ".h"))) if f.startswith(KERNEL_ROOMS)]


def test_R5_no_backup_files_or_binaries():
    assert tree("~", ".orig", ".rej", ".bak", ".o", ".EFI", ".efi", ".img", ".a", ".so", ".d", ".tar") == []


def test_A2_no_loader_in_the_sources():
    files = [f for f in tree(".c", ".h", ".S", ".mk", "Makefile") if not f.startswith("tests/")]
    assert found(r"(?i)limine|multiboot|stivale", files, text) == []


@pytest.mark.ids("E1", "P-1")
def test_E1_one_definition_of_each_translation():
    for name in ("kaddr", "paddr", "cankaddr", "ishhdm"):
        files = [f for f in kernel_sources(".c", ".h") if re.search(rf"^{name}\(.*\)\s*\n?{{", code(f), re.M)]
        assert len(files) == 1, f"{name} is defined in {files}"
    assert found(r"\b(hhdm_virt|hhdm_phys|KADDR|PADDR)\b", kernel_sources()) == []


def test_E1_arithmetic_with_HHDM_in_one_file():
    """Only xlat turns a physical address into a kernel address; layout.h asserts, kmap.c names windows."""
    sums = found(r"\bHHDM\s*[+-]|[+-]\s*HHDM\b", [f for f in kernel_sources() if f not in
                                                 ("include/layout.h", "mm/xlat.h")])
    assert sums == []


def test_E1_no_literal_address_outside_the_layout():
    files = [f for f in kernel_sources(".c", ".h", ".S") if f != "include/layout.h"]
    assert found(r"0x[fF]{4}[89a-fA-F][0-9a-fA-F]{11}\b", files) == []


def test_A17_no_word_of_uncertain_width():
    """`long` has 4 bytes in the PE and 8 on the host: u.h may say it, in `long long`, and the reader of %ld."""
    files = [f for f in kernel_sources() if f not in ("include/u.h", "kernel/lib/format.c")]
    assert found(r"\blong\b|\bsize_t\b|\buint\d+_t\b", files) == []


def test_R5_no_unfinished_words():
    assert found(r"\b(TODO|FIXME|XXX|HACK)\b", tree(".c", ".h", ".S"), text) == []


def test_R5_every_file_has_a_head():
    """The first words of a source are a comment that names the file and says what it is for."""
    bad = []
    for name in tree(".c", ".h", ".S"):
        if name.startswith(("tests/refuse/", "tests/fixtures/", "tests/host/")):
            continue
        base, room = os.path.basename(name), os.path.basename(os.path.dirname(name))
        names = "|".join(map(re.escape, (base, base.rsplit(".", 1)[0], room)))  # tools/efimap/main.c is efimap
        if not re.match(rf"/\*\s*(\n \* )?({names})\b", text(name)):
            bad.append(name)
    assert bad == []


def test_R3_gdb_scripts_hold_no_literal_address():
    files = [f for f in tree() if f.startswith("tools/gdb/")]
    assert found(r"0x[0-9a-fA-F]{6,}", files, text) == []


def test_R5_clang_format_has_nothing_to_say():
    files = tree(".c", ".h")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    names = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", done.stdout, re.M)))
    assert names == [], "make format mends it"


def test_R9_no_workplace_in_the_tree():
    """The tree speaks of the project alone: no build machine's paths."""
    assert found(r"/work/|/home/\w+/|/root/", [f for f in tree() if not f.endswith((".txt", ".tar"))
                                               and f != "tests/static/test_tree.py"], text) == []
