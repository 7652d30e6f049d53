"""
Patterns such as `pop.{domain}`: text with slots, expanded in one pass.

A slot is a *variable* (`domain`, `local`, `address`: of the request) or a *param* (of the plan and its row). `bound`
puts params in, after which only variables are left; `expand` puts those in. What is put in is never read as a pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.errors import PatternInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN, LOCAL, ADDRESS = "domain", "local", "address"
VARIABLES = frozenset({DOMAIN, LOCAL, ADDRESS})
"""Slots that the request fills; no param may have one of these names."""

PARAM_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)

_TOKEN = re.compile(r"\{([^{}]*)\}|([{}])|[^{}]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """One `{name}` of a pattern."""

    name: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Literal texts and slots, in order; two literals never stand side by side."""

    parts: tuple[str | Slot, ...]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """
        Read `text`, in which `{name}` is a slot.

        Raises:
            PatternInvalid: a brace without its partner, or a slot whose name is no name.
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
                raise PatternInvalid(f"{text!r} has {token.group()!r}, which is no name of a slot")
        return cls(tuple(parts))

    @property
    def names(self) -> frozenset[str]:
        """The names of all slots."""
        return frozenset(part.name for part in self.parts if isinstance(part, Slot))

    @property
    def params(self) -> frozenset[str]:
        """The names of the slots that are not variables."""
        return self.names - VARIABLES

    def bound(self, values: Mapping[str, Pattern]) -> Pattern:
        """The pattern with every param replaced by its value; the values must not name params themselves."""
        if not self.params:
            return self
        parts: list[str | Slot] = []
        for part in self.parts:
            inner = values[part.name].parts if isinstance(part, Slot) and part.name not in VARIABLES else (part,)
            for piece in inner:
                if parts and isinstance(piece, str) and isinstance(last := parts[-1], str):
                    parts[-1] = last + piece
                else:
                    parts.append(piece)
        return Pattern(tuple(parts))

    def expand(self, values: Mapping[str, str]) -> str:
        """The text with every slot filled from `values`, in one pass."""
        return "".join(part if isinstance(part, str) else values[part.name] for part in self.parts)

    def __str__(self) -> str:
        """The pattern as it is written in plans.toml."""
        return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in self.parts)


def order_of(defaults: Mapping[str, Pattern]) -> tuple[str, ...]:
    """
    An order in which each param comes after those that its default names.

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
