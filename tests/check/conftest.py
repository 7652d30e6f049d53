"""The demo, served behind a front on loopback, for the checks of the names that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.check.tls_handshake import Trust
from tests.clients.readers.serving import serving
from tests.support.own_names import ACCOUNTS, HOST, NAMES
from tests.support.peer_certificates import trusted
from tests.support.web_front import WebFront

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def served_front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebFront]:
    """The demo, served behind a front that has a certificate for every name."""
    folder = tmp_path_factory.mktemp("own-names") / "demo"
    with serving(folder, public_url=f"https://{HOST}") as port:
        certificate = trusted().issue(*NAMES, *(one.domain.name for one in ACCOUNTS.values()))
        with WebFront(port, NAMES, certificate) as made:
            yield made


@pytest.fixture
def front(served_front: WebFront) -> Iterator[WebFront]:
    """The same without the faults of an earlier test."""
    served_front.heal()
    yield served_front
    served_front.heal()


@pytest.fixture(scope="session")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root that is trusted."""
    path = tmp_path_factory.mktemp("root") / "root.pem"
    path.write_bytes(trusted().root)
    return path


@pytest.fixture(scope="session")
def trust(ca_file: Path) -> Trust:
    """Trust in the tests' authority and in no other."""
    return Trust(ca_file)
