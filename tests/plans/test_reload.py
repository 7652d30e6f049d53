from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, PlansInvalid
from autoconfig.plans import read_file, reload
from autoconfig.plans.reload import PlansFile

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.plans import Plans


def plan(key: str, name: str = "A") -> str:
    """The lines of one good plan."""
    rest = 'tls = "ssl", login = ["password-cleartext"], username = "{address}"'
    return (
        f'[plans.{key}]\nname = "{name}"\nservers = [\n'
        f'  {{ protocol = "imap", host = "{{domain}}", port = 993, {rest} }},\n'
        f'  {{ protocol = "smtp", host = "{{domain}}", port = 465, {rest} }},\n]\n'
    )


ONE, TWO = plan("one"), plan("one") + plan("two")


@dataclass
class Server:
    """A running server's plans file, its clock, and the plans that rows of its mapping use."""

    folder: Path
    used: set[str] = field(default_factory=set)
    database_is_down: bool = False
    asked: list[frozenset[str]] = field(default_factory=list)
    now: float = 1000.0

    def __post_init__(self) -> None:
        """Watch a file that may not be there yet."""
        self.path, self.state = self.folder / "plans.toml", self.folder / "state"
        self.file = self.process()

    def process(self) -> PlansFile:
        """Another process over the same files."""
        return PlansFile(self.path, self.state, self.in_use, lambda: self.now)

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """Which of these plans rows use."""
        self.asked.append(plans)
        if self.database_is_down:
            raise MappingUnavailable("out of reach")
        return plans & self.used

    def write(self, text: str) -> None:
        """Save the file."""
        self.path.write_text(text, encoding="utf-8")

    def start(self, text: str = ONE) -> Server:
        """Save the file and start."""
        self.write(text)
        asyncio.run(self.file.start())
        return self

    def tick(self, after: float = 1.0) -> bool:
        """Look at the file some seconds later."""
        self.now += after
        return asyncio.run(self.file.tick())

    def reload(self) -> None:
        """Load the file now."""
        asyncio.run(self.file.reload())

    def names(self, folder: Path) -> list[str]:
        """What is in a folder."""
        return [path.name for path in folder.iterdir()]

    @property
    def keys(self) -> list[str]:
        """The keys of the plans that are served."""
        return list(self.file.current.plans)

    @property
    def copied(self) -> str:
        """What the copy in the state folder says."""
        return (self.state / "plans.toml").read_text(encoding="utf-8")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server that has not been started."""
    return Server(tmp_path)


def test_before_start(server: Server) -> None:
    """Nothing is served before the file has been read."""
    with pytest.raises(RuntimeError, match="start"):
        _ = server.file.current


def test_start(server: Server) -> None:
    """A good file is served from the start, and copied into the state folder, which is made."""
    server.start(TWO)

    assert (server.keys, server.file.fault) == (["one", "two"], None)
    assert server.copied == TWO
    assert server.names(server.state) == ["plans.toml"]


def test_start_with_a_bad_file_and_no_copy(server: Server) -> None:
    """A server without any good plans does not start, and says what is wrong with the file."""
    with pytest.raises(PlansInvalid, match="is not TOML"):
        server.start("[plans")


@pytest.mark.parametrize("bad", ["[plans", plan("one").replace("993", "0"), None], ids=["no TOML", "port", "missing"])
def test_start_with_a_bad_file_and_a_copy(server: Server, bad: str | None) -> None:
    """A process that starts while the file is bad serves from the copy and says why, until the file is good again."""
    server.start(TWO)
    if bad is None:
        server.path.unlink()
    else:
        server.write(bad)
    server.file = server.process()
    asyncio.run(server.file.start())

    assert server.keys == ["one", "two"]
    assert server.file.fault is not None
    assert server.file.fault.file == str(server.path)
    assert server.copied == TWO

    server.write(plan("one", "again") + plan("two"))
    assert [server.tick(), server.tick(), server.tick()] == [False, False, True]
    assert server.file.fault is None
    assert server.file.current.get("one").name.in_language() == "again"


def test_start_with_a_bad_file_and_a_bad_copy(server: Server) -> None:
    """A copy that is bad itself is no help: the fault is the file's."""
    server.state.mkdir()
    (server.state / "plans.toml").write_text("[plans", encoding="utf-8")

    with pytest.raises(PlansInvalid) as caught:
        server.start("[plans.")

    assert caught.value.file == str(server.path)


def test_start_with_a_good_file_and_a_bad_copy(server: Server) -> None:
    """A bad copy does not hurt where the file is good, and is replaced."""
    server.state.mkdir()
    (server.state / "plans.toml").write_text("[plans", encoding="utf-8")
    server.start(ONE)

    assert (server.keys, server.file.fault) == (["one"], None)
    assert server.copied == ONE


def test_start_with_a_file_that_drops_a_plan_in_use(server: Server) -> None:
    """A file that was cut short while nothing ran, and still parses, does not replace the copy at the start."""
    server.start(TWO)
    server.used = {"two"}
    server.write(ONE)
    server.file = server.process()
    asyncio.run(server.file.start())

    assert server.keys == ["one", "two"]
    assert "plans.two: is gone" in str(server.file.fault)
    assert server.copied == TWO


def state_is_a_file(state: Path) -> None:
    """Where the folder belongs stands a file."""
    state.write_text("", encoding="utf-8")


def copy_is_a_folder(state: Path) -> None:
    """Where the copy belongs stands a folder."""
    (state / "plans.toml").mkdir(parents=True)


def state_is_a_dangling_link(state: Path) -> None:
    """The folder is a link to nowhere."""
    state.symlink_to("/proc/nowhere/state")


@pytest.mark.parametrize("spoil", [state_is_a_file, copy_is_a_folder, state_is_a_dangling_link])
def test_unusable_state_folder(server: Server, spoil: object) -> None:
    """A state folder that can be neither read nor written does not hurt while the file is good."""
    assert callable(spoil)
    spoil(server.state)
    server.start(ONE)
    server.write(TWO)
    server.tick()
    server.tick(2)

    assert (server.keys, server.file.fault) == (["one", "two"], None)
    assert not [name for name in server.names(server.folder) if name.startswith("plans.toml") and name != "plans.toml"]
    if spoil is copy_is_a_folder:
        assert server.names(server.state) == ["plans.toml"]


def test_unchanged(server: Server) -> None:
    """A file that stays as it is is not read again."""
    server.start()
    before = server.file.current

    assert [server.tick() for _ in range(5)] == [False] * 5
    assert before is server.file.current


def test_changed(server: Server) -> None:
    """A changed file is served once it has been left alone for two seconds, and becomes the copy."""
    server.start(ONE)
    server.write(TWO)

    assert [server.tick(), server.tick(1.9)] == [False, False]
    assert server.keys == ["one"]
    assert server.tick(0.1)
    assert server.keys == ["one", "two"]
    assert server.copied == TWO
    assert not server.tick()


def test_half_saved(server: Server) -> None:
    """A file that is still being written is never read, even where the half of it parses."""
    server.start(TWO)
    for end in range(0, len(TWO), 40):
        server.write(TWO[:end])
        assert not server.tick(1.5)
    server.write(TWO + plan("three"))

    assert [server.tick(), server.tick(), server.tick()] == [False, False, True]
    assert server.keys == ["one", "two", "three"]
    assert server.file.fault is None


def test_bad_file_changes_nothing(server: Server) -> None:
    """A bad file never replaces good plans, nor the copy of them; it is judged once, and the fault is told."""
    server.start(TWO)
    before = server.file.current
    server.write("[plans")
    server.tick()

    assert server.tick(2)
    assert before is server.file.current
    assert "is not TOML" in str(server.file.fault)
    assert server.copied == TWO
    assert not server.tick(10)


def test_file_taken_back(server: Server) -> None:
    """A bad file that becomes good again is served, and the fault is gone."""
    server.start(ONE)
    server.write("[plans")
    server.tick()
    server.tick(2)
    server.write(TWO)
    server.tick()
    server.tick(2)

    assert (server.keys, server.file.fault) == (["one", "two"], None)


def test_file_removed(server: Server) -> None:
    """A file that is gone changes nothing but the fault."""
    server.start(ONE)
    server.tick()
    server.path.unlink()
    server.tick()
    server.tick(2)

    assert server.keys == ["one"]
    assert "cannot be read" in str(server.file.fault)


def test_file_replaced(server: Server) -> None:
    """Another file of the same size and time in the same place is seen: editors save by renaming."""
    server.start(plan("one", "A"))
    status = server.path.stat()
    other = server.folder / "other"
    other.write_text(plan("one", "B"), encoding="utf-8")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(server.path)
    server.tick()
    server.tick(2)

    assert server.file.current.get("one").name.in_language() == "B"


def test_dropped_plan_in_use(server: Server) -> None:
    """A file without a plan that rows use is refused, and each such plan is named with the remedy."""
    server.start(TWO + plan("three"))
    server.used = {"one", "two", "elsewhere"}
    server.write(plan("four"))
    server.reload()

    assert server.keys == ["one", "two", "three"]
    assert server.file.fault is not None
    assert [fault.place for fault in server.file.fault.faults] == ["plans.one", "plans.two"]
    assert {"move them to another plan first"} == {fault.remedy for fault in server.file.fault.faults}
    assert server.copied == TWO + plan("three")


def test_dropped_plan_not_in_use(server: Server) -> None:
    """A plan that no row uses may go."""
    server.start(TWO)
    server.used = {"one"}
    server.write(ONE)
    server.reload()

    assert (server.keys, server.file.fault) == (["one"], None)
    assert server.asked == [frozenset({"two"})]


def test_database_is_not_asked(server: Server) -> None:
    """While no plan is dropped, plans need no database."""
    server.database_is_down = True
    server.start(ONE)
    server.write(TWO)
    server.reload()

    assert (server.keys, server.file.fault, server.asked) == (["one", "two"], None, [])


def test_database_is_down(server: Server) -> None:
    """While nobody can say whether rows use a dropped plan, the plans stay, and it is asked again every two seconds."""
    server.start(TWO)
    server.database_is_down = True
    server.write(ONE)

    assert [server.tick() for _ in range(5)] == [False, False, True, False, True]
    assert server.keys == ["one", "two"]
    assert "plans.two: is gone, and the mapping database cannot say whether rows use it" in str(server.file.fault)

    server.database_is_down = False
    assert [server.tick() for _ in range(3)] == [False, True, False]
    assert (server.keys, server.file.fault) == (["one"], None)


def test_start_while_the_database_is_down(server: Server) -> None:
    """A process that starts without the database serves a dropped plan from the copy, and asks again later."""
    server.start(TWO)
    server.write(ONE)
    server.database_is_down = True
    server.file = server.process()
    asyncio.run(server.file.start())

    assert server.keys == ["one", "two"]
    server.database_is_down = False
    assert [server.tick() for _ in range(3)] == [False, False, True]
    assert (server.keys, server.file.fault) == (["one"], None)


def test_reload_now(server: Server) -> None:
    """Asked for, the file is loaded at once, and not once more by the clock."""
    server.start(ONE)
    server.write(TWO)
    server.reload()

    assert server.keys == ["one", "two"]
    assert [server.tick() for _ in range(4)] == [False] * 4


def test_copy_is_written_only_when_it_differs(server: Server) -> None:
    """Several processes on one state folder write the copy once."""
    server.start(ONE)
    inode = (server.state / "plans.toml").stat().st_ino
    asyncio.run(server.process().start())

    assert inode == (server.state / "plans.toml").stat().st_ino


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(plan("two"), "there is no such plan", id="gone"),
        pytest.param(plan("one") + "params = { x = { required = true } }\n", "requires it", id="needs a row"),
    ],
)
def test_default_plan_is_kept(server: Server, text: str, problem: str) -> None:
    """A file in which the default plan cannot answer any more is not loaded."""
    server.file = PlansFile(server.path, server.state, server.in_use, default="one")
    server.start()
    server.write(text)
    server.reload()

    assert problem in str(server.file.fault)
    assert "one" in server.file.current.plans


def test_two_reloads_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two reloads at once the later one has the last word, and the copy is of what is served."""
    server.start(ONE)
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def slowly(path: Path) -> Plans:
        plans = read_file(path)
        seen.append(list(plans.plans))
        begun.set()
        assert len(seen) > 1 or go_on.wait(10)
        return plans

    async def both() -> None:
        first = asyncio.create_task(server.file.reload())
        await asyncio.to_thread(begun.wait, 10)
        server.write(TWO)
        second = asyncio.create_task(server.file.reload())
        await asyncio.wait([second], timeout=0.2)
        go_on.set()
        await asyncio.gather(first, second)

    monkeypatch.setattr(reload, "read_file", slowly)
    asyncio.run(both())

    assert seen == [["one"], ["one", "two"]]
    assert (server.keys, server.copied) == (["one", "two"], TWO)
