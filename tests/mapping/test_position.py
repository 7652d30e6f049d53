from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mapping.position import NAME, PositionFile
from autoconfig.mapping.sources.source import Position


@pytest.mark.parametrize(
    ("position", "other", "expected"),
    [
        pytest.param(Position("g", 2), None, True, id="nothing before"),
        pytest.param(Position("g", 2), Position("g", 1), True, id="more"),
        pytest.param(Position("g", 2), Position("g", 2), True, id="the same"),
        pytest.param(Position("g", 1), Position("g", 2), False, id="less"),
        pytest.param(Position("h", 3), Position("g", 2), False, id="another history"),
        pytest.param(Position("g", 2, "r"), Position("g", 2, "r"), True, id="the same row"),
        pytest.param(Position("g", 2, "r"), Position("g", 2, "s"), False, id="another row"),
        pytest.param(Position("g", 2), Position("g", 2, "s"), True, id="a row that was not read"),
        pytest.param(Position("g", 2, "r"), Position("g", 2), True, id="a row that was not seen"),
        pytest.param(Position("g", 3, "r"), Position("g", 2, "s"), True, id="a later row"),
    ],
)
def test_follows(position: Position, other: Position | None, *, expected: bool) -> None:
    """A position follows another one of the same history that knows no more."""
    assert expected is position.follows(other)


def test_kept(tmp_path: Path) -> None:
    """What was kept is read again; at most every few seconds it is written."""
    clock = [100.0]
    file = PositionFile(tmp_path / "state", lambda: clock[0])
    assert file.read() is None
    file.keep(Position("g", 1))
    found = [file.read()]
    for clock[0], last_id in ((101.0, 2), (102.9, 3), (103.1, 4)):
        file.keep(Position("g", last_id))
        found.append(file.read())

    assert [position.last_id for position in found if position] == [1, 1, 1, 4]
    assert [path.name for path in (tmp_path / "state").iterdir()] == [NAME]


def test_the_same_again(tmp_path: Path) -> None:
    """What stands there is not written again, however often it is told of: a mapping at rest costs no writing."""
    clock = [100.0]
    file = PositionFile(tmp_path, lambda: clock[0])
    file.keep(Position("g", 1))
    (tmp_path / NAME).unlink()
    clock[0] = 200.0
    file.keep(Position("g", 1))

    assert file.read() is None


def test_kept_at_once(tmp_path: Path) -> None:
    """A process that ends writes what it has seen, also where it wrote a moment ago; another's higher one stays."""
    file = PositionFile(tmp_path, lambda: 100.0)
    file.keep(Position("g", 1))
    file.keep(Position("g", 2), at_once=True)
    assert Position("g", 2) == file.read()
    PositionFile(tmp_path).replace(Position("g", 9))
    file.keep(Position("g", 3), at_once=True)
    assert Position("g", 9) == file.read()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param('{"generation": "g", "last_id": 1}', Position("g", 1), id="earlier release"),
        pytest.param('{"generation": "g", "last_id": 1, "row": 7}', Position("g", 1), id="no digest"),
        pytest.param('{"generation": "g", "last_id": 1, "row": "r"}', Position("g", 1, "r"), id="with the row"),
    ],
)
def test_row(tmp_path: Path, content: str, expected: Position) -> None:
    """The row that was seen last is kept too; a file without it is of use."""
    (tmp_path / NAME).write_text(content)

    assert expected == PositionFile(tmp_path).read()


def test_another_process_of_the_node_has_seen_more(tmp_path: Path) -> None:
    """The higher of two positions of one history stays; another history takes its place."""
    PositionFile(tmp_path).keep(Position("g", 5))
    PositionFile(tmp_path).keep(Position("g", 4))
    assert Position("g", 5) == PositionFile(tmp_path).read()
    PositionFile(tmp_path).keep(Position("h", 1))
    assert Position("h", 1) == PositionFile(tmp_path).read()
    PositionFile(tmp_path).replace(Position("h", 0))
    assert Position("h", 0) == PositionFile(tmp_path).read()


def test_a_folder_that_cannot_be_written() -> None:
    """Serving goes on without the file."""
    file = PositionFile(Path("/dev/null/state"))
    file.keep(Position("g", 1))

    assert file.read() is None


def test_a_place_that_cannot_be_replaced(tmp_path: Path) -> None:
    """Nothing is left behind where the file cannot take its place."""
    (tmp_path / NAME).mkdir()
    PositionFile(tmp_path).replace(Position("g", 1))

    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"{}",
        b'{"generation": 1, "last_id": 1}',
        b'{"generation": "g", "last_id": "1"}',
        b'{"generation": "g", "last_id": true}',
        b'{"generation": "g"}',
        b"\xff",
        b"[" * 5000,
    ],
)
def test_of_no_use(tmp_path: Path, content: bytes) -> None:
    """A file that says nothing is as none."""
    (tmp_path / NAME).write_bytes(content)

    assert PositionFile(tmp_path).read() is None


@given(st.binary(max_size=200))
def test_whatever_stands_there(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Reading it never fails."""
    folder = tmp_path_factory.mktemp("state")
    (folder / NAME).write_bytes(content)

    PositionFile(folder).read()
