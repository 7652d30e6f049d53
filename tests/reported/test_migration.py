"""What `mapping migrate-from` kept to itself, or drowned: the numbers are those of the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.resources import templates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.reported.served import Served

# As `autoconfig init` leaves it.
PLANS = (templates() / "init" / "plans.toml").read_text(encoding="utf-8")
ROWS = ""
FROM = ("mapping", "migrate-from", "autoconfig-xml")


def provider(*domains: str, host: str = "mail.foreign.example", more: str = "", tls: str = "SSL") -> str:
    """A provider with the ports of the example plan."""
    servers = "".join(
        f'<{way}Server type="{kind}"><hostname>{host}</hostname><port>{port}</port><socketType>{tls}</socketType>'
        f"<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></{way}Server>"
        for way, kind, port in (("incoming", "imap", 993), ("incoming", "pop3", 995), ("outgoing", "smtp", 465))
    )
    names = "".join(f"<domain>{domain}</domain>" for domain in domains)
    return f'<emailProvider id="{domains[0]}">{names}<displayName>Foreign</displayName>{servers}{more}</emailProvider>'


def published(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files, each of which has these providers."""
    folder.mkdir()
    for name, providers in files.items():
        (folder / name).write_text(f'<clientConfig version="1.1">{providers}</clientConfig>', encoding="utf-8")
    return folder


def test_14_example_plan_captures_nobody(served: Served, tmp_path: Path) -> None:
    """After a fresh `init` no foreign domain is put on the example plan, and each gets a plan of its provider's."""
    folder = published(tmp_path / "p", {"a.example.xml": provider("a.example"), "b.xml": provider("imap.b.example")})
    rows = served.json(*FROM, folder, "--dry-run")["rows"]

    assert {row["name"]: row["plan"] for row in rows} == {"a.example": "foreign", "imap.b.example": "foreign"}


def test_14_no_domain_is_lost(served: Served, tmp_path: Path) -> None:
    """Each domain of a second provider in a file is named, and the exit code says that it is missing."""
    two = provider("a.example") + provider("b.example", "c.example")
    folder = published(tmp_path / "p", {"a.xml": two, "c.example.xml": provider("c.example")})
    found = served.json(*FROM, folder, "--dry-run", code=1)

    (missing,) = [remark for remark in found["remarks"] if remark["kind"] == "left out"]

    assert (missing["domain"], missing["place"]) == ("b.example", "a.xml")
    assert "a second <emailProvider>" in missing["problem"]
    assert {row["name"] for row in found["rows"]} == {"a.example", "c.example"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A hundred files that name the same hundred domains, some of which no plan can hold or that say very much."""
    names = [f"d{number}.example" for number in range(100)]
    files = {f"{name}.xml": provider(*names, more=f"<unknown>{'x' * 5000}</unknown>") for name in names}
    odd = {f"odd{n}.example.xml": provider(f"odd{n}.example", tls="TLS" if n % 2 else "ssl") for n in range(60)}
    return published(tmp_path / "p", files | odd)


def test_14_what_is_missing_comes_first(served: Served, database: Path) -> None:
    """What is left out comes first, each domain with its line, however many there are; no line is without end."""
    lines = served.run(*FROM, database, "--dry-run", code=1).splitlines()
    (head,) = [number for number, line in enumerate(lines) if line.startswith("Domain ") and "What to do" in line]
    table = [line.split() for line in lines[head + 2 :]]

    assert {row[0] for row in table[:60]} == {f"odd{number}.example" for number in range(60)}
    assert {tuple(row[1:3]) for row in table[:60]} == {("left", "out")}
    assert max(map(len, lines)) < 1000


def test_14_notes_do_not_name_every_file(served: Served, database: Path) -> None:
    """A note that is true of many files names a few of them and says how many more there are."""
    notes = [r for r in served.json(*FROM, database, "--dry-run", code=1)["remarks"] if r["kind"] == "note"]

    assert len(notes) == 100
    assert {remark["place"].partition(" and ")[2] for remark in notes} == {"97 more"}
