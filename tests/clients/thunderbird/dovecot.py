"""A private Dovecot that knows one mailbox, one way to log in to it and one port."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.clients.thunderbird.processes import running, until, until_up
from tests.support.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.thunderbird.authority import Pair
    from tests.clients.thunderbird.listeners import Address

OWNER = "mail"
"""Debian's user to whom mail belongs."""

FIRST_MAIL = "From: postmaster@xbit.jp\nTo: you@xbit.jp\nSubject: You are logged in\n\nWelcome.\n"

BOTH_VERSIONS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
auth_mechanisms = {mechanism}
first_valid_uid = 1
namespace inbox {{
  inbox = yes
}}
"""

VERSION_2_3 = """
mail_location = maildir:{folder}/mail
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  inet_listener {name} {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener {other} {{
    port = 0
  }}
}}
"""
TLS_2_3 = "ssl = required\nssl_cert = <{certificate}\nssl_key = <{key}\n"

VERSION_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = {folder}/mail
passdb passwd-file {{
  passwd_file_path = {folder}/users
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {folder}
  }}
}}
service imap-login {{
  inet_listener {name} {{
    listen = 127.0.0.1
    port = {port}
  }}
  inet_listener {other} {{
    port = 0
  }}
}}
"""
TLS_2_4 = "ssl = required\nssl_server_cert_file = {certificate}\nssl_server_key_file = {key}\n"

LOGIN = re.compile(r"imap-login: .*?(?:Login|Logged in): user=<(.*?)>, method=(\S+?), (.*)")
"""Of version 2.3: "Login"; of 2.4: "Logged in"."""


class Mailbox(NamedTuple):
    """What a Dovecot lets in."""

    username: str
    password: str
    mechanism: str


class Login(NamedTuple):
    """A login as Dovecot logged it."""

    username: str
    mechanism: str
    tls: bool


class Dovecot:
    """A Dovecot that is running."""

    def __init__(self, address: Address, log: Path) -> None:
        self.address = address
        self._log = log

    def logins(self) -> set[Login]:
        """The different logins until now, once there is one."""
        return until("a login in Dovecot's log", self._logins)

    def _logins(self) -> set[Login]:
        lines = LOGIN.findall(self._log.read_text())
        return {Login(username, mechanism, ", TLS" in rest) for username, mechanism, rest in lines}


@contextlib.contextmanager
def dovecot(program: str, mailbox: Mailbox, pair: Pair | None) -> Iterator[Dovecot]:
    """A Dovecot with TLS from the first byte by a certificate, or with none at all."""
    # Its login processes are a user of their own, who may not enter a folder below pytest's.
    with tempfile.TemporaryDirectory(prefix="dovecot.", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        _prepare(folder, mailbox)
        port = free_port()
        configuration, log = folder / "dovecot.conf", folder / "dovecot.log"
        configuration.write_text(_configuration(program, folder, mailbox.mechanism, port, pair), encoding="utf-8")
        with running([program, "-F", "-c", str(configuration)], folder / "started.log") as process:
            until_up("Dovecot", process, folder / "started.log", lambda: listens(port))
            yield Dovecot(("127.0.0.1", port), log)


def _prepare(folder: Path, mailbox: Mailbox) -> None:
    owner = pwd.getpwnam(OWNER)
    new = folder / "mail" / "new"
    new.mkdir(parents=True)
    (new / "1.first.example").write_text(FIRST_MAIL, encoding="utf-8")
    for path in (folder, new.parent, new, new / "1.first.example"):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    users = folder / "users"
    users.write_text(f"{mailbox.username}:{{PLAIN}}{mailbox.password}::::::\n", encoding="utf-8")


def _configuration(program: str, folder: Path, mechanism: str, port: int, pair: Pair | None) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    old = tuple(map(int, re.findall(r"\d+", said)[:2])) < (2, 4)
    texts = [BOTH_VERSIONS, VERSION_2_3, TLS_2_3] if old else [VERSION_2_4, BOTH_VERSIONS, TLS_2_4]
    if pair is None:
        texts[-1] = "ssl = no\n"
    owner = pwd.getpwnam(OWNER)
    values = {
        "folder": folder,
        "mechanism": mechanism,
        "uid": owner.pw_uid,
        "gid": owner.pw_gid,
        "port": port,
        "name": "imaps" if pair else "imap",
        "other": "imap" if pair else "imaps",
        "certificate": pair and pair.certificate,
        "key": pair and pair.key,
    }
    return "".join(texts).format(**values)
