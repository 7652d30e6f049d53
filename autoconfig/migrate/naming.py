"""Choose a new plan's key, name and texts from those of its domains."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from autoconfig.mail.account import Text
from autoconfig.mail.plan import key_from
from autoconfig.migrate.source import Remark, RemarkKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from autoconfig.mail.domain import Domain
    from autoconfig.mail.plan import Plan

NEUTRAL = Text({"und": "Mail"})
"""A plan's name if its domains have no name in common."""

_LONGEST = 48  # characters of a key, with room for a number

_Said = TypeVar("_Said")


def own_name(text: Text, domain: Domain) -> str:
    """The name as one text to compare; empty if it contains the domain, because it then suits no other domain."""
    first = text.in_language()
    lowered = first.lower()
    return "" if domain.name in lowered or domain.display.lower() in lowered else first


def key_for(plan: Plan, taken: Collection[str]) -> str:
    """A key that no other plan has, from the name, else from the servers' hosts."""
    short = plan.short_name.in_language() if plan.short_name else ""
    literal = [str(server.host) for server in plan.servers if not server.host.names]
    hosts = [host.partition(".")[2] or host for host in literal]
    candidates = (key_from(text, _LONGEST) for text in (plan.name.in_language(), short, *hosts))
    base = next((key for key in candidates if len(key) > 1), "") or "mail"
    number, key = 1, base
    while key in taken:
        number += 1
        key = f"{base}-{number}"
    return key


def with_asides(plan: Plan, sources: Sequence[tuple[Domain, Plan]]) -> Plan:
    """
    Add the name, pages and webmail that more than half of the plan's domains have in `sources`.

    A name that contains its domain suits that domain only; it is used only if the plan has no other domain.
    """
    alone = len(sources) == 1
    names = [source.name if alone or own_name(source.name, domain) else None for domain, source in sources]
    short = [
        source.short_name if source.short_name and (alone or own_name(source.short_name, domain)) else None
        for domain, source in sources
    ]
    return replace(
        plan,
        name=_common(names) or NEUTRAL,
        short_name=_common(short),
        documentation=_common([source.documentation for _, source in sources]) or (),
        webmail=_common([source.webmail for _, source in sources]),
    )


def asides_lost(domain: Domain, source: Plan, plan: Plan) -> Iterator[Remark]:
    """Report texts of this domain that the plan does not have."""
    remedy = "add it to the plan, or give the domain a plan of its own"
    for what, before, after in (
        ("display name", _shown(source.name), _shown(plan.name)),
        ("short display name", _shown(source.short_name), _shown(plan.short_name)),
        ("webmail", source.webmail, plan.webmail),
        ("documentation", _pages(source), _pages(plan)),
    ):
        if before and before != after:
            yield Remark(
                domain.name, RemarkKind.NOT_KEPT, f"{what} {before!r}; the plan has {after or 'none'!r}", remedy
            )


def _common(values: Sequence[_Said | None]) -> _Said | None:
    """The value that more than half of them have, if there is one."""
    # Compare by repr: texts have dictionaries, which cannot be hashed.
    counted = Counter(map(repr, values))
    said, count = counted.most_common(1)[0]
    if 2 * count <= len(values):
        return None
    return next(value for value in values if repr(value) == said)


def _shown(text: Text | None) -> str | None:
    return " / ".join(text.by_language.values()) if text else None


def _pages(plan: Plan) -> str:
    return ", ".join(page.url for page in plan.documentation)
