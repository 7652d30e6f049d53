"""The URLs of an account: of its documents, as programs ask for them, and of what a customer can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import Inexpressible
from autoconfig.formats import apple, microsoft, mozilla, pacc
from autoconfig.settings import PageLanguage
from autoconfig.web.host_header import AUTOCONFIG, AUTODISCOVER, PACC
from autoconfig.web.microsoft import PATH as AUTODISCOVER_PATH
from autoconfig.web.pacc import PATH as PACC_PATH
from autoconfig.web.pages.page_request import link
from autoconfig.web.pages.programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.account import Account


class DocumentURL(NamedTuple):
    """Where programs get a document."""

    kind: str
    """`mozilla`, `microsoft`, `apple` or `pacc`, as `show --format` has them."""
    url: str | None
    """`None`: there is no such document, or it needs an address."""
    problem: str = ""
    """Why there is none."""


class CustomerLink(NamedTuple):
    """A link that a customer can be sent."""

    language: PageLanguage
    for_iphone: bool
    """Whether it shows the steps for an iPhone, with the profile."""
    url: str


def document_urls(account: Account, entrance: str) -> list[DocumentURL]:
    """
    The documents of an account.

    It takes milliseconds: call it in a thread. `entrance` is `public_url` and what has to follow it to lead to the
    same answer (`pointer.base_of`).
    """
    name, address = account.domain.name, str(account.address) if account.address else ""
    asked = link(f"https://{AUTOCONFIG}.{name}/mail/config-v1.1.xml", **({"emailaddress": address} if address else {}))
    profile = link(f"{entrance}/email.mobileconfig", email=address)
    urls: dict[str, tuple[str, Callable[[Account], object]]] = {
        "mozilla": (asked, mozilla.document),
        "microsoft": (f"https://{AUTODISCOVER}.{name}{AUTODISCOVER_PATH}", microsoft.document),
        "apple": (profile, lambda account: apple.document(account, "invalid.autoconfig")),
        "pacc": (f"https://{PACC}.{name}{PACC_PATH}", pacc.document),
    }
    found = []
    for kind, (url, document) in urls.items():
        try:
            document(account)
        except Inexpressible as error:
            found.append(DocumentURL(kind, None, str(error)))
        else:
            found.append(DocumentURL(kind, url if address or kind != "apple" else None))
    return found


def customer_links(account: Account, entrance: str) -> list[CustomerLink]:
    """The links to the page for people, for any program and for an iPhone; `entrance` as for `document_urls`."""
    typed = {"email": str(account.address) if account.address else account.domain.name}
    return [
        CustomerLink(
            language,
            for_iphone,
            link(
                f"{entrance}/setup",
                **typed,
                **({"program": Program.IPHONE.value} if for_iphone else {}),
                lang=language.value,
            ),
        )
        for for_iphone in (False, True)
        for language in PageLanguage
    ]
