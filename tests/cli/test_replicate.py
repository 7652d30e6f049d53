from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from autoconfig.cli import replicate as module
from autoconfig.cli.replicate import LONGEST
from autoconfig.errors import AutoconfigError, MappingUnavailable, SchemaTooNew
from autoconfig.mapping.copies.replication import Look
from autoconfig.serving import notify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Command, Program, Serve, Start


class Node(NamedTuple):
    """A node with a configuration and, until it replicates, no mapping."""

    folder: Path
    central: Path
    """The configuration of the machine with the central database, which is the demo's."""

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "autoconfig.toml"

    @property
    def replica(self) -> Path:
        """Where its replica is to be."""
        return self.folder / "replica.db"

    def configure(self, **settings: object) -> None:
        """Add settings; the last ones count."""
        lines = [
            line
            for line in self.config.read_text(encoding="utf-8").splitlines()
            if line.partition(" = ")[0] not in settings
        ]
        new = [f"{name} = {value!r}" for name, value in settings.items()]
        self.config.write_text("\n".join([*new, *lines]), encoding="utf-8")


@pytest.fixture
def node(demo: Path, tmp_path: Path) -> Node:
    """A node of the demo."""
    folder = tmp_path / "node"
    folder.mkdir()
    for name in ("autoconfig.toml", "plans.toml"):
        (folder / name).write_text((demo / name).read_text(encoding="utf-8"), encoding="utf-8")
    made = Node(folder, demo / "autoconfig.toml")
    made.configure(database="sqlite:///replica.db", replicate_from=f"sqlite:///{demo / 'mapping.db'}")
    return made


@pytest.fixture
def on_node(command: Command, node: Node) -> Command:
    """The command line, with the node's configuration."""
    return lambda *arguments, code=0: command("--config", node.config, *arguments, code=code)


@pytest.fixture
def replicate(start: Start, node: Node) -> Callable[..., Program]:
    """`autoconfig mapping replicate` on the node, as a process."""
    return lambda *arguments, **options: start(
        "--config", node.config, "mapping", "replicate", *arguments, cwd=node.folder, **options
    )


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which systemd hears what a service says."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv(notify.SOCKET, address)
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(address)
        listening.settimeout(60)
        yield listening


def test_once(on_node: Command, on_demo: Command, node: Node) -> None:
    """`--once` makes the replica, brings what is new, and says so; nothing of it needs the other machine then."""
    first = on_node("mapping", "replicate", "--once")
    on_demo("mapping", "end", "sample.co.jp")
    second = on_node("mapping", "replicate", "--once", "--json").data
    central = node.central.parent / "mapping.db"

    assert first.out == f"{node.replica}: has all rows of {central}, up to 8, found equal\n"
    assert second == {"last_id": 9, "made_afresh": None, "verified": False}
    assert on_node("mapping", "replicate", "--once", "--verify", "--json").data["verified"] is True
    on_node("show", "taro@sample.co.jp", code=1)
    assert "xserver" in on_node("mapping", "list").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "new.example", "--plan", "shared-standard", "--param", "server=cs1.xbit.jp"),
        ("end", "sample.co.jp"),
        ("undo", "sample.co.jp"),
        ("sync", "rows.csv"),
        ("restore", "backup.db", "--yes"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_nothing_is_written_to_a_replica(
    on_node: Command, on_demo: Command, node: Node, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Every writing command is refused on a replica, whatever the settings say, and says where to write."""
    on_node("mapping", "replicate", "--once")
    on_demo("mapping", "backup", tmp_path / "backup.db")
    on_demo("mapping", "end", "sample.co.jp")
    (tmp_path / "rows.csv").write_text("name,plan,server\nnew.example,shared-standard,cs1.xbit.jp\n", encoding="utf-8")
    node.config.write_text(
        node.config.read_text(encoding="utf-8").replace("replicate_from", "# replicate_from"), encoding="utf-8"
    )
    before = node.replica.read_bytes()
    refused = on_node("mapping", *arguments, code=1)

    assert f"is a replica of {node.central.parent / 'mapping.db'}; nothing was written" in refused.err
    assert node.replica.read_bytes() == before


def test_settings(on_node: Command, node: Node) -> None:
    """Without the URL of the central database, or a file for the replica, there is nothing to do."""
    node.configure(database="postgresql://user:sesame@127.0.0.1/mapping")
    failed = on_node("mapping", "replicate", code=2)
    assert "a file is needed here" in failed.err
    assert "sesame" not in failed.err

    node.configure(database="sqlite:///replica.db", replicate_from="nonsense")
    assert "replicate_from: is not a database URL" in on_node("mapping", "replicate", code=2).err
    node.config.write_text('database = "sqlite:///replica.db"\n', encoding="utf-8")
    assert "replicate_from is not set" in on_node("mapping", "replicate", code=2).err


def test_a_central_database_that_is_none(on_node: Command, node: Node, tmp_path: Path) -> None:
    """A central database that is not there, or not ours, ends the command; a service would go on only after success."""
    node.configure(replicate_from=f"sqlite:///{tmp_path / 'none.db'}")
    assert "there is no such database" in on_node("mapping", "replicate", "--once", code=3).err

    (tmp_path / "none.db").write_text("name,plan\n" * 100, encoding="utf-8")
    assert "not a database" in on_node("mapping", "replicate", code=2).err


def test_serving_before_the_first_copy(on_node: Command, node: Node) -> None:
    """A node without a replica does not serve, and says what makes one; nothing is made by that."""
    failed = on_node("serve", code=3)

    assert f"{node.replica}: there is no such database" in failed.err
    assert "`autoconfig mapping replicate`" in failed.err
    assert not node.replica.exists()


def test_as_a_service(
    replicate: Callable[..., Program],
    on_node: Command,
    on_demo: Command,
    node: Node,
    systemd: socket.socket,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """
    The service manager hears when the replica has everything; changes come by themselves; that the central database
    is away is told once, and it is waited for; SIGTERM ends it in order.
    """
    running = replicate()
    heard = b""
    while b"READY=1" not in heard:
        heard = systemd.recv(4096)
    assert b"STATUS=replica, up to row 8 at the start" in heard

    on_demo("mapping", "end", "sample.co.jp")
    wait_until(lambda: on_node("mapping", "history", "sample.co.jp", "--json").data[-1]["id"] == 9)
    assert "another replicator is at work" in on_node("mapping", "replicate", code=1).err

    central = node.central.parent / "mapping.db"
    away = central.rename(central.with_name("away.db"))
    running.line("cannot be followed")
    time.sleep(2.5)
    away.rename(central)
    said = running.line("can be used again")
    on_demo("mapping", "undo", "sample.co.jp")
    wait_until(lambda: on_node("mapping", "history", "sample.co.jp", "--json").data[-1]["id"] == 10)
    ended = running.end(signal.SIGTERM)

    assert "last_id=9" in said
    assert "cannot be followed" not in ended.err
    assert ended.code == 0
    while b"STOPPING=1" not in heard:
        heard = systemd.recv(4096)


def test_interrupted(replicate: Callable[..., Program]) -> None:
    """Ctrl-C ends it as it ends every command."""
    running = replicate()
    running.line("has everything")
    ended = running.end(signal.SIGINT)

    assert (ended.code, ended.err.splitlines()[-1]) == (130, "autoconfig: interrupted")


def test_serving_a_replica(
    on_node: Command, node: Node, serve: Serve, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """A node serves from its replica alone, whose age readyz shows; it is not ready when that is over the limit."""
    on_node("mapping", "replicate", "--once")
    (node.central.parent / "mapping.db").unlink()
    server = serve("--config", node.config)
    assert server.get().status_code == 200
    ready = server.ready()
    assert ready["status"] == "ready"
    assert 0 <= ready["replica_age_seconds"] < 600

    node.configure(replica_max_age=300)
    limited = serve("--config", node.config)
    assert limited.ready()["status"] == "ready"
    os.utime(node.replica.with_name("replica.db.replicator"), (0, 0))
    with contextlib.closing(sqlite3.connect(node.replica, isolation_level=None)) as connection:
        connection.execute("UPDATE mapping_replica SET verified_at = ?", (int(time.time()) - 1000,))
    wait_until(lambda: limited.ready()["status"] == "not ready")
    answer = limited.ready()
    assert "replica_max_age = 300" in answer["mapping"]
    assert server.ready()["status"] == "ready"
    assert limited.get().status_code == 200


class _Scripted:
    """A replicator of which it is known what becomes of each look."""

    def __init__(self, *looks: Look | AutoconfigError) -> None:
        self._looks = iter(looks)
        self.asked: list[bool] = []

    def look(self, *, verify: bool) -> Look:
        """The next one."""
        self.asked.append(verify)
        look = next(self._looks)
        if isinstance(look, AutoconfigError):
            raise look
        return look


AWAY = MappingUnavailable("away")


@pytest.mark.parametrize(
    ("looks", "pauses"),
    [
        ([Look(1), Look(1), Look(1)], [1, 1]),
        ([Look(1), AWAY, AWAY, AWAY, AWAY, AWAY, AWAY, Look(1), Look(1)], [1, 1, 2, 4, 8, LONGEST, LONGEST, 1]),
        ([AWAY, AWAY, Look(1), AWAY, Look(1)], [1, 2, 1, 1]),
        ([Look(1, behind="behind"), Look(1, behind="behind"), Look(1, 1)], [1, 2]),
        ([Look(1), SchemaTooNew("newer"), Look(1)], [1, 1]),
    ],
    ids=["well", "away for long", "away at first", "a standby that is behind", "newer after it was followed"],
)
def test_pauses(looks: list[Look | AutoconfigError], pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks each second, and less and less often where that fails."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with pytest.raises(StopIteration):
        module._Watch(_Scripted(*looks), verify=False).run(once=False)  # type: ignore[arg-type]

    assert pauses == slept[:-1]


def test_verifying_ends_with_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--verify` compares all rows once, even if that comes late; `--once` waits for a standby that is behind."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    scripted = _Scripted(AWAY, Look(1, behind="behind"), Look(1, verified=True), Look(1))
    with pytest.raises(StopIteration):
        module._Watch(scripted, verify=True).run(once=False)  # type: ignore[arg-type]
    assert scripted.asked == [True, True, True, False, False]

    scripted = _Scripted(Look(1, behind="behind"), Look(2))
    assert Look(2) == module._Watch(scripted, verify=False).run(once=True)  # type: ignore[arg-type]


def test_once_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A standby that stays behind is at last an error of `--once`."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(module, "ONCE", 0.0)
    scripted = _Scripted(Look(1, behind="a standby answers"), Look(2))
    with pytest.raises(MappingUnavailable, match="a standby answers"):
        module._Watch(scripted, verify=False).run(once=True)  # type: ignore[arg-type]


def test_progress_on_a_terminal(node: Node) -> None:
    """On a terminal the first copy has a bar."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "autoconfig", "--config", str(node.config), "mapping", "replicate", "--once"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as running:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # EIO: it has ended
            while data := os.read(ours, 4096):
                said += data
    os.close(ours)

    assert running.returncode == 0
    assert b"copying" in said
    assert b"8/8" in said
