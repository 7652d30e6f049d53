"""Whether a domain is given the same servers here as at the source: document against document, before any row is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible, PlanUnusable
from autoconfig.formats.mozilla import document
from autoconfig.formats.mozilla_import import Endpoint, Published, read_published

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mail.domain import Domain


def differences(domain: Domain, source: Published, bound: BoundPlan) -> list[str]:
    """
    What mail programs are told at the source and not here, and the reverse; empty where it is the same.

    Compared are, section by section in their order, type, host, port, socketType, login methods and user name, with
    the domain put in. Whether receiving or sending stands first in the document is nothing to any program.
    """
    try:
        here = read_published(document(bound.account(domain, None)))
    except (PlanUnusable, Inexpressible) as error:
        return [str(error)]
    return [
        *_differences(_of(source.incoming, domain), _of(here.incoming, domain)),
        *_differences(_of(source.outgoing, domain), _of(here.outgoing, domain)),
    ]


def _of(endpoints: Sequence[Endpoint], domain: Domain) -> list[Endpoint]:
    return [endpoint.of(domain) for endpoint in endpoints]


def _differences(there: list[Endpoint], here: list[Endpoint]) -> Iterator[str]:
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
