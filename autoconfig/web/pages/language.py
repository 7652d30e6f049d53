"""Choose between the two languages of the pages."""

from __future__ import annotations

from autoconfig.settings import PageLanguage
from autoconfig.web.languages import accepted, primary

NAMES = {PageLanguage.JA: "日本語", PageLanguage.EN: "English"}
"""Each language by its own name."""


def known(tag: str | None) -> PageLanguage | None:
    """The language of a tag, if the pages have it."""
    subtag = primary(tag or "")
    return PageLanguage(subtag) if subtag in NAMES else None


def chosen(asked: str | None, header: bytes | None, default: PageLanguage) -> PageLanguage:
    """The language of `lang=`, else the first one in Accept-Language that the pages have, else the default."""
    return known(asked) or next(filter(None, map(known, accepted(header))), default)
