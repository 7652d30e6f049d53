"""
The texts of the pages: templates/page/messages/LANGUAGE.po. An operator's file of the same name comes first, so it
needs only the messages that differ.
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

DIVIDED = ("文字", "方法", "方式", "問い合わせ")
"""Words that browsers would divide where the style says `word-break: auto-phrase` (Chromium 156)."""
WORD_JOINER = "\N{WORD JOINER}"


def path_of(language: PageLanguage) -> str:
    """The name of a language's file."""
    return f"messages/{language.value}.po"


def translations(language: PageLanguage, own: Path | None) -> GNUTranslations:
    """
    The messages of a language.

    Raises:
        OSError, ValueError: a file cannot be read, or is not a catalogue.
    """
    sources = tuple(place.read_bytes() for place in files.places(path_of(language), own))
    return _translations(language, sources)


@lru_cache(8)
def _translations(language: PageLanguage, sources: tuple[bytes, ...]) -> GNUTranslations:
    first, *rest = (_compiled(read(language, _kept_whole(source))) for source in sources)
    for translation in rest:
        first.add_fallback(translation)
    return first


def _kept_whole(source: bytes) -> bytes:
    for word in DIVIDED:
        source = source.replace(word.encode(), WORD_JOINER.join(word).encode())
    return source


def read(language: PageLanguage, source: bytes) -> Catalog:
    """
    A catalogue from the bytes of its file.

    Raises:
        ValueError: they are not a catalogue.
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
