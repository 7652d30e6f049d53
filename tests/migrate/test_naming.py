"""What a plan is called and says, where its domains said different things."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from autoconfig.mail.account import Documentation, Text
from autoconfig.mail.domain import Domain
from autoconfig.migrate.naming import NEUTRAL, asides_lost, key_for, own_name, with_asides
from autoconfig.migrate.server_set import plan_of
from tests.migrate.members import member

if TYPE_CHECKING:
    from autoconfig.mail.plan import Plan

A, B, C = (Domain(f"{letter}.example") for letter in "abc")


def plan(name: str = "Mail", short: str | None = None, host: str = "mx.host.example", **more: object) -> Plan:
    """A plan with this name."""
    made = plan_of(member("a.example", host).server_set, "x", Text({"und": name}), {})
    return replace(made, short_name=Text({"und": short}) if short else None, **more)  # type: ignore[arg-type]


KEYS = {
    "the name": (plan("Example Hosting, Inc."), "example-hosting-inc"),
    "the short name": (plan("日本", "Nihon"), "nihon"),
    "the hosts": (plan("日本"), "host-example"),
    "hosts of one label": (plan("日本", host="server"), "server"),
    "no letters anywhere": (plan("日本", host="{domain}"), "mail"),
    "too long": (plan("a" * 60), "a" * 48),
    "taken": (plan("Taken"), "taken-3"),
}


@pytest.mark.parametrize(("given", "key"), KEYS.values(), ids=KEYS)
def test_key(given: Plan, key: str) -> None:
    """A key says what the plan is, and no other plan has it."""
    assert key_for(given, {"taken", "taken-2"}) == key


NAMES = {
    "the same": (("X", "X", "X"), "X"),
    "more than half": (("X", "X", "Y"), "X"),
    "half": (("X", "Y"), "Mail"),
    "all different": (("X", "Y", "Z"), "Mail"),
    "only one": (("a.example",), "a.example"),
    "with the domain": (("Mail of A.example", "Mail of b.example", "c.example"), "Mail"),
}


@pytest.mark.parametrize(("names", "expected"), NAMES.values(), ids=NAMES)
def test_name(names: tuple[str, ...], expected: str) -> None:
    """The name that most domains have is the plan's; one domain's own name is never shown to another."""
    named = with_asides(plan(), [(d, plan(name, name)) for d, name in zip((A, B, C), names, strict=False)])

    assert named.name.in_language() == expected
    assert named.short_name == (named.name if expected != "Mail" else None)


def test_own_name_in_u_labels() -> None:
    """A name with the domain as people write it is the domain's own."""
    assert own_name(Text({"ja": "日本語.example のメール"}), Domain.parse("日本語.example")) == ""
    assert own_name(Text({"ja": "日本語"}), Domain.parse("日本語.example")) == "日本語"


def test_pages() -> None:
    """Pages and webmail are kept where most domains have them."""
    pages = (Documentation("https://x.example/", None),)
    with_pages = plan(documentation=pages, webmail="https://w.example/")
    kept = with_asides(plan(), [(A, with_pages), (B, with_pages), (C, plan())])
    gone = with_asides(plan(), [(A, with_pages), (B, plan())])

    assert (kept.documentation, kept.webmail) == (pages, "https://w.example/")
    assert (gone.documentation, gone.webmail) == ((), None)


def test_lost() -> None:
    """A remark names what the domain's customers get now and will lose, and nothing else."""
    before = plan("Old", "O", webmail="https://w.example/", documentation=(Documentation("https://x.example/", None),))
    after = replace(plan("New"), name=NEUTRAL)

    assert [remark.problem for remark in asides_lost(A, before, after)] == [
        "display name 'Old'; the plan has 'Mail'",
        "short display name 'O'; the plan has 'none'",
        "webmail 'https://w.example/'; the plan has 'none'",
        "documentation 'https://x.example/'; the plan has 'none'",
    ]
    assert list(asides_lost(A, before, before)) == []
    assert list(asides_lost(A, plan(), before)) == list(asides_lost(A, plan("Mail"), before))
