"""
What this server takes from uvicorn beyond its documented API; nothing else imports such names.

uvicorn promises none of them. So pyproject.toml admits only the minor release that they were tried with, and
tests/server/test_uvicorn_internals.py fails when one of them, or what `Connection`, `Exchange` and `Workers` use of it,
changes.
"""

from __future__ import annotations

import logging

from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

__all__ = ["STARTUP_FAILURE", "STATUS_LINE", "STRANGERS", "HttpToolsProtocol", "Multiprocess", "Process", "ServerState"]

STRANGERS = ("Invalid HTTP request received.", "Unsupported upgrade request.", "No supported WebSocket library")
"""Beginnings of lines that uvicorn logs when a stranger sends something odd; `Connection` counts what it refuses."""

logging.getLogger("uvicorn.error").addFilter(lambda record: not str(record.msg).startswith(STRANGERS))
