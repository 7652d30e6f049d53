from __future__ import annotations

import contextlib
import io
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.cli.main import run
from tests.clients.readers import himalaya, outlook
from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTOCONFIG, AUTODISCOVER, PLAIN, Refused
from tests.clients.readers.serving import serving
from tests.clients.readers.srv import READERS, Place, zone_of
from tests.clients.readers.urls import autodiscover
from tests.clients.readers.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Printed = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the served demo is."""
    return tmp_path_factory.mktemp("served") / "demo"


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """The served demo."""
    with serving(folder) as port:
        yield port


def printed(folder: Path, domain: str) -> Printed:
    """The records that a customer is told to publish."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        run(["--config", str(folder / "autoconfig.toml"), "dns", domain, "--json"])
    found: Printed = json.loads(out.getvalue())
    return found


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize("domain", CASES)
def test_servers(folder: Path, domain: str) -> None:
    """Whoever reads SRV records finds the documents' servers; where there is no TLS, nothing, and goes on to them."""
    records = [(record["name"], record["data"]) for record in printed(folder, domain) if record["type"] == "SRV"]
    zone = zone_of(records, domain)
    documented = {Place(s.protocol, s.host, s.port, s.tls) for s in CASES[domain].servers if s.tls != PLAIN}
    expected = {place.protocol for place in documented}

    assert documented
    for name, reader in READERS.items():
        try:
            found = set(reader(zone))
        except Refused:
            assert expected != {"imap", "pop3", "smtp"}, name
            continue
        assert found <= documented, name
        assert {place.protocol for place in found} >= expected & {"imap"}, name
        if name == "Himalaya":
            assert {place.protocol for place in found} == expected & {"imap", "smtp"}


@pytest.mark.parametrize("domain", CASES)
def test_autodiscover(port: int, folder: Path, domain: str) -> None:
    """Outlook, led by `_autodiscover._tcp` alone, ends with the documents' servers (clients.md C1)."""
    (record,) = (r for r in printed(folder, domain) if r["name"] == f"_autodiscover._tcp.{domain}")
    _, _, https, host = record["data"].split(" ")
    person, url = CASES[domain].person, autodiscover(host)
    body = outlook._post(url, person, Wire(port, only=[url], always=()))

    assert https == "443"
    meant = outlook.CLIENT.of(CASES[domain].servers, AUTODISCOVER)
    assert [(s.protocol, s.host, s.port, s.tls, s.username) for s in meant] == [
        (s.protocol, s.host, s.port, s.tls, s.username) for s in outlook.read_autodiscover(body, person)
    ]


@pytest.mark.parametrize("domain", CASES)
def test_mailconf(port: int, folder: Path, domain: str) -> None:
    """Himalaya, led by the TXT record alone, asks exactly that URL and ends with the documents' servers."""
    (text,) = (r["data"] for r in printed(folder, domain) if r["name"] == domain and r["type"] == "TXT")
    person, url = CASES[domain].person, text.removeprefix("mailconf=")
    body = partial(himalaya._get, url)(Wire(port, only=[url], always=()))

    assert himalaya.CLIENT.of(CASES[domain].servers, AUTOCONFIG) == himalaya.read(body, person)
