from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CI = bool(os.environ.get("CI"))


def needs(program: str, package: str) -> str:
    """
    The path of a real program that a test runs.

    As root on Debian or Ubuntu it is installed if it is missing; elsewhere the test is skipped by name, except with
    CI set, where nothing may be skipped.
    """
    if shutil.which(program) is None and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
            subprocess.run(command, env=environment, check=False, capture_output=True)
    found = shutil.which(program)
    if found is None:
        sentence = f"{program} is needed: apt-get install {package}"
        if CI:
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@pytest.fixture(scope="session")
def caddy() -> str:
    """Debian's Caddy."""
    return needs("caddy", "caddy")
