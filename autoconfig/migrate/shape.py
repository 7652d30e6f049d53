"""
A set of servers as one value that can be compared and counted: what programs need to know, not what people read.

A host, a user name or a URL that contains its domain can be written in two ways: as it stands, or with `{domain}`.
Both serve this domain the same; which one it is to be depends on the other domains (`grouping`).
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import PlanUnusable
from autoconfig.mail.bound import ANY_DOMAIN
from autoconfig.mail.domain import MAX_OCTETS
from autoconfig.mail.pattern import Pattern, Slot
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import ServerTemplate, imap_first
from autoconfig.mail.service import ServiceKind, ServiceTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.mail.account import Text
    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mail.server import Login, Protocol, TLSMode
    from autoconfig.mail.service import OAuth2

_MOST = 4  # texts with the domain in them for which every combination is looked at
_BEFORE, _AFTER = r"(?<![\w-])", r"(?![\w-])"
_ADDRESS = {"{local}@{domain}": "{address}"}


class Frame(NamedTuple):
    """All of a set of servers that is neither a host nor a user name nor a URL."""

    servers: tuple[tuple[Protocol, int, TLSMode, tuple[Login, ...]], ...]
    services: tuple[tuple[ServiceKind, tuple[Login, ...]], ...]
    oauth2: OAuth2 | None


class Shape(NamedTuple):
    """A set of servers."""

    frame: Frame
    texts: tuple[str, ...]
    """Patterns: of each server host and user name, of each service URL and user name."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the servers."""
        return self.texts[: 2 * len(self.frame.servers) : 2]

    def with_hosts(self, hosts: Sequence[str]) -> Shape:
        """The same with other hosts."""
        texts = list(self.texts)
        texts[: 2 * len(hosts) : 2] = hosts
        return Shape(self.frame, tuple(texts))


def shape_of(bound: BoundPlan) -> Shape:
    """What a plan comes to once the params are in it."""
    return _shape(bound.servers, bound.services, bound.plan.oauth2)


def template_of(plan: Plan) -> Shape:
    """The same before the params are in it, in the same order."""
    return _shape(imap_first(plan.servers), plan.services, plan.oauth2)


def plan_of(shape: Shape, key: str, name: Text, params: Mapping[str, Pattern | None]) -> Plan:
    """The plan that says so much and no more."""
    pairs = [(shape.texts[index], shape.texts[index + 1]) for index in range(0, len(shape.texts), 2)]
    patterns = [(Pattern.parse(where), Pattern.parse(username)) for where, username in pairs]
    count = len(shape.frame.servers)
    servers = tuple(
        ServerTemplate(protocol, host, port, tls, login, username)
        for (protocol, port, tls, login), (host, username) in zip(shape.frame.servers, patterns[:count], strict=True)
    )
    services = tuple(
        ServiceTemplate(kind, url, login, username)
        for (kind, login), (url, username) in zip(shape.frame.services, patterns[count:], strict=True)
    )
    return Plan(key, name, None, params, servers, services=services, oauth2=shape.frame.oauth2)


def writings(shape: Shape, domain: str) -> list[Shape]:
    """
    The ways to write a set of servers for one domain, the one with the most `{domain}` first.

    The domain is found where it stands as a whole name; one without a dot is a word like others, and stays.
    """
    plain = tuple(_ADDRESS.get(text, text) for text in shape.texts)
    if "." not in domain:
        return [Shape(shape.frame, plain)]
    pattern = re.compile(_BEFORE + re.escape(domain) + _AFTER, re.ASCII)
    general = {text: _general(text, pattern) for text in plain}
    varying = [text for text, written in general.items() if written != text]
    if len(varying) > _MOST:
        chosen: list[set[str]] = [set(varying), set()]
    else:
        sizes = range(len(varying), -1, -1)
        chosen = [set(texts) for size in sizes for texts in itertools.combinations(varying, size)]
    return [Shape(shape.frame, tuple(general[t] if t in choice else t for t in plain)) for choice in chosen]


def params_for(plan: Plan, shape: Shape) -> dict[str, str] | None:
    """The fewest params with which a plan of this frame is exactly this set of servers, `None` if there are none."""
    needed: dict[str, str] = {}
    for text, wanted in zip(template_of(plan).texts, shape.texts, strict=True):
        parts = Pattern.parse(text).parts
        only = parts[0] if len(parts) == 1 else None
        if isinstance(only, Slot) and only.name in plan.params and needed.setdefault(only.name, wanted) != wanted:
            return None
    fewest = {name: value for name, value in needed.items() if str(plan.params[name]) != value}
    for given in ({}, fewest, needed):
        try:
            if _same(shape_of(plan.bind(given)), shape):
                return given
        except PlanUnusable:
            continue
    return None


def _same(one: Shape, other: Shape) -> bool:
    return one.frame == other.frame and tuple(_ADDRESS.get(text, text) for text in one.texts) == other.texts


def _shape(servers: Sequence[ServerTemplate], services: Sequence[ServiceTemplate], oauth2: OAuth2 | None) -> Shape:
    texts = [str(pattern) for server in servers for pattern in (server.host, server.username)]
    texts += [str(pattern) for service in services for pattern in (service.url, service.username)]
    frame = Frame(
        tuple((server.protocol, server.port, server.tls, server.login) for server in servers),
        tuple((service.kind, service.login) for service in services),
        oauth2,
    )
    return Shape(frame, tuple(texts))


def _general(text: str, pattern: re.Pattern[str]) -> str:
    written = pattern.sub("{domain}", text)
    if len(written.replace("{domain}", ANY_DOMAIN)) > MAX_OCTETS:
        return text  # so many would not fit for other domains
    return _ADDRESS.get(written, written)
