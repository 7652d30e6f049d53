from __future__ import annotations

import asyncio
import contextlib
import re
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init
from autoconfig.errors import MappingUnavailable
from autoconfig.formats import mozilla
from autoconfig.mail.domain import Domain
from autoconfig.mapping.store import Change, Journal
from autoconfig.server.upkeep import Upkeep
from autoconfig.settings import Settings, load
from autoconfig.web.app import application
from autoconfig.web.services import Services

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.formats.template import Prepared
    from tests.web.conftest import OpenSite

SAMPLE = Domain("sample.co.jp")


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    """The demo as `init --demo` writes it, with its SQLite database."""
    init(tmp_path / "demo", demo=True)
    return load(tmp_path / "demo" / "autoconfig.toml", {})


async def asked(services: Services, host: str) -> bytes:
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

    await application(services)(scope, receive, send)  # type: ignore[arg-type]
    return body


def test_sqlite(demo: Settings) -> None:
    """Over a real database: rows of now, a row written meanwhile, one that was scheduled, and one that ends."""

    async def run() -> list[bytes]:
        services = Services.of(demo)
        await services.load()
        bodies = [await asked(services, "autoconfig.日本語.example"), await asked(services, "new.example")]
        now = int(time.time())
        with contextlib.closing(Journal(demo.database)) as journal, journal.writing() as writing:
            writing.append_one(Change("new.example", now, "server-maintenance", "{}"))
            writing.append_one(Change("sample.co.jp", now + 1, None, "{}"))
        await asyncio.sleep(0.1)  # the read transaction has ended
        bodies.append(await asked(services, "new.example"))
        await Upkeep(services).tick()
        last = b""
        for _ in range(100):
            last = await asked(services, "sample.co.jp")
            if b"<hostname>" not in last:
                break
            await asyncio.sleep(0.05)
        bodies.append(last)
        await services.close()
        return bodies

    first, before, after, ended = asyncio.run(run())

    assert b"<hostname>pop.xn--wgv71a119e.example</hostname>" in first
    assert before == ended == b"No mail settings for this name here.\n"
    assert b"<hostname>new.example</hostname>" in after


def test_no_database(demo: Settings) -> None:
    """A server whose database is missing does not start, and names the file."""
    file = demo.state_dir / "elsewhere.db"
    services = Services.of(demo.model_copy(update={"database": f"sqlite:///{file}"}))

    with pytest.raises(MappingUnavailable, match=f"{re.escape(str(file))}: there is no such database"):
        asyncio.run(services.load())
    asyncio.run(services.close())


def test_prepared_once(open_site: OpenSite) -> None:
    """Names with the same plan and params share one prepared document; one with an address is another."""
    services = open_site().services

    def prepared(name: str, *, with_address: bool = False) -> Prepared:
        bound = asyncio.run(services.resolve({}, Domain(name), None)).bound
        return services.prepared(mozilla.document, bound, with_address=with_address)

    first = prepared("yamada-law.example")
    assert prepared("xn--wgv71a119e.example") is first
    assert prepared("sample.co.jp") is not first
    assert prepared("yamada-law.example", with_address=True) is not first


def test_moment(open_site: OpenSite) -> None:
    """The row of the moment asked about counts; without one, of now."""
    site = open_site()
    later = int(time.time()) + 1000
    site.finder.add(SAMPLE.name, "legacy-os", valid_from=later)

    assert asyncio.run(site.services.resolve({}, SAMPLE, None)).plan == "server-maintenance"
    assert asyncio.run(site.services.resolve({}, SAMPLE, None, later)).plan == "legacy-os"
