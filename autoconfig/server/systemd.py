"""Report to systemd: sd_notify(3) is one datagram to the socket that `NOTIFY_SOCKET` names."""

from __future__ import annotations

import contextlib
import os
import socket
import time

SOCKET = "NOTIFY_SOCKET"
WATCHDOG, WATCHDOG_PID = "WATCHDOG_USEC", "WATCHDOG_PID"

LIMIT = 1.0
"""Seconds that serving waits for systemd to take a datagram."""


def ready(status: str) -> None:
    """Report that requests are answered, with a sentence for `systemctl status`."""
    _status["serving"] = status
    _notify("READY=1", _shown())


def note(text: str) -> None:
    """Add the state of the copy to that sentence."""
    if _status.get("copy") != text:
        _status["copy"] = text
        _notify(_shown())


def reloading() -> None:
    """Report the start of a reload; `ready` reports its end. Type=notify-reload (systemd 253) needs the clock."""
    _notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    """Report that no more requests are accepted."""
    _notify("STOPPING=1", "STATUS=stopping")


def alive() -> None:
    """Feed the watchdog."""
    _notify("WATCHDOG=1")


def watchdog_seconds() -> int | None:
    """Seconds between two calls of `alive`: half of systemd's limit; `None` without a watchdog for this process."""
    wanted = os.environ.get(WATCHDOG, "")
    if not wanted.isdecimal() or os.environ.get(WATCHDOG_PID, str(os.getpid())) != str(os.getpid()):
        return None
    return max(1, int(wanted) // 2_000_000)


_status: dict[str, str] = {}
"""What `systemctl status` shows of this process, from its threads."""


def _shown() -> str:
    sentence = "; ".join(_status[part] for part in ("serving", "copy") if part in _status)
    return "STATUS=" + " ".join(sentence.split())


def _notify(*lines: str) -> None:
    address = os.environ.get(SOCKET)
    if not address:
        return
    if address.startswith("@"):  # a name without a file
        address = f"\0{address[1:]}"
    # Serving goes on without a service manager.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(LIMIT)
        datagrams.connect(address)
        datagrams.send("\n".join(lines).encode())
