"""What every check of a domain is made from, besides its account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import SettingsInvalid
from autoconfig.formats.zone import Places
from autoconfig.mail.params import FLAGS, decode

if TYPE_CHECKING:
    from autoconfig.check.advice import RowSource
    from autoconfig.check.observation_store import ObservationStore
    from autoconfig.check.prober import Prober
    from autoconfig.check.tls_handshake import Trust
    from autoconfig.mail.domain import Domain
    from autoconfig.mail.plan import Plan
    from autoconfig.settings import Settings

LIMIT = 10.0
"""Seconds that a step may take unless the operator says otherwise."""


def open_prober(settings: Settings, trust: Trust, timeout: float, store: ObservationStore | None = None) -> Prober:
    """Make what asks mail servers."""
    from autoconfig.check.prober import Prober
    from autoconfig.check.turns import Turns

    return Prober(trust, Turns(settings.check_rate), timeout, store)


def row_source(settings: Settings, domain: Domain, plan: Plan, params: str, *, has_row: bool) -> RowSource:
    """Where the announced hosts of a domain come from; `has_row`: its own row has the params (canonical JSON)."""
    from autoconfig.check.advice import RowSource

    decoded = decode(params)
    flags = tuple(flag for flag in FLAGS if flag in decoded) if has_row else ()
    own = {name: value for name, value in decoded.items() if name not in FLAGS}
    return RowSource(domain.name, plan, own, flags, is_editable=settings.query is None)


def places_of(settings: Settings) -> Places:
    """
    Where the records of customers have to lead.

    Raises:
        SettingsInvalid: public_url is not set.
    """
    if not settings.has_public_url:
        raise SettingsInvalid("public_url is not set, so it is unknown where the records have to lead")
    return Places.of(settings.public_url, settings.dns_target)
