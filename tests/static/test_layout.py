"""The layout checker: content with the tree's header, and each kind of bad layout named with a way out."""

import os
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def layout(*defines):
    words = [w for d in defines for w in ("-D", d)]
    return subprocess.run([os.path.join(TOP, "tools/layout"), *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


def test_R4_C1_the_tree_is_well_laid_out():
    done = layout()
    assert done.returncode == 0 and done.stderr == ""
    for name in "user stack HHDM PAGES VMALLOC KSTACKS KMAP VMAP image".split():
        assert f"  {name}\n" in done.stdout


@pytest.mark.parametrize("define, words", [
    ("VMALLOC=PAGES + PAGESSIZE - 4096", "overlaps PAGES; it would fit at 0xffffc10000000000"),
    ("PAGES=HHDM + HHDMSIZE / 2", "PAGES [0xffffa00000000000, 0xffffa10000000000): overlaps HHDM"),
    ("KMAP=0xffff000000000000ull", "not in the kernel half; it would fit at"),
    ("KMAP=0x0000700000000000ull", "not in the kernel half"),
    ("KSTACKS=0xfffffd0000000800ull", "not a whole number of pages; it would fit at"),
    ("VMAPSIZE=0ull", "VMAP"),
    ("VMAP=KZERO - VMAPSIZE + 4096", "image [0xffffffff80000000, 0xffffffffc0000000): overlaps VMAP; it would fit at"),
    ("HHDMSIZE=0x800000000000ull", "overlaps HHDM; there is no place for it"),
    ("USTKTOP=0x0000900000000000ull", "not inside the lower half"),
    ("UTZERO=0ull", "above page 0"),
    ("USTKSIZE=0x0000800000000000ull", "the user stack is larger"),
])
def test_R4_bad_layout_is_named(define, words):
    done = layout(define)
    assert done.returncode == 1
    assert words in done.stderr
