"""One page as a response: rendered, with its headers; where a template is broken, a page that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.log import logger
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import PRIVATE
from autoconfig.web.pages import rendering
from autoconfig.web.pages.apart import apart
from autoconfig.web.pages.assets import Assets
from autoconfig.web.pages.brand import Brand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Headers
    from autoconfig.web.pages.visit import Visit

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Headers = [
    PRIVATE,
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Accept-Language, User-Agent"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
]


async def page(
    settings: Settings,
    visit: Visit,
    template: str,
    status: int = 200,
    headers: Headers | None = None,
    **values: object,
) -> Answer:
    """The page that a template makes, or, where it cannot be made, 500 and a page without the operator's templates."""
    return await apart(_made, settings, visit, template, status, headers, values)


def _made(
    settings: Settings,
    visit: Visit,
    template: str,
    status: int,
    headers: Headers | None,
    values: Mapping[str, object],
) -> Answer:
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
    kind = b"text/html; charset=utf-8" if text.startswith("<") else b"text/plain; charset=utf-8"
    language = (b"content-language", visit.language.encode())
    return Answer(status, [(b"content-type", kind), language, *HEADERS, *(headers or [])], text.encode())


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
