"""
conftest.py: one pytest session runs every ring of tests.

- tests/host/test_*.c: each cmocka test of a program is an item of its own, by its C name.
- IMAGO_JOBS (2) items run side by side, in processes; the C tests of one file stay together.
- Requirement ids stand in test names (test_F3_alignment, test_A6_A7_screen) or in marks:
  @pytest.mark.ids("B4", "P-1"). `make status` reads them, with the results, from out/tests/results.json.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from _pytest.reports import TestReport
from _pytest.runner import runtestprotocol

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOST = os.path.join(TOP, "out/host/test")
RESULTS = os.path.join(TOP, "out/tests/results.json")
FAILURES = os.path.join(TOP, "out/tests/failures.txt")
ID = re.compile(r"(?:[A-W]\d{1,2}|[PS]\d{1,2})$")

sys.path[:0] = [os.path.join(TOP, "tests/boot"), os.path.join(TOP, "tests/outside")]


# ---- the C programs --------------------------------------------------------------------------------

class CTest(pytest.Item):
    """One cmocka test; the first of a program runs the program, the others read its report."""

    def runtest(self):
        result = self.parent.results().get(self.name)
        if result is None:
            raise CFailure(f"{self.parent.program}: {self.name} did not run: is it in main's list?\n{self.parent.tail}")
        if result:
            raise CFailure(result)

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, CFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, self.name


class CFailure(Exception):
    pass


class CFile(pytest.File):
    def collect(self):
        self.program = os.path.join(HOST, self.path.stem)
        self.report = None
        text = self.path.read_text()
        # Defined as a function or through a macro of the file's own, or named in main's list.
        names = list(dict.fromkeys(re.findall(r"\b(test_\w+)(?=\)|\(void \*\*)", text)))
        if not names:
            raise self.CollectError(f"{self.path}: no test was understood")
        for name in names:
            yield CTest.from_parent(self, name=name)

    def results(self):
        """Name of each test -> "" or its failure."""
        if self.report is None:
            try:
                self.report = self._run()
            except CFailure as e:  # not built, or never ended: that is every test's failure
                self.report = {c.name: str(e) for c in self.collect()}
        return self.report

    def _run(self):
        if os.path.exists(os.path.join(HOST, "broken")):
            built = subprocess.run(["make", "-s", os.path.relpath(self.program, TOP)], cwd=TOP, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if built.returncode != 0:
                raise CFailure(f"{self.program} does not build:\n{built.stdout[-3000:]}")
        xml = self.program + ".xml"
        if os.path.exists(xml):
            os.unlink(xml)
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="xml", CMOCKA_XML_FILE=xml, ASAN_OPTIONS="detect_leaks=1")
        try:
            done = subprocess.run([self.program], cwd=TOP, env=env, timeout=600, errors="replace",
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise CFailure(f"{self.program}: {e}") from None
        self.tail = f"status {done.returncode}\n" + done.stdout[-6000:]
        results = {}
        if os.path.exists(xml):
            for case in ElementTree.parse(xml).iter("testcase"):
                bad = case.find("failure")
                results[case.get("name")] = "" if bad is None else (bad.text or "failed")
        unseen = set(results) - {c.name for c in self.collect()}
        if unseen:
            raise CFailure(f"{self.program}: ran, but is no test by its source: {', '.join(sorted(unseen))}")
        if done.returncode != 0 and not any(results.values()):
            # Died (a sanitizer, a leak, a signal) with no failed test: everything in the program fails.
            return {name: self.tail for name in [c.name for c in self.collect()]}
        return results


def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".c" and file_path.name.startswith("test_") and file_path.parent.name == "host":
        return CFile.from_parent(parent, path=file_path)
    return None


# ---- side by side -----------------------------------------------------------------------------------

def pytest_configure(config):
    config.addinivalue_line("markers", "ids(*names): requirement ids that the test covers")
    config.addinivalue_line("markers", "slow: only with IMAGO_SLOW_TESTS=1")


def stays_together(item):
    """Tests of one C program, and those that share a fixture of their module, stay in one process."""
    if isinstance(item, CTest):
        return True
    shared = getattr(item, "_fixtureinfo", None)
    return shared is not None and any(f[-1].scope == "module" for f in shared.name2fixturedefs.values())


def groups(items):
    """Lists of item indices, each for one process."""
    by = {}
    for i, item in enumerate(items):
        by.setdefault(str(item.path) if stays_together(item) else item.nodeid, []).append(i)
    # Boots are long: they start first, so that the processes end together.
    return sorted(by.values(), key=lambda g: "/boot/" not in str(items[g[0]].path))


@pytest.fixture
def result(request):
    """result(name, ok, why): one more result beside the test's own, for what is found out only by running it."""
    request.node.subresults = []

    def add(name, ok, why=""):
        request.node.subresults.append((name, ok, why))
    return add


def run_item(item, following):
    """
    The reports of a test, and one for each result that it added, as if each were a test of its own. `following`
    (the next test of its group, or None) keeps the fixtures that both use.
    """
    reports = runtestprotocol(item, log=False, nextitem=following)
    for name, ok, why in getattr(item, "subresults", ()):
        reports.append(TestReport(
            nodeid=f"{item.nodeid}::{name}", location=item.location, keywords={}, when="call",
            outcome="passed" if ok else "failed", longrepr=None if ok else why or name,
            user_properties=[("ids", ids_in(name))]))
    return reports


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    jobs = int(os.environ.get("IMAGO_JOBS", "2"))
    if session.config.option.collectonly or session.config.option.usepdb or session.testsfailed:
        return None
    todo = groups(session.items)
    ask_r, ask_w = os.pipe()  # one byte: a turn; whoever reads it takes the next group
    rep_r, rep_w = os.pipe()
    # The turns are few; they fit in the pipe's buffer as 4-byte numbers.
    for n in range(len(todo)):
        os.write(ask_w, n.to_bytes(4, "little"))
    os.close(ask_w)
    children = []
    for _ in range(jobs):
        pid = os.fork()
        if pid == 0:
            os.close(rep_r)
            work(session, todo, ask_r, rep_w)
        children.append(pid)
    os.close(ask_r)
    os.close(rep_w)
    collect_reports(session, rep_r)
    for pid in children:
        _, status = os.waitpid(pid, 0)
        if status != 0:
            session.testsfailed += 1
            session.shouldfail = f"a test process died with status {status}"
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    return True


def work(session, todo, ask, rep):
    """A worker: take groups until none is left, send each report as a line of JSON; never returns."""
    config = session.config
    try:
        while turn := os.read(ask, 4):
            group = todo[int.from_bytes(turn, "little")]
            for i, after in zip(group, group[1:] + [None]):
                following = None if after is None else session.items[after]
                for report in run_item(session.items[i], following):
                    data = config.hook.pytest_report_to_serializable(config=config, report=report)
                    send(rep, (json.dumps(data, default=str) + "\n").encode())
    finally:
        sys.stdout.flush()
        os._exit(0 if sys.exc_info()[0] is None else 3)


def send(rep, line):
    """Write a whole line: longer than a pipe takes at once, so the processes take turns."""
    with open(os.path.join(TOP, "out/tests/.turn"), "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        while line:
            line = line[os.write(rep, line):]


def collect_reports(session, rep):
    config = session.config
    with os.fdopen(rep, "rb") as f:
        for line in f:
            report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
            if report.when == "setup":
                config.hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
            config.hook.pytest_runtest_logreport(report=report)


# ---- what `make status` reads ------------------------------------------------------------------------

results = {}


def ids_of(item):
    """Requirement ids: from the marks, and the words of the name that look like one."""
    found = [i for mark in item.iter_markers("ids") for i in mark.args]
    return list(dict.fromkeys(found + ids_in(item.name.split("[")[0].removeprefix("test_"))))


def ids_in(name):
    """The ids that a name begins with: F3_F4_alignment; P1 and S1 stand for P-1 and S-1."""
    found = []
    for word in name.split("_"):
        if not ID.match(word):
            break
        found.append(re.sub(r"^([PS])(\d+)$", r"\1-\2", word))
    return found


def pytest_collection_modifyitems(config, items):
    if not items:
        raise pytest.UsageError("no test was found: nothing would run")
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    open(FAILURES, "w").close()
    for item in items:
        item.user_properties.append(("ids", ids_of(item)))


def pytest_runtest_logreport(report):
    if report.failed:  # told at once, for whoever waits for the end of a long run
        with open(FAILURES, "a") as f:
            f.write(f"{report.nodeid}\n{report.longreprtext}\n\n")
    if report.when == "call" or report.outcome != "passed":
        ids = dict(report.user_properties).get("ids", [])
        results[report.nodeid] = {"ids": ids, "outcome": report.outcome, "seconds": round(report.duration, 2)}


def pytest_sessionfinish(session):
    if results:
        with open(RESULTS, "w") as f:
            json.dump(results, f, indent=1, sort_keys=True)
            f.write("\n")
