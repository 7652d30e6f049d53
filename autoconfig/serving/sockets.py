"""Binds what `serve` listens on, before anything else is started, so that a port in use is one clear line."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from typing import TYPE_CHECKING

from autoconfig.errors import ListenFailed, SettingsInvalid
from autoconfig.files import replacing
from autoconfig.log import logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKLOG = 2048
UNREAD = 20
"""Seconds after which a client is gone that takes nothing of its answer."""
LISTENING = "listening.json"
"""In the state folder: where `serve` listens, for `ready`."""


def tcp_socket(host: str, port: int) -> socket.socket:
    """
    A listening TCP socket.

    Raises:
        ListenFailed: the port is in use, or the host is not one of this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _limit_unread(bound)
    except UnicodeError as error:  # Python's own codec for names refuses long labels
        raise ListenFailed(f"--host {host}: is no address and no name of a host") from error
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
    A listening Unix socket for its user and group; one that nobody listens on any more is replaced. At the end it is
    removed, unless another one has its name by then.

    Raises:
        ListenFailed: somebody listens there, something else has the name, or the folder is missing or not writable.
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
    # Held, so that no other file gets the number of this one: who comes after us may have put its own socket there.
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
    The Unix socket, else the inherited one, else a TCP socket, as long as it is needed.

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
    A socket that systemd or another supervisor opened for us.

    Raises:
        ListenFailed: the descriptor is not open, or is no listening socket.
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
    """Remember for `ready` where we listen; serving goes on where that cannot be written, and the log says so."""
    file = state_dir / LISTENING
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with replacing(file, lasting=False) as fresh:
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
    Where the instance over this state folder was last told to listen; `None` where none was.

    Raises:
        SettingsInvalid: the state folder is none, or may not be read.
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
    Let the kernel end connections whose client takes nothing (RFC 5482); they have this from their listening socket.

    Nothing else would: a connection that is closed stays until the last octet of its answer is taken.
    """
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD * 1000)


def _clear(path: Path) -> None:
    """Remove a socket file that nobody listens on."""
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
