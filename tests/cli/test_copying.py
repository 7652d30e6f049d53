from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.backup import copy
from autoconfig.mapping.store import Change, Journal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mariadb"])
def test_copy(
    on_demo: Command, tmp_path: Path, engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the demo into an empty database of each engine, and from then on that one is the mapping."""
    url = f"sqlite:///{tmp_path / 'other.db'}"
    if engine != "sqlite":
        server = request.getfixturevalue(engine)
        url = server.url(server.new_database())
    done = on_demo("db", "copy", url)
    if engine == "sqlite":
        assert (tmp_path / "other.db").stat().st_mode & 0o777 == 0o640
    assert re.search(r": has all 8 rows of \S*mapping\.db, sha256 [0-9a-f]{64}\nNext: ", done.out)

    on_demo("mapping", "end", "sample.co.jp")
    again = on_demo("db", "copy", url)
    assert "8 of them were there already" in again.out
    assert on_demo("db", "copy", url, "--json").data["copied_before"] == 9

    monkeypatch.setenv("AUTOCONFIG_DATABASE", url)
    assert on_demo("mapping", "history", "sample.co.jp", "--json").data[-1]["id"] == 9
    on_demo("mapping", "undo", "sample.co.jp")
    on_demo("mapping", "backup", tmp_path / "backup.db")
    monkeypatch.delenv("AUTOCONFIG_DATABASE")
    assert "has 10 rows of its own; nothing was written" in on_demo("db", "copy", url, code=1).err


def test_itself(on_demo: Command, demo: Path) -> None:
    """The configured database is not copied into itself."""
    refused = on_demo("db", "copy", f"sqlite:///{demo / 'mapping.db'}", code=1)

    assert "is already the configured database" in refused.err


@pytest.mark.parametrize(
    ("url", "code"),
    [("nonsense", 2), ("postgresql://user:sesame@127.0.0.1:1/mapping", 3), ("sqlite:////none/mapping.db", 3)],
    ids=["no URL", "no server", "no folder"],
)
def test_no_target(on_demo: Command, url: str, code: int) -> None:
    """A target that cannot be used is named without its password."""
    failed = on_demo("db", "copy", url, code=code)

    assert "sesame" not in failed.err
    assert "URL" in failed.err or "mapping" in failed.err


def test_written_meanwhile(on_demo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that came during the copy are counted."""
    whole = copy.copy

    def behind(source: Journal, target: Journal, _on_progress: object) -> copy.Copied:
        def on_progress(step: str, *_numbers: int | None) -> None:
            if step == "copying":
                with source.writing() as writing:
                    writing.append([Change("new.example", 1, "plan", "{}")])

        return whole(source, target, on_progress)

    monkeypatch.setattr(copy, "copy", behind)

    assert (
        "1 of them was written while the others were copied" in on_demo("db", "copy", f"sqlite:///{tmp_path}/o.db").out
    )
