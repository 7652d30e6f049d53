"""
Templates → HTML. Names that a template uses and nobody gave are errors, and everything that is put in is escaped; the
texts of templates and catalogues are HTML themselves.
"""

from __future__ import annotations

import re
import traceback
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.web.pages import files
from autoconfig.web.pages.catalogues import translations

if TYPE_CHECKING:
    from collections.abc import Callable
    from gettext import GNUTranslations
    from pathlib import Path

    from jinja2 import Environment
    from markupsafe import Markup

    from autoconfig.settings import PageLanguage

EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do")
SUFFIX = ".html"

_URL = re.compile(r"(https?://[A-Za-z0-9._~:/?#\[\]@!$&'*+,;=%-]*[A-Za-z0-9_~/#=&%-])")


def render(name: str, language: PageLanguage, own: Path | None, **values: object) -> str:
    """A page. A template that is broken raises whatever Jinja says about it: see `fault`."""
    environment = _environment(own, translations(language, own))
    return environment.get_template(name).render(language=language.value, **values)


def fault(error: Exception) -> str:
    """What is wrong with a template, and where: `parts/form.html, line 3: …`."""
    from jinja2 import TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or 'a template'}, line {error.lineno}: {error.message}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(SUFFIX)]
    problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{frames[-1].filename}, line {frames[-1].lineno}: {problem}" if frames else problem


@lru_cache(8)
def _environment(own: Path | None, words: GNUTranslations) -> Environment:
    """One for each language, for an imported template keeps the words with which it was read first."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: _source(name, own)),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=EXTENSIONS,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    return environment


def _linked(text: str) -> Markup:
    """A plan's note, with links for the whole URLs in it and for nothing else: host names of mail servers are none."""
    from markupsafe import Markup, escape

    pieces = _URL.split(text)
    return Markup("").join(
        Markup('<a href="{0}" rel="noopener">{0}</a>').format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def _source(name: str, own: Path | None) -> tuple[str, str, Callable[[], bool]] | None:
    """The text of a template for Jinja, with the name that errors give it; an edited file is read again."""
    try:
        source = files.read(name, own)
    except OSError:
        return None
    try:
        return source.decode(), name, lambda: _same(name, own, source)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: {error}") from error


def _same(name: str, own: Path | None, source: bytes) -> bool:
    try:
        return files.read(name, own) == source
    except OSError:
        return False
