"""One page as a response: rendered, with its headers; where a template is broken, a page that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from autoconfig.log import logger
from autoconfig.web.pages import rendering
from autoconfig.web.pages.apart import apart
from autoconfig.web.pages.assets import Assets
from autoconfig.web.pages.brand import Brand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from autoconfig.settings import Settings
    from autoconfig.web.pages.visit import Visit

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language, User-Agent",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


async def page(
    settings: Settings,
    visit: Visit,
    template: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> Response:
    """The page that a template makes, or, where it cannot be made, 500 and a page without the operator's templates."""
    return await apart(_made, settings, visit, template, status, headers, values)


def _made(
    settings: Settings,
    visit: Visit,
    template: str,
    status: int,
    headers: Mapping[str, str] | None,
    values: Mapping[str, object],
) -> Response:
    try:
        text = text_of(settings, visit, template, settings.templates_dir, **values)
    except Exception as error:  # noqa: BLE001 (a template that an operator edited)
        logger().error(
            "a page cannot be made",
            problem=rendering.fault(error),
            templates=str(settings.templates_dir or "templates/page"),
            remedy="correct the file; the next request reads it again",
        )
        status, headers, text = 500, None, _broken(settings, visit)
    kind = {"Content-Language": visit.language.value, **HEADERS, **(headers or {})}
    return Response(text, status, kind, "text/html" if text.startswith("<") else "text/plain")


def text_of(settings: Settings, visit: Visit, template: str, own: Path | None, **values: object) -> str:
    """The HTML of a page; raises whatever a broken template raises."""
    brand = Brand.of(settings, visit.language)
    shared = {"brand": brand, "assets": Assets.of(settings, brand.logo), "visit": visit}
    return rendering.render(template, visit.language, own, **shared, **values)


def _broken(settings: Settings, visit: Visit) -> str:
    try:
        return text_of(settings, visit, "problem.html", None, problem="broken", domain=None)
    except Exception as error:  # noqa: BLE001 (nothing is left to show)
        logger().error("the page that says so cannot be made either", problem=rendering.fault(error))
        return "Something went wrong here.\n"
