"""What the pages load: a style sheet, a script and the logo. Their URLs have the hash of their bytes."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.settings import MOST_BRANDS
from autoconfig.web.asgi import Response
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.error_responses import NOT_FOUND
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.pages import files
from autoconfig.web.pages.brand import Logo, colours, read_logo
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Scope
    from autoconfig.web.services import Services

_STYLE = "text/css; charset=utf-8"
_SPACES = re.compile(rb"\s*([{};,])\s*")
# A URL with the right hash has the same bytes everywhere, so a shared cache may keep it. With another hash (an older
# node's, during a change) it is kept for a minute.
_FOR_EVER, _SHORTLY = b"public, max-age=31536000, immutable", b"public, max-age=60"


class Assets(NamedTuple):
    """The URLs for a page's head."""

    style: str
    desk: str
    """The style sheet that only the support desk's page needs."""
    script: str
    logo: str

    @classmethod
    def of(cls, settings: Settings, picture: Logo | None) -> Assets:
        """The URLs for the present files."""
        style, desk = styles([settings])
        return cls(
            f"/style.css?v={style.hash}",
            f"/style.css?v={desk.hash}",
            f"/page.js?v={scripts([settings])[0].hash}",
            f"/logo?v={_file(picture.content, picture.media_type).hash}" if picture else "",
        )


class AssetFile(NamedTuple):
    """A file that a browser loads."""

    content: bytes
    media_type: str
    hash: str


class Asset(Endpoint):
    """One of the files."""

    kind = RequestKind.PAGE
    waits_for_thread = True

    def __init__(self, services: Services, read: Callable[[Sequence[Settings]], Sequence[AssetFile | None]]) -> None:
        """`read` is one of the functions below."""
        super().__init__(services)
        self._read = read

    async def answer(self, scope: Scope) -> Response:
        """The present file with the hash in the URL, of any brand; with another hash, the one for everybody."""
        wanted = value_of(scope["query_string"], b"v")
        # In the thread for pages: there may be many brands, and every file is read again.
        found = await self.services.page_executor.run(self._read, self.services.brands.all)
        fitting = next((file for file in found if file is not None and file.hash == wanted), None)
        file = fitting or found[0]
        if file is None:
            return NOT_FOUND
        headers = [
            (b"content-type", file.media_type.encode()),
            (b"cache-control", _FOR_EVER if fitting else _SHORTLY),
            # An SVG opened by itself runs nothing and loads nothing.
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-robots-tag", b"noindex"),
        ]
        return Response(200, headers, file.content)


def styles(brands: Sequence[Settings]) -> list[AssetFile]:
    """
    The style sheet of all pages, with the colours of each brand, and last the one of the support desk, which is known
    by its hash only. Browsers get the shipped ones without spaces.
    """
    sheet, desk = (_sheet(name, brands[0].templates_dir) for name in ("style.css", "desk.css"))
    return [_file(sheet, _STYLE, colours(brand).encode()) for brand in brands] + [_file(desk, _STYLE)]


def _sheet(name: str, own: Path | None) -> bytes:
    content, ours = files.read(name, own), files.read(name, None)
    return _squeezed(ours) if content == ours else content


@lru_cache(4)
def _squeezed(sheet: bytes) -> bytes:
    return _SPACES.sub(rb"\1", sheet)


def scripts(brands: Sequence[Settings]) -> list[AssetFile]:
    """The script of all pages."""
    return [_file(files.read("page.js", brands[0].templates_dir), "text/javascript; charset=utf-8")]


def logos(brands: Sequence[Settings]) -> list[AssetFile | None]:
    """The logo of each brand; `None` for those without one."""
    pictures = (read_logo(brand.provider_logo) if brand.provider_logo else None for brand in brands)
    return [_file(picture.content, picture.media_type) if picture else None for picture in pictures]


@lru_cache(2 * MOST_BRANDS + 1)
def _file(content: bytes, media_type: str, more: bytes = b"") -> AssetFile:
    return AssetFile(content + more, media_type, hashlib.sha256(content + more).hexdigest()[:12])
