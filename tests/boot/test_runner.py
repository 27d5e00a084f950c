"""The runner itself: what it must not take for success, shown with small EFI programs that do just that."""

import os
import subprocess

import pytest

from imagoqemu import OUT, Failed, Guest, clean, in_order

PROGRAM = """
struct idtr { unsigned short limit; unsigned long long base; } __attribute__((packed));
static unsigned char in(unsigned short port)
{ unsigned char v; __asm__ volatile("inb %%dx, %%al" : "=a"(v) : "d"(port)); return v; }
static void out(unsigned short port, unsigned char v)
{ __asm__ volatile("outb %%al, %%dx" : : "a"(v), "d"(port)); }
static void say(const char *s)
{ for (; *s; s++) { while (!(in(0x3fd) & 0x20)); out(0x3f8, *s); } }
int efimain(void *image, void *system)
{ (void)image, (void)system; ACT; for (;;) ; }
"""


@pytest.fixture(scope="module")
def esp(tmp_path_factory):
    """esp(act): an ESP image whose program does `act`."""
    def make(act):
        where = tmp_path_factory.mktemp("efi")
        (where / "x.c").write_text(PROGRAM.replace("ACT", act))
        subprocess.run(["clang", "--target=x86_64-unknown-windows", "-O1", "-ffreestanding", "-mno-red-zone", "-w", "-c",
                        str(where / "x.c"), "-o", str(where / "x.o")], check=True)
        subprocess.run(["lld-link", "/subsystem:efi_application", "/entry:efimain", "/nodefaultlib",
                        f"/out:{where}/x.efi", str(where / "x.o")], check=True)
        image = str(where / "esp.img")
        subprocess.run(["truncate", "-s", "32M", image], check=True)
        subprocess.run(["mformat", "-i", image, "::"], check=True)
        subprocess.run(["mmd", "-i", image, "::EFI", "::EFI/BOOT"], check=True)
        subprocess.run(["mcopy", "-i", image, str(where / "x.efi"), "::EFI/BOOT/BOOTX64.EFI"], check=True)
        return image
    return make


def test_R2_triple_fault_is_no_poweroff(esp):
    act = 'struct idtr none = {0, 0}; say("tri\\n"); __asm__ volatile("lidt %0; ud2" : : "m"(none))'
    with Guest("runner-triple", esp=esp(act)) as g:
        assert g.wait() == 0
        assert g.ended() == "guest-reset"
    with Guest("runner-triple-poweroff", esp=esp(act)) as g:
        with pytest.raises(Failed, match="poweroff ended in guest-reset"):
            g.poweroff()


def test_R2_silence_is_a_failure(esp):
    with Guest("runner-silent", esp=esp('say("alive\\n")')) as g:
        g.expect("alive")
        with pytest.raises(Failed, match="is silent"):
            g.prompt(timeout=1)


def test_R2_end_is_a_failure(esp):
    with Guest("runner-end", esp=esp("out(0xf4, 0x12)")) as g:
        with pytest.raises(Failed, match="guest ended"):
            g.prompt()
        assert g.wait() == 2 * 0x12 + 1
        assert g.ended() == ""


def test_R2_crumbs_are_kept(esp):
    with Guest("runner-crumbs", esp=esp("out(0x402, 'E'); out(0x402, '0'); out(0xe9, 'x'); out(0xf4, 1)")) as g:
        g.wait()
        assert g.crumbs() == b"E0" and g.crumbs(0xE9) == b"x"


def test_R2_files_and_settings_reach_the_image(tmp_path):
    from imagoqemu import edit_esp, mtools
    target = str(tmp_path / "esp.img")
    edit_esp(os.path.join(OUT, "esp.img"), target, conf=["*x=1"], files={"A.TXT": b"a"}, remove=["initrd.tar"])
    assert mtools("mtype", "-i", target, "::boot.cfg").endswith(b"\n*x=1\n")
    assert mtools("mtype", "-i", target, "::A.TXT") == b"a"
    with pytest.raises(Failed):
        mtools("mtype", "-i", target, "::initrd.tar")


def test_R2_words_in_order():
    in_order("one\ntwo\nthree\n", ["^one$", "^three$"])
    with pytest.raises(Failed, match="stands earlier"):
        in_order("one\ntwo\n", ["^two$", "^one$"])
    with pytest.raises(Failed, match="not found: '.four"):
        in_order("one\n", ["^four$"])
    assert clean("\x1b[2J\x1b[01;01Hab\r\n") == "ab\n"
