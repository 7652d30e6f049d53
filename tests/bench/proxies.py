"""nginx under measurement: the shipped configuration with its cache, and a plain file for comparison."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.processes import HERE, running
from tests.deploy.nginx import Ports, configuration
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.processes import Server

_DOCUMENT = HERE.parent / "formats" / "expected" / "sample.co.jp.xml"
_STATIC = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=10;
    types {{ text/xml xml; }}
    server {{
        listen 127.0.0.1:{port} reuseport;
        root {folder};
        location / {{ try_files /document.xml =404; }}
    }}
}}
"""


@contextlib.contextmanager
def behind_nginx(upstream: Server) -> Iterator[Server]:
    """The shipped configuration in front of a server; what both of them cost counts."""
    with tempfile.TemporaryDirectory() as name:
        ports = Ports.free(tls=False)
        main = configuration(Path(name), f"127.0.0.1:{upstream.port}", ports, workers="1")
        with running(["nginx", "-c", main], ports.http, others=[upstream.process.pid]) as server:
            yield server


@contextlib.contextmanager
def nginx_static() -> Iterator[Server]:
    """A file that holds the document."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        (folder / "document.xml").write_bytes(_DOCUMENT.read_bytes())
        (folder / "document.xml").chmod(0o644)
        (folder / "nginx.conf").write_text(_STATIC.format(folder=folder, port=port))
        with running(["nginx", "-c", folder / "nginx.conf"], port) as server:
            yield server
