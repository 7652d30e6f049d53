"""All codes of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.check.dns_codes import KINDS as DNS_KINDS
from autoconfig.check.own_names.codes import KINDS as NAME_KINDS
from autoconfig.check.server_codes import SERVER_KINDS
from autoconfig.check.tls_codes import TLS_KINDS

if TYPE_CHECKING:
    from autoconfig.check.finding import FindingKind

KINDS: dict[str, FindingKind] = {**DNS_KINDS, **SERVER_KINDS, **TLS_KINDS, **NAME_KINDS}
