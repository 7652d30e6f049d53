from __future__ import annotations

from pathlib import Path

import pytest

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld, SettingsInvalid
from autoconfig.mapping.database import REVISION, check_file, check_revision, sqlite_path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////var/lib/autoconfig/mapping.db", "/var/lib/autoconfig/mapping.db"),
        ("sqlite:///mapping.db", "mapping.db"),
        ("sqlite+pysqlite:///mapping.db", "mapping.db"),
    ],
    ids=["absolute", "relative", "driver"],
)
def test_sqlite_path(url: str, path: str) -> None:
    """A SQLite URL names a file."""
    assert Path(path) == sqlite_path(url)


@pytest.mark.parametrize("url", ["", "mapping.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql:///x"])
def test_no_sqlite_path(url: str) -> None:
    """Anything else is an error that says what to write."""
    with pytest.raises(SettingsInvalid, match="write sqlite:///PATH"):
        sqlite_path(url)


@pytest.mark.parametrize(
    ("revision", "error", "says"),
    [
        (None, DatabaseForeign, "check the setting database"),
        ("0000", SchemaTooOld, "db upgrade"),
        ("9999", SchemaTooNew, "newer release"),
    ],
    ids=["none", "older", "newer"],
)
def test_another_revision(revision: str | None, error: type[Exception], says: str) -> None:
    """A schema of another release is refused with what to do."""
    with pytest.raises(error, match=says):
        check_revision(revision, "mapping.db")


def test_our_revision() -> None:
    """The schema of this release is accepted."""
    check_revision(REVISION, "mapping.db")


def test_no_file(tmp_path: Path) -> None:
    """A missing file and a folder in its place are both named."""
    with pytest.raises(MappingUnavailable, match=r"mapping\.db: there is no such database"):
        check_file(tmp_path / "mapping.db")
    with pytest.raises(MappingUnavailable, match="is not a file"):
        check_file(tmp_path)
