"""An ACME authority on loopback, as Let's Encrypt is one on the internet: pebble, and the DNS that it believes."""

from __future__ import annotations

import json
import ssl
import subprocess
from typing import TYPE_CHECKING

import httpx

from tests.conftest import needs
from tests.deploy.programs import Program
from tests.support.ports import free_port, listens

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.site import Site


class Authority:
    """pebble for one site, whose ports it asks to see that a name leads there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.directory_port, self.management_port = free_port(), free_port()
        self.dns_port, self.dns_management_port = free_port(), free_port()
        self.certificate, key = folder / "authority.pem", folder / "authority.key"
        make = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost -keyout {key} -out {self.certificate}"
        subprocess.run(make.split(), check=True, capture_output=True)
        # By HTTP-01 alone: for TLS-ALPN-01 Caddy 2.6 listens on all addresses for a moment, also on those
        # that stand for somebody else's here.
        self.options = f"""
            cert_issuer acme {{
                dir https://localhost:{self.directory_port}/dir
                trusted_roots {self.certificate}
                disable_tlsalpn_challenge
            }}
        """
        """What a Caddyfile says to use it."""
        self.programs: list[Program] = []
        self._key = key

    def start(self, site: Site) -> None:
        """Start it; all names lead to 127.0.0.1."""
        pebble = {
            "listenAddress": f"127.0.0.1:{self.directory_port}",
            "managementListenAddress": f"127.0.0.1:{self.management_port}",
            "certificate": str(self.certificate),
            "privateKey": str(self._key),
            "httpPort": site.http,
            "tlsPort": site.https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
        config = self.folder / "pebble.json"
        config.write_text(json.dumps({"pebble": pebble}), encoding="utf-8")
        dns = f"127.0.0.1:{self.dns_port}"
        off = [part for name in ("-http01", "-https01", "-tlsalpn01", "-defaultIPv6") for part in (name, "")]
        names = ["-defaultIPv4", "127.0.0.1", "-dns01", dns, "-management", f"127.0.0.1:{self.dns_management_port}"]
        challenges = Program([needs("pebble-challtestsrv", "pebble"), *off, *names], self.folder / "dns.log")
        authority = [needs("pebble", "pebble"), "-config", str(config), "-dnsserver", dns]
        # It would wait for seconds before it looks.
        pebble_ = Program(authority, self.folder / "pebble.log", {"PEBBLE_VA_NOSLEEP": "1"})
        self.programs = [challenges, pebble_]
        for program in self.programs:
            program.start()
        challenges.wait_for("the DNS", lambda: listens(self.dns_management_port))
        pebble_.wait_for("pebble", lambda: listens(self.directory_port) and listens(self.management_port))
        self._ask(f"https://localhost:{self.management_port}/roots/0", site.trusted)

    def lead(self, name: str, address: str) -> None:
        """Let a name lead to another address."""
        place = f"http://127.0.0.1:{self.dns_management_port}/add-a"
        httpx.post(place, json={"host": f"{name}.", "addresses": [address]}, trust_env=False).raise_for_status()

    def said(self) -> str:
        """What it was asked, and what it found."""
        return "".join(program.said() for program in self.programs)

    def stop(self) -> None:
        """End it."""
        for program in self.programs:
            program.stop()

    def _ask(self, url: str, into: Path) -> None:
        context = ssl.create_default_context(cafile=str(self.certificate))
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_bytes(httpx.get(url, verify=context, trust_env=False).raise_for_status().content)
