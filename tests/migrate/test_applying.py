"""Writing a migration down: the file whole or as it was, the rows together or not at all."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import PlansInvalid, Refused
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.store_database import upgrade
from autoconfig.migrate.applying import append_plans, held, write_rows
from autoconfig.migrate.planning import Added, PlannedRow
from autoconfig.plans import read_file, read_plans
from tests.migrate.documents import START
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = START.decode().replace("plans.there", "plans.new").lstrip()
NEW = Added(read_plans(TEXT.encode()).get("new"), TEXT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plans.toml."""
    path = tmp_path / "plans.toml"
    path.write_bytes(START)
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty mapping."""
    url = f"sqlite:///{tmp_path / 'mapping.db'}"
    upgrade(url, create=True)
    opened = Journal(url)
    yield opened
    opened.close()


BEFORE = {
    "as usual": START,
    "without a last line break": START.rstrip(),
    "with CR LF": START.replace(b"\n", b"\r\n"),
    "with a mark": b"\xef\xbb\xbf" + START,
    "with a rule at its end": START + b"[[host]]\nmatch = '(?P<server>a)'\nplan = 'there'\n",
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_append(file: Path, before: bytes) -> None:
    """Every byte that is there stays, the file is valid, and its plans are the old ones and the new."""
    file.write_bytes(before)
    append_plans(file, read_file(file), [NEW])

    assert file.read_bytes().startswith(before)
    assert list(read_file(file).plans) == ["there", "new"]


def test_append_nothing(file: Path) -> None:
    """Without new plans the file is not touched."""
    before = file.stat()
    append_plans(file, read_file(file), [])

    assert before.st_mtime_ns == file.stat().st_mtime_ns


def test_rights(file: Path) -> None:
    """Rights and links stay as they are, and nothing else is left in the folder."""
    file.chmod(0o640)
    real = file.rename(file.with_name("real.toml"))
    file.symlink_to(real.name)
    append_plans(file, read_file(file), [NEW])

    assert file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in file.parent.iterdir()) == ["plans.toml", "real.toml"]


def test_changed_meanwhile(file: Path) -> None:
    """A file that somebody has edited since is left as it is."""
    plans = read_file(file)
    file.write_bytes(START + b"# mine\n")
    with pytest.raises(Refused, match="was changed meanwhile"):
        append_plans(file, plans, [NEW])

    assert file.read_bytes() == START + b"# mine\n"
    assert [file] == list(file.parent.iterdir())


def test_not_to_be_appended(file: Path) -> None:
    """If TOML does not allow plans to be appended, the error says so and the file stays."""
    file.write_bytes(b"plans = { there = { name = 'x', redirect_url = 'https://x.example/' } }\n")
    before = file.read_bytes()
    with pytest.raises(PlansInvalid):
        append_plans(file, read_file(file), [NEW])

    assert file.read_bytes() == before


def test_would_change_others(file: Path) -> None:
    """A plan that, read again, is another one is not written."""
    with pytest.raises(PlansInvalid, match="would change others"):
        append_plans(file, read_file(file), [NEW._replace(text=TEXT.replace("993", "143"))])

    assert file.read_bytes() == START


def test_gone(file: Path) -> None:
    """A file that has gone since is not made again."""
    plans = read_file(file)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        append_plans(file, plans, [NEW])

    assert list(file.parent.iterdir()) == []


def test_rows(journal: Journal) -> None:
    """Rows are written with a note, and what holds is found by name or, for many names, in one go."""
    steps = Steps()
    with journal.writing() as writing:
        write_rows(writing, [PlannedRow("a.example", "there", "{}", None)], 100, "why", steps)
        writing.append([Change("a.example", 200, None, "{}")])
    with journal.reading() as reading:
        few = held(reading, {"a.example", "b.example"}, 150)
        many = held(reading, {f"{n}.example" for n in range(2000)} | {"a.example"}, 150)

    assert steps == [("writing", 1, 1)]
    assert few == many
    assert few["a.example"].now is not None
    assert few["a.example"].now[1:6] == ("a.example", 100, "there", "{}", "why")
    assert few["a.example"].later is not None
    assert list(few) == ["a.example"]


def test_rows_changed_meanwhile(journal: Journal) -> None:
    """Where a name has got another row since, no row is written."""
    with journal.writing() as writing:
        writing.append([Change("b.example", 50, "there", "{}")])
    rows = [PlannedRow("a.example", "there", "{}", None), PlannedRow("b.example", "there", "{}", None)]
    with pytest.raises(Refused, match=r"b\.example: its row was changed meanwhile"), journal.writing() as writing:
        write_rows(writing, rows, 100, "why")
    with journal.reading() as reading:
        assert reading.timeline("a.example").rows == []
