"""Tells systemd how the service is doing: sd_notify(3) is one datagram to the socket that `NOTIFY_SOCKET` names."""

from __future__ import annotations

import contextlib
import os
import socket
import time

SOCKET = "NOTIFY_SOCKET"
WATCHDOG, WATCHDOG_PID = "WATCHDOG_USEC", "WATCHDOG_PID"

LIMIT = 1.0
"""Seconds that systemd has to take a datagram; serving does not wait longer for it."""


def ready(status: str) -> None:
    """Say that requests are answered, with a sentence for `systemctl status`."""
    _notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    """Say that a reload has begun; `ready` says that it has ended. Type=notify-reload (systemd 253) needs the clock."""
    _notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    """Say that requests under way are ended and no others are taken."""
    _notify("STOPPING=1", "STATUS=stopping")


def alive() -> None:
    """Say that we are not stuck."""
    _notify("WATCHDOG=1")


def watchdog_seconds() -> int | None:
    """How often `alive` has to be said: half of what systemd waits; `None` if it does not wait for us."""
    wanted = os.environ.get(WATCHDOG, "")
    if not wanted.isdecimal() or os.environ.get(WATCHDOG_PID, str(os.getpid())) != str(os.getpid()):
        return None
    return max(1, int(wanted) // 2_000_000)


def _notify(*lines: str) -> None:
    address = os.environ.get(SOCKET)
    if not address:
        return
    if address.startswith("@"):  # a name without a file
        address = f"\0{address[1:]}"
    # A service manager that has gone is no reason to stop serving.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(LIMIT)
        datagrams.connect(address)
        datagrams.send("\n".join(lines).encode())
