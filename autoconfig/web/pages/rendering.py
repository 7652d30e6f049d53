"""
Templates → HTML. Unknown names in a template are errors. All values are escaped; the texts of templates and catalogues
are HTML. Only a template of plain text (`.txt`) escapes nothing.
"""

from __future__ import annotations

import re
import traceback
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from autoconfig.web.pages import files
from autoconfig.web.pages.catalogues import WORD_JOINER, translations

if TYPE_CHECKING:
    from collections.abc import Callable
    from gettext import GNUTranslations
    from pathlib import Path

    from jinja2 import Environment
    from markupsafe import Markup

    from autoconfig.settings import PageLanguage
    from autoconfig.web.pages.compiled import CompiledTemplates

EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do")
SUFFIX, PLAIN = ".html", ".txt"

_PIECE = re.compile(r"[^.@_-]*[.@_-]+|[^.@_-]+")
_URL = re.compile(r"(https?://[A-Za-z0-9._~:/?#\[\]@!$&'*+,;=%-]*[A-Za-z0-9_~/#=&%-])")


def render(name: str, language: PageLanguage, own: Path | None, **values: object) -> str:
    """A page. A broken template raises any error of Jinja: `fault` describes it."""
    environment = _environment(own, translations(language, own))
    return environment.get_template(name).render(language=language.value, **values)


def words(name: str, language: PageLanguage, own: Path | None) -> Callable[..., str]:
    """
    Call a macro of a template by its name, with its values: the text of its HTML without tags, a line for a paragraph.

    It raises any error of Jinja, as `render` does.
    """
    macros = _environment(own, translations(language, own)).get_template(name).make_module()

    def call(macro: str, *values: object) -> str:
        if not hasattr(macros, macro):
            from jinja2 import TemplateRuntimeError

            raise TemplateRuntimeError(f"{name} has no macro {macro!r}, which the one in templates/page/ has")
        text: Markup = getattr(macros, macro)(*values)
        paragraphs = (paragraph.striptags() for paragraph in text.split("</p>"))
        return "\n".join(filter(None, paragraphs)).replace(WORD_JOINER, "")

    return call


def fault(error: Exception) -> str:
    """Describe an error of a template with its place: `parts/form.html, line 3: …`."""
    from jinja2 import TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or 'a template'}, line {error.lineno}: {error.message}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith((SUFFIX, PLAIN))]
    problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{frames[-1].filename}, line {frames[-1].lineno}: {problem}" if frames else problem


@cache
def _compiled() -> CompiledTemplates:
    from autoconfig.web.pages.compiled import CompiledTemplates

    return CompiledTemplates()


@lru_cache(8)
def _environment(own: Path | None, words: GNUTranslations) -> Environment:
    """One for each language, because an imported template keeps the texts of its first use."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FunctionLoader(lambda name: _source(name, own)),
        bytecode_cache=_compiled(),
        autoescape=select_autoescape((), (PLAIN,), default=True),
        undefined=StrictUndefined,
        extensions=EXTENSIONS,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.filters["breakable"] = _breakable
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    return environment


def _linked(text: str) -> Markup:
    """A plan's note with links for the complete URLs in it; names of mail servers stay text."""
    from markupsafe import Markup, escape

    pieces = _URL.split(text)
    return Markup("").join(
        Markup('<a href="{0}" rel="noopener">{0}</a>').format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def _breakable(text: object) -> Markup:
    """A host name or an address that may break across lines only after a dot, an @ or a hyphen."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(piece) for piece in _PIECE.findall(str(text)))


def _source(name: str, own: Path | None) -> tuple[str, str, Callable[[], bool]] | None:
    """The text of a template for Jinja, with its name for errors; an edited file is read again."""
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
