"""The two commands and make's words to a user, on systems that lack something: faked by a PATH of small scripts."""

import os
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def system(tmp_path):
    """system(id="1000", installed=False, apt=1): run a command where these answer so."""
    def run(command, uid="0", installed=True, apt=None, update="exit 0"):
        fake = tmp_path / "bin"
        fake.mkdir(exist_ok=True)
        scripts = {"dpkg-query": "echo installed" if installed else "exit 1", "id": f"echo {uid}"}
        if apt is not None:
            scripts["apt-get"] = f'echo "apt-get $*" >> {tmp_path}/calls; case $1 in update) {update};; *) {apt};; esac'
        for word in ("sh", "env", "sed", "mktemp", "tail", "rm", "cat", "dirname", "nproc", "make"):
            if not (fake / word).exists():
                (fake / word).symlink_to("/bin/" + word if os.path.exists("/bin/" + word) else "/usr/bin/" + word)
        for name, body in scripts.items():
            (fake / name).write_text("#!/bin/sh\n" + body + "\n")
            (fake / name).chmod(0o755)
        done = subprocess.run(["/bin/sh", os.path.join(TOP, command[0]), *command[1:]], env={"PATH": str(fake)}, cwd=TOP,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        calls = tmp_path / "calls"
        return done.returncode, done.stdout, calls.read_text() if calls.exists() else ""
    return run


def test_R2_deps_costs_nothing_when_all_is_there(system):
    assert system(["tools/deps"], apt="exit 9") == (0, "", "")


def test_R2_deps_without_root_or_sudo(system):
    status, said, calls = system(["tools/deps"], uid="1000", installed=False, apt="exit 0")
    assert status == 1 and "as root, or install sudo" in said and calls == ""


def test_R2_deps_on_another_system(system):
    status, said, _ = system(["tools/deps"], installed=False)
    assert status == 1 and "no Debian" in said and "clang" in said


def test_R2_deps_without_network(system):
    status, said, _ = system(["tools/deps"], installed=False, apt="exit 100", update="exit 100")
    assert status == 1 and "is there a network" in said


def test_R2_deps_package_that_is_not_there(system):
    status, said, calls = system(["tools/deps"], installed=False, apt="echo E: no such package; exit 100")
    assert status == 1 and "no such package" in said and "could not install" in said
    assert [c.split()[1] for c in calls.splitlines()] == ["install", "update", "install"]


def test_R2_deps_as_root(system):
    status, _, calls = system(["tools/deps"], installed=False, apt="exit 0")
    assert status == 0 and len(calls.splitlines()) == 1


def test_R2_deps_check_installs_nothing(system):
    status, said, calls = system(["tools/deps", "--check"], installed=False, apt="exit 0")
    assert status == 1 and "missing:" in said and calls == ""


@pytest.mark.parametrize("words, status, text", [
    (["--help"], 0, "usage: tools/imago run"), (["run", "--help"], 0, "--mem SIZE"),
    ([], 2, "usage:"), (["rnu"], 2, "no command 'rnu'"),
])
def test_R2_imago_help(system, words, status, text):
    got, said, _ = system(["tools/imago", *words], apt="exit 9")
    assert got == status and text in said


def test_R2_no_test_is_a_failure():
    """A run in which nothing ran is not green."""
    done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/static/test_layout.py",
                           "-k", "nothing_has_this_name"], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode != 0
