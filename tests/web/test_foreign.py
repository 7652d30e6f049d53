"""The examples of docs/foreign.md: each query as it stands there, on the real tables, through whole requests."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from autoconfig.errors import SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup.connection import Statement
from autoconfig.mapping.lookup.database import ForeignDatabase
from autoconfig.mapping.lookup.finder import open_query
from autoconfig.mapping.lookup.listing import QueryReading
from autoconfig.settings import Settings
from autoconfig.web.services import Services
from tests.mapping.foreign.databases import as_user, new_foreign, statements
from tests.web.conftest import ENTRY, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mapping.foreign.databases import Foreign
    from tests.support.log_lines import LogLines

PAGE = (Path(__file__).parent.parent.parent / "docs" / "foreign.md").read_text(encoding="utf-8")
SCHEMAS = Path(__file__).parent.parent / "mapping" / "foreign"
READERS = "A user who can only read"


def blocks(heading: str, language: str) -> list[str]:
    """The blocks of a language below a heading of the page."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (found,) = [text for text in section if text.startswith(heading + "\n")]
    return re.findall(rf"^```{language}\n(.*?)^```$", found, flags=re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """One of the examples."""

    schema: str
    kind: Kind
    heading: str
    block: int
    """Which of the blocks of TOML below the heading."""
    grants: tuple[str, int] | None
    """Below which heading the block of SQL is that makes the user, and which one."""
    expected: dict[str, tuple[str, str] | int | None]
    """For some names the host and the user name of the IMAP server, or the status that is answered."""


MAIL, ADDRESS = "mail.provider.example", "%EMAILADDRESS%"
POSTFIXADMIN: dict[str, tuple[str, str] | int | None] = {
    "flowers.example": (MAIL, ADDRESS),
    "blossoms.example": (MAIL, "user@flowers.example"),
    "forwards.example": 404,
    "backup.example": 404,
    "closed.example": 404,
    "all.example": 404,
    "all": 404,
    "unknown.example": 404,
}
BILLING: dict[str, tuple[str, str] | int | None] = {
    "flowers.example": ("cs1.xbit.jp", ADDRESS),
    "second.example": ("cs2.xbit.jp", ADDRESS),
    "vps.example": ("vps.example", ADDRESS),
    "xn--wgv71a119e.example": ("cs1.xbit.jp", ADDRESS),
    "late.example": 404,
    "left.example": 404,
    "domain.example": 503,
    "unknown.example": 404,
}
EXAMPLES = {
    "PostfixAdmin on PostgreSQL": Example(
        "postfixadmin.postgresql.sql", Kind.POSTGRESQL, "PostfixAdmin", 0, (READERS, 0), POSTFIXADMIN
    ),
    "PostfixAdmin on MariaDB": Example(
        "postfixadmin.mariadb.sql", Kind.MARIADB, "PostfixAdmin", 1, (READERS, 1), POSTFIXADMIN
    ),
    "ISPConfig": Example(
        "ispconfig.mariadb.sql",
        Kind.MARIADB,
        "ISPConfig",
        0,
        ("ISPConfig", 0),
        {
            "flowers.example": ("cs1.xbit.jp", ADDRESS),
            "second.example": ("cs2.xbit.jp", ADDRESS),
            "ours.example": ("cs1.xbit.jp", ADDRESS),
            "blossoms.example": ("cs2.xbit.jp", "user@second.example"),
            "closed.example": 404,
            "locked.example": 404,
            "canceled.example": 404,
            "unknown.example": 404,
        },
    ),
    "WHMCS": Example(
        "whmcs.mariadb.sql",
        Kind.MARIADB,
        "WHMCS",
        0,
        ("WHMCS", 0),
        {
            "flowers.example": ("cs1.xbit.jp", ADDRESS),
            "second.example": ("cs2.xbit.jp", ADDRESS),
            "vps.example": ("vps.example", ADDRESS),
            "late.example": 404,
            "left.example": 404,
            "certificate.example": 404,
            "unknown.example": 404,
        },
    ),
    **{
        f"billing on {kind}": Example("billing.sql", kind, "A billing system of your own", 0, None, BILLING)
        for kind in Kind
    },
}


def settings_of(example: Example) -> dict[str, Any]:
    """What the page says is to be written into autoconfig.toml."""
    return tomllib.loads(blocks(example.heading, "toml")[example.block])


def made(example: Example, foreign: Foreign) -> str:
    """Make the tables, and the user as the page says; the URL for it."""
    schema = (SCHEMAS / example.schema).read_text(encoding="utf-8")
    foreign.execute(*statements(re.sub(r"^--.*\n", "", schema, flags=re.MULTILINE)))
    if example.kind is Kind.POSTGRESQL and example.heading == "PostfixAdmin":
        foreign.execute(*statements(blocks(example.heading, "sql")[0]))  # the index
    if example.grants is None:
        return foreign.url
    heading, block = example.grants
    name = foreign.url.rpartition("/")[2]
    user = f"reader_of_{name}"
    script = blocks(heading, "sql")[block].replace("autoconfig_reader", user).replace("'PASSWORD'", "'secret'")
    script = re.sub(r"\bON [a-z]+\.", f"ON {name}.", script).replace("192.0.2.10", "127.0.0.1")
    foreign.execute(*statements(script))
    return as_user(foreign.url, user, "secret")


class Opened(NamedTuple):
    """A server over one of the examples."""

    example: Example
    foreign: Foreign
    site: Site


@pytest.fixture(params=list(EXAMPLES.values()), ids=list(EXAMPLES))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """One of the examples, with its plans, started."""
    example: Example = request.param
    foreign = new_foreign(request, example.kind)
    plans = tmp_path / "plans.toml"
    plans.write_text(blocks("The plans of the examples", "toml")[0], encoding="utf-8")
    values = settings_of(example) | {"database": made(example, foreign), "query_ttl": 1}
    own = {"plans": plans, "state_dir": tmp_path / "state", "public_url": "https://autoconfig.xbit.jp"}
    site = Site(Services.of(Settings.model_validate(values | own)), ENTRY)
    try:
        site.run(site.upkeep.start())
        yield Opened(example, foreign, site)
    finally:
        site.close()


def mozilla(site: Site, domain: str) -> tuple[str, str] | int | None:
    """The host and the user name of the IMAP server that Thunderbird is told, or the status."""
    url = f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress=user@{domain}"
    answer = site.fetch(url)
    if answer.status_code != 200:
        return answer.status_code
    found = re.search(r"<hostname>(.*?)</hostname>.*?<username>(.*?)</username>", answer.text, flags=re.DOTALL)
    assert found is not None
    return found[1], found[2]


def test_every_name(opened: Opened) -> None:
    """Each name is answered as its row in the other program's tables says."""
    answers = {name: mozilla(opened.site, name) for name in opened.example.expected}

    assert opened.example.expected == answers


def test_a_change_is_served_in_time(opened: Opened) -> None:
    """What the other program changes is served when the answer that was kept has become old."""
    before = mozilla(opened.site, "flowers.example")
    change = {
        "PostfixAdmin": "UPDATE domain SET active = NOT active WHERE domain = 'flowers.example'",
        "ISPConfig": "UPDATE client SET locked = 'y'",
        "WHMCS": "UPDATE tblhosting SET domainstatus = 'Suspended'",
        "A billing system of your own": "UPDATE customers SET status = 'suspended'",
    }
    opened.foreign.execute(change[opened.example.heading])

    after = before
    for _ in range(30):  # how soon depends on the machine
        opened.site.run(asyncio.sleep(1.05))
        after = mozilla(opened.site, "flowers.example")
        if after == 404:
            break

    assert opened.example.expected["flowers.example"] == before
    assert after == 404


def test_only_names_that_are_ours_get_certificates(opened: Opened) -> None:
    """Caddy is told by the same rows."""
    allowed = {
        name: opened.site.ask(
            "/internal/tls-allowed", query=b"domain=autoconfig." + name.encode(), client=("127.0.0.1", 1)
        ).status_code
        for name, expected in opened.example.expected.items()
        if not isinstance(expected, int)
    }

    assert dict.fromkeys(allowed, 204) == allowed


def test_a_list_of_all(opened: Opened) -> None:
    """`query_all` lists exactly the names that `query` answers for, with the same rows."""
    settings = opened.site.services.settings
    with QueryReading(*open_query(settings.database, settings), 1000) as reading:
        listed = {name: timeline.at(1000) for name, timeline in reading.timelines()}
        faults = {fault.domain for fault in reading.faults}
        one = {name: reading.timeline(name).at(1000) for name in listed}
    expected = opened.example.expected

    assert listed == one
    assert {name for name, row in listed.items() if row and row.plan} == {
        name for name, answer in expected.items() if not isinstance(answer, int)
    }
    assert faults == {name for name, answer in expected.items() if answer == 503}


def test_nothing_can_be_written(opened: Opened) -> None:
    """The user of the page may read what the query needs, and nothing else."""
    if opened.example.grants is None:
        return
    database = ForeignDatabase(DatabaseLocation.parse(opened.site.services.settings.database))
    table = {"PostfixAdmin": "mailbox", "ISPConfig": "client", "WHMCS": "tblhosting"}[opened.example.heading]

    async def ask() -> None:
        for text in (f"SELECT password FROM {table}", f"DELETE FROM {table}", "CREATE TABLE mine (x INTEGER)"):
            with pytest.raises(SettingsInvalid, match="refuses the query"):
                await database.answer(Statement(text, {}))
        await database.close()

    opened.site.run(ask())


def test_the_log_names_the_domain(request: pytest.FixtureRequest, tmp_path: Path, log_lines: LogLines) -> None:
    """An error of a name is in the log with the domain and the column, and no address."""
    foreign = new_foreign(request, Kind.SQLITE)
    example = EXAMPLES["billing on SQLite"]
    plans = tmp_path / "plans.toml"
    plans.write_text(blocks("The plans of the examples", "toml")[0], encoding="utf-8")
    values = settings_of(example) | {"database": made(example, foreign), "plans": plans, "state_dir": tmp_path}
    site = Site(Services.of(Settings.model_validate(values)), ENTRY)
    try:
        site.run(site.upkeep.start())
        assert mozilla(site, "domain.example") == 503
    finally:
        site.close()
    (line,) = [line for line in log_lines() if line["level"] == "error"]

    assert (line["domain"], line["column"]) == ("domain.example", "plan")
    assert "'dom', which query_plans does not list" in line["problem"]
    assert "user@" not in str(line)
