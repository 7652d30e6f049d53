"""Compare the documents of the source and of this server, to tell whether a domain gets the same servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible, PlanUnusable
from autoconfig.formats.mozilla import document
from autoconfig.migrate.config_v11 import Published, PublishedServer, read_published

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.domain import Domain


def differences(domain: Domain, source: Published, bound: BoundPlan) -> list[str]:
    """
    Servers in only one of the two documents; empty if they are the same.

    Sections are compared in order: type, host, port, socketType, login methods and user name, with the domain put in.
    Whether incoming or outgoing servers come first matters to no program.
    """
    try:
        here = read_published(document(bound.account(domain, None)))
    except (PlanUnusable, Inexpressible) as error:
        return [str(error)]
    return [
        *_differences(_of(source.incoming, domain), _of(here.incoming, domain)),
        *_differences(_of(source.outgoing, domain), _of(here.outgoing, domain)),
    ]


def _of(endpoints: Sequence[PublishedServer], domain: Domain) -> list[PublishedServer]:
    return [endpoint.of(domain) for endpoint in endpoints]


def _differences(there: list[PublishedServer], here: list[PublishedServer]) -> Iterator[str]:
    if there == here:
        return
    missing = [endpoint for endpoint in there if endpoint not in here]
    added = [endpoint for endpoint in here if endpoint not in there]
    for endpoint in missing:
        same = next((o for o in added if (o.type, o.hostname, o.port) == endpoint[:3]), None)
        if same is not None:
            added.remove(same)
            yield f"there {endpoint}, here {same}"
        else:
            yield f"only there: {endpoint}"
    for endpoint in added:
        yield f"only here: {endpoint}"
    if not missing and not added:
        order = ", ".join(f"{endpoint.type} {endpoint.hostname} {endpoint.port}" for endpoint in there)
        yield f"there in this order: {order}"
