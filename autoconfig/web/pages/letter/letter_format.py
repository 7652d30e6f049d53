"""The forms in which staff get a letter."""

from __future__ import annotations

from enum import StrEnum


class LetterFormat(StrEnum):
    """As in `--format` of the command, and in `format=` at the desk."""

    TEXT = "text"
    """With the subject as its first line, to copy."""
    HTML = "html"
    """With the picture in it, for a browser."""
    EML = "eml"
    """A message (RFC 5322)."""
