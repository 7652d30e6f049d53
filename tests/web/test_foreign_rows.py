"""A row that another program wrote into the mapping's file: its domain is answered or unavailable, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.sqlite_finder import SqliteFinder
from autoconfig.mapping.store_database import upgrade
from tests.mapping.follower.files import on, sql
from tests.mapping.foreign_values import ROW, VALUES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import OpenSite

NAME, OTHER = "a.example", "b.example"
DOCUMENT = "https://autoconfig.{}/mail/config-v1.1.xml"
PATHS = (
    DOCUMENT,
    "https://autoconfig.{}/setup?email=taro@{}",
    "https://autoconfig.{}/email.mobileconfig?email=taro@{}",
)


def _insert(path: Path, **values: str) -> None:
    row = {**ROW, "plan": "'shared-managed'", **values}
    sql(path, f"INSERT INTO mapping ({', '.join(row)}) VALUES ({', '.join(row.values())})")


@pytest.mark.parametrize(("column", "value"), VALUES.values(), ids=VALUES)
def test_no_bug(open_site: OpenSite, tmp_path: Path, column: str, value: str) -> None:
    """Its domain is unknown or unavailable at most, other domains are answered, and the file is not checked for it."""
    path = tmp_path / "mapping.db"
    upgrade(on(path), create=True)
    _insert(path, id="8", name=f"'{OTHER}'")
    _insert(path, **{column: value})
    site = open_site(SqliteFinder(path))
    finder = site.services.finder
    assert isinstance(finder, SqliteFinder)
    site.run(finder.start())
    answers = [site.fetch(each.replace("{}", NAME)).status_code for each in PATHS]
    site.run(finder.watch())

    assert set(answers) <= {200, 404, 503}
    assert site.fetch(DOCUMENT.format(OTHER)).status_code == 200
    assert finder._error_kind is None
