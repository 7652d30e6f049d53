"""From a source to plans and rows: the outcome for each domain, and the remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.migrate import planning
from autoconfig.migrate.grouping import Existing
from autoconfig.migrate.planning import Held, Migration, planned
from autoconfig.migrate.source import MigrationSource, Remark, RemarkKind, SourceDocument, SourceDomain
from autoconfig.plans import read_plans
from tests.migrate.documents import IMAP, PLANS, SMTP, START, Told, after, document, record, source
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.mapping.record import Record
    from autoconfig.migrate.grouping import Member, New

PAGE = '<documentation url="https://x.example/"/>'


def remarks(found: Migration, kind: RemarkKind) -> list[tuple[str, str]]:
    """Domain and problem of the remarks of a kind."""
    return [(remark.domain, remark.problem) for remark in found.remarks if remark.kind is kind]


def test_one_plan() -> None:
    """Domains with one document are rows on one plan, whose comments say where it comes from."""
    steps = Steps()
    same = document(IMAP, SMTP)
    found = planned(source(a=same, b=same), PLANS, {}, on_progress=steps)

    assert [row[:3] for row in found.rows] == [("a.example", "name", "{}"), ("b.example", "name", "{}")]
    assert found.added[0].text.startswith(
        "# Made by `autoconfig mapping migrate-from the source` for 2 domains: a.example, b.example.\n# From x.xml\n"
        "[plans.name]\n"
    )
    assert (found.remarks, found.missed, steps[-1]) == ([], 0, ("comparing", 6, 6))


def test_plans_of_one_name() -> None:
    """Two sets of servers of one name become plans with different keys, neither of them one that is there."""
    there = read_plans(START.replace(b"[plans.there]", b"[plans.name]"), "plans.toml")
    both = source(a=document(IMAP, SMTP), b=document(IMAP._replace(host="other.host.example"), SMTP))
    found = planned(both, there, {})

    assert [one.plan.key for one in found.added] == ["name-2", "name-3"]
    assert [row[:2] for row in found.rows] == [("a.example", "name-2"), ("b.example", "name-3")]


def test_many_in_a_comment() -> None:
    """A comment names a few domains and files, and counts the others."""
    many = {f"d{n}": document(IMAP, SMTP, place=f"{n}.xml") for n in range(5)}
    (added,) = planned(source(**many), PLANS, {}).added

    assert ": d0.example, d1.example, d2.example and 2 more.\n# From 0.xml, 1.xml, 2.xml and 2 more\n" in added.text


def test_plan_that_is_there() -> None:
    """A plan that can say it is used, with its params."""
    mail = [
        Told(kind, "x.host.example", port, username="%EMAILLOCALPART%", login=("OAuth2",))
        for kind, port in (("imap", "993"), ("smtp", "465"))
    ]
    found = planned(source(a=document(*mail, name="There")), PLANS, {})

    assert found.added == []
    assert [row[:3] for row in found.rows] == [("a.example", "there", '{"server":"x.host.example"}')]


LOST = {
    "a page": (document(IMAP, SMTP, more=PAGE), document(IMAP, SMTP), "documentation 'https://x.example/'"),
    "a name": (document(IMAP, SMTP, name="Other"), document(IMAP, SMTP), "display name 'Other'; the plan has 'Mail'"),
    "an instruction": (document(IMAP, SMTP, more="<instruction/>"), document(IMAP, SMTP), "an instruction"),
}


@pytest.mark.parametrize(("one", "other", "problem"), LOST.values(), ids=LOST)
def test_not_kept(one: SourceDocument, other: SourceDocument, problem: str) -> None:
    """Data beside the servers that is lost gets a remark; the row is still written."""
    found = planned(source(a=one, b=other), PLANS, {})

    assert len(found.rows) == 2
    assert found.missed == 0
    assert next(iter(remarks(found, RemarkKind.NOT_KEPT)))[1].startswith(problem)


def test_line_of_a_loss() -> None:
    """The remark for a loss names the line in the operator's file."""
    body = document(IMAP, SMTP, more="<instruction/>")
    (of_file,) = planned(source(a=body), PLANS, {}).remarks
    (of_rows,) = planned(source(a=body._replace(readable=body.served + b" ")), PLANS, {}).remarks

    assert of_file.place == "x.xml, line 1, <instruction>"
    assert of_rows.place == "x.xml"


LEFT_OUT = {
    "no XML": (SourceDocument("x.xml", b"x", b"x"), "it is not XML"),
    "nothing to send by": (document(IMAP), "it has no usable server for sending"),
    "nothing": (document(), "it has no usable server for receiving"),
}


@pytest.mark.parametrize(("body", "problem"), LEFT_OUT.values(), ids=LEFT_OUT)
@pytest.mark.parametrize("accept", [False, True])
def test_left_out(body: SourceDocument, problem: str, *, accept: bool) -> None:
    """What cannot be a plan is left out, whatever is accepted."""
    found = planned(source(a=body, b=body), PLANS, {}, accept=accept)

    assert (found.rows, found.added, found.missed) == ([], [], 2)
    assert all(said.startswith(problem) for _, said in remarks(found, RemarkKind.LEFT_OUT))


def test_text_that_no_plan_holds() -> None:
    """A user name with control characters only leaves out its own domain."""
    bad = document(IMAP._replace(username="a\x7fb"), SMTP)
    found = planned(source(a=bad, b=document(IMAP, SMTP)), PLANS, {})

    assert [row.name for row in found.rows] == ["b.example"]
    assert "characters that no document can carry" in remarks(found, RemarkKind.LEFT_OUT)[0][1]


DIFFERS = {
    "an unknown socket": (IMAP._replace(socket="TLS"), "only there: imap imap.host.example 993 TLS"),
    "an unknown login method": (
        IMAP._replace(login=("x", "OAuth2")),
        "there imap imap.host.example 993 SSL x+OAuth2 %EMAILLOCALPART%@a.example, here imap",
    ),
    "no host name": (IMAP._replace(host="a_b.example"), "only there: imap a_b.example 993"),
    "no port": (IMAP._replace(port="99999"), "only there: imap imap.host.example 99999"),
    "Exchange": (IMAP._replace(kind="exchange"), "only there: exchange imap.host.example"),
    "another order": (Told("pop3", "pop.host.example"), "there in this order: pop3 pop.host.example 993, imap"),
    "a usual port": (IMAP._replace(port=""), "only there: imap imap.host.example  SSL"),
}


@pytest.mark.parametrize(("server", "problem"), DIFFERS.values(), ids=DIFFERS)
def test_differs(server: Told, problem: str) -> None:
    """A domain that would get other servers is left out with what differs, unless that is accepted."""
    body = document(server, IMAP._replace(host="second.host.example"), SMTP)
    found = planned(source(a=body), PLANS, {})
    accepted = planned(source(a=body), PLANS, {}, accept=True)

    assert (found.rows, found.added, found.missed) == ([], [], 1)
    assert remarks(found, RemarkKind.DIFFERS)[0][1].startswith(problem)
    assert [row.name for row in accepted.rows] == ["a.example"]
    assert remarks(accepted, RemarkKind.DIFFERS) == remarks(found, RemarkKind.DIFFERS)
    assert accepted.missed == 1


def test_accepted_once() -> None:
    """A row that was written with a difference is not written again."""
    given_ = source(a=document(IMAP._replace(socket="TLS"), IMAP._replace(host="second.host.example"), SMTP))
    first = planned(given_, PLANS, {}, accept=True)
    (row,) = first.rows
    second = planned(given_, after(PLANS, first), {"a.example": Held(record(row.plan, row.params), None)}, accept=True)

    assert (second.rows, second.added, second.unchanged) == ([], [], ["a.example"])


def test_obstacle() -> None:
    """If the source answers some customers differently, the domain is left out unless that is accepted."""
    entry = SourceDomain(Domain("a.example"), document(IMAP, SMTP), Remark("a.example", RemarkKind.DIFFERS, "LDAP"))
    found = planned(MigrationSource("x", [entry], []), PLANS, {})

    assert (found.rows, remarks(found, RemarkKind.DIFFERS)) == ([], [("a.example", "LDAP")])
    assert len(planned(MigrationSource("x", [entry], []), PLANS, {}, accept=True).rows) == 1


def test_source_remarks() -> None:
    """The source's own remarks come first."""
    remark = Remark("x", RemarkKind.LEFT_OUT, "is no domain")
    found = planned(MigrationSource("x", [], [remark]), PLANS, {})

    assert (found.remarks, found.missed) == ([remark], 1)


TAKEN = {
    "on a plan": (record("there", '{"server":"x.example"}'), "is on the plan there by row 7"),
    "ended": (record(None), "was ended by row 7"),
    "on a plan that is gone": (record("gone"), "is on the plan gone by row 7"),
}


@pytest.mark.parametrize(("now", "problem"), TAKEN.values(), ids=TAKEN)
def test_taken(now: Record, problem: str) -> None:
    """A row with other servers stays, unless `replace` is given."""
    held = {"a.example": Held(now, None)}
    given_ = source(a=document(IMAP, SMTP))
    found = planned(given_, PLANS, held)
    (row,) = planned(given_, PLANS, held, replace=True).rows

    assert (found.rows, found.added, found.missed) == ([], [], 1)
    assert remarks(found, RemarkKind.TAKEN) == [("a.example", problem)]
    assert row.before == now


def test_unchanged() -> None:
    """A row that gives the same servers by whatever plan stays, also when rows are to be replaced."""
    mail = [
        Told(kind, "a.example", port, username="%EMAILLOCALPART%", login=("OAuth2",))
        for kind, port in (("imap", "993"), ("smtp", "465"))
    ]
    held = {"a.example": Held(record("there", '{"server":"{domain}"}'), None)}
    found = planned(source(a=document(*mail)), PLANS, held, replace=True)

    assert (found.rows, found.added, found.unchanged, found.remarks) == ([], [], ["a.example"], [])


@pytest.mark.parametrize(("plan", "says"), [("there", "put it on the plan there"), (None, "end it")])
def test_scheduled(plan: str | None, says: str) -> None:
    """A scheduled row still takes effect at its time, and a remark says so."""
    found = planned(source(a=document(IMAP, SMTP)), PLANS, {"a.example": Held(None, record(plan))})

    assert len(found.rows) == 1
    assert remarks(found, RemarkKind.NOT_KEPT) == [("a.example", f"row 7, which is scheduled, will {says}")]


def test_domain_that_does_not_fit() -> None:
    """Where a host has the domain in it and the domain cannot be in a host, only that domain is left out."""
    body = document(IMAP._replace(host="imap.%EMAILDOMAIN%"), SMTP)
    for accept in (False, True):
        found = planned(source(a_b=body, a=body), PLANS, {}, accept=accept)

        assert [row.name for row in found.rows] == ["a.example"]
        assert remarks(found, RemarkKind.LEFT_OUT) == [
            ("a_b.example", "the domain's spelling is not allowed in a host name")
        ]


def test_plan_for_nobody() -> None:
    """A plan on which no domain would be is not written."""
    body = document(IMAP._replace(host="imap.%EMAILDOMAIN%"), SMTP)
    found = planned(source(a_b=body), PLANS, {})

    assert (found.rows, found.added, found.missed) == ([], [], 1)


def test_row_that_does_not_fit() -> None:
    """A row on a plan that cannot serve its domain counts as a row with other servers."""
    held = {"a.example": Held(record("there", '{"server":"x..y"}'), None), "b_.example": Held(record("own"), None)}
    plans = read_plans(START.replace(b"plans.there", b"plans.own").replace(b"{server}", b"x.{domain}").replace(
        b"params = { server = { required = true } }", b""))  # fmt: skip
    found = planned(source(a=document(IMAP, SMTP), b_=document(IMAP, SMTP)), plans, held)

    assert [domain for domain, _ in remarks(found, RemarkKind.TAKEN)] == ["a.example", "b_.example"]


def test_wrong_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the grouping says, no row is written with which a domain would get other servers."""

    def wrong(members: Sequence[Member], *_: object) -> tuple[list[Existing], list[New]]:
        return [Existing(PLANS.get("there"), [(member, {"server": "x.example"}) for member in members])], []

    monkeypatch.setattr(planning, "group", wrong)
    found = planned(source(a=document(IMAP, SMTP)), PLANS, {})

    assert (found.rows, found.missed) == ([], 1)
    assert len(remarks(found, RemarkKind.DIFFERS)) == 4
