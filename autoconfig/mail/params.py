"""The params of a mapping row as one text: canonical JSON, the same bytes on every engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from autoconfig.errors import InputInvalid
from autoconfig.mail.pattern import PARAM_NAME, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = "{}"
"""The text of no params at all."""

NAME, PLAN, VALID_FROM, NOTE = ROW = ("name", "plan", "valid_from", "note")
"""What a row says beside its params: in a CSV file these are columns like the params, so no param is called so."""


def is_param_name(text: str) -> bool:
    """Whether a plan may have a param of this name."""
    return PARAM_NAME.fullmatch(text) is not None and text not in VARIABLES and text not in ROW


def encode(params: Mapping[str, str]) -> str:
    """Sorted keys, no spaces, UTF-8 left as it is."""
    return json.dumps(params, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def decode(text: str) -> dict[str, str]:
    """
    Read what `encode` wrote, or what a foreign source says.

    Raises:
        InputInvalid: not a JSON object whose values are all strings.
    """
    try:
        params = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputInvalid("the params are not JSON") from error
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise InputInvalid("the params are not a JSON object of strings")
    return params
