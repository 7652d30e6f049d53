from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.check.certificate import CertificateFacts
from autoconfig.check.codes import KINDS
from autoconfig.check.dialogue import Offers
from autoconfig.check.domain_check import Checked
from autoconfig.check.finding import Finding, Severity, both
from autoconfig.check.flaw import Flaw
from autoconfig.check.observation import Observation, Target
from autoconfig.check.observation_store import BareObservation
from autoconfig.check.tls_handshake import ChainProblem, Handshake
from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.mail.server import Protocol, TLSMode
from autoconfig.results.domain_result import Listed
from autoconfig.results.figures import CheckFigures
from autoconfig.results.last_run import last_run
from autoconfig.results.results_file import NAME
from autoconfig.results.run import running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TARGET = Target("192.0.2.1", 993, Protocol.IMAP, TLSMode.SSL)
DAY = dt.datetime(2026, 11, 29, 12, 0, 0, 250_000, tzinfo=dt.UTC)
FACTS = CertificateFacts(
    "CN=a", "CN=b", ("a.example", "192.0.2.1"), DAY, DAY, "EC 256", False, "sha256", False, False, "00ff"
)
SEEN = Observation((Flaw("tls-too-old", "TLSv1"),), True, False, FACTS, Offers(frozenset({"PLAIN", "LOGIN"}), True))
SIGHTS = {
    "handshake": BareObservation(Handshake("TLSv1.3", None, (FACTS, FACTS), (ChainProblem(20, 0),))),
    "a failure": BareObservation("the TLS handshake failed"),
    "not asked": BareObservation(None),
}


def finding(code: str, server: str = "mail.example:993") -> Finding:
    """A finding with this code."""
    return Finding(code, KINDS[code], "a.example", server, "seen", Severity.ERROR, both("助言", "advice"))


def ran(folder: Path, results: Mapping[str, Sequence[Finding]], *, wanted: bool = True, scope: str = "") -> int:
    """One whole run with these results; how many domains were checked."""
    with running(folder, scope) as (run, _):
        count = run.plan((Listed(name, "plan", "{}"), wanted) for name in results)
        for listed in run.work():
            run.keep_domain(listed, Checked(listed.name, tuple(results[listed.name]), 2, True, True))
        run.finish()
    return count


@pytest.mark.parametrize("observation", SIGHTS.values(), ids=SIGHTS)
def test_sights(tmp_path: Path, observation: BareObservation) -> None:
    """What was seen of a server is the same after the process has ended, and gone when the run is finished."""
    with running(tmp_path, "") as (run, goes_on):
        assert (goes_on, run.find(TARGET, "a.example"), run.find_bare(TARGET)) == (False, None, None)
        run.keep(TARGET, "a.example", SEEN)
        run.keep_bare(TARGET, observation)
    with running(tmp_path, "") as (run, goes_on):
        assert (goes_on, run.find(TARGET, "a.example"), run.find_bare(TARGET)) == (True, SEEN, observation)
        assert run.servers() == 1
    with contextlib.closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as connection:
        connection.execute("UPDATE observation SET seen = '{}'")
    with running(tmp_path, "") as (run, goes_on):  # what another release wrote is not read
        assert (goes_on, run.find(TARGET, "a.example"), run.find_bare(TARGET)) == (True, None, None)
        run.finish()
    with running(tmp_path, "") as (run, goes_on):
        assert (goes_on, run.find(TARGET, "a.example"), run.find_bare(TARGET)) == (False, None, None)


def test_resumed(tmp_path: Path) -> None:
    """A run with the same scope goes on where it ended; a domain whose row changed is checked again."""
    rows = [Listed("a.example", "one", "{}"), Listed("b.example", "one", "{}"), Listed("c.example", "one", "{}")]
    with running(tmp_path, "x") as (run, _):
        run.plan((row, True) for row in rows)
        for row in rows[:2]:
            run.keep_domain(row, Checked(row.name, (), 2, True, True))
    with running(tmp_path, "x") as (run, goes_on):
        run.plan((row, True) for row in [rows[0], rows[1]._replace(plan="two"), rows[2]])
        assert (goes_on, sorted(listed.name for listed in run.work())) == (True, ["b.example", "c.example"])
    with running(tmp_path, "y") as (run, goes_on):
        run.plan((row, True) for row in rows)
        assert (goes_on, len(list(run.work()))) == (False, 3)


def test_changes(tmp_path: Path) -> None:
    """Two finished runs are kept, and what is new and gone between them is known by code, domain and place."""
    ran(tmp_path, {"a.example": [finding("port-closed")], "b.example": []})
    ran(tmp_path, {"a.example": [finding("port-closed"), finding("port-closed", "other.example:143")], "b.example": []})
    ran(tmp_path, {"a.example": [finding("port-closed")], "b.example": [finding("server-slow")]})
    with last_run(tmp_path) as last:
        assert last is not None
        new = [(change.name, change.code, change.server) for change in last.new()]
        gone = [(change.name, change.code, change.server) for change in last.gone()]
        totals, result = last.totals(), last.domain("b.example")
    with sqlite3.connect(tmp_path / NAME) as connection:
        runs = connection.execute("SELECT count(*) FROM run").fetchone()
    connection.close()

    assert new == [("b.example", "server-slow", "mail.example:993")]
    assert gone == [("a.example", "port-closed", "other.example:143")]
    assert (totals.domains, totals.bad, totals.findings) == (2, 2, {"error port-closed": 1, "error server-slow": 1})
    assert result is not None
    assert result.findings[0].advice.in_language("ja") == "助言"
    assert runs == (2,)


def test_kept(tmp_path: Path) -> None:
    """A domain that is not to be checked keeps its result; one that the mapping lost has none."""
    ran(tmp_path, {"a.example": [finding("port-closed")], "b.example": [finding("port-closed")]})
    count = ran(tmp_path, {"a.example": []}, wanted=False, scope="since")
    with last_run(tmp_path) as last:
        assert last is not None
        found = {result.name: [each.code for each in result.findings] for result in last.domains()}

    assert (count, found) == (0, {"a.example": ["port-closed"]})


def test_figures(tmp_path: Path) -> None:
    """The figures are those of the last finished run; a file of another kind has none, and harms nobody."""
    figures = CheckFigures(tmp_path)
    never = dict(figures.current())
    ran(tmp_path, {"a.example": [finding("port-closed")]})
    once = dict(figures.current())
    ran(tmp_path, {"a.example": []})
    twice = dict(figures.current())
    for file in tmp_path.glob(f"{NAME}*"):
        file.unlink()
    (tmp_path / NAME).write_bytes(b"nothing of this kind" * 100)

    assert never == {"last_check_timestamp_seconds": 0}
    assert once["check_findings error port-closed"] == 1
    assert once["last_check_timestamp_seconds"] > 0
    assert twice.keys() == {"last_check_timestamp_seconds"}
    assert figures.current() == twice
    assert CheckFigures(tmp_path).current() == never


def test_refused(tmp_path: Path) -> None:
    """One check at a time; a file of a newer release, or a damaged one, is left as it is."""
    match = "another `autoconfig check --all` is running"
    with running(tmp_path, ""), pytest.raises(Refused, match=match), running(tmp_path, ""):
        pass
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Refused, match="a newer release made it"), running(tmp_path, ""):
        pass
    with last_run(tmp_path) as last:
        assert last is None
    for file in tmp_path.glob(f"{NAME}-*"):
        file.unlink()
    (tmp_path / NAME).write_bytes(b"nothing of this kind" * 100)
    with pytest.raises(MappingUnavailable, match=r"checks\.db"), running(tmp_path, ""):
        pass
