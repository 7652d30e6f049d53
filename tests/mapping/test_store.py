from __future__ import annotations

import getpass
import time
from typing import TYPE_CHECKING, NoReturn

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.params import decode, encode
from autoconfig.mapping.record import Record
from autoconfig.mapping.store import BATCH, Change, Journal

if TYPE_CHECKING:
    from pathlib import Path


def rows(journal: Journal) -> list[Record]:
    """All rows, by id."""
    with journal.reading() as reading:
        return sorted(record for _name, timeline in reading.timelines() for record in timeline.rows)


def test_append_one(journal: Journal) -> None:
    """A row has the decision, its author and its time, and is read back unchanged."""
    with journal.writing() as writing:
        record = writing.append_one(Change("a.example", 5, "plan", '{"x":"é"}', "because"))

    assert rows(journal) == [record]
    assert record[:6] == (1, "a.example", 5, "plan", '{"x":"é"}', "because")
    assert record.changed_by == getpass.getuser()
    assert abs(record.recorded_at - time.time()) < 3600


def test_ids_grow_in_the_order_of_appending(journal: Journal) -> None:
    """Ids go on where they ended, over batches and transactions, whatever the names and times."""
    with journal.writing() as writing:
        writing.append_one(Change("z.example", 9, "plan", "{}"))
    with journal.writing() as writing:
        writing.append(Change(f"n{number}.example", 0, "plan", "{}") for number in range(BATCH + 1))
        last = writing.append_one(Change("a.example", 1, None, "{}"))

    assert [record.id for record in rows(journal)] == list(range(1, BATCH + 4))
    assert [record.name for record in rows(journal)][1:3] == ["n0.example", "n1.example"]
    assert last.id == BATCH + 3


def test_timelines(journal: Journal) -> None:
    """Names come in order, each with its rows in order of time and id."""
    with journal.writing() as writing:
        assert writing.count() == 0
        writing.append(
            [
                Change("b.example", 9, "x", "{}"),
                Change("a.example", 9, "y", "{}"),
                Change("a.example", 1, "z", "{}"),
                Change("a.example", 9, None, "{}"),
            ]
        )
        found = [(name, [row.id for row in timeline.rows]) for name, timeline in writing.timelines()]

        assert found == [("a.example", [3, 2, 4]), ("b.example", [1])]
        assert [row.id for row in writing.timeline("a.example").rows] == [3, 2, 4]
        assert (writing.count(), len(writing.timeline("c.example").rows)) == (4, 0)


NAMES = ["0.example", "a-b.example", "a.b.example", "a.example", "a0.example", "a_b.example", "ab.example", "xn--a.jp"]


def test_order_of_names(journal: Journal) -> None:
    """Names are compared and ordered byte by byte, as Python does it, whatever the server's language is."""
    with journal.writing() as writing:
        writing.append(Change(name, 1, "p", "{}") for name in reversed(NAMES))

        assert [name for name, _timeline in writing.timelines()] == sorted(NAMES) == NAMES
        assert not writing.timeline("A.example").rows


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1])
def test_a_name_over_pages(journal: Journal, count: int) -> None:
    """A name whose rows come in more than one page has all of them, once, and so have its neighbours."""
    with journal.writing() as writing:
        writing.append([Change("a.example", 1, "p", "{}"), Change("c.example", 1, "p", "{}")])
        writing.append(Change("b.example", moment, "p", "{}") for moment in range(count - 1))
    with journal.reading() as reading:
        found = {name: len(timeline.rows) for name, timeline in reading.timelines()}
        identities = [record.id for record in reading.since(0)]

    assert found == {"a.example": 1, "b.example": count - 1, "c.example": 1}
    assert identities == list(range(1, count + 2))


def test_since(journal: Journal) -> None:
    """Rows after an id come in the order of their ids, up to one if it is given."""
    with journal.writing() as writing:
        writing.append(Change(f"{name}.example", 1, "p", "{}") for name in "dcba")
        found = [[record.id for record in rows] for rows in (writing.since(2), writing.since(1, 3), writing.since(4))]

        assert found == [[3, 4], [2, 3], []]
        assert writing.last_id() == 4


def test_another_history(journal: Journal) -> None:
    """Where all rows are replaced the history is another one; rows keep the ids, times and people they come with."""
    with journal.writing() as writing:
        writing.append_one(Change("a.example", 5, "plan", "{}"))
        generation = writing.generation()
    record = Record(7, "b.example", 5, None, "{}", None, "somebody", 9)
    with journal.writing() as writing:
        writing.replace_all("f" * 32)
        writing.copy([record])

    assert rows(journal) == [record]
    with journal.reading() as reading:
        assert (reading.generation(), reading.last_id()) == ("f" * 32, 7)
    assert generation != "f" * 32


TEXTS = {
    "Japanese": "新サーバー",
    "beyond the BMP": "🗾 𠮷野家",
    "quotes": """a "b" 'c' \\ \\N \\. %s %(x)s :name ? {}""",
    "white space": " a\tb\nc\r\nd ",
    "combining": "か\u3099 \u200d",
    "long": "長" * 30_000,
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("many", [1, 3], ids=["one", "several"])
def test_texts(journal: Journal, text: str, many: int) -> None:
    """Whatever a note or a param says is read back as it was written, alone or among others."""
    params = encode({"x": text})
    with journal.writing() as writing:
        writing.append(Change(f"n{number}.example", 1, "p", params, text) for number in range(many))

    assert {(record.params, record.note) for record in rows(journal)} == {(params, text)}
    assert decode(params) == {"x": text}


def test_all_or_nothing(journal: Journal) -> None:
    """Where a transaction ends in an error, nothing of it stays."""

    def fail() -> NoReturn:
        with journal.writing() as writing:
            writing.append_one(Change("a.example", 5, "plan", "{}"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert rows(journal) == []


def test_a_view_is_consistent(journal: Journal, url: str) -> None:
    """A reader sees nothing of concurrent writes, and neither side waits."""
    other = Journal(url)
    with journal.reading() as reading:
        before = reading.count()
        with other.writing() as writing:
            writing.append_one(Change("a.example", 5, "plan", "{}"))

        assert (before, reading.count()) == (0, 0)
    other.close()

    assert len(rows(journal)) == 1


def test_one_writer(journal: Journal, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer waits, and gives up with a sentence that says why."""
    monkeypatch.setattr("autoconfig.mapping.schema_version.BUSY_TIMEOUT", 0.05)
    other = Journal(url)
    with journal.writing(), pytest.raises(MappingUnavailable, match="another command is writing"), other.writing():
        pass
    other.close()


def test_settle(journal: Journal, path: Path) -> None:
    """After a checkpoint the log is empty."""
    log = path.with_name("mapping.db-wal")
    with journal.writing() as writing:
        writing.append_one(Change("a.example", 5, "plan", "{}"))
    sizes = [log.stat().st_size]
    journal.settle()
    sizes.append(log.stat().st_size)

    assert sizes[0] > sizes[1] == 0


def test_a_user_without_a_name(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container whose user has no name, rows can be written."""

    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nobody)
    with journal.writing() as writing:
        assert writing.append_one(Change("a.example", 5, "plan", "{}")).changed_by == "unknown"
