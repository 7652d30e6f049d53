from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.check.domain_check import Checked
from autoconfig.results import single
from autoconfig.results.domain_result import Listed
from autoconfig.results.last_run import last_run
from autoconfig.results.run import running
from autoconfig.results.single import KEPT_FOR, keep_single, newest_result

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

A, B = Listed("a.example", "plan", "{}"), Listed("b.example", "plan", "{}")


def checked(name: str, servers: int) -> Checked:
    """A result that can be told from others by its number of servers."""
    return Checked(name, (), servers, has_records=True, heard=True)


def run_of(folder: Path, servers: int) -> None:
    """A check of all domains."""
    with running(folder, "") as (run, _):
        run.plan([(A, True)])
        for listed in run.work():
            run.keep_domain(listed, checked(listed.name, servers))
        run.finish()


def at(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """The clock of results stands at this time."""
    monkeypatch.setattr("autoconfig.results.domain_result.time.time", lambda: float(seconds))


def servers_of(folder: Path, name: str) -> int | None:
    """Which result is the newest."""
    found = newest_result(folder, name)
    return found and found.servers


def test_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest result counts, whether a check of all domains or one of its own found it."""
    assert servers_of(tmp_path, "a.example") is None
    at(monkeypatch, 1000)
    keep_single(tmp_path, A, checked("a.example", 1))
    assert servers_of(tmp_path, "a.example") == 1
    at(monkeypatch, 2000)
    run_of(tmp_path, 2)
    assert servers_of(tmp_path, "a.example") == 2
    at(monkeypatch, 3000)
    keep_single(tmp_path, A, checked("a.example", 3))
    assert servers_of(tmp_path, "a.example") == 3
    assert servers_of(tmp_path, "b.example") is None


def test_runs_are_apart(tmp_path: Path) -> None:
    """Runs neither count such results nor forget them, however many there are."""
    keep_single(tmp_path, B, checked("b.example", 7))
    for servers in range(5):
        run_of(tmp_path, servers)
    with last_run(tmp_path) as last:
        assert last is not None
        assert [result.name for result in last.domains()] == ["a.example"]
    assert servers_of(tmp_path, "b.example") == 7


def test_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that are too old are forgotten with the next one."""
    at(monkeypatch, 1000)
    keep_single(tmp_path, A, checked("a.example", 1))
    at(monkeypatch, 1000 + KEPT_FOR + 1)
    keep_single(tmp_path, B, checked("b.example", 2))

    assert (servers_of(tmp_path, "a.example"), servers_of(tmp_path, "b.example")) == (None, 2)
    assert single.SINGLE == 1 << 62
