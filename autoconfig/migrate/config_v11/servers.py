"""Read `incomingServer` and `outgoingServer`; they are valid if Thunderbird 153 accepts them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autoconfig.errors import DomainInvalid, PlanUnusable
from autoconfig.formats.xml import local_name
from autoconfig.mail.account import Text
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import to_host_name
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import Login, Protocol, ServerTemplate, TLSMode
from autoconfig.migrate.config_v11.placeholders import pattern_of
from autoconfig.migrate.config_v11.remedies import EXCHANGE, EXCHANGE_TYPES
from autoconfig.migrate.config_v11.section import Section, SectionInvalid, shown, text_of

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element
    from autoconfig.mail.service import ServiceTemplate
    from autoconfig.migrate.config_v11.section import Losses

_TLS = {"SSL": TLSMode.SSL, "STARTTLS": TLSMode.STARTTLS, "plain": TLSMode.PLAIN}
_OLD_LOGIN = {"plain": Login.CLEARTEXT, "secure": Login.ENCRYPTED}
_LOGIN: dict[str, Login] = {**{login.value: login for login in Login}, **_OLD_LOGIN}
_PORT = {
    (Protocol.IMAP, True): 993,
    (Protocol.IMAP, False): 143,
    (Protocol.POP3, True): 995,
    (Protocol.POP3, False): 110,
    (Protocol.MANAGESIEVE, False): 4190,
}
# Thunderbird reads a port with JavaScript's parseInt.
_NUMBER = re.compile(r"\s*(\d{1,9})(.*)", re.ASCII | re.DOTALL)
ADDRESS = Pattern.parse("{address}")


def protocol_of(element: Element) -> Protocol:
    """
    The protocol of a server.

    Raises:
        SectionInvalid: a plan has no such servers.
    """
    kind, outgoing = element.get("type", ""), local_name(element) == "outgoingServer"
    if kind.lower() in EXCHANGE_TYPES:
        raise SectionInvalid(*EXCHANGE)
    protocol = next((protocol for protocol in Protocol if protocol == kind), None)
    if protocol is None or protocol.outgoing is not outgoing:
        known = "smtp" if outgoing else "imap, pop3, managesieve, jmap and activesync"
        raise SectionInvalid(
            f"its type is {shown(kind)}, and a plan knows {known} here", "find out which server is meant"
        )
    return protocol


def read_server(element: Element, losses: Losses) -> ServerTemplate:
    """
    Read one server.

    Raises:
        SectionInvalid: Thunderbird would not use the section, or a plan cannot express it.
    """
    protocol = protocol_of(element)
    section = Section(element, losses)
    host, tls = _host(section), _tls(section)
    port = _port(section, protocol, tls)
    login = read_login(section, _LOGIN, outgoing=protocol.outgoing)
    template = ServerTemplate(protocol, host, port, tls, login, read_username(section))
    section.end()
    return spelled(template)


def spelled(template: ServerTemplate) -> ServerTemplate:
    """
    The same with its host in lower-case A-labels, as in plans.

    Raises:
        SectionInvalid: a plan does not allow its host or user name.
    """
    return _bound(template, ()).servers[0]


def check_service(template: ServiceTemplate) -> ServiceTemplate:
    """
    The same, if a plan allows it.

    Raises:
        SectionInvalid: its URL is invalid, or not https.
    """
    return _bound(None, (template,)).services[0]


def read_login(section: Section, known: dict[str, Login], *, outgoing: bool) -> tuple[Login, ...]:
    """
    The known login methods, in order; report unknown ones.

    Raises:
        SectionInvalid: there is none.
    """
    found: dict[Login, None] = {}
    elements = section.take_all("authentication")
    for element in elements:
        text = text_of(element, section.losses, attributes=("system",))
        login = None if element.get("system", "http") != "http" else known.get(text)
        if login is None:
            section.losses.add(element, *_unknown_login(text, element.get("system"), known))
        elif not login.has_user and not outgoing:
            problem = f"the login method {shown(text)} is for sending only"
            section.losses.add(element, problem, "ask the provider for the method")
        else:
            found[login] = None
    if not found:
        words = ", ".join(shown(element.text or "") for element in elements)
        raise SectionInvalid(
            f"it has no login method that is known, only {words}" if words else "it has no login method",
            f"ask the provider for the method; known ones are {_words(known)}",
        )
    return tuple(found)


def _words(known: dict[str, Login]) -> str:
    return ", ".join(known)


def _unknown_login(text: str, system: str | None, known: dict[str, Login]) -> tuple[str, str]:
    if text.lower() == "smtp-after-pop":
        return (
            "plans do not have SMTP-after-POP (sending after fetching by POP3) as a login method",
            "make the server ask for a password, and write its method",
        )
    named = f"{shown(text)} of {shown(system)}" if system else shown(text)
    return f"the login method {named} is unknown", f"known ones are {_words(known)}; write the one that is meant"


def read_username(section: Section) -> Pattern:
    """
    The user name; by default the address, because programs would guess one.

    Raises:
        SectionInvalid: a plan cannot express it.
    """
    element = section.take("username")
    text = "" if element is None else text_of(element, section.losses)
    if element is None or not text.strip():
        where = section.element if element is None else element
        section.losses.add(where, "there is no user name; {address} is used", "check whether that is right")
        return ADDRESS
    return pattern_of(text, element, section.losses)


def _host(section: Section) -> Pattern:
    element = section.take("hostname")
    text = "" if element is None else text_of(element, section.losses).strip()
    if element is None or not text:
        raise SectionInvalid("it has no hostname", "ask the provider for it")
    if not text.isascii():
        try:
            name = to_host_name(text)
        except DomainInvalid as error:
            raise SectionInvalid(str(error), "write it in A-labels (xn--…)") from error
        section.losses.add(element, f"{shown(text)} is written in A-labels: {name}", "Thunderbird accepts only those")
        return Pattern.parse(name)
    return pattern_of(text, element, section.losses)


def _tls(section: Section) -> TLSMode:
    text = section.text("socketType")
    if text not in _TLS:
        given = "it has no socketType" if text is None else f"its socketType is {shown(text)}"
        raise SectionInvalid(f"{given}; mail programs know SSL, STARTTLS and plain", "ask the provider which it is")
    return _TLS[text]


def _port(section: Section, protocol: Protocol, tls: TLSMode) -> int:
    element = section.take("port")
    text = "" if element is None else text_of(element, section.losses)
    usual = _PORT.get((protocol, tls is TLSMode.SSL))
    if (element is None or not text.strip()) and usual is not None:
        section.losses.add(section.element, f"there is no port; the usual one, {usual}, is used", "ask the provider")
        return usual
    found = _NUMBER.fullmatch(text)
    if element is None or found is None or not 1 <= int(found[1]) <= 65535:
        raise SectionInvalid(f"its port {shown(text)} is invalid", "ask the provider for it")
    port = int(found[1])
    if found[2].strip():
        section.losses.add(
            element, f"the port {shown(text)} is read as {port}, as Thunderbird does", "check whether that is right"
        )
    return port


def _bound(server: ServerTemplate | None, services: tuple[ServiceTemplate, ...]) -> Plan:
    """Check a server or services by the rules of plans, in a plan with nothing else."""
    plan = Plan("imported", Text({"und": "-"}), None, {}, (server,) if server else (), services=services)
    try:
        bound = bind(plan, {})
    except PlanUnusable as error:
        raise SectionInvalid(error.problem, "write a plan with another value, with params if needed") from error
    return Plan("imported", plan.name, None, {}, bound.servers, services=bound.services)
