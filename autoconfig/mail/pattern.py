"""
Patterns such as `pop.{domain}`: text with slots, expanded in one pass.

A slot is a *variable* (of the request: `domain`, `local`, `address` and their lower-case forms) or a *param* (of the
plan and its row; `parent` is put in with them). `binding` puts params in, which leaves only variables of the request;
`expand` puts those in. Inserted text is never read as a pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.errors import PatternInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN, LOCAL, ADDRESS = "domain", "local", "address"
LOCAL_LOWER, ADDRESS_LOWER = "local_lower", "address_lower"
"""For servers that compare user names case-sensitively and know only lower case."""
OF_MAILBOX = frozenset({LOCAL, ADDRESS, LOCAL_LOWER, ADDRESS_LOWER})
"""Slots that only an address can fill."""
PARENT = "parent"
"""The name whose row answers: the domain itself, or one above it. `binding.bind` puts it in, as it does params."""
VARIABLES = OF_MAILBOX | {DOMAIN, PARENT}
"""Slots that are not params; a param may not have one of these names."""

PARAM_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)

_TOKEN = re.compile(r"\{([^{}]*)\}|([{}])|[^{}]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """One `{name}` of a pattern."""

    name: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Literal texts and slots, in order; two literals are never adjacent."""

    parts: tuple[str | Slot, ...]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """
        Parse `text`, in which `{name}` is a slot.

        Raises:
            PatternInvalid: a brace without its partner, or a slot with an invalid name.
        """
        parts: list[str | Slot] = []
        for token in _TOKEN.finditer(text):
            name, stray = token.groups()
            if stray:
                raise PatternInvalid(f"{text!r} has a {stray!r} without its partner")
            if name is None:
                parts.append(token.group())
            elif PARAM_NAME.fullmatch(name):
                parts.append(Slot(name))
            else:
                raise PatternInvalid(f"{text!r} has {token.group()!r}, which is not a slot's name")
        return cls(tuple(parts))

    @property
    def names(self) -> frozenset[str]:
        """The names of all slots."""
        return frozenset(part.name for part in self.parts if isinstance(part, Slot))

    @property
    def params(self) -> frozenset[str]:
        """The names of the slots that are not variables."""
        return self.names - VARIABLES

    @property
    def needs_mailbox(self) -> bool:
        """Whether it has a slot that only an address can fill."""
        return not OF_MAILBOX.isdisjoint(self.names)

    @property
    def slots_are_labels(self) -> bool:
        """Whether every slot has a dot or an end of the text on each side."""
        for index, part in enumerate(self.parts):
            if isinstance(part, Slot):
                before, after = self.parts[index - 1 : index], self.parts[index + 1 : index + 2]
                if any(isinstance(other, Slot) or not other.endswith(".") for other in before):
                    return False
                if any(isinstance(other, Slot) or not other.startswith(".") for other in after):
                    return False
        return True

    def bound(self, values: Mapping[str, Pattern]) -> Pattern:
        """
        Replace every param, and every variable that has a value, by its value; the values must not name params
        themselves.
        """
        parts: list[str | Slot] = []
        is_changed = False
        for part in self.parts:
            inner: tuple[str | Slot, ...] = (part,)
            if isinstance(part, Slot) and (part.name in values or part.name not in VARIABLES):
                inner, is_changed = values[part.name].parts, True
            for piece in inner:
                if parts and isinstance(piece, str) and isinstance(last := parts[-1], str):
                    parts[-1] = last + piece
                else:
                    parts.append(piece)
        return Pattern(tuple(parts)) if is_changed else self

    def expand(self, values: Mapping[str, str]) -> str:
        """Fill every slot from `values`, in one pass."""
        return "".join(part if isinstance(part, str) else values[part.name] for part in self.parts)

    def __str__(self) -> str:
        """The pattern as it is written in plans.toml."""
        return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in self.parts)


def order_of(defaults: Mapping[str, Pattern]) -> tuple[str, ...]:
    """
    Sort params so that each comes after those that its default names.

    Raises:
        PatternInvalid: the defaults name one another in a circle.
    """
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise PatternInvalid(f"params name one another in a circle: {circle}")
        if name in done:
            return
        for needed in sorted(defaults[name].params & defaults.keys()):
            visit(needed, (*path, name))
        done[name] = None

    for name in defaults:
        visit(name, ())
    return tuple(done)
