"""A page as a response with its headers; if a template is broken, an error page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from autoconfig.log import counted_error
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import PRIVATE
from autoconfig.web.pages import rendering
from autoconfig.web.pages.assets import Assets
from autoconfig.web.pages.brand import Brand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from autoconfig.settings import PageLanguage, Settings
    from autoconfig.web.asgi import Headers

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors {ancestors}"
)
BROKEN: tuple[str, Mapping[str, object]] = ("problem.html", {"problem": "broken", "domain": None})
"""The page for people that says that it cannot be made."""
_NOT_INDEXED = (b"x-robots-tag", b"noindex, nofollow")


class Visit(Protocol):
    """A request as the layout of every page needs it; the templates of a page may need more."""

    @property
    def language(self) -> PageLanguage:
        """The language of the page."""
        ...

    def languages(self) -> list[tuple[PageLanguage, str, str]]:
        """Each language with its name and the link to this page in it."""
        ...


def make_page(
    settings: Settings,
    request: Visit,
    template: str,
    status: int = 200,
    headers: Headers | None = None,
    *,
    indexed: bool = False,
    broken: tuple[str, Mapping[str, object]],
    **values: object,
) -> Response:
    """
    The page of a template; if that fails, a 500 with a page made without the operator's templates.

    It takes milliseconds: call it in a thread. `indexed`: search engines may list the page. `broken` is the template of
    the page for a failure, and its values.
    """
    headers = [*_headers(settings), *(headers or []), *([] if indexed else [_NOT_INDEXED])]
    values["indexed"] = indexed
    try:
        text = text_of(settings, request, template, settings.templates_dir, **values)
    except Exception as error:  # noqa: BLE001 (a template that an operator edited)
        counted_error(
            "a page cannot be made",
            problem=rendering.fault(error),
            templates=str(settings.templates_dir or "templates/page"),
            remedy="correct the file; the next request reads it again",
        )
        status, headers, text = 500, [*_headers(settings), _NOT_INDEXED], _broken(settings, request, *broken)
    kind = b"text/html; charset=utf-8" if text.startswith("<") else b"text/plain; charset=utf-8"
    language = (b"content-language", request.language.encode())
    return Response(status, [(b"content-type", kind), language, *headers], text.encode())


def _headers(settings: Settings) -> Headers:
    """The headers of every page. `frame_ancestors` are origins, in which nothing can end a directive (CSP3, 2.2)."""
    policy = _POLICY.format(ancestors=" ".join(settings.frame_ancestors) or "'none'")
    return [
        PRIVATE,
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"vary", b"Accept-Language, User-Agent"),
        (b"x-content-type-options", b"nosniff"),
    ]


def text_of(settings: Settings, request: Visit, template: str, own: Path | None, **values: object) -> str:
    """The HTML of a page. Raises any error of a broken template."""
    brand = Brand.of(settings, request.language)
    shared = {"brand": brand, "assets": Assets.of(settings, brand.logo), "visit": request, "indexed": False}
    shared["public_url"] = settings.public_url
    return rendering.render(template, request.language, own, **{**shared, **values})


def _broken(settings: Settings, request: Visit, template: str, values: Mapping[str, object]) -> str:
    try:
        return text_of(settings, request, template, None, **values)
    except Exception as error:  # noqa: BLE001 (nothing is left to show)
        counted_error("the error page cannot be made either", problem=rendering.fault(error))
        return "Something went wrong here.\n"
