"""What the pages load: one style sheet, one script, the logo. Each is named with the hash of its bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from autoconfig.web.asgi import as_response
from autoconfig.web.pages import files
from autoconfig.web.pages.brand import Logo, colours, read_logo
from autoconfig.web.refusals import NOT_FOUND

if TYPE_CHECKING:
    from starlette.requests import Request

    from autoconfig.settings import Settings
    from autoconfig.web.context import Context

# Everywhere the same bytes under the same name: a shared cache may keep them. Under another hash than ours (an older
# node's, during a change) they are kept for a minute.
_FOR_EVER, _SHORTLY = "public, max-age=31536000, immutable", "public, max-age=60"


class Assets(NamedTuple):
    """The URLs for a page's head."""

    style: str
    script: str
    logo: str

    @classmethod
    def of(cls, settings: Settings, picture: Logo | None) -> Assets:
        """As the files are now."""
        return cls(
            _named("/style.css", _style(settings)),
            _named("/page.js", _script(settings)),
            _named("/logo", picture.content) if picture else "",
        )


async def style(request: Request) -> Response:
    """The style sheet of all pages."""
    return _answer(request, _style(_settings(request)), "text/css; charset=utf-8")


async def script(request: Request) -> Response:
    """The script of all pages."""
    return _answer(request, _script(_settings(request)), "text/javascript; charset=utf-8")


async def logo(request: Request) -> Response:
    """The provider's logo, where the settings name one."""
    path = _settings(request).provider_logo
    if path is None:
        return as_response(NOT_FOUND)
    picture = read_logo(path)
    return _answer(request, picture.content, picture.media_type)


def _settings(request: Request) -> Settings:
    context: Context = request.app.state.context
    return context.settings


def _style(settings: Settings) -> bytes:
    return files.read("style.css", settings.templates_dir) + colours(settings).encode()


def _script(settings: Settings) -> bytes:
    return files.read("page.js", settings.templates_dir)


def _named(path: str, content: bytes) -> str:
    return f"{path}?v={_hash(content)}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _answer(request: Request, content: bytes, media_type: str) -> Response:
    fitting = request.query_params.get("v") == _hash(content)
    headers = {
        "Content-Type": media_type,
        "Cache-Control": _FOR_EVER if fitting else _SHORTLY,
        # An SVG that somebody opens by itself runs nothing and loads nothing.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return Response(content, 200, headers)
