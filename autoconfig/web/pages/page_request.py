"""What a request says about its reader, and links that keep this."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from autoconfig.mail.address import carriable
from autoconfig.mail.server import Protocol
from autoconfig.web.asgi import header
from autoconfig.web.pages import programs
from autoconfig.web.pages.language import NAMES, chosen, known
from autoconfig.web.pointer import base_of_request
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.settings import PageLanguage
    from autoconfig.web.asgi import Scope
    from autoconfig.web.pages.programs import Program

MAX_NAME = 60
"""Most characters of a sender's name in a profile or a code."""

# Forms send a space as `+` and an @ as `%40`. Around the address and next to such an @, a `+` is a space; elsewhere in
# an address it is a plus, from a link that a person wrote.
# A run is tried from its first character only, so that it costs no more than its length.
_FORM_SPACE = re.compile(rb"(?<==)\++|(?<!\+)\+++(?=&|\Z|%40)|(?<=%40)\++")
_RECEIVING = {"imap": Protocol.IMAP, "pop3": Protocol.POP3}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One reader's request."""

    typed: str
    """The content of the field, possibly empty."""
    language: PageLanguage
    asked_language: bool
    """Whether the reader chose the language, so that links have to keep it."""
    program: Program
    """The program whose steps are shown."""
    asked_program: bool
    """Whether the reader or a link chose the program, so that links have to keep it."""
    hand: Program
    """The program that comes with the reader's device."""
    protocol: Protocol | None = None
    """The receiving protocol that the reader chose."""
    name: str = ""
    """The sender's name for profiles and codes."""
    base: str = ""
    """The beginning of this page's paths: `/for/HOST` if they name the host."""

    @classmethod
    def of(cls, scope: Scope, default: PageLanguage) -> PageRequest:
        """Read a request's query and two of its headers."""
        query = _FORM_SPACE.sub(b"%20", scope["query_string"])
        asked = value_of(query, b"lang")
        language = chosen(asked, header(scope, b"accept-language"), default)
        hand = programs.at_hand(_text(scope, b"user-agent"))
        program = programs.known(value_of(query, b"program"))
        typed = value_of(query, b"email") or ""
        local, at, domain = typed.replace("＠", "@").rpartition("@")
        typed = f"{local}{at}{domain.replace('+', ' ')}"  # no domain has a plus
        return cls(
            typed=typed if typed.strip() else "",
            language=language,
            asked_language=known(asked) is not None,
            program=program or hand,
            asked_program=program is not None,
            hand=hand,
            protocol=_RECEIVING.get(value_of(query, b"protocol") or ""),
            name=_name(query),
            base=base_of_request(scope),
        )

    @property
    def phone(self) -> bool:
        """Whether the reader uses a phone."""
        return self.hand in programs.PHONES

    @property
    def kept(self) -> dict[str, str]:
        """The parameters, besides `email`, that every link and the form keep."""
        return {
            **({"program": self.program.value} if self.asked_program else {}),
            **({"protocol": self.protocol.value} if self.protocol else {}),
            **({"name": self.name} if self.name else {}),
            **({"lang": self.language.value} if self.asked_language else {}),
        }

    @property
    def path(self) -> str:
        """The path of this page."""
        return f"{self.base}/setup" if self.typed or self.base else "/"

    @property
    def fields(self) -> dict[str, str]:
        """The query of this page."""
        return {**({"email": self.typed} if self.typed else {}), **self.kept}

    def here(self, **changes: str) -> str:
        """The link to this page with some parameters changed."""
        return link(self.path, **{**self.fields, **changes})

    def languages(self) -> list[tuple[PageLanguage, str, str]]:
        """Each language with its name and the link to this page in it."""
        return [(language, name, self.here(lang=language.value)) for language, name in NAMES.items()]

    def page_of(self, address: str) -> str:
        """The path of another address's page."""
        return link(f"{self.base}/setup", **{"email": address, **self.kept})


def link(path: str, **values: str) -> str:
    """A path with a query, escaped so that it is safe in any attribute."""
    return f"{path}?{urlencode(values, quote_via=quote, safe='')}" if values else path


def _name(query: bytes) -> str:
    """The sender's name on one line, cut to `MAX_NAME`; forms send spaces as `+`."""
    text = " ".join((value_of(query.replace(b"+", b"%20"), b"name") or "").split())
    return text[:MAX_NAME].strip() if carriable(text) else ""


def _text(scope: Scope, name: bytes) -> str:
    return (header(scope, name) or b"").decode("latin-1")
