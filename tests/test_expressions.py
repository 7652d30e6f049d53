"""Regular expressions mean the same in every Python that the project runs on."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import autoconfig

GROUP_REPEATED_POSSESSIVELY = re.compile(r"\)(?:[?*+]|\{[0-9,]+\})\+")
ESCAPED_OR_SET = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def patterns() -> dict[str, str]:
    """The expressions that modules of the project have compiled, by where they are."""
    found = {}
    for module in pkgutil.walk_packages(autoconfig.__path__, "autoconfig."):
        if not module.name.endswith(("__main__", ".env")):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    text = value.pattern
                    found[f"{module.name}.{name}"] = text.decode("latin-1") if isinstance(text, bytes) else text
    return found


PATTERNS = patterns()


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=list(PATTERNS))
def test_no_group_is_repeated_possessively(pattern: str) -> None:
    """
    A group that is repeated possessively, such as `(?:ab)*+`, reads too far in Python 3.11.2, which Debian 12 has, if
    the group fails behind its first character (https://github.com/python/cpython/issues/106052). Write `(?>(?:ab)*)`.
    """
    assert GROUP_REPEATED_POSSESSIVELY.search(ESCAPED_OR_SET.sub("x", pattern)) is None


@pytest.mark.parametrize("pattern", [r"(?:ab)*+", r"(?:[)]b)?+", r"(?:\)[^]]b)++", r"(?:ab){1,5}+"])
def test_such_a_group_is_found(pattern: str) -> None:
    """The search above finds each kind."""
    with pytest.raises(AssertionError):
        test_no_group_is_repeated_possessively(f"x{pattern}y")
