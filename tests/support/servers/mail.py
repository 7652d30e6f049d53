"""A real Dovecot and a real Postfix on loopback, set up as a plan announces them."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import missing, needs, needs_file
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.support.peer_certificates import PeerCertificate

PATIENCE = 30.0
"""Seconds after which a server that does not listen is given up."""
USER, PASSWORD = "taro", "correct horse"
"""The local part of the one mailbox, and its password."""

_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = {addresses}
protocols = imap pop3
auth_mechanisms = {mechanisms}
ssl = {ssl}
first_valid_uid = 1
service auth {{
  unix_listener {folder}/sasl {{
    mode = 0666
  }}
}}
"""
_VERSION_2_3 = """
auth_username_format = %n
disable_plaintext_auth = {protected}
mail_location = maildir:{folder}/mail
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
"""
_TLS_2_3 = "ssl_cert = <{files.certificate}\nssl_key = <{files.key}\n"
_VERSION_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_username_format = %{{user | username}}
auth_allow_cleartext = {allowed}
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
"""
_TLS_2_4 = "ssl_server_cert_file = {files.certificate}\nssl_server_key_file = {files.key}\n"
_SERVICE = """
service {name}-login {{
  inet_listener {name} {{
    port = {plain}
  }}
  inet_listener {name}s {{
    port = {tls}
    ssl = yes
  }}
}}
"""
_POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = loopback-only
myhostname = mail.example
mydestination =
alias_maps =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/sasl
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = {auth_only}
smtpd_tls_security_level = {level}
{certificate}
{extra}
"""
_MASTER = """
{services}
anvil     unix  -       -       n       -       1       anvil
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
cleanup   unix  n       -       n       -       0       cleanup
proxymap  unix  -       -       n       -       -       proxymap
postlog   unix-dgram n  -       n       -       1       postlogd
"""


@dataclass(frozen=True)
class MailSetup:
    """How the servers are set up; a port that is not named is closed."""

    certificate: PeerCertificate | None
    """`None`: no TLS at all."""
    sending: PeerCertificate | None = None
    """Postfix's, if it is another one."""
    ports: frozenset[int] = frozenset({993, 995, 465, 587})
    mechanisms: str = "plain cram-md5 apop"
    allows_plain_before_tls: bool = False
    postfix: str = ""
    """More lines of main.cf."""
    addresses: Sequence[str] = ("127.0.0.1",)


@dataclass(frozen=True)
class MailServers:
    """Servers that are running."""

    ports: Mapping[int, int] = field(default_factory=dict)
    """Where each of the usual ports is, or would be."""


@contextlib.contextmanager
def mail_servers(setup: MailSetup, *, usual_ports: bool = False) -> Iterator[MailServers]:
    """
    A Dovecot for the ports of IMAP and POP3, and a Postfix for those of SMTP.

    `usual_ports`: on these very ports, which only root may do; choose an address that nobody else has.
    """
    dovecot, _ = needs("dovecot", "dovecot-imapd"), needs("postfix", "postfix")
    needs_file("/usr/lib/dovecot/pop3", "dovecot-pop3d")
    if os.geteuid() != 0:
        missing("Dovecot and Postfix start as root only")
    ports = {port: port if usual_ports else free_port() for port in (143, 993, 110, 995, 465, 587)}
    with tempfile.TemporaryDirectory(prefix="mail.", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        _users(folder)
        with contextlib.ExitStack() as stack:
            stack.enter_context(_dovecot(dovecot, folder, setup, ports))
            if setup.ports & {465, 587}:
                stack.enter_context(_postfix(folder, setup, ports))
            yield MailServers(ports)


def _users(folder: Path) -> None:
    owner = pwd.getpwnam("mail")
    (folder / "mail").mkdir()
    os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n", encoding="utf-8")


@contextlib.contextmanager
def _dovecot(program: str, folder: Path, setup: MailSetup, ports: Mapping[int, int]) -> Iterator[None]:
    owner = pwd.getpwnam("mail")
    used = {port: ports[port] if port in setup.ports else 0 for port in ports}
    old = _is_old(program)
    values = {
        "folder": folder,
        "addresses": ", ".join(setup.addresses),
        "mechanisms": setup.mechanisms if old else setup.mechanisms.replace("apop", "").strip(),
        "protected": "no" if setup.allows_plain_before_tls else "yes",
        "allowed": "yes" if setup.allows_plain_before_tls else "no",
        "ssl": "no" if setup.certificate is None else "yes",
        "uid": owner.pw_uid,
        "gid": owner.pw_gid,
    }
    # Version 2.4 wants its version first.
    text = "".join(part.format(**values) for part in ([_DOVECOT, _VERSION_2_3] if old else [_VERSION_2_4, _DOVECOT]))
    if setup.certificate is not None:
        files = setup.certificate.write(folder, "receiving")
        text += (_TLS_2_3 if old else _TLS_2_4).format(files=files)
    text += _SERVICE.format(name="imap", plain=used[143], tls=used[993])
    text += _SERVICE.format(name="pop3", plain=used[110], tls=used[995])
    (folder / "dovecot.conf").write_text(text, encoding="utf-8")
    with (folder / "dovecot.out").open("wb") as out:
        process = subprocess.Popen([program, "-F", "-c", folder / "dovecot.conf"], stdout=out, stderr=out)
    try:
        _until(folder, setup.addresses[0], [used[port] for port in setup.ports & {143, 993, 110, 995}], folder / "sasl")
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _is_old(program: str) -> bool:
    """Whether it is Debian 12's 2.3, which has another syntax and APOP."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2])) < (2, 4)


@contextlib.contextmanager
def _postfix(folder: Path, setup: MailSetup, ports: Mapping[int, int]) -> Iterator[None]:
    owner = pwd.getpwnam("postfix")
    configuration = folder / "postfix"
    for name in ("postfix", "queue", "data", "log"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    own, certificate = setup.sending or setup.certificate, ""
    if own is not None:
        files = own.write(folder, "sending")
        certificate = f"smtpd_tls_cert_file = {files.certificate}\nsmtpd_tls_key_file = {files.key}\n"
    text = _POSTFIX.format(
        folder=folder,
        auth_only="no" if setup.allows_plain_before_tls else "yes",
        level="none" if own is None else "may",
        certificate=certificate,
        extra=setup.postfix,
    )
    (configuration / "main.cf").write_text(text, encoding="utf-8")
    services = []
    for port in sorted(setup.ports & {465, 587}):
        wrapped = "\n  -o smtpd_tls_wrappermode=yes" if port == 465 else ""
        for address in setup.addresses:
            at = f"[{address}]" if ":" in address else address
            services.append(f"{at}:{ports[port]} inet n - n - - smtpd{wrapped}")
    (configuration / "master.cf").write_text(_MASTER.format(services="\n".join(services)), encoding="utf-8")
    subprocess.run(["postfix", "-c", configuration, "start"], check=True, capture_output=True)
    try:
        _until(folder, setup.addresses[0], [ports[port] for port in setup.ports & {465, 587}])
        yield
    finally:
        subprocess.run(["postfix", "-c", configuration, "stop"], check=False, capture_output=True)


def _until(folder: Path, address: str, ports: Sequence[int], *files: Path) -> None:
    """Wait until somebody listens on all ports."""
    deadline = time.monotonic() + PATIENCE
    while not (all(_listens(address, port) for port in ports) and all(file.exists() for file in files)):
        assert time.monotonic() < deadline, _logs(folder)
        time.sleep(0.2)


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def _logs(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if re.search(r"\.(log|out)$", file.name)]
    return "\n".join(file.read_text(errors="replace") for file in files)
