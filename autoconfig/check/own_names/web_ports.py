"""The ports that URLs without a port stand for."""

from __future__ import annotations

from typing import NamedTuple


class WebPorts(NamedTuple):
    """The ports of https and http."""

    https: int
    http: int


STANDARD = WebPorts(443, 80)
"""RFC 9110 section 4.2."""
