from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

from autoconfig.plans import read_file, reload
from tests.plans.watched import ONE, TWO, plan

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from autoconfig.plans import Plans
    from tests.plans.watched import Server


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
    assert "plans.two: was removed, and the mapping database cannot be asked whether rows use it" in str(
        server.file.fault
    )

    server.database_is_down = False
    assert [server.tick() for _ in range(3)] == [False, True, False]
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


def test_plans_that_the_settings_do_not_allow(server: Server) -> None:
    """Such a file is not loaded, and all that is wrong with it is said at once."""
    server.wanted, server.used = "one", {"two"}
    server.start(TWO)
    server.write(plan("three"))
    server.reload()

    assert server.file.fault
    assert [fault.place for fault in server.file.fault.faults] == ["wanted", "plans.two"]
    assert server.keys == ["one", "two"]


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
