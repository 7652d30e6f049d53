"""What the pages load: one style sheet, one script, the logo. Each is named with the hash of its bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.web.asgi import Answer
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.pages import files
from autoconfig.web.pages.brand import Logo, colours, read_logo
from autoconfig.web.query import value_of
from autoconfig.web.refusals import NOT_FOUND
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Scope
    from autoconfig.web.context import Context

# Everywhere the same bytes under the same name: a shared cache may keep them. Under another hash than ours (an older
# node's, during a change) they are kept for a minute.
_FOR_EVER, _SHORTLY = b"public, max-age=31536000, immutable", b"public, max-age=60"


class Assets(NamedTuple):
    """The URLs for a page's head."""

    style: str
    script: str
    logo: str

    @classmethod
    def of(cls, settings: Settings, picture: Logo | None) -> Assets:
        """As the files are now."""
        return cls(
            _named("/style.css", style(settings).content),
            _named("/page.js", script(settings).content),
            _named("/logo", picture.content) if picture else "",
        )


class File(NamedTuple):
    """What a browser loads."""

    content: bytes
    media_type: str


class Asset(Endpoint):
    """One of the files."""

    kind = Document.PAGE

    def __init__(self, context: Context, read: Callable[[Settings], File | None]) -> None:
        """`read` is one of the functions below."""
        super().__init__(context)
        self._read = read

    async def answer(self, scope: Scope) -> Answer:
        """The file as it is now."""
        file = self._read(self.context.settings)
        if file is None:
            return NOT_FOUND
        fitting = value_of(scope["query_string"], b"v") == _hash(file.content)
        headers = [
            (b"content-type", file.media_type.encode()),
            (b"cache-control", _FOR_EVER if fitting else _SHORTLY),
            # An SVG that somebody opens by itself runs nothing and loads nothing.
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-robots-tag", b"noindex"),
        ]
        return Answer(200, headers, file.content)


def style(settings: Settings) -> File:
    """The style sheet of all pages."""
    content = files.read("style.css", settings.templates_dir) + colours(settings).encode()
    return File(content, "text/css; charset=utf-8")


def script(settings: Settings) -> File:
    """The script of all pages."""
    return File(files.read("page.js", settings.templates_dir), "text/javascript; charset=utf-8")


def logo(settings: Settings) -> File | None:
    """The provider's logo, where the settings name one."""
    if settings.provider_logo is None:
        return None
    picture = read_logo(settings.provider_logo)
    return File(picture.content, picture.media_type)


def _named(path: str, content: bytes) -> str:
    return f"{path}?v={_hash(content)}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
