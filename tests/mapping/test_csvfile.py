from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import CsvInvalid, PlanUnusable, Refused
from autoconfig.mapping import csvfile
from autoconfig.mapping.csvfile import MOST_FAULTS, Sheet, Wanted, read, write
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.schema import Record
from autoconfig.mapping.sync import sync
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mail.domain import Domain

ZONE = "Asia/Tokyo"
NOW = 1000


def anything(_name: Domain, _plan: str, _params: str) -> None:
    """Plans that allow all."""


def read_text(folder: Path, text: str | bytes) -> Sheet:
    """What a file with this text says."""
    path = folder / "names.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, ZONE, anything)


def faults(folder: Path, text: str | bytes) -> list[str]:
    """What is wrong with a file with this text, without the remedies."""
    with pytest.raises(CsvInvalid) as caught:
        read_text(folder, text)
    return [f"{fault.place}: {fault.problem}" for fault in caught.value.faults]


def one_line(record: Record) -> str:
    """The export of a mapping of this row only."""
    file = io.StringIO(newline="")
    write(file, lambda: [(record.name, Timeline([record]))], NOW, ZONE)
    return file.getvalue()


def row(plan: str | None, valid_from: int, params: str = "{}", note: str | None = None, identity: int = 1) -> Record:
    """A row of example.com."""
    return Record(identity, "example.com", valid_from, plan, params, note, "user", 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("name,plan\na.example,p\n", Wanted(2, "a.example", "p", "{}", None, None), id="least"),
        pytest.param("name,plan\na.example,p", Wanted(2, "a.example", "p", "{}", None, None), id="no line end"),
        pytest.param("\ufeffname,plan\r\na.example,p\r\n", Wanted(2, "a.example", "p", "{}", None, None), id="Excel"),
        pytest.param("name,plan\ra.example,p\r", Wanted(2, "a.example", "p", "{}", None, None), id="old Mac"),
        pytest.param(
            "server,note,valid_from,plan,name\ns1,hello,1970-01-01T09:00:01,p,a.example",
            Wanted(2, "a.example", "p", '{"server":"s1"}', 1, "hello"),
            id="any order, time in the zone",
        ),
        pytest.param(
            "name,plan,b,a,c\na.example,p,1,2,",
            Wanted(2, "a.example", "p", '{"a":"2","b":"1"}', None, None),
            id="canonical params, empty is unset",
        ),
        pytest.param(
            "name,plan,valid_from,note\na.example,p,,", Wanted(2, "a.example", "p", "{}", None, None), id="empty cells"
        ),
        pytest.param(
            " name , plan ,valid_from,note,a\n A.example. , p , 1970-01-01T00:00Z , x , y ",
            Wanted(2, "a.example", "p", '{"a":" y "}', 0, " x "),
            id="space around what has none inside",
        ),
        pytest.param(
            "\n\nname,plan\n\n , \n,\na.example,p", Wanted(7, "a.example", "p", "{}", None, None), id="empty lines"
        ),
        pytest.param("name,plan\n日本語。jp,p", Wanted(2, "xn--wgv71a119e.jp", "p", "{}", None, None), id="U-labels"),
        pytest.param("name,plan\nexample.com,p", Wanted(2, "example.com", "p", "{}", None, None), id="full width"),
        pytest.param(
            'name,plan,note\n"a.example",p,"1 ""x"",\r\n2"\n',
            Wanted(2, "a.example", "p", "{}", None, '1 "x",\r\n2'),
            id="quotes",
        ),
    ],
)
def test_read(tmp_path: Path, text: str, wanted: Wanted) -> None:
    """A good line says which plan, params, time and note a name is to have."""
    assert read_text(tmp_path, text).wanted == [wanted]


@pytest.mark.parametrize(("header", "has_notes"), [("name,plan", False), ("note,name,plan", True)])
def test_has_notes(tmp_path: Path, header: str, has_notes: bool) -> None:
    """It is known whether the file says anything about notes."""
    line = "x,a.example,p" if has_notes else "a.example,p"

    assert read_text(tmp_path, f"{header}\n{line}\n").has_notes is has_notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ["line 1: the file has no names"], id="empty file"),
        pytest.param("\ufeff\n\n", ["line 1: the file has no names"], id="empty lines only"),
        pytest.param("name,plan\n", ["line 1: the file has no names"], id="header only"),
        pytest.param("name,x\n", ["line 1: has no column 'plan'"], id="no plan column"),
        pytest.param(
            "name;plan\na.example;p\n",
            [
                "line 1: 'name;plan' cannot be the name of a param",
                "line 1: has no column 'name'",
                "line 1: has no column 'plan'",
            ],
            id="semicolons",
        ),
        pytest.param(
            "name,plan,,x,x,Note,domain\n",
            [
                "line 1: column 3 has no name",
                "line 1: has the column 'x' twice",
                "line 1: 'Note' cannot be the name of a param",
                "line 1: 'domain' cannot be the name of a param",
            ],
            id="header",
        ),
        pytest.param("name,plan,name\n", ["line 1: has the column 'name' twice"], id="name twice"),
        pytest.param(
            "name,plan\na.example\nb.example,p,q\n",
            ["line 2: has 1 cell, the header 2", "line 3: has 3 cells, the header 2"],
            id="cells",
        ),
        pytest.param("name,plan\n,p\n", ["line 2: has no name"], id="no name"),
        pytest.param("name,plan\na b,p\n", ["line 2: 'a b' is not a domain name"], id="bad name"),
        pytest.param("name,plan\na.example,\n", ["line 2: has no plan"], id="no plan"),
        pytest.param(
            "name,plan\n日本語.jp,p\nb.example,p\nXN--WGV71A119E.JP.,p\n",
            ["line 4: names xn--wgv71a119e.jp again, as line 2 does"],
            id="the same name",
        ),
        pytest.param(
            "name,plan,valid_from\na.example,p,tomorrow\n",
            ["line 2: 'tomorrow' is not a time; write it like 2026-12-01T09:00 or 2026-12-01T09:00+09:00"],
            id="bad time",
        ),
        pytest.param(
            'name,plan,note\na.example,p,"1\n2\n3"\nb,,\nc.example,"p"x,\nd.example,p,"\ne\n',
            [
                "line 5: has no plan",
                "line 6: is not CSV: ',' expected after '\"'",
                "line 7: has a quotation mark that is never closed",
            ],
            id="lines are counted as they stand in the file",
        ),
        pytest.param("name,plan\n,\nx y,\n", ["line 3: 'x y' is not a domain name", "line 3: has no plan"], id="two"),
        pytest.param(
            "name,plan\n日本語.jp,p".encode("cp932"), ["file: looks like Shift_JIS, not UTF-8"], id="encoding"
        ),
    ],
)
def test_faults(tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    """Every fault of a file is listed, each with its line."""
    assert faults(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param("name,plan,Note\n", "name it 'note'", id="a column in another case"),
        pytest.param("name,plan,a-b\n", "write name,plan and the plans' params", id="no param"),
        pytest.param("name\n", "separate the columns by commas", id="one column"),
        pytest.param("name,x\n", "the first line names the columns", id="other columns"),
        pytest.param("name,plan\na.example,p,q\n", "put quotes around cells with commas", id="a cell too many"),
        pytest.param("name,plan\na.example\n", "", id="a cell too few"),
    ],
)
def test_remedies(tmp_path: Path, text: str, remedy: str) -> None:
    """What is to be done fits what is wrong."""
    with pytest.raises(CsvInvalid) as caught:
        read_text(tmp_path, text)

    assert [remedy] == [fault.remedy for fault in caught.value.faults]


def test_a_cell_without_an_end(tmp_path: Path) -> None:
    """A quotation mark that nothing closes is named as such on its own line, also long before the end of the file."""
    text = 'name,plan,note\na.example,p,"\n' + "b.example,p,\n" * 20_000
    expected = "line 2: has a cell of over 131072 characters, or a quotation mark that is never closed"

    assert faults(tmp_path, text)[0] == expected


@pytest.mark.parametrize(
    ("line", "count"),
    [("-,", MOST_FAULTS), ('a.example,p,"x"y', MOST_FAULTS), ("x y,,", MOST_FAULTS + 1)],
    ids=["cells", "no CSV", "two a line"],
)
def test_many_faults(tmp_path: Path, line: str, count: int) -> None:
    """A plan that is misspelt on a million lines is not said a million times: reading ends, and it is said where."""
    found = faults(tmp_path, "name,plan,note\n-,\n" + f"{line}\n" * (MOST_FAULTS + 10))

    assert len(found) == count + 1
    assert found[-1].endswith(f": reading ends here, after {count} faults")


def test_just_so_many_faults(tmp_path: Path) -> None:
    """All of them are said, and nothing else, where nothing comes after them."""
    assert len(faults(tmp_path, "name,plan,note\n" + "-,\n" * MOST_FAULTS)) == MOST_FAULTS


def test_every_line_is_checked(tmp_path: Path) -> None:
    """The plans have a say in each line that could be read, and their words are what is listed."""

    def check(name: Domain, plan: str, params: str) -> None:
        if params != '{"server":"s"}':
            raise PlanUnusable(f"{name} needs a server", plan=plan, param="server")

    path = tmp_path / "names.csv"
    path.write_text("name,plan,server\na.example,p,s\nb.example,p,\n-,\nc.example,q,\n")
    with pytest.raises(CsvInvalid) as caught:
        read(path, ZONE, check)

    assert str(caught.value).splitlines() == [
        f"{path}: 3 faults",
        "  line 3: plan 'p', param 'server': b.example needs a server",
        "  line 4: has 2 cells, the header 3",
        "  line 5: plan 'q', param 'server': c.example needs a server",
    ]


@pytest.mark.parametrize("name", ["missing.csv", "", "\0"], ids=["missing", "folder", "no file name"])
def test_unreadable(tmp_path: Path, name: str) -> None:
    """A file that cannot be read is named, with the reason."""
    with pytest.raises(CsvInvalid, match="cannot be read"):
        read(tmp_path / name, ZONE, anything)


def test_progress(tmp_path: Path) -> None:
    """Who waits is told of every byte."""
    path = tmp_path / "names.csv"
    path.write_text("name,plan\n" + "".join(f"n{number}.example,p\n" for number in range(3000)))
    told: list[int] = []
    read(path, ZONE, anything, told.append)

    assert sum(told) == path.stat().st_size
    assert len(told) > 2


def test_what_repeats_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that say the same share it, and what is remembered for that is bounded."""
    monkeypatch.setattr(csvfile, "_REMEMBERED", 2)
    lines = "".join(f"n{number}.example,p,s{number // 2}\n" for number in range(20))
    wanted = read_text(tmp_path, "name,plan,server\n" + lines).wanted

    assert [line.params for line in wanted] == [f'{{"server":"s{number // 2}"}}' for number in range(20)]
    assert wanted[0].params is wanted[1].params


def test_write() -> None:
    """An export has a column for every param, LF line ends, times with offset, and an empty cell for what is unset."""
    first = row("p", 0, '{"b":"1"}', 'say "hi"')
    second = Record(2, "xn--wgv71a119e.jp", 61, "q", '{"a":"é,"}', None, "user", 0)
    file = io.StringIO(newline="")
    count = write(file, lambda: [(each.name, Timeline([each])) for each in (first, second)], NOW, ZONE)

    assert count == 2
    assert file.getvalue() == (
        "name,plan,valid_from,note,a,b\n"
        'example.com,p,1970-01-01T09:00:00+09:00,"say ""hi""",,1\n'
        'xn--wgv71a119e.jp,q,1970-01-01T09:01:01+09:00,,"é,",\n'
    )


@pytest.mark.parametrize(
    ("rows", "plan"),
    [
        pytest.param([row("a", 1), row("b", 2, identity=2), row("c", 2000, identity=3)], "b", id="current"),
        pytest.param([row("b", 2000), row("c", 3000, identity=2)], "b", id="only scheduled"),
        pytest.param([row("a", 1), row(None, 2, identity=2)], None, id="ended"),
        pytest.param([row(None, 2), row("c", 2000, identity=2)], "c", id="ended, will come back"),
        pytest.param([row("b", 2000), row(None, 2000, identity=2)], None, id="scheduled and cancelled"),
        pytest.param([row("b", 2000), row(None, 2000, identity=2), row("c", 3000, identity=3)], "c", id="then again"),
        pytest.param([row("a", 1), row(None, 2000, identity=2)], "a", id="about to end"),
    ],
)
def test_which_row_is_exported(rows: list[Record], plan: str | None) -> None:
    """A name that is ours, or will be, has one line; one that has ended has none."""
    file = io.StringIO(newline="")
    count = write(file, lambda: [("example.com", Timeline.of(rows))], NOW, ZONE)

    assert count == (plan is not None)
    assert [line.split(",")[1] for line in file.getvalue().splitlines()[1:]] == [plan][:count]


def test_no_names() -> None:
    """The export of an empty mapping is a header."""
    file = io.StringIO(newline="")

    assert write(file, list, NOW, ZONE) == 0
    assert file.getvalue() == "name,plan,valid_from,note\n"


def test_a_param_called_like_a_column() -> None:
    """A mapping that no CSV can hold is not exported as something else."""
    with pytest.raises(Refused, match="'note'"):
        one_line(row("p", 1, '{"note":"x"}'))


@given(note=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_notes_survive(note: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any note is read as it was written, line ends and quotes included."""
    folder = tmp_path_factory.mktemp("note")

    assert read_text(folder, one_line(row("p", 1, "{}", note))).wanted == [
        Wanted(2, "example.com", "p", "{}", 1, note or None)
    ]


CELLS = st.sampled_from(
    ["name", "plan", "valid_from", "note", "x", "a.example", "日本", '"', "\r", "\n", ",", " ", "\x1b$B"]
)


@given(
    st.binary()
    | st.lists(CELLS).map("".join).map(str.encode)
    | st.lists(CELLS).map(lambda cells: b"name,plan\n" + "".join(cells).encode())
)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever a file has in it, it is read or refused with its faults."""
    folder = tmp_path_factory.mktemp("bytes")
    with contextlib.suppress(CsvInvalid):
        assert read_text(folder, data).wanted


ROWS = [
    Change("a.example", 5, "p", '{"x":"é"}', 'a, "b"\nc'),
    Change("b.example", 5, "p", "{}"),
    Change("b.example", 6, None, "{}", "ended"),
    Change("c.example", 4_000_000_000, "p", '{"y":"{domain}"}', "新"),
    Change("d.example", 5, "p", "{}"),
    Change("d.example", 4_000_000_000, None, "{}"),
    Change("e.example", 5, "p", '{"x":"1"}'),
    Change("e.example", 5, "q", '{"x":" 2 ","y":"\\\\"}'),
]


def test_export_then_sync(journal: Journal, tmp_path: Path) -> None:
    """On each engine, what is exported is the same file, and changes nothing when it is synced."""
    path = tmp_path / "names.csv"
    with journal.writing() as writing:
        writing.append(ROWS)
    with journal.reading() as reading, path.open("w", encoding="utf-8", newline="") as file:
        assert write(file, reading.timelines, NOW, ZONE) == 4

    assert path.read_text(encoding="utf-8") == (
        "name,plan,valid_from,note,x,y\n"
        'a.example,p,1970-01-01T09:00:05+09:00,"a, ""b""\nc",é,\n'
        "c.example,p,2096-10-02T16:06:40+09:00,新,,{domain}\n"
        "d.example,p,1970-01-01T09:00:05+09:00,,,\n"
        "e.example,q,1970-01-01T09:00:05+09:00,, 2 ,\\\n"
    )
    assert not sync(journal, read(path, ZONE, anything), NOW, delete=True, max_ends=0).steps
