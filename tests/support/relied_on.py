"""What a class of ours uses of the class of another library that it is derived from."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def names_used(derived: type) -> set[str]:
    """The names that its methods ask of `self` or `super()`, or replace, and that it does not bring itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(derived)))
    (made,) = [node for node in ast.walk(tree) if getattr(node, "name", "") == "__init__"] or [ast.Module([], [])]
    own = {*vars(derived), *(node.attr for node in _attributes(made) if isinstance(node.ctx, ast.Store))}
    return ({node.attr for node in _attributes(tree)} - own) | overridden(derived).keys()


def overridden(derived: type) -> dict[str, str]:
    """The methods of the base that it replaces, each with the parameters that the base's has."""
    return {
        name: ", ".join(inspect.signature(base).parameters)
        for name in vars(derived)
        if inspect.isfunction(base := getattr(derived.__base__, name, None)) and name != "__init__"
    }


def _attributes(tree: ast.AST) -> Iterator[ast.Attribute]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"self", "super()"}:
            yield node
