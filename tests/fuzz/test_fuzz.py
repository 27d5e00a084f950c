"""Each libFuzzer target of tests/fuzz for a few seconds, with a fixed seed and the corpus of the tree."""
import glob
import os
import subprocess
import tempfile

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGETS = sorted(os.path.basename(p)[:-2] for p in glob.glob(os.path.join(TOP, "tests/fuzz/fuzz_*.c")))
SECONDS = os.environ.get("FUZZ_SECONDS", "4")
IDS = {"fuzz_fwmap": ("T1", "A13"), "fuzz_efimap": ("T2",), "fuzz_tar": ("O3",)}


@pytest.mark.parametrize("target", [pytest.param(t, marks=pytest.mark.ids(*IDS.get(t, ()))) for t in TARGETS])
def test_fuzz(target):
    corpus = os.path.join(TOP, "tests/fuzz/corpus", target[len("fuzz_"):])
    with tempfile.TemporaryDirectory() as found:
        p = subprocess.run([os.path.join(TOP, "out/host/fuzz", target), "-seed=1", f"-max_total_time={SECONDS}", "-timeout=10",
                            "-rss_limit_mb=2048", f"-artifact_prefix={found}/", found] + ([corpus] if os.path.isdir(corpus) else []),
                           capture_output=True, cwd=TOP, timeout=600)
        err = p.stderr.decode(errors="replace")
        if p.returncode != 0:
            keep = os.path.join(TOP, "out/tests")
            os.makedirs(keep, exist_ok=True)
            for f in glob.glob(f"{found}/*-*"):
                os.replace(f, os.path.join(keep, f"{target}-{os.path.basename(f)}")) if os.path.basename(f).split("-")[0] in (
                    "crash", "leak", "timeout", "oom") else None
        assert p.returncode == 0, err[-3000:]
