"""
The placeholders of a query, `:domain` and `:udomain`, told apart from what only looks like one.

A query is an operator's text in the SQL of one engine. It is read just far enough to know what is text, a quoted name
or a comment and what is not; the engine reads the rest. What is put in travels beside the query, never within it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import SettingsInvalid
from autoconfig.mapping.place import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mail.domain import Domain

DOMAIN, UDOMAIN = "domain", "udomain"

MAX_LENGTH = 10_000
"""Characters of the longest query."""


class _Token(NamedTuple):
    kind: str
    """`text`, `comment`, `placeholder`, `word`, `end`, or `open`: a text or comment that nothing closes."""
    text: str


# What an engine skips as a whole: texts, quoted names, comments. The order matters: what closes is tried before `open`.
_SKIPPED = {
    # Sections 4.1.1, 4.1.2 and 4.1.5 of PostgreSQL's manual. Comments nest, so `/*` is followed by hand.
    Kind.POSTGRESQL: r"""
        (?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|\\.|'')*'
        | (?<![A-Za-z0-9_$])[eE](?P<open_escape>')
        | '(?:[^']|'')*'
        | "(?:[^"]|"")*"
        | (?<![A-Za-z0-9_$])\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?)\$.*?\$(?P=tag)\$
        | (?P<comment>--[^\n\r]*)
        | (?P<nested>/\*)
        """,
    # "String Literals", "Identifier Names" and "Comment Syntax" of MariaDB's manual. The text of `/*! … */` is executed
    # by some servers and not by others: it is refused as `open`.
    Kind.MARIADB: r"""
        '(?:[^'\\]|\\.|'')*'
        | "(?:[^"\\]|\\.|"")*"
        | `(?:[^`]|``)*`
        | (?P<comment>--(?=[\s\x00-\x1f]|\Z)[^\n]* | \#[^\n]* | /\*(?!M?!).*?\*/)
        """,
    # https://www.sqlite.org/lang_expr.html and lang_comment.html
    Kind.SQLITE: r"""
        '(?:[^']|'')*'
        | "(?:[^"]|"")*"
        | `(?:[^`]|``)*`
        | \[[^\]]*\]
        | (?P<comment>--[^\n]* | /\*.*?\*/)
        """,
}
_OPEN = {
    Kind.POSTGRESQL: r"""['"]|(?<![A-Za-z0-9_$])\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$""",
    Kind.MARIADB: r"""['"`]|/\*""",
    Kind.SQLITE: r"""['"`\[]|/\*""",
}
_WORD = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*"
_NAMED = rf"(?P<colons>::+|:=) | (?P<placeholder>:{_WORD})"
_PLACEHOLDER = {
    Kind.POSTGRESQL: _NAMED,
    Kind.MARIADB: _NAMED,
    # All that it takes a value for. Tcl's names are among them: `:domain::text` is one, and casts nothing.
    Kind.SQLITE: r"""
        (?P<placeholder>\?[0-9]* | [:$@\#]:*[A-Za-z0-9_$\x80-\U0010ffff]+
            (?:::[A-Za-z0-9_$\x80-\U0010ffff]*|\([^\s)]*\)?)*)
        """,
}
_REST = rf"""
    | (?P<word>{_WORD})
    | (?P<number>[0-9][A-Za-z0-9_.]*)
    | (?P<end>;)
    | .
"""
# What a statement that begins with SELECT can still do: write a file or a table, or lock rows.
_FORBIDDEN = (
    ("into",), ("for", "update"), ("for", "share"), ("for", "no"), ("for", "key"), ("lock", "in"), ("procedure",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """One statement that only reads, with its placeholders found."""

    kind: Kind
    parts: tuple[str | None, ...]
    """Its text; `None` stands for a placeholder, whose name is in `names` at the same count."""
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, kind: Kind, setting: str, *, placeholders: bool = True) -> Query:
        """
        Read a query in the SQL of an engine; one with `placeholders` has to have at least one of them.

        Raises:
            SettingsInvalid: it is not one statement that reads, has a placeholder of another name, or something in it
                is never closed. `setting` is named.
        """
        if len(text) > MAX_LENGTH or "\x00" in text:
            raise SettingsInvalid(f"{setting}: is longer than {MAX_LENGTH} characters, or has a NUL")
        tokens = _body(text, kind, setting)
        _check_reads([token.text.lower() for token in tokens if token.kind == "word"], setting)
        parts: list[str | None] = []
        names: list[str] = []
        for token in tokens:
            if token.kind == "placeholder":
                name = token.text.removeprefix(":")
                if name not in {DOMAIN, UDOMAIN} or not placeholders:
                    known = f":{DOMAIN} and :{UDOMAIN} stand for the name" if placeholders else "it has none"
                    raise SettingsInvalid(
                        f"{setting}: has {token.text}, and {known}; in anything else put a space behind the colon"
                    )
                names.append(name)
                parts.append(None)
            elif parts and (last := parts[-1]) is not None:
                parts[-1] = last + token.text
            else:
                parts.append(token.text)
        if placeholders and not names:
            raise SettingsInvalid(f"{setting}: has no :{DOMAIN}; write `… WHERE domain = :{DOMAIN}`")
        return cls(kind, tuple(parts), tuple(names))

    def rendered(self) -> str:
        """The query as the engine's driver takes it, with `values` beside it."""
        names = iter(self.names)
        if self.kind is Kind.SQLITE:
            return "".join(f":{next(names)}" if part is None else part for part in self.parts)
        if not self.names:  # then the drivers look for none
            return "".join(filter(None, self.parts))
        return "".join(f"%({next(names)})s" if part is None else part.replace("%", "%%") for part in self.parts)

    def values(self, name: Domain) -> dict[str, str]:
        """What the placeholders stand for: the A-label form, and the name as people write it."""
        found = {DOMAIN: name.name}
        if UDOMAIN in self.names:
            found[UDOMAIN] = name.display
        return found


def _body(text: str, kind: Kind, setting: str) -> list[_Token]:
    """The tokens of the one statement, without a semicolon at its end."""
    tokens = list(_tokens(text, kind))
    for token in tokens:
        if token.kind == "open":
            raise SettingsInvalid(
                f"{setting}: {token.text!r} is never closed, or begins a comment that is executed; look at its quotes"
            )
    saying = [token for token in tokens if token.kind != "comment" and token.text.strip()]
    while saying and saying[-1].kind == "end":
        saying.pop()
    if any(token.kind == "end" for token in saying):
        raise SettingsInvalid(f"{setting}: is more than one statement; keep the one that reads")
    return [token for token in tokens if token.kind != "end"]


def _check_reads(words: list[str], setting: str) -> None:
    if not words or words[0] not in {"select", "with"}:
        raise SettingsInvalid(f"{setting}: is not a statement that reads; it has to begin with SELECT or WITH")
    for forbidden in _FORBIDDEN:
        for place in range(len(words)):
            if tuple(words[place : place + len(forbidden)]) == forbidden:
                raise SettingsInvalid(
                    f"{setting}: has {' '.join(forbidden).upper()}, which more than reads; leave it out"
                )


def _tokens(text: str, kind: Kind) -> Iterator[_Token]:
    expression, place = _expression(kind), 0
    while place < len(text):
        found = expression.match(text, place)
        if found is None:  # every character matches something
            raise AssertionError(text[place:])
        groups, place = found.groupdict(), found.end()
        if groups.get("nested"):
            closed = _after_nested(text, found.start())
            if closed is None:
                yield _Token("open", "/*")
                return
            yield _Token("comment", text[found.start() : closed])
            place = closed
        elif groups["open"] or groups.get("open_escape"):
            yield _Token("open", found.group())
            return
        else:
            kinds = (name for name in ("comment", "placeholder", "word", "end") if groups[name])
            kind_found = next(kinds, "text")
            yield _Token(kind_found, found.group())


def _after_nested(text: str, start: int) -> int | None:
    """Where the comment that begins at `start` ends; comments within it count (PostgreSQL, section 4.1.5)."""
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return None


@cache
def _expression(kind: Kind) -> re.Pattern[str]:
    found = f"{_SKIPPED[kind]} | (?P<open>{_OPEN[kind]}) | {_PLACEHOLDER[kind]} {_REST}"
    return re.compile(found, re.VERBOSE | re.DOTALL)
