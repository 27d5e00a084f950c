"""The shell and its commands, typed by hand: what a user sees at the prompt."""

import re

import pytest

from imagoqemu import Failed, Guest, in_order


@pytest.fixture
def guest(request):
    with Guest("shell-" + request.node.name, mem="512M") as g:
        g.prompt()
        yield g


def lists(text):
    return text.split()


def test_M6_R7_ls_boot_is_the_archive(guest):
    import os
    import subprocess
    from imagoqemu import OUT
    names = subprocess.run(["tar", "-tf", os.path.join(OUT, "initrd.tar")], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.split()
    have = {os.path.basename(n) for n in lists(guest.run("ls /boot"))}
    assert set(names) <= have, set(names) - have


def test_Q9_commands_by_hand(guest, result):
    """One session; each command's answer is a result."""
    def says(name, command, *patterns):
        text = guest.run(command)
        try:
            in_order(text, patterns)
            result(name, True)
        except Failed as e:
            result(name, False, f"% {command}\n{text}\n{e}")

    says("Q9_echo", "echo hello world", r"^hello world$")
    says("Q9_echo_quotes", "echo 'a  b' c", r"^a  b c$")
    says("Q9_quote_in_quotes", "echo 'it''s'", r"^it's$")
    says("Q9_semicolon", "echo one; echo two", r"^one$", r"^two$")
    says("M3_cat_sysname", "cat /dev/sysname; echo", r"^imago$")
    says("M4_swap", "cat /dev/swap", r"^\d+ memory$", r"^\d+ pagesize$", r"^\d+ kernel$", r"^\d+/\d+ user$",
         r"^\d+/\d+ swap$", r"^\d+/\d+/\d+ ", )
    says("M3_ls_cons", "ls '#c'", r"cons", r"kmesg|swap")
    says("Q9_ps", "ps", r"(?m)^.*\b(init|sh)\b")
    says("Q9_H13_mem", "mem", r"MEMBAL .* off 0 ok")
    says("Q9_F5_xsummary", "xsummary", r"\d+ holes free", r"\d+ bytes free")
    says("Q9_G3_pool", "pool", r"max \d+ cur \d+ free \d+ alloc \d+")
    says("Q9_Q6_walk", "walk 0xffffffff80000000", r"L3 \[511\].*TABLE", r"L0 \[  0\].*NX", r"class image")
    says("Q9_pipe", "echo through a pipe | cat", r"^through a pipe$")
    says("Q9_two_pipes", "echo deep | cat | cat", r"^deep$")
    says("Q9_status_ok", "echo; echo status $status.", r"status ?\.?$")
    says("Q9_status_bad", "cat /no/such/file", r"(?i)does not exist|not exist|can't open")
    says("Q9_status_word", "echo status is $status", r"status is .+")
    says("Q9_unknown_command", "nosuchcommand", r"(?i)nosuchcommand.*(not exist|not found)")
    says("Q9_comment_and_blank", "echo a b    c", r"^a b c$")
    says("Q9_background", "echo behind &", r"behind")
    says("Q9_still_there", "echo still here", r"^still here$")


def test_Q9_redirection(guest):
    """`>` makes what a later reader finds: environment variables are the files that can be made here."""
    guest.run("echo kept for later > /env/note")
    assert "kept for later" in guest.run("cat /env/note")


def test_M3_kmesg_is_the_serial_text(guest):
    """Every line that the boot printed on the serial line stands in kmesg too, in order."""
    boot = guest.log.split("BOOT: 00", 1)[1].split("\n% ")[0]
    lines = [line for line in boot.split("\n")[1:] if re.match(r"(BOOT|ledger:|efi:|MEMBAL)", line)]
    assert len(lines) > 20
    in_order(guest.run("cat /dev/kmesg", timeout=90), ["^" + re.escape(line) + "$" for line in lines])


def test_A16_L7_poweroff(guest):
    assert guest.poweroff() == 0


def test_L7_reboot(guest):
    """With -no-reboot QEMU ends, and says that it was a reset."""
    guest.send("reboot\n")
    assert guest.wait(60) == 0
    assert guest.ended() == "guest-reset"
