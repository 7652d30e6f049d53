"""Pages for people, from templates/. Jinja is loaded with the first one: machines never need it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from autoconfig.errors import AddressInvalid, AutoconfigError, UnknownDomain
from autoconfig.log import logger
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.server import Login, TLSMode
from autoconfig.resources import templates
from autoconfig.web.hosts import asked_host
from autoconfig.web.query import value_of
from autoconfig.web.refusals import refusal

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request

    from autoconfig.mail.account import Account
    from autoconfig.web.context import Context

HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

# Forms send a space as `+`. Around the address that is what it is; inside, a link that somebody wrote has a plus.
_FORM_SPACE = re.compile(rb"(?<==)\++|\++(?=&|\Z)")

_UNKNOWN = "There are no mail settings for this domain here."
_TLS = {TLSMode.SSL: "SSL/TLS", TLSMode.STARTTLS: "STARTTLS", TLSMode.PLAIN: "None"}
_LOGIN = {Login.CLEARTEXT: "Normal password", Login.ENCRYPTED: "Encrypted password"}


async def setup(request: Request) -> Response:
    """One field for the address; with an address, the values found for it and the profile."""
    context: Context = request.app.state.context
    typed = value_of(_FORM_SPACE.sub(b"%20", request.scope["query_string"]), b"email") or ""
    if not typed.strip():
        return _page(200, typed="")
    try:
        address = read_typed(typed)
        resolution = await context.resolve(address.domain, asked_host(request.scope).domain)
        account = resolution.bound.account(resolution.domain, address)
    except AddressInvalid:
        return _page(400, typed=typed, problem="This is not a mail address. It looks like name@example.com.")
    except UnknownDomain:
        return _page(404, typed=typed, problem=_UNKNOWN)
    except AutoconfigError as error:
        refused = refusal(error)
        page = _page(
            refused.status, typed=typed, problem="The settings cannot be shown at the moment. Please try again later."
        )
        page.headers.update(
            {name.decode(): value.decode() for name, value in refused.headers if name == b"retry-after"}
        )
        return page
    if account.redirects:
        return _page(404, typed=typed, problem=_UNKNOWN)
    profile = f"/email.mobileconfig?email={quote(str(address), safe='')}"
    return _page(200, typed=str(address), values=_values(account), profile=profile)


async def style(_request: Request) -> Response:
    """The style sheet of all pages."""
    text = (templates() / "style.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


def read_typed(text: str) -> EmailAddress:
    """
    An address as people type or paste it: spaces around it, `mailto:`, a full-width `＠`.

    Raises:
        AddressInvalid: it is none all the same.
    """
    local, at, domain = text.strip().replace("＠", "@").rpartition("@")
    if local[:7].lower() == "mailto:":
        local = local[7:]
    return EmailAddress.parse(f"{local}{at}{unicodedata.normalize('NFKC', domain)}")


def _values(account: Account) -> list[dict[str, Any]]:
    return [
        {
            "protocol": server.protocol.value.upper(),
            "incoming": server.protocol.incoming,
            "host": server.host,
            "port": server.port,
            "tls": _TLS[server.tls],
            "login": ", ".join(_LOGIN.get(login, login.value) for login in server.login),
            "username": account.login_name(server),
        }
        for server in account.servers
    ]


def _page(status: int, **values: object) -> Response:
    try:
        text = _environment().get_template("setup.html").render(**values)
    except Exception as error:  # noqa: BLE001 (a template that an operator edited)
        return _broken(error)
    return Response(text, status, HEADERS, "text/html")


def _broken(error: Exception) -> Response:
    logger().error("a template cannot be rendered", exc_info=error)
    return Response("Something went wrong here.\n", 500, HEADERS, "text/plain")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = templates()
    return Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
