from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTOCONFIG, Found, Person, Refused, discover
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

CS312 = CASES["hanako-flowers.example"].servers
MAPPED, UNMAPPED = "hanako-flowers.example", "stranger.example"
FULL, BASE = "cs312.xbit.jp", "xbit.jp"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The served demo."""
    with serving(tmp_path_factory.mktemp("served") / "demo") as port:
        yield port


def by_mx(port: int, name: str, domain: str, place: str) -> tuple[Found, ...] | None:
    """What a program finds if its domain has no web name, and `autoconfig.` + `place` is all that exists."""
    client = CLIENTS[name]
    person = Person(domain, mx="mx.cs312.xbit.jp", mx_base="xbit.jp")
    urls = [step.url for step in client.steps(person) if step.url.startswith(f"https://autoconfig.{place}/")]
    assert len(urls) == 1
    try:
        return discover(client, person, Wire(port, only=urls, always=()))
    except Refused:
        return None


def meant(name: str, domain: str) -> tuple[Found, ...]:
    """The shared server, for an address of the domain."""
    return CLIENTS[name].of([replace(server, username=f"taro@{domain}") for server in CS312], AUTOCONFIG)


@pytest.mark.parametrize("domain", [MAPPED, UNMAPPED], ids=["mapped", "unmapped"])
@pytest.mark.parametrize("name", ["Thunderbird", "Thunderbird Android", "Evolution", "Nextcloud Mail"])
def test_name_of_the_exchanger(port: int, name: str, domain: str) -> None:
    """A domain without a record for us is configured by the name of its mail server, with a row or without."""
    assert meant(name, domain) == by_mx(port, name, domain, FULL)


# Nextcloud goes on to one label less than the exchanger's name, and no further.
@pytest.mark.parametrize("name", ["Thunderbird", "Thunderbird Android", "Evolution", "GNOME Online Accounts"])
def test_base_domain_of_the_exchanger(port: int, name: str) -> None:
    """Under the provider's own domain a row answers whoever sends an address; Thunderbird Android sends none."""
    expected = None if name == "Thunderbird Android" else meant(name, MAPPED)

    assert expected == by_mx(port, name, MAPPED, BASE)


@pytest.mark.parametrize("name", ["Thunderbird", "Thunderbird Android", "Evolution", "GNOME Online Accounts"])
def test_base_domain_knows_no_strangers(port: int, name: str) -> None:
    """The provider's own domain says nothing of a domain without a row: it does not tell the server."""
    assert by_mx(port, name, UNMAPPED, BASE) is None
