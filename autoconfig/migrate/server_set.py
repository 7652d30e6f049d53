"""
A set of servers as a value to compare and count: what programs need, without texts for people.

A host, a user name or a URL that contains its domain can be written in two ways: literally, or with `{domain}`. Both
mean the same for this domain; the other domains decide which one is used (`grouping`).
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import PlanUnusable
from autoconfig.mail.binding import ANY_DOMAIN, bind
from autoconfig.mail.domain import MAX_OCTETS
from autoconfig.mail.pattern import Pattern, Slot
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import ServerTemplate, imap_first
from autoconfig.mail.service import ServiceKind, ServiceTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.mail.account import Text
    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.server import Login, Protocol, TLSMode
    from autoconfig.mail.service import OAuth2

_MOST = 4  # texts with the domain for which every combination is tried
_BEFORE, _AFTER = r"(?<![\w-])", r"(?![\w-])"
_ADDRESS = {"{local}@{domain}": "{address}"}


class Frame(NamedTuple):
    """A set of servers without hosts, user names and URLs."""

    servers: tuple[tuple[Protocol, int, TLSMode, tuple[Login, ...]], ...]
    services: tuple[tuple[ServiceKind, tuple[Login, ...]], ...]
    oauth2: OAuth2 | None


class ServerSet(NamedTuple):
    """A set of servers."""

    frame: Frame
    texts: tuple[str, ...]
    """Patterns: the host and user name of each server, then the URL and user name of each service."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the servers."""
        return self.texts[: 2 * len(self.frame.servers) : 2]

    def with_hosts(self, hosts: Sequence[str]) -> ServerSet:
        """The same with other hosts."""
        texts = list(self.texts)
        texts[: 2 * len(hosts) : 2] = hosts
        return ServerSet(self.frame, tuple(texts))


def server_set_of(bound: BoundPlan) -> ServerSet:
    """The set of servers of a bound plan."""
    return _server_set(bound.servers, bound.services, bound.plan.oauth2)


def template_of(plan: Plan) -> ServerSet:
    """The set of servers of an unbound plan, in the same order."""
    return _server_set(imap_first(plan.servers), plan.services, plan.oauth2)


def plan_of(server_set: ServerSet, key: str, name: Text, params: Mapping[str, Pattern | None]) -> Plan:
    """Make a plan with exactly these servers."""
    pairs = [(server_set.texts[index], server_set.texts[index + 1]) for index in range(0, len(server_set.texts), 2)]
    patterns = [(Pattern.parse(where), Pattern.parse(username)) for where, username in pairs]
    count = len(server_set.frame.servers)
    servers = tuple(
        ServerTemplate(protocol, host, port, tls, login, username)
        for (protocol, port, tls, login), (host, username) in zip(
            server_set.frame.servers, patterns[:count], strict=True
        )
    )
    services = tuple(
        ServiceTemplate(kind, url, login, username)
        for (kind, login), (url, username) in zip(server_set.frame.services, patterns[count:], strict=True)
    )
    return Plan(key, name, None, params, servers, services=services, oauth2=server_set.frame.oauth2)


def writings(server_set: ServerSet, domain: str) -> list[ServerSet]:
    """
    The forms in which a set of servers can be written for one domain, the one with the most `{domain}` first.

    Only whole names count as the domain; a domain without a dot could be any word, so it is not replaced.
    """
    plain = tuple(_ADDRESS.get(text, text) for text in server_set.texts)
    if "." not in domain:
        return [ServerSet(server_set.frame, plain)]
    pattern = re.compile(_BEFORE + re.escape(domain) + _AFTER, re.ASCII)
    general = {text: _general(text, pattern) for text in plain}
    varying = [text for text, written in general.items() if written != text]
    if len(varying) > _MOST:
        chosen: list[set[str]] = [set(varying), set()]
    else:
        sizes = range(len(varying), -1, -1)
        chosen = [set(texts) for size in sizes for texts in itertools.combinations(varying, size)]
    return [ServerSet(server_set.frame, tuple(general[t] if t in choice else t for t in plain)) for choice in chosen]


def params_for(plan: Plan, server_set: ServerSet) -> dict[str, str] | None:
    """The fewest params that make a plan of this frame exactly this set of servers; `None` if no params do."""
    needed: dict[str, str] = {}
    for text, wanted in zip(template_of(plan).texts, server_set.texts, strict=True):
        parts = Pattern.parse(text).parts
        only = parts[0] if len(parts) == 1 else None
        if isinstance(only, Slot) and only.name in plan.params and needed.setdefault(only.name, wanted) != wanted:
            return None
    fewest = {name: value for name, value in needed.items() if str(plan.params[name]) != value}
    for given in ({}, fewest, needed):
        try:
            if _same(server_set_of(bind(plan, given)), server_set):
                return given
        except PlanUnusable:
            continue
    return None


def _same(one: ServerSet, other: ServerSet) -> bool:
    return one.frame == other.frame and tuple(_ADDRESS.get(text, text) for text in one.texts) == other.texts


def _server_set(
    servers: Sequence[ServerTemplate], services: Sequence[ServiceTemplate], oauth2: OAuth2 | None
) -> ServerSet:
    texts = [str(pattern) for server in servers for pattern in (server.host, server.username)]
    texts += [str(pattern) for service in services for pattern in (service.url, service.username)]
    frame = Frame(
        tuple((server.protocol, server.port, server.tls, server.login) for server in servers),
        tuple((service.kind, service.login) for service in services),
        oauth2,
    )
    return ServerSet(frame, tuple(texts))


def _general(text: str, pattern: re.Pattern[str]) -> str:
    written = pattern.sub("{domain}", text)
    if len(written.replace("{domain}", ANY_DOMAIN)) > MAX_OCTETS:
        return text  # it would be too long for other domains
    return _ADDRESS.get(written, written)
