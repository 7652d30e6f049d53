from __future__ import annotations

import pytest

from autoconfig.errors import PlansInvalid, PlanUnusable
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans

PLAN = """
[plans.a]
name = "A"
params = { server = { required = true }, username = "{address}" }
notes = [ NOTES ]
servers = [
  { protocol = "imap", host = "{server}", port = 993, tls = "ssl", login = ["NTLM"], username = "{username}" },
  { protocol = "smtp", host = "{server}", port = 465, tls = "ssl", login = ["NTLM"], username = "{username}" },
]

[plans.b]
extends = "a"
name = "B"
"""


def plans_with(notes: str) -> bytes:
    """A file with these notes."""
    return PLAN.replace("NOTES", notes).encode()


@pytest.mark.parametrize("plan", ["a", "b"], ids=["said", "inherited"])
def test_notes(plan: str) -> None:
    """Notes are texts by language, with the row's params and the domain put in."""
    plans = read_plans(plans_with('{ ja = "{domain}は{server}", en = "{domain} is {server}" }, { en = "Twice" }'))
    account = plans.bind(plan, '{"server":"cs312.xbit.jp"}').account(Domain("sample.co.jp"), None)

    assert [dict(note.by_language) for note in account.notes] == [
        {"ja": "sample.co.jpはcs312.xbit.jp", "en": "sample.co.jp is cs312.xbit.jp"},
        {"en": "Twice"},
    ]


FAULTS = {
    "stray brace": ('{ en = "a {" }', "plans.a.notes[1].en", "without its partner"),
    "undeclared param": ('{ en = "a" }, { ja = "{host}" }', "plans.a.notes[2].ja", "undeclared param {host}"),
    "control character": ('{ en = "a\\u0007" }', "plans.a.notes[1].en", "characters that no document can carry"),
    "the address": ('{ en = "{address}" }', "plans.a.notes[1]", "a note may use only {domain}"),
    "a param with the address": ('{ en = "{username}" }', "plans.a.notes[1]", "a note may use only {domain}"),
    "empty": ('{ en = "" }', "plans.a.notes[1].en", "at least 1 character"),
    "no text": ("{}", "plans.a.notes[1]", "at least 1 item"),
    "no language": ('{ English = "a" }', "plans.a.notes[1].English.[key]", "should match pattern"),
    "long": (f'{{ en = "{"a" * 601}" }}', "plans.a.notes[1].en", "at most 600 characters"),
    "no table": ('"a"', "plans.a.notes[1]", "should be a table"),
}


@pytest.mark.parametrize(("notes", "place", "problem"), FAULTS.values(), ids=FAULTS.keys())
def test_faults(notes: str, place: str, problem: str) -> None:
    """A note that cannot be shown is a fault with its place."""
    with pytest.raises(PlansInvalid) as caught:
        read_plans(plans_with(notes))

    fault = caught.value.faults[0]
    assert fault.place.startswith(place.removesuffix(".[key]"))
    assert problem in fault.problem


def test_row_with_the_address() -> None:
    """A row's param with an address in it cannot stand in a note."""
    plans = read_plans(plans_with('{ en = "{username}" }').replace(b'"{address}"', b'"shared"'))

    with pytest.raises(PlanUnusable, match="a note may use only"):
        plans.bind("a", '{"server":"a.example","username":"{local}"}')
