from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.deploy.site import ROOT

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

UNITS = ROOT / "deploy" / "systemd"
NAMES = sorted(path.name for path in UNITS.iterdir() if path.is_file())
FOLDERS = {"etc/autoconfig": 0o750, "var/lib/autoconfig": 0o750, "var/backups/autoconfig": 0o700}
EXPOSURE = 15
"""1.5 of 10; a unit with nothing but a user and a command has 9.2."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, with this environment's program where /opt has none."""
    for unit in UNITS.glob("autoconfig*.*"):
        text = unit.read_text(encoding="utf-8").replace("/opt/autoconfig/bin/", f"{Path(sys.executable).parent}/")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


def _analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [needs("systemd-analyze", "systemd"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def test_verified(installed: Path) -> None:
    """The services, the socket and the timer: systemd finds nothing to say about them."""
    done = _analyzed("verify", *(str(installed / name) for name in NAMES))

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".service")])
def test_exposure(name: str) -> None:
    """A service is locked up: its exposure is 1.5 or less."""
    unit = str(UNITS / name)
    done = _analyzed("security", "--offline=true", f"--threshold={EXPOSURE}", unit)

    assert done.returncode == 0, done.stdout


def test_restarts() -> None:
    """A server that cannot start is tried for ever, and neither it nor its socket is given up."""
    service, socket = (UNITS / f"autoconfig.{kind}" for kind in ("service", "socket"))
    lines = service.read_text(encoding="utf-8").splitlines()

    assert {"StartLimitIntervalSec=0", "Restart=always", "RestartSec=3"} <= set(lines)
    assert not [line for line in lines if line.startswith("RestartPreventExitStatus")]
    assert "TriggerLimitIntervalSec=0" in socket.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("program", "folder"), [("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")]
)
def test_user_and_folders(tmp_path: Path, program: str, folder: str) -> None:
    """Our files make the user and the folders, and systemd finds nothing wrong in them."""
    found = needs(program, "systemd")
    (tmp_path / "etc").mkdir()
    for name, line in (("passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("group", "root:x:0:\n")):
        (tmp_path / "etc" / name).write_text(line, encoding="ascii")
    for given in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(UNITS / given, tmp_path / "etc" / given)
    subprocess.run([needs("systemd-sysusers", "systemd"), f"--root={tmp_path}", "autoconfig.conf"], check=True)
    arguments = ["--create"] if folder == "tmpfiles.d" else []
    done = subprocess.run(
        [found, f"--root={tmp_path}", *arguments, "autoconfig.conf"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "autoconfig:" in (tmp_path / "etc" / "passwd").read_text(encoding="ascii")
    if folder == "tmpfiles.d":
        modes = {path: (tmp_path / path).stat().st_mode & 0o777 for path in FOLDERS}
        assert modes == FOLDERS
