"""A plan's own document, imported, makes a plan with the same document; and no bytes break the import."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from autoconfig.errors import DocumentInvalid, PlanUnusable
from autoconfig.formats import mozilla
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.params import NONE
from autoconfig.migrate.config_v11 import Imported, read_document
from autoconfig.plans import read_plans
from autoconfig.plans.writing import plan_as_toml
from tests.support.strategies import domains, good_plans

if TYPE_CHECKING:
    from autoconfig.mail.domain import Domain
    from autoconfig.mail.plan import Plan

HERE = Path(__file__).parent
GRAMMAR = etree.RelaxNG(etree.parse(HERE / "autoconfig.rng"))
FILES = [path.read_bytes() for path in sorted((HERE / "imports").glob("*.xml"))]
OURS = [path for path in sorted((HERE / "expected").glob("*.xml")) if not path.name.endswith(".autodiscover.xml")]


def through_plans_toml(imported: Imported) -> Plan:
    """The imported plan as plans.toml says it."""
    text = plan_as_toml(imported.plan, [str(loss) for loss in imported.losses])
    return read_plans(text.encode()).get(imported.plan.key)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=good_plans(moved=False), domain=domains, local=st.sampled_from([None, "taro", "&<a>\"'", "太郎"]))
def test_round_trip(plan: Plan, domain: Domain, local: str | None) -> None:
    """Plan → document → plan → plans.toml → plan: the document is the same, and it is what the grammar asks for."""
    address = None if local is None else EmailAddress(local, domain)
    # Text that looks like a placeholder is one to whoever reads the document.
    assume(not any("%" in str(pattern) for pattern in [*(s.username for s in plan.servers), plan.params["user"]]))
    bound = bind(plan, {})
    try:
        bound.check(domain)
    except PlanUnusable:
        assume(False)
    document = mozilla.document(bound.account(domain, address))
    imported = read_document(document)
    again = bind(through_plans_toml(imported), {})

    GRAMMAR.assertValid(etree.fromstring(document))
    assert [f"a plan has no domains; the document has {domain}"] == [loss.problem for loss in imported.losses]
    assert document == mozilla.document(again.account(domain, address))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own(path: Path) -> None:
    """Every golden document, imported and served for its domain, is the same document."""
    document = path.read_bytes()
    found = re.search(rb"<domain>(.*)</domain>", document)
    assert found is not None
    name = found[1].decode()
    plans = read_plans(plan_as_toml(read_document(document).plan).encode())
    [key] = plans.plans
    address = EmailAddress.parse(f"taro@{name}")
    known = None if "without-address" in path.name else address

    assert document == mozilla.document(plans.bind(key, NONE).account(address.domain, known))


def imported_or_refused(body: bytes) -> None:
    """Either a plan that plans.toml can have, or a sentence that says why there is none."""
    try:
        imported = read_document(body)
    except DocumentInvalid as error:
        assert str(error)  # noqa: PT017
    else:
        assert imported.plan == through_plans_toml(imported)


@given(st.binary() | st.text().map(str.encode) | st.text("<>/&;!-[]= \"'aclientConfig").map(str.encode))
def test_any_bytes(body: bytes) -> None:
    """Any bytes are a plan or refused, never another exception."""
    imported_or_refused(body)


TEXT = re.compile(rb"(?<=>)[^<>\n]+(?=<)|(?<=\")[^\"\n]*(?=\")")
VALUES = [b"", b" ", b"0", b"-1", b"993", b"plain", b"imap", b"pop3", b"smtp", b"jmap", b"%EMAILADDRESS%", b"{domain}"]
MORE = [b"%EMAILDOMAIN%", b"x.%EMAILDOMAIN%", b"https://x.example/", b"none", b"OAuth2", b"a" * 300, b"&#133;", b"ja"]


@settings(deadline=None)
@given(st.data())
def test_mutated(data: st.DataObject) -> None:
    """A published document with other values, parts cut out or doubled is a plan or refused."""
    body = data.draw(st.sampled_from(FILES))
    for start, end in sorted(
        data.draw(st.lists(st.sampled_from([m.span() for m in TEXT.finditer(body)]), max_size=4, unique=True)),
        reverse=True,
    ):
        body = body[:start] + data.draw(st.sampled_from([*VALUES, *MORE])) + body[end:]
    lines = body.splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(start, min(start + 8, len(lines))))
    body = b"".join([*lines[:start], *lines[start:end] * data.draw(st.integers(0, 2)), *lines[end:]])

    imported_or_refused(body)
