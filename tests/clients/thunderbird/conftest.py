from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.thunderbird.authority import Authority
from tests.clients.thunderbird.front import Front
from tests.clients.thunderbird.listeners import Listeners
from tests.clients.thunderbird.provider import PROVIDER, web_names
from tests.clients.thunderbird.router import Router
from tests.clients.thunderbird.served import served
from tests.clients.thunderbird.thunderbird import started
from tests.conftest import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.thunderbird.authority import Pair
    from tests.clients.thunderbird.thunderbird import Thunderbird

ROOT = Path(__file__).parents[3]
MX_HOST = "mx.cs312.xbit.jp"
MX_NAMES = ("autoconfig.cs312.xbit.jp", "autoconfig.xbit.jp")
"""Where Thunderbird looks for the configuration of a domain whose mail goes to MX_HOST."""

# One value of a plan is another one; and the page's example of a user name on its example domain.
ALTERED_PLANS = """
[plans.other-port]
extends = "xserver"
servers = [{ protocol = "imap", port = 1993 }]

[plans.other-tls]
extends = "shared-standard"
servers = [{ protocol = "smtp", tls = "plain" }]

[plans.other-login]
extends = "shared-managed"
servers = [{ protocol = "pop3", login = ["password-cleartext"] }]
"""
ALTERED_ROWS = """\
name,plan,server,username
recommended.example,other-port,sv1234.xserver.jp,
hanako-flowers.example,other-tls,cs312.xbit.jp,
yamada-law.example,other-login,,
sample.co.jp,legacy-os,,{local}.{domain}
"""


@pytest.fixture(scope="session")
def program() -> str:
    """Debian's Thunderbird, found before anything is started for it."""
    return needs("thunderbird", "thunderbird")


@pytest.fixture(scope="session")
def listeners(program: str) -> Iterator[Listeners]:
    """Where our own servers run."""
    assert program
    with Listeners() as entered:
        yield entered


@pytest.fixture(scope="session")
def router(listeners: Listeners) -> Router:
    """Thunderbird's network, in which nothing exists until a test opens it."""
    return Router(listeners)


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Whom Thunderbird believes."""
    return Authority()


@pytest.fixture(scope="session")
def web_pair(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The certificate that the server's proxy has for all names under which it is asked."""
    names = [name for domain in PROVIDER for name in web_names(domain)]
    return authority.issue([*names, *MX_NAMES], tmp_path_factory.mktemp("web"), "web")


@pytest.fixture(scope="session")
def demo(listeners: Listeners, web_pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The demo as it is."""
    with served(tmp_path_factory.mktemp("served")) as socket:
        yield Front(listeners, socket, web_pair)


@pytest.fixture(scope="session")
def altered(listeners: Listeners, web_pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The demo with other rows and plans for some of its domains."""
    with served(tmp_path_factory.mktemp("altered"), ALTERED_PLANS, ALTERED_ROWS) as socket:
        yield Front(listeners, socket, web_pair)


@pytest.fixture(scope="session")
def thunderbird(
    program: str, router: Router, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Thunderbird]:
    """One Thunderbird for all tests."""
    with started(program, tmp_path_factory.mktemp("thunderbird"), router.port, authority.der) as running:
        yield running


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where pictures are kept for people to look at: $ARTEFACTS, else .artefacts in the project's folder."""
    return Path(os.environ.get("ARTEFACTS") or ROOT / ".artefacts") / "thunderbird"
