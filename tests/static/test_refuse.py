"""
Programs that must not compile. Each file of tests/refuse compiles as it is, under the flags and include
paths of the room that its head names, and is refused with -DREFUSE, by the words that its head names:
so a type, a flag or an include wall that grew weak fails here.
"""

import glob
import os
import re
import shlex
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = sorted(glob.glob(os.path.join(TOP, "tests/refuse/*.c")))
ROOMS = {"mm": "INC_MM", "kernel": "INC_KERN", "lib": "INC_LIB", "efi": "INC_EFI", "port": "INC_PORT"}
_words = {}


def make_word(name, kind):
    """The value of a variable of the Makefile."""
    if (name, kind) not in _words:
        done = subprocess.run(["make", "-s", f"CC_KIND={kind}", f"print-{name}"], cwd=TOP, check=True,
                              stdout=subprocess.PIPE, text=True)
        _words[name, kind] = shlex.split(done.stdout)
    return _words[name, kind]


def compile_it(path, room, kind, *more):
    """The compiler's complaint, or "" if it is content."""
    command = (make_word("KCC", kind) + make_word("KFLAGS", kind) + make_word(ROOMS[room], kind)
               + [*more, "-c", path, "-o", "/dev/null"])
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "" if done.returncode == 0 else done.stdout


@pytest.mark.ids("E5", "R5", "D11")
@pytest.mark.parametrize("kind", ["clang", "mingw"])
@pytest.mark.parametrize("path", FILES, ids=lambda p: os.path.basename(p)[:-2])
def test_E5_R5_refused(path, kind):
    with open(path) as f:
        head = f.readline()
    room = re.search(r"room: (\w+)", head)[1]
    words = re.search(r"refused: (.*?) *\*/", head)[1]
    assert compile_it(path, room, kind) == "", "does not even compile without -DREFUSE"
    said = compile_it(path, room, kind, "-DREFUSE")
    assert said, "was compiled"
    assert re.search(words, said), f"refused, but not for {words}:\n{said}"
