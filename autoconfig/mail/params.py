"""The params of a mapping row as canonical JSON: the same bytes on every database engine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from autoconfig.errors import InputInvalid
from autoconfig.mail.address import carriable
from autoconfig.mail.pattern import PARAM_NAME, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = "{}"
"""The text without params."""

SEPARATOR = "\n"
"""Between a plan's key and params where both are one text (`with_plan`); canonical JSON has no line feed."""

DOMAIN, PLAN, VALID_FROM, NOTE = ROW = ("domain", "plan", "valid_from", "note")
"""A row's fields beside its params. In CSV files they are columns too, so params cannot have their names."""

NAME = "name"
"""What earlier releases called the column `domain`; CSV files and queries may still use it."""

SUBDOMAINS = "subdomains"
"""The row also answers for names below its own that have no row."""
EXCHANGER = "exchanger"
"""The row's name is a host that takes mail for other domains. If this host is asked, the row answers for them too."""
FLAGS = (SUBDOMAINS, EXCHANGER)
"""Flags of a row. They are stored among its params, with the value `YES` or not at all, but no plan has them."""
YES = "yes"


_SPACING = re.compile("[\t\r\n]+")


def with_plan(plan: str, params: str) -> str:
    """A plan's key and params as one text, for example as the key of a cache."""
    return f"{plan}{SEPARATOR}{params}"


def plan_and_params(text: str) -> tuple[str, str]:
    """What `with_plan` made one text of."""
    plan, _, params = text.rpartition(SEPARATOR)
    return plan, params


def is_note(text: str) -> bool:
    """Whether a row may have this note: valid UTF-8, without control characters except tabs and line ends."""
    return carriable(_SPACING.sub(" ", text))


def is_param_name(text: str) -> bool:
    """Whether a plan may have a param of this name."""
    return PARAM_NAME.fullmatch(text) is not None and text not in (*VARIABLES, *ROW, NAME, *FLAGS)


def says(text: str, flag: str) -> bool:
    """Whether a row's params have this flag; `text` is as `encode` writes it, in which values have no bare quotes."""
    return f'"{flag}":"{YES}"' in text


def without_flags(params: Mapping[str, str]) -> dict[str, str]:
    """
    The params that are the plan's.

    Raises:
        InputInvalid: a flag has another value than `YES`.
    """
    for flag in FLAGS:
        if params.get(flag, YES) != YES:
            raise InputInvalid(f"{flag} is {params[flag][:80]!r}; write {YES!r}, or leave it empty")
    return {name: value for name, value in params.items() if name not in FLAGS}


def encode(params: Mapping[str, str]) -> str:
    """Write params as JSON with sorted keys, without spaces and without escaping UTF-8."""
    return json.dumps(params, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def decode(text: str) -> dict[str, str]:
    """
    Read params from JSON that `encode` or another program wrote.

    Raises:
        InputInvalid: not a JSON object whose values are all strings, or half of a surrogate pair is escaped in it.
    """
    try:
        params = json.loads(text)
        if "\\" in text:
            encode(params).encode()
    except UnicodeEncodeError as error:
        raise InputInvalid("the params have half of a surrogate pair") from error
    except (ValueError, TypeError, RecursionError) as error:  # TypeError: not a text but a BLOB
        raise InputInvalid("the params are not JSON") from error
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise InputInvalid("the params are not a JSON object of strings")
    return params


def readable(text: str) -> dict[str, str]:
    """The params for people: a text of another program that `decode` refuses is the only value, as it is."""
    try:
        return decode(text)
    except InputInvalid as error:
        return {f"({error})": text}
