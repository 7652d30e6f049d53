"""Read the services of a document: calendars, address books, JMAP, ActiveSync, OAuth2, webmail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autoconfig.formats.xml import local_name
from autoconfig.mail.server import Login
from autoconfig.mail.service import SCOPE, OAuth2, ServiceKind, ServiceTemplate
from autoconfig.mail.url import is_https_url, is_web_url
from autoconfig.migrate.config_v11.placeholders import has_placeholder, pattern_of
from autoconfig.migrate.config_v11.section import Section, SectionInvalid, shown, text_of
from autoconfig.migrate.config_v11.servers import check_service, read_login, read_username

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element
    from autoconfig.migrate.config_v11.section import Losses

# HTTP's schemes as the draft spelled them before June 2026 and since then, and mail's login methods.
_LOGIN: dict[str, Login] = {
    **{login.value: login for login in Login},
    **dict.fromkeys(("Basic", "http-basic", "plain"), Login.CLEARTEXT),
    **dict.fromkeys(("Digest", "http-digest", "secure"), Login.ENCRYPTED),
}
_KINDS = {
    "calendar": (ServiceKind.CALDAV,),
    "addressbook": (ServiceKind.CARDDAV,),
    "addressBook": (ServiceKind.CARDDAV,),
    "incomingServer": (ServiceKind.JMAP, ServiceKind.ACTIVESYNC),
}


def kind_of(element: Element) -> ServiceKind | None:
    """The kind of service at the element's URL, if a plan has it; the draft spells ActiveSync in two ways."""
    kind = element.get("type", "").lower()
    return next((known for known in _KINDS.get(local_name(element), ()) if known == kind), None)


def read_service(element: Element, losses: Losses) -> ServiceTemplate:
    """
    Read one service.

    Raises:
        SectionInvalid: a plan cannot express the section.
    """
    kind = kind_of(element)
    section = Section(element, losses)
    if kind is None:
        raise SectionInvalid(f"its type {shown(section.type)} is unknown", "find out what is meant")
    urls = section.take_all("url", "serverURL")
    texts = [text_of(url, losses).strip() for url in urls]
    if not texts or not texts[0]:
        raise SectionInvalid("it has no URL", "ask the provider for it")
    for other, text in zip(urls[1:], texts[1:], strict=True):
        if text != texts[0]:
            losses.add(other, f"a second URL is left out: {shown(text)}", "keep one of them")
    url = pattern_of(texts[0], urls[0], losses)
    login = read_login(section, _LOGIN, outgoing=False)
    template = ServiceTemplate(kind, url, login, read_username(section))
    section.end()
    return check_service(template)


def read_oauth2(element: Element, losses: Losses) -> OAuth2:
    """
    Read where clients get tokens.

    Raises:
        SectionInvalid: something that clients need is missing, or a plan cannot have it.
    """
    section = Section(element, losses, attributes=())
    issuer = (section.text("issuer") or "").strip()
    urls = {
        "issuer": issuer if "://" in issuer else f"https://{issuer}",
        "authURL": (section.text("authURL") or "").strip(),
        "tokenURL": (section.text("tokenURL") or "").strip(),
    }
    for name, url in urls.items():
        if not is_https_url(url) or has_placeholder(url):
            raise SectionInvalid(f"{shown(url)} in {name} is not an https URL that is the same for all", "add oauth2")
    scope = tuple((section.text("scope") or "").split())
    if not scope or not all(re.fullmatch(SCOPE, token) for token in scope):
        raise SectionInvalid(f"{shown(' '.join(scope))} is not a scope", "add oauth2 with the provider's scope")
    client, secret = ((section.text(name) or "").strip() or None for name in ("clientID", "clientSecret"))
    section.end()
    return OAuth2(urls["issuer"], urls["authURL"], urls["tokenURL"], scope, client, secret)


def read_webmail(element: Element, losses: Losses) -> str:
    """
    Read the URL of the webmail.

    Raises:
        SectionInvalid: it has no URL that a page can link to.
    """
    section = Section(element, losses, attributes=())
    page = section.take("loginPage")
    url = "" if page is None else page.get("url", "").strip()
    if page is not None:
        text_of(page, losses, attributes=("url",))
    section.end()
    if not is_web_url(url) or has_placeholder(url):
        raise SectionInvalid(f"the webmail's {shown(url)} is not a URL that is the same for all", "add webmail")
    return url
