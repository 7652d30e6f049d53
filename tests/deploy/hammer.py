"""Asks for a document again and again, on a new connection each time, until a file appears; prints what it got."""

from __future__ import annotations

import collections
import json
import socket
import sys
import threading
import time
from pathlib import Path

THREADS, LIMIT, MOST = 4, 60, 200_000
PAUSE = 0.02
"""Seconds: enough requests for every moment of a restart, and not so many that it takes longer for them."""


def ask(place: str, host: str) -> str:
    """The status of one answer, or the name of what went wrong."""
    try:
        if place.startswith("unix:"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(LIMIT)
            connection.connect(place.removeprefix("unix:"))
        else:
            connection = socket.create_connection(("127.0.0.1", int(place)), LIMIT)
        with connection:
            request = f"GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            answer = b""
            while data := connection.recv(65536):
                answer += data
    except OSError as error:
        return type(error).__name__
    return answer[9:12].decode() or "nothing"


def main(place: str, host: str, stop: str) -> None:
    """Ask until the file `stop` is there."""
    counted: collections.Counter[str] = collections.Counter()

    def go_on() -> None:
        while not Path(stop).exists() and counted.total() < MOST:
            counted[ask(place, host)] += 1
            time.sleep(PAUSE)

    threads = [threading.Thread(target=go_on) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(counted))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
