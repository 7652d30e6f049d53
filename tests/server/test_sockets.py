from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from autoconfig.errors import ListenFailed, SettingsInvalid
from autoconfig.server.sockets import (
    LISTENING,
    address_of,
    inherited_socket,
    note_address,
    noted_address,
    tcp_socket,
    unix_socket,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HAS_IPV6 = socket.has_ipv6 and "00000000000000000000000000000001" in (
    Path("/proc/net/if_inet6").read_text() if Path("/proc/net/if_inet6").exists() else ""
)
ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6 loopback address")


def connects(bound: socket.socket) -> bool:
    """Whether somebody can connect to a socket of this machine."""
    with socket.socket(bound.family, socket.SOCK_STREAM) as client:
        try:
            client.connect(bound.getsockname())
        except OSError:
            return False
        return True


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}"),
        ("localhost", "http://{host}:{port}"),
        ("0.0.0.0", "http://127.0.0.1:{port}"),
        pytest.param("::1", "http://[::1]:{port}", marks=ipv6),
        pytest.param("::", "http://[::1]:{port}", marks=ipv6),
    ],
)
def test_tcp(host: str, place: str) -> None:
    """A TCP socket listens at once, and its place is one that can be asked from this machine."""
    with closing(tcp_socket(host, 0)) as bound:
        name, port = bound.getsockname()[:2]

        assert connects(bound)
        assert place.format(port=port, host=f"[{name}]" if ":" in name else name) == address_of(bound)


def test_port_of_a_server_that_just_ended() -> None:
    """A port is free again as soon as its server ended, even if its last connections linger."""
    with closing(tcp_socket("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = bound.accept()
            accepted.close()
    tcp_socket("127.0.0.1", port).close()


NO_HOSTS = {
    "in use": ("127.0.0.1", None, "127.0.0.1 port {port}: Address already in use; choose another --port"),
    "not ours": ("192.0.2.1", 0, "192.0.2.1 port 0: Cannot assign requested address; choose another --port"),
    "no name": ("a" * 64, 0, f"--host {'a' * 64}: is neither an address nor a host name"),
    "no scope": ("::1%no-such", 0, "--host ::1%no-such: "),
}


@pytest.mark.parametrize(("host", "port", "said"), NO_HOSTS.values(), ids=NO_HOSTS)
def test_no_tcp(listening: socket.socket, host: str, port: int | None, said: str) -> None:
    """What cannot be bound is named with the reason."""
    taken: int = listening.getsockname()[1]

    with pytest.raises(ListenFailed) as caught:
        tcp_socket(host, taken if port is None else port)

    assert str(caught.value).startswith(said.format(port=taken))


def test_unix(tmp_path: Path) -> None:
    """A Unix socket is for its user and group, listens at once, and is gone at the end; the umask stays as it was."""
    path, before = tmp_path / "socket", os.umask(0)
    try:
        with unix_socket(path) as bound:
            mode = path.stat().st_mode

            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o660
            assert connects(bound)
            assert address_of(bound) == f"unix:{path}"
    finally:
        after = os.umask(before)

    assert (path.exists(), after) == (False, 0)


@pytest.mark.parametrize("inherit", [False, True], ids=["bound", "inherited"])
def test_client_that_takes_nothing(monkeypatch: pytest.MonkeyPatch, inherit: bool) -> None:
    """A client that takes nothing of an answer has no connection for ever."""
    monkeypatch.setattr("autoconfig.server.sockets.UNREAD", 1)
    with contextlib.ExitStack() as open_:
        if inherit:
            bound = open_.enter_context(socket.create_server(("127.0.0.1", 0)))
            listening = open_.enter_context(inherited_socket(bound.fileno()))
        else:
            listening = open_.enter_context(tcp_socket("127.0.0.1", 0))
        client = open_.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        served = open_.enter_context(listening.accept()[0])
        served.settimeout(30)

        with pytest.raises(TimeoutError, match="Connection timed out"):  # not our own clock's "timed out"
            served.sendall(b"x" * 50_000_000)


def test_stale_unix_socket(tmp_path: Path) -> None:
    """A socket that a dead server left is replaced."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.exists()

    with unix_socket(path) as bound:
        assert connects(bound)


def test_successor(tmp_path: Path) -> None:
    """A server that ends leaves the socket of the one that took its place."""
    path = tmp_path / "socket"
    with unix_socket(path) as first:
        first.close()  # as uvicorn does when it stops; from here on nobody listens
        with unix_socket(path) as second:
            pass_on = second.dup()
            taken = path.lstat()
            path.rename(tmp_path / "kept")
        (tmp_path / "kept").rename(path)
    with pass_on:
        assert os.path.samestat(taken, path.lstat())
        assert connects(pass_on)


def test_socket_that_is_gone(tmp_path: Path) -> None:
    """Somebody else may have removed the socket."""
    path = tmp_path / "socket"
    with unix_socket(path):
        path.unlink()

    assert not path.exists()


def test_live_unix_socket(tmp_path: Path) -> None:
    """A socket that somebody listens on is refused, and stays."""
    path = tmp_path / "socket"
    with unix_socket(path) as bound:
        with pytest.raises(ListenFailed, match=f"^--uds {path}: somebody listens there already$"), unix_socket(path):
            pass

        assert connects(bound)


def _file(path: Path) -> None:
    path.write_text("mine")


def _link(path: Path) -> None:
    path.symlink_to(path.with_name("no-such"))


@pytest.mark.parametrize("make", [_file, Path.mkdir, _link, os.mkfifo], ids=["file", "folder", "link", "pipe"])
def test_something_else(tmp_path: Path, make: object) -> None:
    """Anything else with that name is refused, and stays."""
    path = tmp_path / "socket"
    assert callable(make)
    make(path)
    before = path.lstat()

    with (
        pytest.raises(ListenFailed, match=f"^--uds {path}: there is something else; choose another path$"),
        unix_socket(path),
    ):
        pass

    assert before == path.lstat()


def test_datagram_socket(tmp_path: Path) -> None:
    """A socket of another kind is somebody else's too."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(ListenFailed, match=f"^--uds {path}: Protocol wrong type for socket$"), unix_socket(path):
            pass

    assert path.exists()


@pytest.mark.parametrize("name", ["no-such-folder/socket", "x" * 120], ids=["no folder", "too long"])
def test_no_unix(tmp_path: Path, name: str) -> None:
    """A place where no socket can be is named with the reason."""
    path = tmp_path / name

    with pytest.raises(ListenFailed, match=f"^--uds {path}: (No such file|AF_UNIX path too long)"), unix_socket(path):
        pass


def test_inherited(listening: socket.socket) -> None:
    """A listening socket of a supervisor is taken; the supervisor's descriptor stays open."""
    with closing(inherited_socket(listening.fileno())) as bound:
        assert connects(bound)
        assert address_of(bound) == "http://{}:{}".format(*listening.getsockname())
    assert connects(listening)


def test_not_inherited(tmp_path: Path) -> None:
    """A descriptor that is closed, a file, or a socket that does not listen is refused by its number."""
    with (tmp_path / "file").open("w") as file, socket.socket() as quiet:
        for number, said in {
            file.fileno(): "Socket operation on non-socket; it has to be an open socket",
            quiet.fileno(): "the socket does not listen",
            99_999: "Bad file descriptor; it has to be an open socket",
        }.items():
            with pytest.raises(ListenFailed, match=f"^--fd {number}: {said}$"):
                inherited_socket(number)


def test_noted_address(tmp_path: Path) -> None:
    """Where `serve` listens is kept for `ready`, and nothing lies beside it."""
    note_address(tmp_path / "state", "unix:/a")
    note_address(tmp_path / "state", "http://127.0.0.1:1")

    assert noted_address(tmp_path / "state") == "http://127.0.0.1:1"
    assert [path.name for path in (tmp_path / "state").iterdir()] == [LISTENING]


@pytest.mark.parametrize("state", ["file", "file/state"])
def test_address_that_cannot_be_noted(tmp_path: Path, state: str) -> None:
    """Where the state folder cannot be one, serving goes on, and the log says what is missing and what to do."""
    (tmp_path / "file").touch()
    with capture_logs() as lines:
        note_address(tmp_path / state, "unix:/a")

    assert [line["file"] for line in lines] == [str(tmp_path / state / LISTENING)]
    assert "`autoconfig ready` will not find this server by itself" in lines[0]["event"]
    assert lines[0]["problem"] in {"File exists", "Not a directory"}
    assert lines[0]["remedy"].endswith("or call ready --url unix:/a")


def _as_a_file(state: Path) -> None:
    state.touch()


def _as_a_link_to_itself(state: Path) -> None:
    state.symlink_to(state)


def _with_a_folder_in_it(state: Path) -> None:
    (state / LISTENING).mkdir(parents=True)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (_as_a_file, "Not a directory"),
        (_as_a_link_to_itself, "Too many levels of symbolic links"),
        (_with_a_folder_in_it, "Is a directory"),
    ],
    ids=["file", "circle", "folder"],
)
def test_unreadable_state_folder(tmp_path: Path, make: Callable[[Path], None], problem: str) -> None:
    """A state folder that cannot be read is not taken for one in which nothing was noted."""
    make(tmp_path / "state")

    with pytest.raises(SettingsInvalid) as caught:
        noted_address(tmp_path / "state")

    assert str(caught.value) == (
        f"{tmp_path / 'state' / LISTENING}: cannot be read: {problem}; make state_dir a folder that you may read, or "
        "say with --url where the server listens"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"place": 5}), "\x00", "\xff"])
def test_address_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    """What cannot be read as a place is none."""
    (tmp_path / LISTENING).write_bytes(text.encode("latin-1"))

    assert noted_address(tmp_path) is None
