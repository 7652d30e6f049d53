from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import PlansInvalid
from tests.plans.watched import ONE, TWO, plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plans.watched import Server


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
    assert "plans.two: was removed" in str(server.file.fault)
    assert server.copied == TWO


def test_start_with_a_file_that_the_settings_do_not_allow(server: Server) -> None:
    """A process that starts serves what its siblings do, which would refuse such a file on a reload."""
    server.start(TWO)
    server.wanted = "two"
    server.write(ONE)
    sibling, server.file = server.file, server.process()
    asyncio.run(sibling.reload())
    asyncio.run(server.file.start())

    assert server.keys == list(sibling.current.plans) == ["one", "two"]
    assert str(server.file.fault) == str(sibling.fault)
    assert server.copied == TWO


def test_start_with_a_copy_that_the_settings_do_not_allow(server: Server) -> None:
    """A copy from before the settings changed is no help where the file is bad, and does not hurt where it is good."""
    server.start(ONE)
    server.wanted = "two"
    server.file = server.process()
    with pytest.raises(PlansInvalid, match="wanted"):
        asyncio.run(server.file.start())
    server.file = server.process()
    server.start(TWO)

    assert (server.keys, server.file.fault) == (["one", "two"], None)


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
