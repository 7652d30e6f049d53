"""The report's templates. Everything that is put in is escaped, for much of it is what strangers' servers said."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

from autoconfig.resources import templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

LANGUAGES = {"ja": "日本語", "en": "English"}
"""The languages of a report, and what each calls itself."""
ASSETS = ("report.css", "report.js")


def render(name: str, language: str, **values: object) -> str:
    """
    Make a page. It also knows `t`, the words of the language.

    Raises:
        jinja2.TemplateError: the template is broken.
    """
    return _environment().get_template(name).render(language=language, t=words()[language], **values)


def asset(name: str) -> str:
    """The text of a style sheet or script."""
    return _source(name)


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """The words of each language."""
    return tomllib.loads(_source("words.toml"))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _source(name: str) -> str:
    return (templates() / "report" / name).read_text(encoding="utf-8")
