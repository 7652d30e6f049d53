"""HTML of our templates → plain text: numbered steps, aligned values, links written out."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from autoconfig.settings import PageLanguage
from autoconfig.web.pages.catalogues import WORD_JOINER
from autoconfig.web.pages.letter.line_breaks import columns, padded

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCKS = {"p", "div", "ol", "ul", "li", "table", "tr", "h2", "h3", "br"}
_DROPPED = {"svg", "form", "button", "script", "style", "figure"}
_HEADING = {PageLanguage.JA: "▼ {}", PageLanguage.EN: "{}:"}
"""How the heading of another way is written."""
_BULLET = {PageLanguage.JA: "・", PageLanguage.EN: "- "}
_INDENT = 3
"""Columns of `1. `."""
_LONGEST_LABEL = 34
"""Columns that a label may take beside its value."""


def plain(html: object) -> str:
    """The words of a piece of HTML on one line, such as the name of an authentication method."""
    return " ".join(_Text.of(str(html), PageLanguage.JA))


def plain_lines(html: str, language: PageLanguage) -> str:
    """
    The text of HTML, a line for each paragraph.

    Japanese texts have brackets around what a program calls something; English ones get quotation marks for bold type.
    """
    return "\n".join(_Text.of(html, language))


class _Text(HTMLParser):
    def __init__(self, language: PageLanguage) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._language = language
        self._words, self._prefix = "", ""
        self._numbers: list[int] = []
        self._is_numbered: list[bool] = []
        self._dropped = 0
        self._links: list[tuple[str, int]] = []
        self._bold = 0
        self._rows: list[list[str]] = []

    @classmethod
    def of(cls, html: str, language: PageLanguage) -> Sequence[str]:
        text = cls(language)
        text.feed(html.replace(WORD_JOINER, ""))
        text.close()
        text._end_line()
        return text.lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        if tag in _BLOCKS:
            self._end_line()
        if tag in {"ol", "ul"}:
            self._numbers.append(0)
            self._is_numbered.append(tag == "ol")
        elif tag == "li" and self._numbers:
            self._numbers[-1] += 1
            self._prefix = f"{self._numbers[-1]}. " if self._is_numbered[-1] else _BULLET[self._language]
        elif tag == "h3":
            self.lines.append("")
        elif tag == "tr":
            self._rows.append([])
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._words)))
        elif tag == "b":
            self._bold = len(self._words)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped -= 1
        if tag == "a" and self._links:
            url, start = self._links.pop()
            if self._words[start:].strip() != url:
                self._words += f" <{url}>"
        elif tag == "b" and self._language is PageLanguage.EN:
            self._quote()
        elif tag in {"th", "td"} and self._rows:
            self._rows[-1].append(" ".join(self._words.split()))
            self._words = ""
        elif tag == "table":
            self._end_table()
        elif tag == "h3":
            self._words = _HEADING[self._language].format(self._words.strip())
        if tag in _BLOCKS:
            self._end_line()
        if tag in {"ol", "ul"} and self._numbers:
            self._numbers.pop()
            self._is_numbered.pop()
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._words += data

    def _quote(self) -> None:
        """Put bold words in quotation marks, but no sentence and nothing that has them already."""
        words = self._words[self._bold :]
        if words.strip() and words.rstrip()[-1] not in ".:!”…":
            self._words = f"{self._words[: self._bold]}“{words}”"

    def _end_table(self) -> None:
        """Align the values, below a step within it; a long label has a line of its own."""
        rows = [(row[0], row[1]) for row in self._rows if len(row) > 1]
        wide = max((columns(label) for label, _ in rows if columns(label) <= _LONGEST_LABEL), default=0)
        indent = " " * (_INDENT + 2 if self._numbers else 2)
        for label, value in rows:
            if columns(label) > wide:
                self.lines.append(indent + label)
            self.lines.append(f"{indent}{padded('' if columns(label) > wide else label, wide)} : {value}")
        self._rows = []

    def _end_line(self) -> None:
        words, self._words = " ".join(self._words.split()), ""
        if words:
            indent = "" if self._prefix else " " * (_INDENT if self._numbers else 0)
            self.lines.append(f"{indent}{self._prefix}{words}")
            self._prefix = ""
