"""Host rules: which plan answers under the provider's own host names."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import re2

from autoconfig.errors import ExpressionInvalid
from autoconfig.mail.domain import is_host_name

if TYPE_CHECKING:
    from autoconfig.mail.domain import Domain

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.log_errors = False

_ALTERNATIVES = "list what is allowed there, as in (?:mx|smtp); to leave names out, put a rule for them before this one"
_REMEDIES = {
    "invalid perl operator: (?=": _ALTERNATIVES,
    "invalid perl operator: (?!": _ALTERNATIVES,
    "invalid perl operator: (?<": _ALTERNATIVES,
    "invalid perl operator: (?P": "write the expression of the group once more instead of the reference to it",
    r"invalid escape sequence: \Z": "leave it out: the whole name is matched",
    "invalid perl operator: (?>": "write (?:…), which never tries anything twice here",
    "bad repetition operator": "write one repetition only, such as + or *, which never tries anything twice here",
    "invalid repetition size": "repeat at most 1,000 times in all",
    "invalid perl operator: (?(": "write a rule for each case",
    "invalid perl operator: (?#": "write the comment after a # outside of the expression",
    "invalid perl operator: (?x": "write it without white space and without comments",
    "invalid perl operator: (?": "leave the flag out: case is ignored, and classes are those of ASCII",
}
_REFERENCE = re.compile(r"invalid escape sequence: \\[1-9]")
_LITERAL_END = re.compile(r"(?<!\\)(?:[a-z0-9_-]|\\[.-])+$")
"""Characters that a regular expression matches as they are, up to its end."""
_LABEL_BEGINS = re.compile(r"(?:^\^?|\\\.\)*[?*]?)(?:\((?:\?:|\?P<\w+>)?)*$")
"""A regular expression up to where a label begins: at its own beginning or after a dot, and perhaps within groups."""
# Python reads it as 0 to n times, RE2 as literal characters.
_UP_TO = re.compile(r"\{,[0-9]")


@dataclass(frozen=True, slots=True)
class HostRule:
    """Requests to a host whose whole name matches the expression get this plan."""

    expression: str
    plan: str
    _compiled: Any = field(repr=False, compare=False)

    @classmethod
    def compile(cls, expression: str, plan: str) -> Self:
        """
        Compile a rule. Strangers choose the names that it is matched with, so RE2 matches it, which never backtracks.

        The syntax is what Python's `re` and RE2 have in common.

        Raises:
            ExpressionInvalid: it is not a regular expression, or RE2 does not accept it.
        """
        try:
            with warnings.catch_warnings():
                # Refuse expressions that a later Python may read differently. Only here: all threads share the filters.
                warnings.filterwarnings("error", module=re.escape(__name__))
                re.compile(expression, re.IGNORECASE | re.ASCII)
        except (re.error, ValueError, RecursionError, OverflowError, Warning) as error:
            raise ExpressionInvalid(
                f"is not a regular expression: {error}", 'see docs/plans.md, "Host rules"'
            ) from error
        if _UP_TO.search(expression):
            raise ExpressionInvalid("has a repetition without a lower bound", "write {0,3} instead of {,3}")
        try:
            return cls(expression, plan, re2.compile(expression.encode(), _OPTIONS))
        except re2.error as error:
            said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
            raise ExpressionInvalid(f"RE2 does not take this expression: {said}", _remedy(said)) from error

    @property
    def groups(self) -> frozenset[str]:
        """The names of the groups."""
        return frozenset(name.decode() for name in self._compiled.groupindex)

    @property
    def mail_domain(self) -> str | None:
        r"""
        The domain of the matching hosts, if the end of the expression is literal: `xbit.jp` for `cs\d{3}\.xbit\.jp`.
        The expression itself if it is a single host name; `None` if its end leaves a choice.
        """
        text = self.expression.removesuffix("$").rstrip(")")
        literal = _LITERAL_END.search(text)
        if "|" in text or literal is None:
            return None
        name = literal.group().replace("\\", "")
        if not _LABEL_BEGINS.search(text[: literal.start()]):  # part of a label is not a name
            name = name.partition(".")[2]
        return name if "." in name and is_host_name(name) else None

    def params_of(self, host: Domain) -> dict[str, str] | None:
        """The named groups that matched; `None` if the rule does not match."""
        found = self._compiled.fullmatch(host.name.encode("ascii"))
        if found is None:
            return None
        return {name.decode(): value.decode() for name, value in found.groupdict().items() if value is not None}


def _remedy(said: str) -> str:
    if _REFERENCE.match(said):
        said = "invalid perl operator: (?P"
    return next((remedy for start, remedy in _REMEDIES.items() if said.startswith(start)), "write it in RE2's syntax")
