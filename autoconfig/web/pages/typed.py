"""What people type or paste into the one field of the page."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

from autoconfig.errors import AddressInvalid, DomainInvalid
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain

# A Japanese keyboard types these for ASCII. Nobody has them in an address, and with them no login succeeds.
_FULL_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: 0x20}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
# `Taro Yamada <taro@example.jp>`, as copied from a letter.
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")


class Typed(NamedTuple):
    """An address, or the name of a domain alone."""

    address: EmailAddress | None
    domain: Domain


def read_typed(text: str) -> Typed:
    """
    Read an address or a domain with all allowances made: full-width letters, spaces around, `mailto:`, a name before
    `<…>`, a dot or comma after it.

    Raises:
        AddressInvalid: it is neither all the same.
    """
    plain = text.translate(_FULL_WIDTH).strip().strip(_INVISIBLE).strip()
    if plain[:7].lower() == "mailto:":  # RFC 6068
        plain = unquote(plain[7:].partition("?")[0])
    if named := _NAMED.fullmatch(plain):
        plain = named[1]
    local, at, name = plain.rpartition("@")
    local, name = local.strip(), unicodedata.normalize("NFKC", name).strip().rstrip(",;、")
    if at and local:
        address = EmailAddress.parse(f"{local}@{name}")
        return Typed(address, address.domain)
    try:
        domain = Domain.parse(name)
    except DomainInvalid as error:
        raise AddressInvalid(str(error)) from error
    if "." not in domain.name:
        raise AddressInvalid(f"{name[:80]!r} is neither a mail address nor a domain")
    return Typed(None, domain)
