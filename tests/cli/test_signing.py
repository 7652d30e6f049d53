from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.certificates import DAY, chain, key, pem_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Serve, Start

FAULTS = {
    "another key": (pem_of(key("EC", 7)), "privkey.pem: fits none of the certificates in "),
    "not PEM": (b"\x30\x82", "privkey.pem: is not a private key in PEM"),
    "encrypted": (pem_of(key("EC"), b"secret"), "privkey.pem: is encrypted; write the key without a passphrase"),
}


def sign_with(folder: Path, *names: str) -> None:
    """Name the files in autoconfig.toml, relative to it."""
    files = {"profile_key": "privkey.pem", "profile_certificate": "fullchain.pem"}
    with (folder / "autoconfig.toml").open("a", encoding="utf-8") as file:
        file.writelines(f'{name} = "{files[name]}"\n' for name in names)


@pytest.mark.parametrize(("private", "sentence"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_starts_unsigned(serve: Serve, demo: Path, private: bytes, sentence: str, workers: str) -> None:
    """With a key that cannot sign a server starts all the same; log, `readyz` and metrics say what is wrong."""
    chain().write(demo)
    (demo / "privkey.pem").write_bytes(private)
    sign_with(demo, "profile_key", "profile_certificate")
    server = serve("--workers", workers, env=os.environ | {"AUTOCONFIG_LOG_FORMAT": "json"})
    seen = server.ready()["profile_certificate"]
    document = server.get("/email.mobileconfig?email=taro@sample.co.jp")
    ended = server.program.end(signal.SIGTERM)
    problems = [line["problem"] for line in map(json.loads, ended.err.splitlines()) if "problem" in line]

    assert (seen["state"], seen["expires"]) == ("unsigned", None)
    assert (document.status_code, document.content[:5]) == (200, b"<?xml")
    assert ended.code == 0
    assert set(problems) == {seen["fault"]}
    assert len(problems) <= int(workers)  # the second one may not have started yet when all end
    assert seen["fault"].startswith(f"{demo}/{sentence}")


def test_half(start: Start, demo: Path) -> None:
    """A key without a certificate is told, too."""
    chain().write(demo)
    sign_with(demo, "profile_key")
    ended = start("serve", "--port", "0").end()

    assert ended.code == 2
    assert ended.err == (
        "autoconfig: profile_key and profile_certificate sign together; set both, or none of the three\n"
    )


def test_signs(serve: Serve, demo: Path, openssl: str) -> None:
    """A real server signs, warns of the certificate's end in its log, and by SIGHUP takes the renewed one over."""
    old, new = chain(number=0, ends=10 * DAY), chain("RSA")
    old.write(demo)
    sign_with(demo, "profile_key", "profile_certificate")
    server = serve(env=os.environ | {"AUTOCONFIG_LOG_FORMAT": "json"})

    def signer() -> str:
        (demo / "root.pem").write_bytes(old.root)
        document = server.get("/email.mobileconfig?email=taro@sample.co.jp").content
        options = ["-verify", "-inform", "DER", "-purpose", "any", "-CAfile", "root.pem", "-signer", "signer.pem"]
        subprocess.run([openssl, "cms", *options], input=document, cwd=demo, capture_output=True, check=True)
        return (demo / "signer.pem").read_text()

    assert signer() == old.leaf.decode()
    assert "the certificate for profiles expires soon" in server.program.line("expires soon")
    assert server.ready()["profile_certificate"]["state"] == "expires soon"
    new.write(demo)
    server.program.signal(signal.SIGHUP)
    server.program.line("the certificate for profiles was loaded")
    assert signer() == new.leaf.decode()
    assert server.ready()["profile_certificate"]["state"] == "good"
    assert server.program.end(signal.SIGTERM).code == 0
