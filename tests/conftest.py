from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

CI = bool(os.environ.get("CI"))


def needs(program: str, package: str) -> str:
    """
    The path of a real program that a test runs.

    As root on Debian or Ubuntu it is installed if it is missing; elsewhere the test is skipped by name, except with
    CI set, where nothing may be skipped.
    """
    if shutil.which(program) is None:
        _install(package)
    found = shutil.which(program)
    return found or missing(f"{program} is needed: apt-get install {package}")


def needs_file(path: str, package: str) -> Path:
    """The same for a file that a package has, such as a font."""
    if not Path(path).exists():
        _install(package)
    return Path(path) if Path(path).exists() else missing(f"{path} is needed: apt-get install {package}")


def missing(sentence: str) -> NoReturn:
    """Skip the test by name; with CI set, fail it."""
    if CI:
        pytest.fail(sentence)
    pytest.skip(sentence)


def _install(package: str) -> None:
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
            subprocess.run(command, env=environment, check=False, capture_output=True)


@pytest.fixture(scope="session")
def caddy() -> str:
    """Debian's Caddy."""
    return needs("caddy", "caddy")


@pytest.fixture(scope="session")
def openssl() -> str:
    """OpenSSL's command line."""
    return needs("openssl", "openssl")
