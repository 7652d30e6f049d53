"""Asks a real Thunderbird in the network of another machine; run as a program, it prints what was detected as JSON."""

from __future__ import annotations

import json
import ssl
import sys
from pathlib import Path

from tests.clients.thunderbird.listeners import Listeners
from tests.clients.thunderbird.router import Place, Router
from tests.clients.thunderbird.thunderbird import started

WEB = (80, 443)


def main(folder: str, authority: str, program: str, questions: str) -> None:
    """
    Ask all questions.

    Args:
        folder: for the profile.
        authority: the PEM file with whom Thunderbird believes.
        program: Thunderbird.
        questions: JSON, `[[way, address, names that lead here, MX records], …]`.
    """
    trusted = ssl.PEM_cert_to_DER_cert(Path(authority).read_text(encoding="ascii"))
    with Listeners() as listeners:
        router = Router(listeners)
        with started(program, Path(folder), router.port, trusted) as thunderbird:
            for way, address, names, mx in json.loads(questions):
                with router.opened({Place(name, port): ("127.0.0.1", port) for name in names for port in WEB}):
                    found = thunderbird.detect(way, address, mx)
                print(json.dumps({"source": found.source, "servers": found.servers, "reason": found.reason}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
