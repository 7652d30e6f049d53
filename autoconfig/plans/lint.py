"""Warn of what a plan may say, but some mail programs do not handle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault
from autoconfig.formats import pacc
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.mail.placeholders import placeholder_in
from autoconfig.mail.server import MAIL, Login, Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mail.plan import Plan
    from autoconfig.mail.server import ServerTemplate

# RFC 8314 section 7.3, RFC 9051, RFC 1939, RFC 6409, RFC 5804; without TLS, programs use the ports of STARTTLS.
_USUAL = {
    993: [(Protocol.IMAP, TLSMode.SSL)],
    995: [(Protocol.POP3, TLSMode.SSL)],
    465: [(Protocol.SMTP, TLSMode.SSL)],
    143: [(Protocol.IMAP, TLSMode.STARTTLS), (Protocol.IMAP, TLSMode.PLAIN)],
    110: [(Protocol.POP3, TLSMode.STARTTLS), (Protocol.POP3, TLSMode.PLAIN)],
    587: [(Protocol.SMTP, TLSMode.STARTTLS), (Protocol.SMTP, TLSMode.PLAIN)],
    25: [(Protocol.SMTP, TLSMode.STARTTLS), (Protocol.SMTP, TLSMode.PLAIN)],
    4190: [(Protocol.MANAGESIEVE, TLSMode.STARTTLS), (Protocol.MANAGESIEVE, TLSMode.PLAIN)],
}
_ANYBODY = EmailAddress("local", Domain("domain.invalid"))
_IN_MOZILLA = (ServiceKind.CALDAV, ServiceKind.CARDDAV)


def warnings_of(plan: Plan) -> list[Fault]:
    """Warnings about a plan: what will fail for some customers, and in which mail program."""
    place = f"plans.{plan.key}"
    servers = [server for server in plan.servers if server.protocol in MAIL]
    said = [
        *(found for server in plan.servers for found in _of_port(server)),
        *(found for server in servers for found in _of_server(server)),
        *_of_several(servers),
        *_of_plan(plan),
        *_of_texts(plan),
        *_of_outlook(plan),
        *_of_pacc(plan),
    ]
    return [Fault(place, problem, remedy) for problem, remedy in said]


def _of_port(server: ServerTemplate) -> Iterator[tuple[str, str]]:
    """Warn of a well-known port of another protocol or TLS mode."""
    usual = _USUAL.get(server.port)
    if usual is None or (server.protocol, server.tls) in usual:
        return
    meant = " or ".join(f"{protocol} with {tls}" for protocol, tls in usual)
    yield (
        f"the {server.protocol} server has port {server.port} with {server.tls}",
        f"that port is for {meant}; check which is right",
    )


def _of_server(server: ServerTemplate) -> Iterator[tuple[str, str]]:
    what, login = f"the {server.protocol} server", server.login
    if server.tls is TLSMode.PLAIN:
        yield f"{what} has no TLS", "Thunderbird for Android refuses the whole document of such a plan"
    passwords = [method for method in login if method.is_password]
    if Login.OAUTH2 in login and passwords and login.index(passwords[0]) < login.index(Login.OAUTH2):
        yield f"{what} has {passwords[0]} before OAuth2", f"{_ends(login)}; OAuth2 belongs first"
    if len(passwords) > 1:
        yield f"{what} has two password methods", f"{_ends(login)}; keep one of them"
    if Login.GSSAPI in login:
        yield f"{what} has GSSAPI", "Himalaya refuses the whole document of such a plan"


def _ends(login: tuple[Login, ...]) -> str:
    """Which login method each program chooses, if one of them uses a password."""
    last = [method for method in login if method.is_password][-1]
    kmail = next((method for method in login if method is not Login.CLEARTEXT), Login.CLEARTEXT)
    return f"Thunderbird chooses {login[0]}, Evolution {last}, KMail {kmail}"


def _of_several(servers: list[ServerTemplate]) -> Iterator[tuple[str, str]]:
    for protocol in MAIL:
        several = [server for server in servers if server.protocol is protocol]
        if len(several) > 1:
            first, last = (f"{server.host} {server.port}" for server in (several[0], several[-1]))
            remedy = f"most programs take the first, {first}, Evolution the last, {last}"
            yield f"there are {len(several)} {protocol} servers", remedy


def _of_plan(plan: Plan) -> Iterator[tuple[str, str]]:
    offering = [server.protocol for server in plan.servers if Login.OAUTH2 in server.login]
    offering_too = [service.kind for service in plan.services if Login.OAUTH2 in service.login]
    if plan.oauth2 is None and (offering or offering_too):
        names = ", ".join(dict.fromkeys([*offering, *offering_too]))
        yield (
            f"OAuth2 is offered ({names}) without a table oauth2",
            "only programs that have this provider built in can use it; add oauth2",
        )
    if plan.oauth2 is not None and not (offering or offering_too):
        yield (
            "there is a table oauth2, but no server has OAuth2 among its login methods",
            "add OAuth2, or remove oauth2",
        )
    mail = [server for protocol in MAIL for server in plan.servers if server.protocol is protocol]
    for service in plan.services:
        if service.kind in _IN_MOZILLA and service.username != mail[-1].username:
            yield (
                f"the user name for {service.kind} is not that of the {mail[-1].protocol} server",
                "Mozilla's document leaves it out, because FairEmail would log in to the mail servers with it",
            )


def _of_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Warn of Mozilla's placeholders, which other programs do not fill, and of misspelt ones, which none fills."""
    for text in dict.fromkeys(_texts(plan)):
        if found := placeholder_in(text):
            yield f"{found} stands in {text!r}", "plans have slots: {address}, {local} and {domain}"


def _texts(plan: Plan) -> Iterator[str]:
    for server in plan.servers:
        yield from (str(server.host), str(server.username))
    for service in plan.services:
        yield from (str(service.url), str(service.username))
    yield from (str(default) for default in plan.params.values() if default)
    yield from (str(pattern) for pattern in (plan.redirect_url, plan.redirect_domain) if pattern)
    yield from (str(pattern) for note in plan.notes for pattern in note.values())
    for text in (plan.name, plan.short_name, *(page.text for page in plan.documentation)):
        yield from text.by_language.values() if text else ()


def _of_outlook(plan: Plan) -> Iterator[tuple[str, str]]:
    preferred = {server.protocol: server for server in reversed(plan.servers) if server.protocol in MAIL}
    without = [
        protocol
        for protocol in MAIL
        if (server := preferred.get(protocol)) and not any(m.is_password or not m.has_user for m in server.login)
    ]
    if without:
        methods = ", ".join(dict.fromkeys(method for protocol in without for method in preferred[protocol].login))
        yield (
            f"no password opens {', '.join(without)}, only {methods}",
            "Outlook still gets an ordinary account with a password, because Autodiscover has no word for it",
        )


def _of_pacc(plan: Plan) -> Iterator[tuple[str, str]]:
    """Warn of what the PACC document leaves out, if the plan has one."""
    sample = {name: "sample.invalid" for name, default in plan.params.items() if default is None}
    account = bind(plan, sample).account(_ANYBODY.domain, _ANYBODY)
    for what, reason in pacc.omissions(account):
        yield f"PACC's document leaves out {what}", reason
