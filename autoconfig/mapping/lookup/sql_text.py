"""
Find the placeholders `:domain` and `:udomain` in an operator's query.

A query is written in the SQL of one engine. It is only parsed far enough to tell string literals, quoted names and
comments from the rest. Values are always passed as parameters, never inserted into the query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import SettingsInvalid
from autoconfig.mapping.database_location import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mail.domain import Domain

DOMAIN, UDOMAIN = "domain", "udomain"

MAX_LENGTH = 10_000
"""The maximum length of a query in characters."""


class _Token(NamedTuple):
    kind: str
    """`text`, `comment`, `placeholder`, `word`, `end`, or `open`: a literal or comment that is never closed."""
    text: str


# String literals, quoted names and comments. They are tried before `open`, so that only unclosed ones match there.
_SKIPPED = {
    # Sections 4.1.1, 4.1.2 and 4.1.5 of PostgreSQL's manual. Comments nest, so `_after_nested` finds their end.
    Kind.POSTGRESQL: r"""
        (?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|\\.|'')*'
        | (?<![A-Za-z0-9_$])[eE](?P<open_escape>')
        | '(?:[^']|'')*'
        | "(?:[^"]|"")*"
        | (?<![A-Za-z0-9_$])\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?)\$.*?\$(?P=tag)\$
        | (?P<comment>--[^\n\r]*)
        | (?P<nested>/\*)
        """,
    # "String Literals", "Identifier Names" and "Comment Syntax" of MariaDB's manual. Some servers execute `/*! … */`
    # and others do not, so it is refused as `open`.
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
    # All parameters of SQLite, including Tcl names: `:domain::text` is one parameter, not a cast.
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
# Ways in which a statement that begins with SELECT can write a file or a table, or lock rows.
_FORBIDDEN = (
    ("into",), ("for", "update"), ("for", "share"), ("for", "no"), ("for", "key"), ("lock", "in"), ("procedure",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A single statement that only reads, split at its placeholders."""

    kind: Kind
    parts: tuple[str | None, ...]
    """The text, with `None` for each placeholder; the placeholders' names are in `names`, in the same order."""
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, kind: Kind, setting: str, *, placeholders: bool = True) -> Query:
        """
        Parse a query in the SQL of an engine. With `placeholders`, it must have at least one.

        Raises:
            SettingsInvalid: the text is not a single reading statement, has an unknown placeholder, or an unclosed
                literal or comment. The error names `setting`.
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
                    known = f"only :{DOMAIN} and :{UDOMAIN}" if placeholders else "no placeholders"
                    raise SettingsInvalid(
                        f"{setting}: has {token.text}, but takes {known}; elsewhere put a space after the colon"
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
        """The query in the parameter style of the engine's driver."""
        names = iter(self.names)
        if self.kind is Kind.SQLITE:
            return "".join(f":{next(names)}" if part is None else part for part in self.parts)
        if not self.names:  # without parameters the drivers do not interpret %
            return "".join(filter(None, self.parts))
        return "".join(f"%({next(names)})s" if part is None else part.replace("%", "%%") for part in self.parts)

    def values(self, name: Domain) -> dict[str, str]:
        """The values of the placeholders: `:domain` is the name in A-labels, `:udomain` in U-labels."""
        found = {DOMAIN: name.name}
        if UDOMAIN in self.names:
            found[UDOMAIN] = name.display
        return found


def _body(text: str, kind: Kind, setting: str) -> list[_Token]:
    """The tokens of the statement, without semicolons at its end."""
    tokens = list(_tokens(text, kind))
    for token in tokens:
        if token.kind == "open":
            raise SettingsInvalid(
                f"{setting}: {token.text!r} is never closed, or begins an executable comment; check the quotes"
            )
    saying = [token for token in tokens if token.kind != "comment" and token.text.strip()]
    while saying and saying[-1].kind == "end":
        saying.pop()
    if any(token.kind == "end" for token in saying):
        raise SettingsInvalid(f"{setting}: has more than one statement; keep only the SELECT")
    return [token for token in tokens if token.kind != "end"]


def _check_reads(words: list[str], setting: str) -> None:
    if not words or words[0] not in {"select", "with"}:
        raise SettingsInvalid(f"{setting}: does not begin with SELECT or WITH; write a query that only reads")
    for forbidden in _FORBIDDEN:
        for place in range(len(words)):
            if tuple(words[place : place + len(forbidden)]) == forbidden:
                raise SettingsInvalid(
                    f"{setting}: has {' '.join(forbidden).upper()}, which does more than read; remove it"
                )


def _tokens(text: str, kind: Kind) -> Iterator[_Token]:
    expression, place = _expression(kind), 0
    while place < len(text):
        found = expression.match(text, place)
        if found is None:  # impossible: the last alternative matches any character
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
    """The end of the comment that begins at `start`. Comments nest (PostgreSQL's manual, section 4.1.5)."""
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
