"""What a plan may say, although some mail programs will not take it as it is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault
from autoconfig.mail.server import MAIL, Login, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mail.plan import Plan
    from autoconfig.mail.server import ServerTemplate

_IN_MOZILLA = (ServiceKind.CALDAV, ServiceKind.CARDDAV)


def warnings_of(plan: Plan) -> list[Fault]:
    """What will hurt some customers of the plan, and whom."""
    place = f"plans.{plan.key}"
    servers = [server for server in plan.servers if server.protocol in MAIL]
    said = [(problem, remedy) for server in servers for problem, remedy in _of_server(server)]
    return [Fault(place, problem, remedy) for problem, remedy in [*said, *_of_several(servers), *_of_plan(plan)]]


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
    """Who ends with what, of methods with a password among them (reference: how each program reads them)."""
    last = [method for method in login if method.is_password][-1]
    kmail = next((method for method in login if method is not Login.CLEARTEXT), Login.CLEARTEXT)
    return f"Thunderbird ends with {login[0]}, Evolution with {last}, KMail with {kmail}"


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
            "there is a table oauth2, and no server has OAuth2 among its login methods",
            "add OAuth2, or remove oauth2",
        )
    mail = [server for protocol in MAIL for server in plan.servers if server.protocol is protocol]
    for service in plan.services:
        if service.kind in _IN_MOZILLA and service.username != mail[-1].username:
            yield (
                f"the user name for {service.kind} is not that of the {mail[-1].protocol} server",
                "Mozilla's document leaves it out, for FairEmail would log in to the mail servers with it",
            )
