"""What tests of signed profiles share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.certificates import Chain
    from tests.web.conftest import Site

PROFILE = "/email.mobileconfig"


def put(path: Path, content: bytes) -> None:
    """Replace a file as certbot does: another file under the same name."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def profile(site: Site) -> bytes:
    """What a person downloads."""
    answer = site.ask(PROFILE, query=b"email=taro@sample.co.jp")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    return answer.content


def readyz(site: Site) -> dict[str, str | None]:
    """What monitoring sees of the certificate."""
    answer = site.ask("/internal/readyz", client=("127.0.0.1", 1))
    assert answer.status_code == 200
    seen = answer.json()["profile_certificate"]
    assert isinstance(seen, dict)
    return seen


def verified(openssl: str, folder: Path, document: bytes, by: Chain) -> bytes:
    """What OpenSSL finds signed, by a device that knows the root alone."""
    (folder / "root.pem").write_bytes(by.root)
    options = ["-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile", "root.pem"]
    ended = subprocess.run([openssl, "cms", *options], input=document, cwd=folder, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


def ticks(site: Site, count: int) -> None:
    """Let so many seconds pass."""
    for _ in range(count):
        site.run(site.upkeep.tick())
