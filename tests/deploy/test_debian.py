"""What can be seen of the Debian package without building it; `make debian-package` builds and installs it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import typer

from autoconfig.cli.main import app
from deploy.debian.manpages import commands, page, roff
from tests.conftest import needs
from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "deploy" / "debian"
PAGES = {
    "-".join(path): page(path, command, 0) for path, command in commands(("autoconfig",), typer.main.get_command(app))
}


def test_each_command_has_a_page() -> None:
    """The root, groups of commands and commands have one, with its options and the commands below it."""
    assert {"autoconfig", "autoconfig-mapping", "autoconfig-mapping-set", "autoconfig-serve"} < set(PAGES)
    assert r"\fB\-\-plan\fR \fIPLAN\fR" in PAGES["autoconfig-mapping-set"]
    assert r"\fBautoconfig\-mapping\-set\fR(1)" in PAGES["autoconfig-mapping"]
    for name, text in PAGES.items():
        assert all(f".SH {section}\n" in text for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS")), name


def test_pages_are_roff() -> None:
    """Groff finds nothing to warn of in any page."""
    command = [needs("groff", "groff-base"), "-man", "-ww", "-K", "utf8", "-T", "utf8", "-z"]
    done = subprocess.run(command, input="\n".join(PAGES.values()), capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [(".TH is text", r"\&.TH is text"), ("a\n'b", "a\n\\&'b"), ("--plan", r"\-\-plan"), (r"a\b", r"a\eb")],
)
def test_roff(text: str, escaped: str) -> None:
    """No text becomes a command of roff."""
    assert roff(text) == escaped


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm", "autoconfig.sh"])
def test_scripts_are_sh(name: str) -> None:
    """Scripts that dpkg runs are for any POSIX shell, and end at the first fault."""
    path = FOLDER / name
    subprocess.run(["/bin/sh", "-n", path], check=True)

    assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    if name != "autoconfig.sh":
        assert "\nset -e\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*FOLDER.glob("*.sh"), *(ROOT / "tests").glob("*.sh")], ids=lambda path: path.name)
def test_scripts_parse(path: Path) -> None:
    """The scripts that are run for an hour at most can be read to their end."""
    subprocess.run(["bash", "-n", path], check=True)


def test_units_know_the_package() -> None:
    """The one path that the build replaces in the units is the only one that another installation has."""
    units = [*(ROOT / "deploy" / "systemd").glob("autoconfig*.*")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in units}

    assert len(units) == 6
    assert "s|/opt/autoconfig/bin/autoconfig|/usr/bin/autoconfig|" in (FOLDER / "build.sh").read_text(encoding="utf-8")
    assert {
        name for name, text in texts.items() if "/opt/" in text.replace("/opt/autoconfig/bin/autoconfig", "")
    } == set()


def test_overrides_have_reasons() -> None:
    """Each fault that lintian is told to pass over has a comment above it."""
    lines = (FOLDER / "lintian-overrides").read_text(encoding="utf-8").splitlines()
    overrides = [index for index, line in enumerate(lines) if not line.startswith("#")]

    assert overrides
    assert all(lines[index - 1].startswith("#") for index in overrides)
    assert all(re.fullmatch(r"mail-autoconfig: [a-z-]+", lines[index]) for index in overrides)
