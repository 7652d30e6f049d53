"""Web servers that mean harm, under a name that leads to the server."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.formats import mozilla
from tests.support.limits import LIMIT, SHORT
from tests.support.own_names import ACCOUNT, AUTOCONFIG, AUTODISCOVER, CONFIG, PACC, on, own_names
from tests.support.web_front import page, redirect

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.web_front import Answer, WebFront


def endless_head(wire: socket.socket) -> None:
    """A line of 10 MB."""
    wire.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(160):
        wire.sendall(b"\x1b[2J" * 16384)


def drip(wire: socket.socket) -> None:
    """A byte now and then, without an end."""
    with contextlib.suppress(OSError):
        for octet in itertools.cycle(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000):
            wire.sendall(bytes([octet]))
            time.sleep(0.05)


def silence(wire: socket.socket) -> None:
    """Nothing, until the client leaves."""
    wire.recv(1)


HOSTILE: dict[str, tuple[Answer, float]] = {
    "silent": (silence, SHORT),
    "a byte now and then": (drip, SHORT),
    "10 MB line": (endless_head, LIMIT),
    "another protocol": (b"* OK IMAP4rev1 \x1b[31mready\r\n", LIMIT),
    "nothing": (b"", LIMIT),
    "ends early": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<html>", LIMIT),
    "bad chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", LIMIT),
    "interim responses": (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, LIMIT),
}


@pytest.mark.parametrize(("answer", "limit"), HOSTILE.values(), ids=HOSTILE)
def test_hostile(front: WebFront, ca_file: Path, answer: Answer, limit: float) -> None:
    """A server that means harm ends in a finding, and nothing that it sends reaches a terminal as it is."""
    for scheme in ("https", "http"):
        front.answers[scheme, AUTOCONFIG] = answer
    (finding,) = own_names(ACCOUNT, front, ca_file, limit=limit)

    assert (finding.code, finding.server) == ("name-no-answer", AUTOCONFIG)
    assert finding.seen.isprintable()
    assert len(finding.seen) < 600


def test_escapes(front: WebFront, ca_file: Path) -> None:
    """What a server sends in a document or a header is shown as printable ASCII."""
    evil = mozilla.document(ACCOUNT).replace(b"pop.yamada-law.example", "\u202epop\u200b日本".encode(), 1)
    on(AUTOCONFIG, page(evil, "200 OK", "text/xml", "Last-Modified: \x1b[31mnow"), CONFIG)(front)
    on(PACC, redirect("https://\x1b]0;x\x07.example/"))(front)
    on(AUTODISCOVER, redirect("https://\xff\x1b[2J@evil.example:99999999/"))(front)
    findings = own_names(ACCOUNT, front, ca_file)

    assert {finding.server for finding in findings} == {AUTOCONFIG, AUTODISCOVER, PACC}
    assert all(finding.seen.isprintable() and finding.seen.isascii() for finding in findings)
