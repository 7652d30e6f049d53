from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Serve
    from tests.support.servers.knot import Knot

DOCUMENT = "/mail/config-v1.1.xml"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_served_by_mx(serve: Serve, knot: Knot, workers: str) -> None:
    """As processes serve: who has only an MX is served; a DNS that fails is a 503 and harms nobody; a clean end."""
    environment = {
        **os.environ,
        "AUTOCONFIG_MX": "true",
        "AUTOCONFIG_MX_NAMESERVERS": f"127.0.0.1:{knot.port}",
        "AUTOCONFIG_MX_TIMEOUT": "20",
    }
    server = serve("--workers", workers, env=environment)
    statuses = {
        name: server.get(DOCUMENT, f"autoconfig.{name}").status_code
        for name in ("customer.co.jp", "many.co.jp", "nobody.co.jp", "a.broken.jp", "sample.co.jp")
    }

    assert statuses == {
        "customer.co.jp": 200,
        "many.co.jp": 404,
        "nobody.co.jp": 404,
        "a.broken.jp": 503,
        "sample.co.jp": 200,
    }
    assert "cs312.xbit.jp" in server.get(DOCUMENT, "autoconfig.customer.co.jp").text
    ended = server.program.end(signal.SIGTERM)
    assert ended.code == 0
    assert "Traceback" not in ended.err
