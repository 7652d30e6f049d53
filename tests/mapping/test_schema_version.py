from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld
from autoconfig.mapping.schema_version import REVISION, check_file, check_revision

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("revision", "needs", "error", "says"),
    [
        (None, None, DatabaseForeign, "check the setting database"),
        ("0000", None, SchemaTooOld, "db upgrade"),
        ("9999", None, SchemaTooNew, "newer release"),
        ("9999", "9998", SchemaTooNew, "newer release"),
    ],
    ids=["none", "older", "newer", "newer, and says so"],
)
def test_another_revision(revision: str | None, needs: str | None, error: type[Exception], says: str) -> None:
    """A schema that this release cannot use is refused with what to do."""
    with pytest.raises(error, match=says):
        check_revision(revision, "mapping.db", needs)


@pytest.mark.parametrize(
    ("revision", "needs"),
    [(REVISION, None), (REVISION, "9999"), ("9999", REVISION), ("9999", "0001")],
    ids=["ours", "ours, whatever it says", "newer, for ours", "newer, for older"],
)
def test_usable_revision(revision: str, needs: str | None) -> None:
    """The schema of this release is accepted, and a newer one that says that this release can use it."""
    check_revision(revision, "mapping.db", needs)


def test_no_file(tmp_path: Path) -> None:
    """A missing file and a folder in its place are both named."""
    with pytest.raises(MappingUnavailable, match=r"mapping\.db: there is no such database"):
        check_file(tmp_path / "mapping.db")
    with pytest.raises(MappingUnavailable, match="is not a file"):
        check_file(tmp_path)
