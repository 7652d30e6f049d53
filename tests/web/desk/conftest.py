from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init
from autoconfig.mapping.sqlite_finder import SqliteFinder
from tests.support.demo import demo_rows
from tests.web.conftest import ENTRY, PLANS, Site, site_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# The name server answers nothing, at once: what the DNS says is no part of these tests.
QUIET = {"mx_nameservers": "127.0.0.1:9", "mx_timeout": 0.05, "timezone": "Asia/Tokyo"}


def desk_in(folder: Path, plans: str = PLANS, **settings: object) -> Site:
    """A server over the demo's database in a folder."""
    init(folder / "demo", demo=True)
    database = folder / "demo" / "mapping.db"
    values = {"database": f"sqlite:///{database}", **QUIET, **settings}
    return site_in(folder, ENTRY, SqliteFinder(database), plans, None, values)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo with a header for the person at the desk, not to be changed."""
    site = desk_in(tmp_path_factory.mktemp("desk"), desk_user_header="X-Remote-User")
    site.run(site.upkeep.start())
    yield site
    site.close()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Opens a server of the test's own, with these settings."""
    opened: list[Site] = []

    def open_(plans: str = PLANS, **settings: object) -> Site:
        opened.append(desk_in(tmp_path, plans, **settings))
        opened[-1].run(opened[-1].upkeep.start())
        return opened[-1]

    yield open_
    for site in opened:
        site.close()


@pytest.fixture
def open_site_of_query(tmp_path: Path) -> Iterator[Site]:
    """A server whose mapping is the answer of a query."""
    settings = {"database": "sqlite:///customers.db", "query": "SELECT plan FROM customers WHERE name = :domain"}
    site = site_in(tmp_path, ENTRY, demo_rows(), PLANS, None, {**QUIET, **settings})
    site.run(site.upkeep.start())
    yield site
    site.close()
