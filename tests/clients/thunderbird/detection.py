"""What Thunderbird detects for an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Server(NamedTuple):
    """One server of an account, in Mozilla's spelling."""

    type: str
    host: str
    port: int
    tls: str
    login: str
    username: str


class Request(NamedTuple):
    """What Thunderbird asked a web server."""

    method: str
    url: str
    status: int
    """0: the answer was not waited for, or there was nobody to answer."""


class Detection(NamedTuple):
    """What came of one detection."""

    servers: list[Server]
    """The proposed one for receiving, other ones for receiving, the one for sending; none if nothing was found."""
    source: str
    """Thunderbird's own word for where it found them."""
    reason: str
    """Why nothing was found."""
    requests: list[Request]

    @classmethod
    def read(cls, answer: dict[str, Any]) -> Detection:
        """From what detect.js returns."""
        found = answer["found"] or {"servers": [], "source": ""}
        requests = [Request(**request) for request in answer["requests"]]
        return cls(servers_of(found["servers"]), found["source"], answer.get("reason", ""), requests)


def servers_of(values: Iterable[dict[str, Any]]) -> list[Server]:
    """From what a script returns."""
    return [Server(**value) for value in values]
