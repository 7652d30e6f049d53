"""Read what people type or paste into the one field of the page."""

from __future__ import annotations

from typing import NamedTuple

from autoconfig.errors import AddressInvalid, DomainInvalid
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.web.pages.repair import repaired

LONGEST = 640
"""Most characters: an address with a name before it, and what else is copied with it."""


class AddressInput(NamedTuple):
    """An address, or a domain alone."""

    address: EmailAddress | None
    domain: Domain


def read_input(text: str) -> AddressInput:
    """
    Read an address or a domain, with common mistakes corrected (`repair`).

    Raises:
        AddressInvalid: it is neither.
    """
    if len(text) > LONGEST:
        raise AddressInvalid(f"{text[:80]!r}… is longer than {LONGEST} characters")
    local, at, name = repaired(text).rpartition("@")
    if at and local:
        address = EmailAddress.parse(f"{local}@{name}")
        return AddressInput(address, address.domain)
    try:
        domain = Domain.parse(name)
    except DomainInvalid as error:
        raise AddressInvalid(str(error)) from error
    if "." not in domain.name:
        raise AddressInvalid(f"{name[:80]!r} is neither a mail address nor a domain")
    return AddressInput(None, domain)
