"""docs/operating.md, as something that can be followed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from tests.deploy.machine import Machine

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
RELEASE = "/usr/src/autoconfig"
"""Where the operator has unpacked the release."""
NONINTERACTIVE = {"DEBIAN_FRONTEND": "noninteractive"}


def sections() -> dict[str, list[str]]:
    """The blocks of commands under each heading."""
    found: dict[str, list[str]] = {}
    for part in PAGE.split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        found[heading] = [block.partition("```")[0] for block in text.split("```sh\n")[1:]]
    return found


def follow(machine: Machine, heading: str, **environment: str) -> list[str]:
    """
    Type all commands of a section, each block in a login shell; what they print.

    Only packages are installed on this machine, for the other one has no registry, and sees what is installed here.
    """
    printed = []
    for block in sections()[heading]:
        if block.startswith("apt-get "):
            done = subprocess.run(
                ["bash", "-euc", block],
                env=os.environ | NONINTERACTIVE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        else:
            done = machine.run(block, folder=RELEASE, **environment)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{machine.run('journalctl --no-pager -n 40').stdout}"
        printed.append(done.stdout)
    return printed
