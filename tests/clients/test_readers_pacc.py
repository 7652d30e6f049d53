from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import PASSWORD, SMTP, SSL, Person, Refused
from tests.clients.readers.pacc import discover_pacc, read, url_of
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Wire
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.readers.cases import Case

# What the format has words for: implicit TLS everywhere, and the address as user name.
EXPRESSIBLE = {
    domain: case
    for domain, case in CASES.items()
    if all(server.tls == SSL and server.username == case.person.address for server in case.servers)
}
GOOD = b'{"authentication":{"password":true},"info":{"provider":{"name":"A"}},"protocols":{"imap":{"host":"i"}}}'
RECORD = "v=UAAC1; a=sha256; d=O8VFcAzTjSPVOi+5hwmCT3PaJc0ZAHoc+v7b7N3GjAg="


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the served demo."""
    return tmp_path_factory.mktemp("served") / "demo"


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """The served demo."""
    with serving(folder) as port:
        yield port


def record_of(folder: Path, domain: str) -> str:
    """The TXT record that `show` prints for the operator's zone."""
    shown = commands.run("--config", folder / "autoconfig.toml", "show", domain, "--format", "pacc").stdout
    return shown.splitlines()[-1].partition('"')[2].rpartition('"')[0]


def test_what_is_expressible() -> None:
    """These are the example domains whose plans PACC can express."""
    assert {case.plan for case in EXPRESSIBLE.values()} == {
        "server-maintenance",
        "server-setup",
        "shared-managed",
        "xserver",
    }


@pytest.mark.parametrize("submission", ["smtp", "submit"])
@pytest.mark.parametrize("case", EXPRESSIBLE.values(), ids=EXPRESSIBLE)
def test_arrives(port: int, folder: Path, case: Case, submission: str) -> None:
    """With the record that `show` prints, readers of both revisions arrive at the provider's table."""
    found = discover_pacc(Wire(port), case.person, [record_of(folder, case.domain)], submission=submission)

    assert tuple(replace(server, logins=(PASSWORD,)) for server in case.servers) == found


@pytest.mark.parametrize("domain", [*(domain for domain in CASES if domain not in EXPRESSIBLE), "nobody.example"])
def test_rest_is_not_published(port: int, domain: str) -> None:
    """A plan that PACC cannot express, and an unknown domain, have no document."""
    with pytest.raises(Refused, match="status 404"):
        discover_pacc(Wire(port), Person(domain), [])


def test_record_of_another_plan(port: int, folder: Path) -> None:
    """A record that belongs to another document is refused."""
    with pytest.raises(Refused, match="digest"):
        discover_pacc(Wire(port), CASES["sample.co.jp"].person, [record_of(folder, "recommended.example")])


def test_url() -> None:
    """It is asked for under a name of its own."""
    assert url_of("d.example") == "https://ua-auto-config.d.example/.well-known/user-agent-configuration.json"


@pytest.mark.parametrize(
    ("document", "records"),
    [
        pytest.param(GOOD, [], id="no record"),
        pytest.param(GOOD, [RECORD.replace("UAAC1", "UAAC2")], id="another version"),
        pytest.param(GOOD, [RECORD.replace("sha256", "sha1")], id="another digest"),
        pytest.param(GOOD + b"\n", [RECORD], id="one byte more"),
    ],
)
def test_reader_refuses(document: bytes, records: list[str]) -> None:
    """The reader holds the bytes against the record."""
    with pytest.raises(Refused):
        read(document, Person("d.example"), records)


def test_reader_reads() -> None:
    """Tags may stand in any order, beside other records."""
    version, algorithm, digest = RECORD.split("; ")
    (imap,) = read(GOOD, Person("d.example"), ["x", f"{digest};{version};y=1; {algorithm};"], SMTP)

    assert imap.host == "i"
