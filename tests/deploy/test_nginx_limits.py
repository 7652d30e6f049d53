"""What one client can use up of nginx, as deploy/nginx sets it; the server behind it is not there."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.behind import exchange, written
from tests.deploy.nginx import Nginx
from tests.deploy.programs import PATIENCE, until
from tests.deploy.site import AUTODISCOVER, DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

HOST = ["Host: autoconfig.sample.co.jp"]
CONNECTIONS = 768
"""Of a worker, on Debian."""
ALERT = f"{CONNECTIONS} worker_connections are not enough"
AT_ONCE = 64
"""Requests of one client."""


@pytest.fixture
def nginx(each_nginx: str, tmp_path: Path) -> Iterator[Nginx]:
    """One worker, with a server behind it that does not answer."""
    started = Nginx(each_nginx, tmp_path, "127.0.0.1:9", workers="1")
    started.begin()
    yield started
    started.stop()


def status(nginx: Nginx, client: str = "127.0.0.1") -> int | None:
    """What a client gets: 503 of nginx's own is an answer; `None` if it gets none."""
    place = ("127.0.0.1", nginx.ports.http)
    with contextlib.suppress(OSError):
        answer = exchange(socket.create_connection(place, PATIENCE, (client, 0)), written(DOCUMENT, HOST))
        return answer and answer.status
    return None


def test_half_sent_heads(nginx: Nginx) -> None:
    """When half-sent heads have used up nginx's connections, its log says so, and soon others are served again."""
    log = nginx.folder / "log" / "error.log"
    with contextlib.ExitStack() as clients:
        for number in range(10 * CONNECTIONS):
            with contextlib.suppress(OSError):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", nginx.ports.http), PATIENCE))
                client.sendall(b"GET / HTTP/1.1\r\nHost: a")
            time.sleep(0.001)  # a connection whose head has not begun yet would give way to a new one
            if number > CONNECTIONS and ALERT in log.read_text():
                break
        assert ALERT in log.read_text()
        until("an answer", lambda: status(nginx, "127.0.0.2") == 503)


def test_requests_of_one_client(nginx: Nginx) -> None:
    """Beyond so many requests under way a client gets 429, and others are served."""
    begun = written(AUTODISCOVER, [*HOST, "Content-Length: 1000"], "POST")
    with contextlib.ExitStack() as clients:
        for _ in range(AT_ONCE):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", nginx.ports.http), PATIENCE))
            client.sendall(begun)
        until("the limit", lambda: status(nginx) == 429)
        other = status(nginx, "127.0.0.2")

    assert other == 503
    until("the end of the limit", lambda: status(nginx) == 503)
    assert "limiting" not in (nginx.folder / "log" / "error.log").read_text()
