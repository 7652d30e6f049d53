"""
The words of the pages: templates/page/messages/LANGUAGE.po, read as they are. An operator's file of the same name
stands before ours, so that it need not have more than the messages that are different.
"""

from __future__ import annotations

import io
from functools import lru_cache
from gettext import GNUTranslations
from typing import TYPE_CHECKING

from autoconfig.web.pages import files

if TYPE_CHECKING:
    from pathlib import Path

    from babel.messages.catalog import Catalog

    from autoconfig.settings import PageLanguage


def path_of(language: PageLanguage) -> str:
    """The name of a language's file."""
    return f"messages/{language.value}.po"


def translations(language: PageLanguage, own: Path | None) -> GNUTranslations:
    """
    The messages of a language.

    Raises:
        OSError, ValueError: a file cannot be read, or is no catalogue.
    """
    sources = tuple(place.read_bytes() for place in files.places(path_of(language), own))
    return _translations(language, sources)


@lru_cache(8)
def _translations(language: PageLanguage, sources: tuple[bytes, ...]) -> GNUTranslations:
    first, *rest = (_compiled(read(language, source)) for source in sources)
    for translation in rest:
        first.add_fallback(translation)
    return first


def read(language: PageLanguage, source: bytes) -> Catalog:
    """
    A catalogue from the bytes of its file.

    Raises:
        ValueError: they are none.
    """
    from babel.messages.pofile import PoFileError, read_po

    try:
        return read_po(io.StringIO(source.decode()), locale=language.value, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise ValueError(f"{path_of(language)}: {error}") from error


def _compiled(catalogue: Catalog) -> GNUTranslations:
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
