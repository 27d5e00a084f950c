"""
imagoqemu.py: one QEMU guest that boots imago's ESP image under OVMF, watched from a test.

    with Guest("name", mem="512M", cpu="max", vga="std", conf=["*panicat=K3"]) as g:
        g.prompt()                      # the shell's "% " at the start of a line
        print(g.run("ls /boot"))        # a command's output, up to the next prompt
        assert g.poweroff() == 0        # its status when the guest switched itself off

A guest never gets the files of the build themselves: the image is read as a snapshot, or copied when
boot.cfg lines or files are added to it; the firmware's variables are a copy. Everything that a
guest leaves (serial log, crumbs, screendumps) stays in out/tests/<name>/.

With -no-reboot a triple fault ends QEMU with status 0, exactly as a power-off does: so a test never takes
0 alone for success. `ended()` tells the two apart by QMP's SHUTDOWN reason.

Also run by hand: `imagoqemu.py [options]` boots on this terminal (make run); see --help.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pexpect

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, os.environ.get("IMAGO_OUT", "out/x86_64"))
OUT_ARM = os.path.join(TOP, "out/aarch64")
RESULTS = os.path.join(TOP, "out/tests")
FIRMWARE = "/usr/share/OVMF"
FIRMWARE_ARM = "/usr/share/AAVMF"
PROMPT = r"(?:^|[\r\n])% $"

# Every wait, in seconds of an idle machine; a busy one multiplies them.
SLOW = float(os.environ.get("IMAGO_SLOW", "1"))
BOOT_TIMEOUT = 90 * SLOW
COMMAND_TIMEOUT = 30 * SLOW

DEBUGEXIT_PORT = 0xF4
CRUMB_PORTS = (0x402, 0xE9)


class Failed(AssertionError):
    """The guest did not do what the test waited for; the text ends with the tail of its log."""


def have(path):
    if not os.path.exists(path):
        raise Failed(f"{path} is missing: run make (and make deps) first")
    return path


def firmware(kind):
    """Paths of the firmware's code and variables: '4M', '2M', 'secboot' (snakeoil keys, needs smm), or 'arm'."""
    if kind == "arm":
        return [have(os.path.join(FIRMWARE_ARM, f"AAVMF_{part}.fd")) for part in ("CODE", "VARS")]
    code, variables = {
        "4M": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
        "2M": ("OVMF_CODE.fd", "OVMF_VARS.fd"),
        "secboot": ("OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.snakeoil.fd"),
    }[kind]
    return have(os.path.join(FIRMWARE, code)), have(os.path.join(FIRMWARE, variables))


def mtools(*args, stdin=None):
    """Run one of the mtools; its output as bytes."""
    done = subprocess.run(args, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed(f"{' '.join(args)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def edit_esp(source, target, conf=(), files=None, efi=None, remove=()):
    """
    Copy an ESP image: lines appended to boot.cfg, files put at their paths, another BOOTX64.EFI, paths removed.
    `files` maps a path on the ESP ("EFI/BOOT/X.EFI") to bytes or to the name of a host file.
    """
    subprocess.run(["cp", "--sparse=always", source, target], check=True)
    files = dict(files or {})
    for path in remove:
        mtools("mdel", "-i", target, "::" + path)
    if conf:
        old = mtools("mtype", "-i", target, "::boot.cfg")
        files["boot.cfg"] = old.rstrip(b"\n") + b"\n" + "".join(c + "\n" for c in conf).encode()
    if efi:
        files["EFI/BOOT/BOOTX64.EFI"] = efi
    for path, content in files.items():
        if isinstance(content, bytes):
            mtools("mcopy", "-o", "-i", target, "-", "::" + path, stdin=content)
        else:
            mtools("mcopy", "-o", "-i", target, have(content), "::" + path)


def qemu_args(esp, variables, *, mem="512M", cpu="max", machine="q35", vga="none", ovmf="4M", smp=1,
              accel="tcg", big=False, debugexit=True, extra=()):
    """The command line of every guest of ours, but for its serial line, monitor and display."""
    code, _ = firmware(ovmf)
    kind = machine + (",smm=on" if ovmf == "secboot" else "") + (",memory-backend=ram" if big else "")
    args = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-net", "none",
            "-boot", "menu=off", "-machine", kind, "-accel", accel, "-cpu", cpu, "-m", mem, "-smp", str(smp),
            "-vga", vga,
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
            "-drive", f"if=none,id=esp,format=raw,snapshot=on,file={esp}",
            "-device", "virtio-blk-pci,drive=esp,bootindex=0"]
    if debugexit:
        args += ["-device", f"isa-debug-exit,iobase={DEBUGEXIT_PORT:#x},iosize=4"]
    if big:  # more memory than the host has: only what the guest touches is paid for
        args += ["-object", f"memory-backend-ram,id=ram,size={mem},reserve=off"]
    return args + list(extra)


def qemu_args_arm(esp, variables, *, mem="512M", cpu="max", machine="virt", vga="none", smp=1):
    """The same for the port to aarch64: semihosting is its debug exit; vga names a device, as ramfb."""
    code, _ = firmware("arm")
    args = ["qemu-system-aarch64", "-nodefaults", "-no-user-config", "-no-reboot", "-net", "none",
            "-machine", machine, "-accel", "tcg", "-cpu", cpu, "-m", mem, "-smp", str(smp),
            "-boot", "menu=on,splash-time=0", "-semihosting-config", "enable=on,target=native",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
            "-drive", f"if=none,id=esp,format=raw,snapshot=on,file={esp}",
            "-device", "virtio-blk-pci,drive=esp,bootindex=0"]
    return args + ([] if vga == "none" else ["-device", vga])


class Qmp:
    """QEMU's machine protocol over a socket: commands by call, events kept as they come."""

    def __init__(self, path, timeout=20 * SLOW):
        self.events = []
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.sock.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise Failed("QEMU gives no QMP socket")
                time.sleep(0.05)
        self.file = self.sock.makefile("rw")
        self._message()
        self("qmp_capabilities")

    def _message(self):
        line = self.file.readline()
        return json.loads(line) if line else None

    def __call__(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            m = self._message()
            if m is None:
                raise Failed(f"QEMU closed QMP during {command}")
            if "event" in m:
                self.events.append(m)
            elif "error" in m:
                raise Failed(f"QMP {command}: {m['error']['desc']}")
            else:
                return m["return"]

    def drain(self):
        """Read the events of a QEMU that has ended."""
        try:
            while (m := self._message()) is not None:
                if "event" in m:
                    self.events.append(m)
        except OSError:
            pass

    def close(self):
        self.sock.close()


class Guest:
    """
    One boot. `name` is the directory of its traces; the other words are qemu_args' and edit_esp's. A guest that
    does not listen writes its serial line into a file, which is never full: where a terminal is, QEMU's
    log of it has a byte twice (for a megabyte of log and the test of each byte of it).
    """

    def __init__(self, name, *, conf=(), files=None, efi=None, remove=(), esp=None, extra=(), timeout=BOOT_TIMEOUT,
                 qmp=True, arch="x86_64", listens=True, **machine):
        self.name = name
        self.timeout = timeout
        self.dir = os.path.join(RESULTS, re.sub(r"[^A-Za-z0-9_.+-]+", "-", name))
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.tmp = tempfile.mkdtemp(prefix="imago.")
        self.serial = os.path.join(self.dir, "serial.raw")
        self._status = None
        arm = arch == "aarch64"
        esp = have(esp or os.path.join(OUT_ARM if arm else OUT, "esp.img"))
        if conf or files or efi or remove:
            edited = os.path.join(self.tmp, "esp.img")
            edit_esp(esp, edited, conf, files, efi, remove)
            esp = edited
        variables = os.path.join(self.tmp, "vars.fd")
        shutil.copyfile(firmware("arm" if arm else machine.get("ovmf", "4M"))[1], variables)
        self.args = (qemu_args_arm if arm else qemu_args)(esp, variables, **machine)
        self.listens = listens
        serial = f"stdio,id=serial,signal=off,logfile={self.serial}" if listens else f"file,id=serial,path={self.serial}"
        self.args += ["-display", "none", "-monitor", "none", "-chardev", serial, "-serial", "chardev:serial"]
        for port in () if arm else CRUMB_PORTS:
            self.args += ["-chardev", f"file,id=crumb{port:x},path={self.crumbfile(port)}",
                          "-device", f"isa-debugcon,iobase={port:#x},chardev=crumb{port:x}"]
        if qmp:
            self.args += ["-qmp", f"unix:{self.tmp}/qmp,server=on,wait=off"]
        self.args += list(extra)
        with open(os.path.join(self.dir, "command"), "w") as f:
            f.write(" ".join(self.args) + "\n")
        self.console = pexpect.spawn(self.args[0], self.args[1:], echo=False, timeout=timeout,
                                     encoding="utf-8", codec_errors="replace", dimensions=(50, 200))
        self.console.delaybeforesend = None
        self.qmp = None
        if qmp:
            try:
                self.qmp = Qmp(f"{self.tmp}/qmp")
            except Failed as e:
                self.console.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1)
                said = self.console.before
                self.close()
                raise Failed(f"{name}: {e}: {said}") from None

    # -- what it leaves ---------------------------------------------------------------------------

    def crumbfile(self, port):
        return os.path.join(self.dir, f"crumbs-{port:x}")

    def crumbs(self, port=CRUMB_PORTS[0]):
        """The bytes that the guest wrote to a debug port (firmware may write to 0x402 too)."""
        with open(self.crumbfile(port), "rb") as f:
            return f.read()

    @property
    def log(self):
        """The serial line so far: escape sequences and carriage returns taken out."""
        with open(self.serial, "rb") as f:
            return clean(f.read().decode(errors="replace"))

    def tail(self, lines=40):
        return "\n".join(self.log.splitlines()[-lines:])

    # -- what it says -----------------------------------------------------------------------------

    def expect(self, pattern, timeout=None):
        """Wait for a regular expression; the match. A dead or silent guest is a Failed with its log."""
        if not self.listens:
            return self._expectlog(pattern, timeout or self.timeout)
        try:
            self.console.expect(pattern, timeout=timeout or self.timeout)
        except (pexpect.EOF, pexpect.TIMEOUT) as e:
            kind = "ended" if isinstance(e, pexpect.EOF) else "is silent"
            raise Failed(f"{self.name}: guest {kind} while waiting for {pattern!r}; "
                         f"its last lines:\n{self.tail()}") from None
        return self.console.match

    def _expectlog(self, pattern, timeout):
        """expect() for a guest whose serial line is a file: looked at until it has the pattern."""
        deadline = time.monotonic() + timeout
        while not (m := re.search(pattern, self.log)):
            if not self.console.isalive() or time.monotonic() > deadline:
                raise Failed(f"{self.name}: no {pattern!r}; its last lines:\n{self.tail()}")
            time.sleep(0.5)
        return m

    def send(self, text):
        self.console.send(text)

    def prompt(self, timeout=None):
        """Wait for the shell; the text before its prompt."""
        self.expect(PROMPT, timeout)
        return clean(self.console.before)

    def run(self, command, timeout=COMMAND_TIMEOUT):
        """Type a command at the prompt; its output without the echo and the next prompt."""
        self.send(command + "\n")
        text = self.prompt(timeout)
        lines = text.lstrip("\n").split("\n")
        if lines and lines[0].strip() == command.strip():
            lines = lines[1:]
        return "\n".join(lines).strip("\n")

    # -- how it ends ------------------------------------------------------------------------------

    def wait(self, timeout=None):
        """Let it run to its end; QEMU's exit status (-signal if killed)."""
        if self._status is None:
            try:
                self.console.expect(pexpect.EOF, timeout=timeout or self.timeout)
            except pexpect.TIMEOUT:
                raise Failed(f"{self.name}: does not end; its last lines:\n{self.tail()}") from None
            self.console.close()
            c = self.console
            self._status = c.exitstatus if c.exitstatus is not None else -c.signalstatus
            if self.qmp:
                self.qmp.drain()
        return self._status

    def ended(self):
        """Why: 'guest-shutdown' (power off), 'guest-reset' (reboot or triple fault), '' (debug exit, killed)."""
        self.wait()
        for event in self.qmp.events if self.qmp else []:
            if event["event"] == "SHUTDOWN":
                return event["data"].get("reason", "")
        return ""

    def poweroff(self):
        """Switch off from the shell; QEMU's status, which is 0 for a real power-off only."""
        self.send("poweroff\n")
        status = self.wait(COMMAND_TIMEOUT)
        if status == 0 and self.ended() != "guest-shutdown":
            raise Failed(f"{self.name}: poweroff ended in {self.ended() or 'nothing'}:\n{self.tail()}")
        return status

    def screendump(self, name="screen.ppm"):
        """Write the display as a PPM file; its path."""
        path = os.path.join(self.dir, name)
        self.qmp("screendump", filename=path)
        return path

    def close(self):
        if self._status is None:
            self.console.close(force=True)
            self._status = -9
        if self.qmp:
            self.qmp.close()
        with open(os.path.join(self.dir, "boot.log"), "w") as f:
            f.write(self.log)
        shutil.rmtree(self.tmp, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


ESCAPES = re.compile(r"\x1b(?:\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|c)")


def clean(text):
    """Plain lines out of a serial line: no escape sequences, no carriage returns."""
    return ESCAPES.sub("", text).replace("\r", "")


def in_order(text, patterns):
    """Find each regular expression behind the one before it; the first that is missing is a Failed."""
    at = 0
    for p in patterns:
        m = re.compile(p, re.M).search(text, at)
        if m is None:
            before = " (it stands earlier)" if re.search(p, text, re.M) else ""
            raise Failed(f"line in order not found: {p!r}{before}")
        at = m.end()


def window():
    """Can QEMU open a window here?"""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    kinds = subprocess.run(["qemu-system-x86_64", "-display", "help"], stdout=subprocess.PIPE, text=True).stdout
    return "gtk" in kinds or "sdl" in kinds


def seal(path):
    """End a log with "run: seal <sum> bytes <n>", a checksum as the kernel's own (log.h), over the whole file.

    The kernel's seals cover what it printed; this one covers the firmware's lines and what came last, too.
    """
    odd, full = 0x9E3779B97F4A7C15, 2**64 - 1
    with open(path, "rb+") as f:
        data = f.read().replace(b"\r", b"")
        if data and not data.endswith(b"\n"):
            data += b"\n"
            f.write(b"\n")
        total = 0
        for at in range(0, len(data) // 8 * 8 + 1, 8):
            word = int.from_bytes(data[at:at + 8], "little")
            total = (((total ^ word) * odd) & full) ^ (total >> 29)
        f.write(b"run: seal %016x bytes %d\n" % (total, len(data)))


def run_arm(o):
    """make ARCH=aarch64 run: --mem, --cpu, --smp, --gdb, --wait; other words behind --."""
    with tempfile.TemporaryDirectory(prefix="imago.") as tmp:
        esp, variables = have(os.path.join(OUT, "esp.img")), os.path.join(tmp, "vars.fd")
        shutil.copyfile(firmware("arm")[1], variables)
        if o.conf:
            edit_esp(esp, os.path.join(tmp, "esp.img"), o.conf)
            esp = os.path.join(tmp, "esp.img")
        args = qemu_args_arm(esp, variables, mem=o.mem, cpu=o.cpu, smp=o.smp,
                             vga="ramfb" if o.display else "none")
        args += ["-chardev", f"stdio,id=serial,mux=on,signal=off,logfile={os.path.join(OUT, 'boot.log')}",
                 "-serial", "chardev:serial", "-mon", "chardev=serial"]
        args += [] if o.display else ["-display", "none"]
        if o.gdb or o.wait:
            args += ["-gdb", "tcp:localhost:1234"] + (["-S"] if o.wait else [])
        return subprocess.run(args + o.extra).returncode


def main(argv):
    ap = argparse.ArgumentParser(prog="imagoqemu", description="Boot imago on this terminal. Ctrl-A X ends QEMU.")
    ap.add_argument("--mem", default="512M")
    ap.add_argument("--cpu", default="max")
    ap.add_argument("--machine", default="q35", choices=["q35", "pc"])
    ap.add_argument("--ovmf", default="4M", choices=["4M", "2M"])
    ap.add_argument("--smp", default="1")
    ap.add_argument("--accel", default="tcg", help="tcg (default) or kvm")
    ap.add_argument("--display", action="store_true", help="open a window (or VNC on :0 without a desktop)")
    ap.add_argument("--gdb", action="store_true", help="let gdb in on port 1234 (make gdb)")
    ap.add_argument("--wait", action="store_true", help="... and stand still until it comes")
    ap.add_argument("--conf", action="append", default=[], metavar="LINE", help="add a line to boot.cfg")
    ap.add_argument("extra", nargs="*", help="more words for QEMU, behind --")
    o = ap.parse_args(argv)
    if OUT == OUT_ARM:
        return run_arm(o)
    esp, log = have(os.path.join(OUT, "esp.img")), os.path.join(OUT, "boot.log")
    with tempfile.TemporaryDirectory(prefix="imago.") as tmp:
        variables = os.path.join(tmp, "vars.fd")
        shutil.copyfile(firmware(o.ovmf)[1], variables)
        if o.conf:
            edit_esp(esp, os.path.join(tmp, "esp.img"), o.conf)
            esp = os.path.join(tmp, "esp.img")
        args = qemu_args(esp, variables, mem=o.mem, cpu=o.cpu, machine=o.machine, ovmf=o.ovmf, smp=o.smp,
                         accel=o.accel, vga="std" if o.display else "none")
        args += ["-chardev", f"stdio,id=serial,mux=on,signal=off,logfile={log}", "-serial", "chardev:serial",
                 "-mon", "chardev=serial"]
        if not o.display:
            args += ["-display", "none"]
        elif not window():
            print("no desktop here (or no qemu-system-gui): the screen is on VNC, display :0", file=sys.stderr)
            args += ["-vnc", ":0"]
        if o.gdb or o.wait:
            args += ["-gdb", "tcp:localhost:1234"] + (["-S"] if o.wait else [])
        status = subprocess.run(args + o.extra).returncode
        seal(log)
        return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
