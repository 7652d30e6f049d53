"""What a request says about its reader, and the links that keep it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from autoconfig.mail.server import Protocol
from autoconfig.web.asgi import header
from autoconfig.web.pages import programs
from autoconfig.web.pages.language import NAMES, chosen, known
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.mail.address import EmailAddress
    from autoconfig.settings import PageLanguage
    from autoconfig.web.asgi import Scope
    from autoconfig.web.pages.programs import Program

# Forms send a space as `+`, and an @ as `%40`. Around the address, and beside such an @, that is what it is; elsewhere
# in an address, a link that somebody wrote has a plus.
# A run of them is tried from its first one only, so that a long one costs no more than its length.
_FORM_SPACE = re.compile(rb"(?<==)\++|(?<!\+)\+++(?=&|\Z|%40)|(?<=%40)\++")


@dataclass(frozen=True, slots=True)
class Visit:
    """One reader's request."""

    typed: str
    """What stands in the field; empty if nothing does."""
    language: PageLanguage
    asked_language: bool
    """Whether the reader chose it, so that links have to keep it."""
    program: Program
    """Whose steps are open."""
    phone: bool

    @classmethod
    def of(cls, scope: Scope, default: PageLanguage) -> Visit:
        """Read the query and two headers."""
        query = _FORM_SPACE.sub(b"%20", scope["query_string"])
        asked = value_of(query, b"lang")
        language = chosen(asked, header(scope, b"accept-language"), default)
        hand = programs.at_hand(_text(scope, b"user-agent"))
        program = programs.known(value_of(query, b"program")) or hand
        typed = value_of(query, b"email") or ""
        typed = typed if "@" in typed or "＠" in typed else typed.replace("+", " ")
        kept = known(asked) is not None
        return cls(typed if typed.strip() else "", language, kept, program, hand in programs.PHONES)

    def languages(self) -> list[tuple[PageLanguage, str, str]]:
        """Each language with its name and the link to this page in it."""
        typed = {"email": self.typed} if self.typed else {}
        return [(language, name, link("/setup", **typed, lang=language)) for language, name in NAMES.items()]

    def page_of(self, address: str) -> str:
        """The path of another address's page."""
        return link("/setup", email=address, **({"lang": self.language} if self.asked_language else {}))


def link(path: str, **values: str) -> str:
    """A path with a query; what is kept of RFC 3986 is safe in any attribute."""
    return f"{path}?{urlencode(values, quote_via=quote, safe='')}"


def profile_path(address: EmailAddress, protocol: Protocol, language: PageLanguage) -> str:
    """Where the Apple profile of a mailbox is."""
    kind = {"protocol": "pop3"} if protocol is Protocol.POP3 else {}
    return link("/email.mobileconfig", email=str(address), **kind, lang=language)


def _text(scope: Scope, name: bytes) -> str:
    return (header(scope, name) or b"").decode("latin-1")
