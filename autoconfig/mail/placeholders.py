"""Find Mozilla's placeholders, also misspelt ones, in texts where slots belong."""

from __future__ import annotations

import difflib
import itertools
import re

_RUN = re.compile(r"%[A-Za-z][A-Za-z_-]{3,40}%?|[A-Za-z][A-Za-z_-]{3,40}%")
_MARKS = re.compile("[%_-]")
# The placeholders, and words that people write instead of one.
_MEANT = (
    "EMAILADDRESS",
    "EMAILLOCALPART",
    "EMAILDOMAIN",
    "REALNAME",
    "EMAIL",
    "ADDRESS",
    "LOCALPART",
    "DOMAIN",
    "USERNAME",
)
_NEAR = 0.8
"""Similarity (`difflib`) from which a word counts as one of these: EMAILADRESS does, no percent-encoding does."""
_MOST = 20
"""Words of one text that are compared; each costs some microseconds."""


def placeholder_in(text: str) -> str | None:
    """The first word of the text that is a placeholder or resembles one, with its percent signs."""
    if "%" not in text:
        return None
    for run in itertools.islice(_RUN.finditer(text), _MOST):
        if difflib.get_close_matches(_MARKS.sub("", run.group()).upper(), _MEANT, 1, _NEAR):
            return run.group()
    return None
