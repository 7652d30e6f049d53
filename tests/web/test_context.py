from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init
from autoconfig.errors import MappingUnavailable, PlansInvalid
from autoconfig.formats import mozilla
from autoconfig.mail.domain import Domain
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.settings import Settings, load
from autoconfig.web.app import application
from autoconfig.web.context import Context

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.formats.prepared import Prepared
    from tests.web.conftest import LogLines, OpenSite

SAMPLE = Domain("sample.co.jp")


class Flaky(MemoryFinder):
    """A mapping whose database comes and goes."""

    problem: str | None = None

    async def watch(self) -> None:
        """See `Finder`."""
        if self.problem:
            raise MappingUnavailable(self.problem)


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    """The demo as `init --demo` writes it, with its SQLite database."""
    init(tmp_path / "demo", demo=True)
    return load(tmp_path / "demo" / "autoconfig.toml", {})


async def asked(context: Context, host: str) -> bytes:
    """The body of the answer to a Mozilla request for this host."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/mail/config-v1.1.xml",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
    }
    body = b""

    async def send(message: dict[str, bytes]) -> None:
        nonlocal body
        body += message.get("body", b"")

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    await application(context)(scope, receive, send)  # type: ignore[arg-type]
    return body


def test_sqlite(demo: Settings) -> None:
    """Over a real database: rows of now, a row written meanwhile, one that was scheduled, and one that ends."""

    async def run() -> list[bytes]:
        context = Context.of(demo)
        await context.start()
        bodies = [await asked(context, "autoconfig.日本語.example"), await asked(context, "new.example")]
        now = int(time.time())
        with contextlib.closing(Journal(demo.database)) as journal, journal.writing() as writing:
            writing.append_one(Change("new.example", now, "server-maintenance", "{}"))
            writing.append_one(Change("sample.co.jp", now + 1, None, "{}"))
        await asyncio.sleep(0.1)  # the read transaction has ended
        bodies.append(await asked(context, "new.example"))
        await context.tick()
        last = b""
        for _ in range(100):
            last = await asked(context, "sample.co.jp")
            if b"<hostname>" not in last:
                break
            await asyncio.sleep(0.05)
        bodies.append(last)
        await context.close()
        return bodies

    first, before, after, ended = asyncio.run(run())

    assert b"<hostname>pop.xn--wgv71a119e.example</hostname>" in first
    assert before == ended == b"No mail settings for this name here.\n"
    assert b"<hostname>new.example</hostname>" in after


def test_no_database(tmp_path: Path) -> None:
    """Without its database there is no context."""
    with pytest.raises(MappingUnavailable):
        Context.of(Settings(database=f"sqlite:///{tmp_path / 'mapping.db'}"))


def test_prepared_once(open_site: OpenSite) -> None:
    """Names with the same plan and params share one prepared document; one with an address is another."""
    context = open_site().context

    def prepared(name: str, *, with_address: bool = False) -> Prepared:
        bound = asyncio.run(context.resolve({}, Domain(name), None)).bound
        return context.prepared(mozilla.document, bound, with_address=with_address)

    first = prepared("yamada-law.example")
    assert prepared("xn--wgv71a119e.example") is first
    assert prepared("sample.co.jp") is not first
    assert prepared("yamada-law.example", with_address=True) is not first


def test_moment(open_site: OpenSite) -> None:
    """The row of the moment asked about counts; without one, of now."""
    site = open_site()
    later = int(time.time()) + 1000
    site.finder.add(SAMPLE.name, "legacy-os", valid_from=later)

    assert asyncio.run(site.context.resolve({}, SAMPLE, None)).plan == "server-maintenance"
    assert asyncio.run(site.context.resolve({}, SAMPLE, None, later)).plan == "legacy-os"


def test_plans_are_taken_over(open_site: OpenSite, log_lines: LogLines) -> None:
    """A changed plans.toml is served after it was left alone for two seconds."""
    clock = [1000.0]
    site = open_site(clock=lambda: clock[0])
    file = site.context.settings.plans
    ports = []
    file.write_text(file.read_text(encoding="utf-8").replace("port = 465", "port = 2465"), encoding="utf-8")
    for clock[0] in (1001.0, 1002.0, 1003.5, 1004.5):
        site.run(site.context.tick_plans())
        ports.append("2465" in site.ask("/mail/config-v1.1.xml").text)

    assert ports == [False, False, True, True]
    assert [(line["event"], line["plans"]) for line in log_lines()] == [("plans.toml was loaded", 6)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("[plans.x", "is not TOML", id="cut off"),
        pytest.param(
            '[plans.xserver]\nname = "X"\nredirect_url = "https://a.example/"\n', "plans.legacy-os", id="drops plans"
        ),
    ],
)
def test_bad_plans(open_site: OpenSite, log_lines: LogLines, text: str, fault: str) -> None:
    """A bad plans.toml changes nothing but what the log says, once, and a good one makes it good again."""
    clock = [1000.0]
    site = open_site(clock=lambda: clock[0])
    file = site.context.settings.plans
    good = file.read_text(encoding="utf-8")
    before = site.ask("/mail/config-v1.1.xml").content
    file.write_text(text, encoding="utf-8")
    for clock[0] in (1001.0, 1004.0, 1008.0):
        site.run(site.context.tick_plans())
    (line,) = log_lines()

    assert (line["event"], line["level"]) == ("plans.toml is bad; serving the plans from before", "error")
    assert fault in line["faults"]
    assert site.ask("/mail/config-v1.1.xml").content == before

    file.write_text(good, encoding="utf-8")
    site.run(site.context.reload_plans())
    assert site.context.plans.fault is None
    assert log_lines()[0]["event"] == "plans.toml was loaded"


def test_start_with_a_copy(open_site: OpenSite, log_lines: LogLines) -> None:
    """A server that starts while plans.toml is bad serves the last good copy, and says so."""
    site = open_site()
    before = site.ask("/mail/config-v1.1.xml").content
    site.context.settings.plans.write_text("[plans.x", encoding="utf-8")
    site.run(site.context.start())
    (line,) = log_lines()

    assert (line["event"], line["level"]) == ("plans.toml is bad; serving the last good copy", "warning")
    assert site.ask("/mail/config-v1.1.xml").content == before


def test_start_without_a_copy(open_site: OpenSite) -> None:
    """A server that never had good plans does not start."""
    with pytest.raises(PlansInvalid):
        open_site(plans="[plans.x")


def test_database_comes_and_goes(open_site: OpenSite, log_lines: LogLines) -> None:
    """That a database cannot be used is logged once, not once a second, and that it is well again likewise."""
    finder = Flaky()
    context = open_site(finder).context
    faults = []
    for finder.problem in (None, "gone", "gone", "locked", None, None, "gone"):
        asyncio.run(context.tick())
        faults.append(context.finder_fault)

    gone, back = "the mapping database cannot be used", "the mapping database can be used again"
    assert faults == [None, "gone", "gone", "locked", None, None, "gone"]
    assert [(line["event"], line.get("problem")) for line in log_lines()] == [
        (gone, "gone"),
        (back, None),
        (gone, "gone"),
    ]
