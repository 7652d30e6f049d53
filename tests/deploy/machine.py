"""A Debian of its own for one test, with systemd as its first process, in which root may do as it likes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.deploy.programs import Program, until

SCRIPT = Path(__file__).with_name("machine.sh")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """
    Namespaces and an overlay: the packages of this machine, none of its processes, no network but its own loopback.

    What is changed there is in `folder`, and gone with it.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` has to be on a file system that can be the upper side of an overlay."""
        self.folder = folder
        for name in ("root", "changed", "work"):
            (folder / name).mkdir()
        self.changed = folder / "changed"
        self.first = 0
        """systemd, as this machine numbers its processes."""
        self._program = Program(["unshare", "--mount", "sh", str(SCRIPT), str(folder)], folder / "machine.log")

    def start(self) -> None:
        """Start it, and wait until systemd has started what belongs to every machine."""
        self._program.start()
        self._program.wait_for("systemd", self._found)
        self._program.wait_for("basic.target", lambda: self.run("systemctl is-active basic.target").returncode == 0)

    def stop(self) -> None:
        """End it with all that runs there."""
        if self.first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.first, signal.SIGKILL)
            process = self._program.process
            until("the end of the machine", lambda: process is None or process.poll() is not None)
        self._program.stop()
        shutil.rmtree(self.folder / "work", ignore_errors=True)

    def command(self, script: str, *, folder: str = "/root", **environment: str) -> list[str]:
        """What runs a script there from here, as root's shell would."""
        variables = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", **environment}
        given = [f"{name}={value}" for name, value in variables.items()]
        enter = ["nsenter", "--target", str(self.first), "--all"]
        return [*enter, "env", "--ignore-environment", f"--chdir={folder}", *given, "bash", "-leuc", script]

    def run(self, script: str, *, folder: str = "/root", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script there to its end."""
        command = self.command(script, folder=folder, **environment)
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )

    def _found(self) -> bool:
        """Whether the first process of the new namespace has become systemd."""
        assert self._program.process is not None
        below = self._program.process.pid
        while True:
            children = ""
            with contextlib.suppress(OSError):  # it ended meanwhile
                children = Path(f"/proc/{below}/task/{below}/children").read_text(encoding="ascii")
            if not children:
                return False
            below = int(children.split()[-1])
            with contextlib.suppress(OSError):
                if Path(f"/proc/{below}/exe").readlink().name == "systemd":
                    self.first = below
                    return True


def possible() -> None:
    """Skip the test, by name, if no such machine can be made, for example in a chroot."""
    for program, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("systemctl", "systemd")):
        needs(program, package)
    tried = subprocess.run(["unshare", "-m", "-p", "-n", "-C", "--fork", "true"], capture_output=True, check=False)
    if os.geteuid() != 0 or tried.returncode != 0 or not Path("/etc/debian_version").exists():
        pytest.skip("a machine of its own is needed: root on Debian, who may make namespaces")
