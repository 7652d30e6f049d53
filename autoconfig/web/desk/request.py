"""What a request at the desk says: who asks, about which address, in which language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.single_check.start import CheckStart
from autoconfig.visible import visible
from autoconfig.web.asgi import header
from autoconfig.web.client_address import sent_by_proxy
from autoconfig.web.pages.language import NAMES, chosen, known
from autoconfig.web.pages.page_request import link
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.settings import PageLanguage, Settings
    from autoconfig.web.asgi import Scope

PATH = "/desk"
LETTER_PATH = f"{PATH}/letter"
MOST_BODY = 4096
"""Octets of a form: an address, a token, a language."""
_LONGEST_NAME = 100
AGAIN = "again"
"""The form's token is too old, or of another machine."""
UNABLE = "unable"
"""The server can start no check."""
SAID = frozenset({CheckStart.BUSY.value, CheckStart.SOON.value, AGAIN, UNABLE})


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """One request of the provider's staff."""

    typed: str
    """An address, a domain, or the beginning of one; possibly empty."""
    language: PageLanguage
    asked_language: bool
    """Whether the reader chose the language, so that links have to keep it."""
    person: str | None
    """Who asks, as the proxy says."""
    said: str | None = None
    """Why a check was not started, if the request before wanted one."""
    token: str = ""

    @classmethod
    def of(cls, scope: Scope, settings: Settings, fields: bytes) -> DeskRequest:
        """Read a query or a form (application/x-www-form-urlencoded)."""
        fields = fields.replace(b"+", b"%20")  # forms write a space so, and a plus as %2B
        asked, said = value_of(fields, b"lang"), value_of(fields, b"said")
        return cls(
            (value_of(fields, b"address") or "").strip(),
            chosen(asked, header(scope, b"accept-language"), settings.page_language),
            known(asked) is not None,
            person_of(scope, settings),
            said if said in SAID else None,
            value_of(fields, b"token") or "",
        )

    @property
    def kept(self) -> dict[str, str]:
        """The parameters, besides the address, that every link and form keep."""
        return {"lang": self.language.value} if self.asked_language else {}

    def of_address(self, address: str, **more: str) -> str:
        """The link to the page of an address."""
        return link(PATH, address=address, **self.kept, **more)

    def languages(self) -> list[tuple[PageLanguage, str, str]]:
        """Each language with its name and the link to this page in it."""
        typed = {"address": self.typed} if self.typed else {}
        return [(language, name, link(PATH, **typed, lang=language.value)) for language, name in NAMES.items()]


def person_of(scope: Scope, settings: Settings) -> str | None:
    """The person that a trusted proxy names in `desk_user_header`; `None` without a name, or with several."""
    name = settings.desk_user_header
    if name is None or not sent_by_proxy(scope, settings.trusted_proxies):
        return None
    value = header(scope, name.lower().encode())
    return visible(value.decode("utf-8", "replace").strip()[:_LONGEST_NAME]) or None if value else None
