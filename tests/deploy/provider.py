"""The machine of a provider, on which the tests follow docs/operating.md, and what its customers see."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.conftest import needs
from tests.deploy import hammer
from tests.deploy.page import RELEASE, follow
from tests.deploy.programs import PATIENCE
from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.machine import Machine

CUSTOMER, UNMAPPED, MX = "customer.example", "elsewhere.example", "mx1.provider.example"

NAMES = [f"autoconfig.{CUSTOMER}", f"autodiscover.{CUSTOMER}", "autoconfig.provider.example"]

ROOT_CERTIFICATE = "var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"

RELEASED = ["autoconfig", "templates", "deploy", "README.md", "LICENSE", "pyproject.toml", "requirements-server.lock"]

# The authority is Caddy's own; its certificates last as long as it lets them.
LAB = """
skip_install_trust
cert_issuer internal {
	lifetime 144h
}
"""


class Provider(NamedTuple):
    """The machine of a provider, and what its operator's shell has."""

    machine: Machine
    environment: dict[str, str]

    def follow(self, heading: str) -> list[str]:
        """Type the commands of a section."""
        return follow(self.machine, heading, **self.environment)

    def run(self, script: str) -> str:
        """What a script prints, that has to succeed."""
        done = self.machine.run(script, folder=RELEASE, **self.environment)
        assert done.returncode == 0, (
            f"{script}\n{done.stdout}\n{self.machine.run('journalctl --no-pager -n 40').stdout}"
        )
        return done.stdout


def detected(provider: Provider, folder: Path, questions: list[list[Any]]) -> list[dict[str, Any]]:
    """What Thunderbird detects in the provider's network."""
    thunderbird = needs("thunderbird", "thunderbird")
    enter = ["nsenter", "--target", str(provider.machine.first), "--net"]
    authority = provider.machine.changed / ROOT_CERTIFICATE
    arguments = [str(folder), str(authority), thunderbird, json.dumps(questions)]
    done = subprocess.run(
        [*enter, sys.executable, "-m", "tests.deploy.detecting", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def hammered(provider: Provider, place: str) -> Iterator[Counter[str]]:
    """What became of requests that went on all the while; known at the end."""
    stop, counted = f"/run/stop-{secrets.token_hex(8)}", Counter[str]()
    shutil.copy(Path(hammer.__file__), provider.machine.changed / "usr" / "src" / "hammer.py")
    script = f"python3 /usr/src/hammer.py {place} autoconfig.{CUSTOMER} {stop}"
    command = provider.machine.command(script)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as hammering:
        try:
            yield counted
        finally:
            provider.run(f"touch {stop}")
            said, _ = hammering.communicate(timeout=PATIENCE)
    counted.update(json.loads(said))


KNOT = """
server:
    rundir: /run/knot-test
    listen: 127.0.0.1@53
database:
    storage: /run/knot-test
zone:
  - domain: customer.example
    file: /run/knot-test/customer.zone
  - domain: provider.example
    file: /run/knot-test/provider.zone
"""

ZONE = """\
@ 60 SOA ns hostmaster 1 3600 600 86400 60
@ 60 NS ns
ns 60 A 127.0.0.1
autoconfig 60 A 192.0.2.1
imap 60 A 192.0.2.2
smtp 60 A 192.0.2.2
"""

CUSTOMER_ZONE = f"""{ZONE.replace("autoconfig 60 A 192.0.2.1", "")}
$INCLUDE "/run/knot-test/customer.example.records"
"""


DATABASE = r"""
pg_ctlcluster $(pg_lsclusters --no-header | head -1 | cut -d ' ' -f 1,2) start
runuser -u postgres -- psql --quiet --set ON_ERROR_STOP=1 <<'END'
CREATE ROLE autoconfig_owner LOGIN PASSWORD 'change me';
CREATE ROLE autoconfig_reader LOGIN PASSWORD 'change me';
CREATE DATABASE autoconfig OWNER autoconfig_owner ENCODING 'UTF8' TEMPLATE template0;
ALTER DEFAULT PRIVILEGES FOR ROLE autoconfig_owner GRANT SELECT ON TABLES TO autoconfig_reader;
\connect autoconfig
ALTER DEFAULT PRIVILEGES FOR ROLE autoconfig_owner GRANT SELECT ON TABLES TO autoconfig_reader;
END
"""
