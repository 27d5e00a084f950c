"""Static checks over the tree: what grep and the compiler alone can tell."""

import subprocess


def test_R5_no_backup_files_or_binaries_in_the_tree():
    files = subprocess.run(["git", "ls-files"], stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")
    bad = [f for f in files if f.endswith(("~", ".orig", ".rej", ".bak", ".o", ".EFI", ".img", ".a", ".so"))]
    assert not bad
