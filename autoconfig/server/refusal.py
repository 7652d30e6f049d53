"""Why a connection ends without a request having been read."""

from __future__ import annotations


class Refusal(Exception):
    """What a client sent cannot be read as a request; `status` and `text` are the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status, self.text = status, text


def invalid() -> Refusal:
    """The refusal of octets that no request has."""
    return Refusal(400, "Invalid HTTP request received.")
