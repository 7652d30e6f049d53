"""The shipped configuration of nginx with ports and folders of its own, for tests and the benchmark."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.deploy.programs import Program
from tests.deploy.site import ROOT
from tests.support.ports import free_port, listens

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ROOT / "deploy" / "nginx"

# What nginx.conf has on Debian, as far as it matters, with everything in one folder.
_MAIN = """
daemon off;
include {shipped}/autoconfig.main.conf;
{user}
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/log/error.log;
events {{
    worker_connections 768;
}}
http {{
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/autoconfig.conf;
}}
"""


@dataclass(frozen=True)
class Ports:
    """Ports of 127.0.0.1 instead of the shipped ones; `https` is `None` where no TLS is wanted."""

    http: int
    https: int | None
    ask: int

    @classmethod
    def free(cls, *, tls: bool = True) -> Ports:
        """Ports that nobody uses now."""
        http, ask, https = (free_port() for _ in range(3))
        return cls(http, https if tls else None, ask)


def configuration(folder: Path, upstream: str, ports: Ports, workers: str = "auto") -> Path:
    """
    Write the shipped configuration for `upstream`, as in nginx's directive `server`; the path of its nginx.conf.

    Only places are replaced. Logs go to `folder`/log, certificates are looked for in `folder`/certificates.
    """
    for name in ("log", "acme", "certificates", "autoconfig.d"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tls = f"listen 127.0.0.1:{ports.https} ssl default_server reuseport;" if ports.https else ""
    places = {
        "unix:/run/autoconfig/http.sock": upstream,
        "listen 80 default_server reuseport;": f"listen 127.0.0.1:{ports.http} default_server reuseport;",
        "listen [::]:80 default_server reuseport;": "",
        "listen 443 ssl default_server reuseport;": tls,
        "listen [::]:443 ssl default_server reuseport;": "",
        "listen 127.0.0.1:9123;": f"listen 127.0.0.1:{ports.ask};",
        "/var/lib/nginx/autoconfig": f"{folder}/cache",
        "/var/lib/nginx/acme": f"{folder}/acme",
        "/var/log/nginx/": f"{folder}/log/",
        "/etc/nginx/certificates/": f"{folder}/certificates/",
    }
    shipped = {name: (SHIPPED / name).read_text(encoding="utf-8") for name in ("autoconfig.conf", "certificates.conf")}
    for old, new in places.items():
        assert any(old in text for text in shipped.values()), f"deploy/nginx has no {old!r}"
        shipped = {name: text.replace(old, new) for name, text in shipped.items()}
    (folder / "autoconfig.conf").write_text(shipped["autoconfig.conf"], encoding="utf-8")
    (folder / "autoconfig.d" / "certificates.conf").write_text(shipped["certificates.conf"], encoding="utf-8")
    # Workers of another user could not write into a folder of root's.
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder, shipped=SHIPPED, user=user, workers=workers), encoding="utf-8")
    return main


class Nginx(Program):
    """nginx with the shipped configuration, in a folder of its own."""

    def __init__(
        self, program: str, folder: Path, upstream: str, ports: Ports | None = None, workers: str = "auto"
    ) -> None:
        """`program` is the path of nginx; without `ports` free ones are taken."""
        self.folder, self.ports = folder, ports or Ports.free()
        main = configuration(folder, upstream, self.ports, workers)
        super().__init__([program, "-c", str(main), "-e", str(folder / "log" / "start.log")], folder / "nginx.log")

    def begin(self) -> None:
        """Start it, and wait until it takes connections."""
        self.start()
        ports = [port for port in (self.ports.http, self.ports.https, self.ports.ask) if port is not None]
        self.wait_for("nginx's ports", lambda: all(map(listens, ports)))
