"""What tests of the server's processes share with those of the commands, which start them."""

from __future__ import annotations

from tests.cli.conftest import demo, environment, listening, made, serve, start, wait_until

__all__ = ["demo", "environment", "listening", "made", "serve", "start", "wait_until"]
