"""Mail addresses as Japanese customers really have them: split and measured, otherwise unchanged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autoconfig.errors import AddressInvalid, DomainInvalid
from autoconfig.mail.domain import MAX_OCTETS as LONGEST_DOMAIN
from autoconfig.mail.domain import Domain
from autoconfig.visible import is_hidden

MAX_LOCAL_OCTETS = 64
"""Longest local part (RFC 5321 section 4.5.3.1.1)."""
MAX_OCTETS = 254
"""Longest address (RFC 3696 erratum 1690)."""

LONGEST_TEXT = MAX_LOCAL_OCTETS + 1 + LONGEST_DOMAIN + 1
"""Characters of the longest text that is parsed as an address; full-width letters become one octet each."""

# Control characters, and characters that XML 1.0 section 2.2 does not allow, not even escaped.
_UNCARRIABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def carriable(text: str) -> bool:
    """Whether XML, JSON and a property list can all carry `text`, and no reader folds or drops part of it."""
    return _UNCARRIABLE.search(text) is None


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A mail address: the local part byte for byte as given, the domain in A-labels."""

    local: str
    domain: Domain

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """
        Split at the last `@`. No RFC 5322 grammar: `a..b@` and `a.@` are addresses of old Japanese mobile customers.

        Raises:
            AddressInvalid: no local part, no valid domain, over 64 or 254 octets, or invisible characters:
                controls, format characters, line separators.
        """
        if len(text) > LONGEST_TEXT:
            raise AddressInvalid(f"the address is longer than {MAX_OCTETS} octets")
        local, at, name = text.rpartition("@")
        if not at or not local:
            raise AddressInvalid(f"{text[:80]!r} is not a mail address; it needs the form name@domain")
        plain = local.isascii() and local.isprintable()
        if not plain and (not carriable(local) or any(map(is_hidden, local))):
            raise AddressInvalid("the part before the @ has characters that no mail program can send")
        octets = len(local) if plain else len(local.encode())
        if octets > MAX_LOCAL_OCTETS:
            raise AddressInvalid(f"the part before the @ is longer than {MAX_LOCAL_OCTETS} octets")
        try:
            domain = Domain.parse(name)
        except DomainInvalid as error:
            raise AddressInvalid(str(error)) from error
        if octets + 1 + len(domain.name) > MAX_OCTETS:
            raise AddressInvalid(f"the address is longer than {MAX_OCTETS} octets")
        return cls(local, domain)

    @property
    def lowered(self) -> EmailAddress:
        """
        The address in lower case. Servers may distinguish `Info@` from `info@` (RFC 5321 section 2.4), but hardly any
        does: here they are one mailbox.
        """
        return EmailAddress(self.local.lower(), self.domain)

    def __str__(self) -> str:
        """local@domain, the domain in A-labels: the form that servers expect as a user name."""
        return f"{self.local}@{self.domain.name}"
