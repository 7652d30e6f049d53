"""
A letter: made of the same view and the same guide as the page, in the reader's language.

Its text is templates/letter/LANGUAGE.txt, whose first line is the subject; LANGUAGE.html is the same for mail programs
that show HTML.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import Inexpressible, SettingsInvalid, UnknownDomain
from autoconfig.resolver import How
from autoconfig.web.brands import brand_of
from autoconfig.web.pages import elsewhere, qr, rendering
from autoconfig.web.pages.brand import Brand
from autoconfig.web.pages.catalogues import WORD_JOINER
from autoconfig.web.pages.guide import Guide
from autoconfig.web.pages.letter.line_breaks import broken
from autoconfig.web.pages.letter.plain_text import plain, plain_lines
from autoconfig.web.pages.page_request import PageRequest
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.view import AccountView
from autoconfig.web.pointer import base_of

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mail.account import Account
    from autoconfig.mail.address import EmailAddress
    from autoconfig.resolver import Resolution
    from autoconfig.settings import PageLanguage, Settings
    from autoconfig.web.pages.view import ServerView

_GAP = re.compile(r"\n(?: *\n){2,}")
_SUBJECT = re.compile(r"(?:件名|Subject)\s*[:：]\s*")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to the owner of a mailbox."""

    address: EmailAddress
    heading: str
    """The first line of `plain_text`: the subject after the word for it."""
    subject: str
    text: str
    """The plain text, without the subject; lines have at most `line_breaks.COLUMNS` where that is possible."""
    html: str
    """The same as HTML, which shows the picture `cid:` + `picture_id`."""
    link: str
    """The URL of the customer's page."""
    picture_id: str
    """The picture's name within a message (RFC 2392), without angle brackets."""

    @property
    def picture(self) -> bytes:
        """The QR code of `link`, as PNG."""
        return qr.png(self.link)

    @property
    def plain_text(self) -> str:
        """The text with its subject, for a person to copy."""
        return f"{self.heading}\n\n{self.text}"

    @property
    def html_alone(self) -> str:
        """The HTML with the picture in it, for a browser."""
        inline = f"data:image/png;base64,{base64.b64encode(self.picture).decode()}"
        return self.html.replace(f'src="cid:{self.picture_id}"', f'src="{inline}"')


def letter(
    settings: Settings,
    resolution: Resolution,
    address: EmailAddress,
    program: Program | None = None,
    language: PageLanguage | None = None,
) -> Letter:
    """
    The letter to an address of a domain that is served.

    It takes some milliseconds: call it in a thread. A brand that fits the customer counts. Without a language the
    letter is in that of the settings, and its link leaves the choice to the reader's browser.

    Raises:
        Inexpressible: the domain has moved.
        UnknownDomain: the default plan answers, but the domain is one of another well-known mail service.
        PlanUnusable: the params make no account for this address.
        SettingsInvalid: `public_url` is not set, so there is no page to link to; or a template is broken.
    """
    if not settings.has_public_url:
        raise SettingsInvalid("public_url is not set, so a letter cannot link to the customer's page")
    account = resolution.bound.account(resolution.domain, address)
    if account.redirects:
        host = urlsplit(account.redirect_url or "").hostname
        target = account.redirect_domain.name if account.redirect_domain else host
        raise Inexpressible(f"{resolution.domain} has moved to {target}, so there are no values to send")
    service = elsewhere.service_of(resolution.domain.name) if resolution.how is How.DEFAULT else None
    if service is not None:
        raise UnknownDomain(f"{resolution.domain} is a domain of {service.name}, and not of a customer")
    base, settings = base_of(resolution, settings.public_url), brand_of(settings, resolution)
    try:
        return letter_to(settings, account, address, program, language, base)
    except Exception as error:
        if settings.templates_dir is None:
            raise
        raise SettingsInvalid(f"templates_dir = '{settings.templates_dir}': {rendering.fault(error)}") from error


def letter_to(
    settings: Settings,
    account: Account,
    address: EmailAddress,
    program: Program | None = None,
    language: PageLanguage | None = None,
    base: str = "",
) -> Letter:
    """
    The letter for the account of `address`, which has servers; `base` is the beginning of paths that lead to it.

    Raises any error of a broken template.
    """
    written, own = language or settings.page_language, settings.templates_dir
    request = PageRequest(
        typed=str(address),
        language=written,
        asked_language=language is not None,
        program=program or Program.OTHER,
        asked_program=program is not None,
        hand=Program.OTHER,  # neither a phone nor a Mac: the steps are to be read on any device
        base=settings.public_url + base,
    )
    view = AccountView.of(account)
    guide = Guide(request, view, settings, base, in_letter=True)
    values = {
        "view": view,
        "guide": guide,
        "visit": request,
        "link": request.here(),
        "program": program and program.value,
        "brand": Brand.of(settings, written),
        "colour": settings.page_color,
        "receiving": _receiving(guide),
        "notes": [note.in_language(written) for note in account.notes],
    }
    pieces = {"warning": _rendered("parts/warning.html", written, own, **values)}
    pieces["steps"] = _rendered("letter/steps.html", written, own, **values) if program else ""
    as_text = {name: plain_lines(piece, written) for name, piece in pieces.items()}
    written_text = _rendered(f"letter/{written}.txt", written, own, plain=plain, **values, **as_text)
    heading, _, rest = written_text.strip().partition("\n")
    subject = " ".join(_SUBJECT.sub("", heading, count=1).split())
    picture_id = f"page@{urlsplit(settings.public_url).hostname}"
    shown = {"subject": subject, "picture": f"cid:{picture_id}"}
    return Letter(
        address=address,
        heading=heading.strip(),
        subject=subject,
        text=broken(_GAP.sub("\n\n", rest.strip())) + "\n",
        html=_rendered(f"letter/{written}.html", written, own, **values, **pieces, **shown),
        link=request.here(),
        picture_id=picture_id,
    )


def _rendered(name: str, language: PageLanguage, own: Path | None, **values: object) -> str:
    """A template's text, without the word joiners that are for browsers: some mail programs show them as boxes."""
    return rendering.render(name, language, own, **values).replace(WORD_JOINER, "")


def _receiving(guide: Guide) -> list[tuple[ServerView, bool]]:
    """All servers for receiving, each with whether its protocol is the one that the plan recommends; that one first."""
    servers = [server for server in guide.view.servers if server.protocol.incoming]
    ways = {way.protocol for way in guide.ways}
    is_choice = len(guide.view.receiving) > len(ways)
    ordered = sorted(servers, key=lambda server: server.protocol not in ways)
    return [(server, is_choice and server.protocol in ways) for server in ordered]
