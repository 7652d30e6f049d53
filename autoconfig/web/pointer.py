"""
URLs below `public_url` that a client is sent to, where the Host header no longer says which host was asked.

The answer has to be the same there. A row answers under any host. Everything else depends on the host that was asked,
so the URL has it in its path: `/for/HOST/…`. No redirect leads to the URL that was just asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from autoconfig.log import counted_error
from autoconfig.mail.domain import Domain
from autoconfig.resolver import How
from autoconfig.web.error_responses import redirect
from autoconfig.web.host_header import HOST, host_in_header, host_in_path, split_host

if TYPE_CHECKING:
    from autoconfig.resolver import Resolution
    from autoconfig.web.asgi import Response, Scope

FOR_HOST = f"/for/{{{HOST}}}"
"""The beginning of a path that names the host, as routes spell it."""

NOBODY = "192.0.2.0"
"""Stands in a path for no host: an IPv4 address is not a domain, and this one is for documentation (RFC 5737)."""


def host_needed(resolution: Resolution) -> Domain | str | None:
    """The host that a URL has to name to lead to `resolution` again; `None`: its row answers under any host."""
    return None if resolution.how is How.ROW else resolution.asked or NOBODY


def base_of(resolution: Resolution, public_url: str) -> str:
    """What to put between `public_url` and a path, so that it leads to `resolution` for every mailbox."""
    entrance = split_host(Domain(urlsplit(public_url).hostname or "")).domain
    host = host_needed(resolution)
    return "" if host is None or host == entrance else f"/for/{host}"


def base_of_request(scope: Scope) -> str:
    """The beginning of the request's own path: `/for/HOST`, or nothing."""
    meant = scope.get("path_params", {}).get(HOST)
    return "" if meant is None else f"/for/{host_in_path(meant) or NOBODY}"


def leads_back(scope: Scope, url: str) -> bool:
    """Whether a URL is the one of the request, regardless of scheme, port and query."""
    target = urlsplit(url)
    return (
        host_in_header(scope).name == target.hostname and scope["path"].lower() == unquote(target.path or "/").lower()
    )


def redirect_to_tls(scope: Scope, public_url: str, path: str, query: str = "") -> Response | None:
    """
    The redirect of a request without TLS to a path below `public_url`.

    `None` if that is the URL of the request: then a document is served, and the log counts why.
    """
    url = public_url + path
    if not leads_back(scope, url):
        return redirect(302, url + query)
    counted_error(
        "a request for public_url seems to come without TLS; it is answered, because a redirect would loop",
        public_url=public_url,
        remedy="let every proxy send X-Forwarded-For and X-Forwarded-Proto, and name all of them in trusted_proxies",
    )
    return None
