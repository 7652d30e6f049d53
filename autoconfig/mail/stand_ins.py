"""
Stand-ins for params: rows that differ only in the names of their servers share one bound plan and its documents.

A host never decides anything in a document, and is written as it is. So a document in which a stand-in is replaced by
the row's host is the document of that row. This is not so for user names, which documents compare, nor for URLs.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from autoconfig.mail.domain import is_host_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from autoconfig.mail.plan import Plan

    Values = tuple[tuple[bytes, bytes], ...]
    """The mark of each stand-in, and what it stands for."""

# Random for each process, so that no input can look like it.
_SECRET = secrets.token_hex(16)
_ENDING = ".invalid"
_MARKS = range(0x10, 0x20)
_STAND_IN = re.compile(f"p([0-9]+)-{_SECRET}x*{re.escape(_ENDING)}".encode())
LONGEST = 63
"""Characters of a stand-in, and at most of a host that it stands for: what fits the one also fits the other."""


def params_of_hosts(plan: Plan) -> frozenset[str]:
    """The params that stand in nothing but hosts of servers, as whole labels there, and in notes."""
    elsewhere = [server.username for server in plan.servers]
    elsewhere += [server.host for server in plan.servers if not server.host.slots_are_labels]
    elsewhere += [pattern for service in plan.services for pattern in (service.url, service.username)]
    elsewhere += [pattern for pattern in (plan.redirect_url, plan.redirect_domain) if pattern]
    elsewhere += [default for default in plan.params.values() if default]
    return frozenset(plan.params).difference(*(pattern.params for pattern in elsewhere))


def with_stand_ins(given: Mapping[str, str], of_hosts: Collection[str]) -> tuple[dict[str, str], Values]:
    """A row's params with stand-ins for plain host names, and what their marks (`marked`) stand for."""
    common, values = dict(given), []
    for mark, name in zip(_MARKS, sorted(given.keys() & of_hosts), strict=False):
        if _is_plain(given[name]):
            common[name] = f"p{mark}-{_SECRET}".ljust(LONGEST - len(_ENDING), "x") + _ENDING
            values.append((bytes([mark]), given[name].encode()))
    return common, tuple(values)


def marked(document: bytes) -> bytes:
    """
    A document with a mark in place of each stand-in: a control character, which occurs in no XML, JSON or host.

    One octet is found several times as fast as a stand-in, which has to be a host name while the document is written.
    """
    return _STAND_IN.sub(lambda found: bytes([int(found[1])]), document)


def _is_plain(host: str) -> bool:
    """Whether it is a host name of several labels that nothing changes: no U-label, no number at the end."""
    labels = host.split(".")
    return (
        len(host) <= LONGEST
        and len(labels) > 1
        and labels[-1].isalpha()
        and all(label[2:4] != "--" for label in labels)
        and is_host_name(host)
    )
