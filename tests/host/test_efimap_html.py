"""efimap --html in a real browser: chromium without a screen, driven by the WebDriver protocol."""
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EFIMAP = os.path.join(TOP, "out/host/efimap")
OUT = os.path.join(TOP, "out/tests/efimap-html")
STRIP = " .\n"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name of an element's id


class Browser:
    def __init__(self, name):
        self.name = name
        os.makedirs(OUT, exist_ok=True)
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.base = f"http://127.0.0.1:{line.split('port')[-1].strip(STRIP)}"
                break
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1100",
                "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={OUT}/profile-{name}-{os.getpid()}"]
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": args}, "goog:loggingPrefs": {"browser": "ALL"}}}}, raw=True)["sessionId"]

    def call(self, method, path, body=None, raw=False):
        url = self.base + (path if raw else f"/session/{self.session}{path}")
        req = urllib.request.Request(url, method=method, headers={"Content-Type": "application/json"},
                                     data=None if method == "GET" else json.dumps(body or {}).encode())
        with urllib.request.urlopen(req, timeout=90) as r:
            return json.load(r)["value"]

    def open(self, path):
        self.call("POST", "/url", {"url": "file://" + path})

    def js(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def move(self, x, y, *more):
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                  "actions": [{"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)}, *more]}]})

    def click(self, x, y):
        self.move(x, y, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})

    def type(self, css, text):
        e = self.call("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]
        self.call("POST", f"/element/{e}/clear")
        self.call("POST", f"/element/{e}/value", {"text": text})

    def errors(self):
        return [e for e in self.call("POST", "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]

    def shot(self, name):
        path = os.path.join(OUT, name + ".png")
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", "/screenshot")))
        return path

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(f"{OUT}/profile-{self.name}-{os.getpid()}", ignore_errors=True)


@pytest.fixture
def browser(request):
    if not shutil.which("chromedriver"):
        pytest.skip("chromium-driver is not installed (make deps)")
    b = Browser(request.node.name[:20])
    yield b
    b.close()


def page(name, *args):
    os.makedirs(OUT, exist_ok=True)
    path = os.path.join(OUT, name + ".html")
    with open(path, "wb") as f:
        subprocess.run([EFIMAP, "--html", *args], stdout=f, check=False)
    return path


# where an address stands on the screen: the middle of [start, end) in band 0 (descriptors) or 1 (ledger)
WHERE = """const b = document.getElementById("picture").getBoundingClientRect();
const u = (place(arguments[0]) + place(arguments[1])) / 2;
return [b.left + (u - view[0]) / (view[1] - view[0]) * b.width, b.top + 8 + arguments[2] * 64 + 20];"""


def test_T2_html_hover_and_search(browser):
    b = browser
    b.open(page("x240", os.path.join(TOP, "tests/maps/001-lenovo-thinkpad-x240.txt")))
    assert "001-lenovo-thinkpad-x240" in b.js("return document.title")
    assert "51 descriptors, 38 ranges, 8 anomalies; EFI v2.31 by Lenovo" in b.js("return document.getElementById('sub').textContent")
    tip = "const t = document.getElementById('tip'); return t.style.display === 'none' ? '' : t.textContent;"

    b.move(*b.js(WHERE, 0, 0x1000, 1))
    assert "reserved" in b.js(tip) and "because: page zero" in b.js(tip) and "#0 BootServicesCode" in b.js(tip)
    b.move(*b.js(WHERE, 0x100000, 0x110000, 0))
    assert "#10 BootServicesCode (type 3)" in b.js(tip) and "WB WT WC UC" in b.js(tip) and "becomes: boot" in b.js(tip)
    b.move(*b.js(WHERE, 0xDA43B000, 0xDA63B000, 0))  # an attribute of 64 bits, which a number of JavaScript cannot hold
    assert "#32 RuntimeServicesCode (type 5)" in b.js(tip) and "RUN WB WT WC UC" in b.js(tip)
    b.move(*b.js(WHERE, 0xC0000, 0xE0000, 1))
    assert "not described" in b.js(tip)

    b.type("#search", "0xdcefe014")
    assert b.js("return document.getElementById('found').textContent") == "2 found"
    assert b.js("return document.querySelectorAll('tr.hit').length") == 2
    b.type("#search", "runtime")
    assert b.js("return document.querySelectorAll('tr.hit').length") == 3
    b.type("#search", "#36")
    assert "ACPIReclaim" in b.js("return document.querySelector('tr.hit').textContent")
    b.type("#search", "unsorted")
    assert b.js("return document.querySelectorAll('tr.hit').length") == 1

    # zoomed onto one page: Enter shows what was found
    b.type("#search", "0xdceff000" + "\ue007")
    lo, hi = b.js("return [address(view[0]), address(view[1])]")
    assert lo <= 0xDCEFF000 and hi >= 0xDCF00000 and hi - lo < 0x40000000
    # a click names the place
    b.js("document.getElementById('fit').click()")
    b.click(*b.js(WHERE, 0x1000, 0x58000, 1))
    assert "low" in b.js("return document.querySelector('tr.hit').textContent")
    b.shot("x240")
    # from 64 TiB to 4 KiB in true scale
    b.js("document.getElementById('fold').click(); view = [0, 2 ** 46]; draw();")
    assert "64 TiB" in b.js("return document.getElementById('span').textContent")
    b.js("view = [0xdceff000, 0xdceff001]; draw();")
    assert "4 KiB" in b.js("return document.getElementById('span').textContent")
    b.shot("x240-page")
    assert b.errors() == []


def test_T2_html_diff_and_large_maps(browser):
    b = browser
    old = os.path.join(TOP, "tests/maps/001-lenovo-thinkpad-x240.txt")
    new = os.path.join(OUT, "changed.txt")
    with open(old) as f, open(new, "w") as g:
        g.write(f.read().replace("mem35: type=10,", "mem35: type=7,"))
    b.open(page("diff", "--diff", old, new))
    assert "What changed" in b.js("return document.body.textContent")
    assert b.js("return data.changes.map(({start, end, was, is}) => ({start, end, was, is}))") == [{"start": 0xDCD3F000, "end": 0xDCE7F000, "was": "nvs", "is": "free"}]
    b.shot("diff")
    big = os.path.join(OUT, "big.txt")
    with open(big, "w") as g:
        for i in range(10000):
            s = 0x100000 + i * 0x3000
            g.write(f"efi: mem{i:02d}: type={[7, 4, 0][i % 3]}, attr=0xf, range=[{s:#018x}-{s + 0x2000:#018x}) (0MB)\n")
    begun = time.time()
    b.open(page("big", big))
    assert b.js("return maps[0].ledger.length") == 10000
    assert time.time() - begun < 60
    assert b.errors() == []
