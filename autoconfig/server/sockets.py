"""Open the socket of `serve` before anything else, so that a port in use is one clear error."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import stat
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.errors import ListenFailed, SettingsInvalid
from autoconfig.files import MODE, replacing
from autoconfig.log import logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKLOG = 2048
UNREAD = 20
"""Seconds after which a client that reads nothing of its response counts as gone."""
SPARED = 256
"""Files that the process may open besides its connections: databases, questions to the DNS, plans, libraries."""
LISTENING = "listening.json"
"""In the state folder: where `serve` listens, for `ready`."""


def tcp_socket(host: str, port: int) -> socket.socket:
    """
    A listening TCP socket.

    Raises:
        ListenFailed: the port is in use, or the host is not an address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _limit_unread(bound)
    except UnicodeError as error:  # Python's own codec for names refuses long labels
        raise ListenFailed(f"--host {host}: is neither an address nor a host name") from error
    except OSError as error:
        raise ListenFailed(f"--host {host}: {error.strerror}; name an address of this machine") from error
    try:
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise ListenFailed(f"{host} port {port}: {error.strerror}; choose another --port") from error
    return bound


@contextlib.contextmanager
def unix_socket(path: Path) -> Iterator[socket.socket]:
    """
    A listening Unix socket for its user and group. A stale socket file is replaced. At the end the file is removed,
    unless another process has put its own there.

    Raises:
        ListenFailed: another process listens there, the path is not a socket, or the folder is missing or not writable.
    """
    _clear(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        bound.bind(str(path))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise ListenFailed(f"--uds {path}: {error.strerror or error}") from error
    finally:
        os.umask(before)
    # Kept open, so that no other file gets its inode: the next process may have put its own socket there.
    ours = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield bound
    finally:
        bound.close()
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(ours), path.lstat()):
                path.unlink()
        os.close(ours)


@contextlib.contextmanager
def listening(host: str, port: int, uds: Path | None, fd: int | None) -> Iterator[socket.socket]:
    """
    The Unix socket, else the inherited one, else a TCP socket; closed at the end.

    Raises:
        ListenFailed: see the functions for each kind.
    """
    if uds is not None:
        with unix_socket(uds) as bound:
            yield bound
    else:
        with contextlib.closing(inherited_socket(fd) if fd is not None else tcp_socket(host, port)) as bound:
            yield bound


def inherited_socket(number: int) -> socket.socket:
    """
    A socket that systemd or another supervisor opened.

    Raises:
        ListenFailed: the descriptor is not open, or not a listening socket.
    """
    try:
        inherited = socket.socket(fileno=os.dup(number))
    except OSError as error:
        raise ListenFailed(f"--fd {number}: {error.strerror}; it has to be an open socket") from error
    if inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 0:
        inherited.close()
        raise ListenFailed(f"--fd {number}: the socket does not listen")
    if inherited.family in {socket.AF_INET, socket.AF_INET6}:
        _limit_unread(inherited)
    return inherited


def address_of(bound: socket.socket) -> str:
    """The listening address, as `http://host:port` or `unix:PATH`."""
    if bound.family == socket.AF_UNIX:
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


def note_address(state_dir: Path, address: str) -> None:
    """Write down for `ready`, also of group members, where the server listens. If that fails, log it and go on."""
    file = state_dir / LISTENING
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with replacing(file, lasting=False, mode=MODE) as fresh:
            fresh.write_text(json.dumps({"place": address}))
    except OSError as error:
        logger().warning(
            "`autoconfig ready` will not find this server by itself: where it listens cannot be written down",
            file=str(file),
            problem=error.strerror or str(error),
            remedy=f"make state_dir a folder that the server may write to, or call ready --url {address}",
        )


def noted_address(state_dir: Path) -> str | None:
    """
    Where the server with this state folder last listened; `None` if that is not known.

    Raises:
        SettingsInvalid: the state folder is not a folder, or may not be read.
    """
    file = state_dir / LISTENING
    try:
        noted = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise SettingsInvalid(
            f"{file}: cannot be read: {error.strerror or error}; make state_dir a folder that you may read, or say "
            "with --url where the server listens"
        ) from error
    address = noted.get("place") if isinstance(noted, dict) else None
    return address if isinstance(address, str) else None


def _limit_unread(listening: socket.socket) -> None:
    """
    Let the kernel end connections whose client reads nothing (RFC 5482). They inherit this from the listening socket.

    Nothing else would: a closed connection stays until the client has taken the last octet.
    """
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD * 1000)


def _clear(path: Path) -> None:
    """Remove a stale socket file."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenFailed(f"--uds {path}: there is something else; choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ListenFailed(f"--uds {path}: {error.strerror}") from error
        else:
            raise ListenFailed(f"--uds {path}: somebody listens there already")


@lru_cache(1)
def most_connections() -> int:
    """How many connections a process accepts: fewer than files it may open (`ulimit -n`, LimitNOFILE)."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return files - min(SPARED, files // 2)
