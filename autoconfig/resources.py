"""Find templates/: beside the package in a checkout, inside it in the wheel."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def templates() -> Traversable:
    """The folder templates/."""
    package = importlib.resources.files("autoconfig")
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package / ".." / "templates"
