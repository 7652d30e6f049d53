from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import CsvInvalid, PlanUnusable
from autoconfig.mapping import csv_file
from autoconfig.mapping.csv_file import MOST_FAULTS, read
from autoconfig.mapping.sheet import Wanted
from tests.mapping.csv_texts import ZONE, anything, read_text, wanted_of
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mail.domain import Domain


def faults(folder: Path, text: str | bytes) -> list[str]:
    """What is wrong with a file with this text, without the remedies."""
    with pytest.raises(CsvInvalid) as caught:
        read_text(folder, text)
    return [f"{fault.place}: {fault.problem}" for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("domain,plan\na.example,p\n", Wanted(2, "a.example", "p", "{}", None, None), id="least"),
        pytest.param("domain,plan\na.example,p", Wanted(2, "a.example", "p", "{}", None, None), id="no line end"),
        pytest.param("\ufeffdomain,plan\r\na.example,p\r\n", Wanted(2, "a.example", "p", "{}", None, None), id="Excel"),
        pytest.param("domain,plan\ra.example,p\r", Wanted(2, "a.example", "p", "{}", None, None), id="old Mac"),
        pytest.param(
            "server,note,valid_from,plan,name\ns1,hello,1970-01-01T09:00:01,p,a.example",
            Wanted(2, "a.example", "p", '{"server":"s1"}', 1, "hello"),
            id="any order, time in the zone",
        ),
        pytest.param(
            "domain,plan,b,a,c\na.example,p,1,2,",
            Wanted(2, "a.example", "p", '{"a":"2","b":"1"}', None, None),
            id="canonical params, empty is unset",
        ),
        pytest.param(
            "domain,plan,valid_from,note\na.example,p,,",
            Wanted(2, "a.example", "p", "{}", None, None),
            id="empty cells",
        ),
        pytest.param(
            " name , plan ,valid_from,note,a\n A.example. , p , 1970-01-01T00:00Z , x , y ",
            Wanted(2, "a.example", "p", '{"a":" y "}', 0, " x "),
            id="space around what has none inside",
        ),
        pytest.param(
            "\n\ndomain,plan\n\n , \n,\na.example,p", Wanted(7, "a.example", "p", "{}", None, None), id="empty lines"
        ),
        pytest.param("domain,plan\n日本語。jp,p", Wanted(2, "xn--wgv71a119e.jp", "p", "{}", None, None), id="U-labels"),
        pytest.param("domain,plan\nexample.com,p", Wanted(2, "example.com", "p", "{}", None, None), id="full width"),
        pytest.param(
            'domain,plan,note\n"a.example",p,"1 ""x"",\r\n2"\n',
            Wanted(2, "a.example", "p", "{}", None, '1 "x",\r\n2'),
            id="quotes",
        ),
    ],
)
def test_read(tmp_path: Path, text: str, wanted: Wanted) -> None:
    """A good line says which plan, params, time and note a name is to have."""
    assert wanted_of(tmp_path, text) == [wanted]


def test_name_is_an_alias(tmp_path: Path) -> None:
    """A file of earlier releases calls the column `name`; empty cells are unset, wherever the column is."""
    lines = "a.example,p,\nb.example,q,s\n"
    found = wanted_of(tmp_path, "domain,plan,server\n" + lines)

    assert found == wanted_of(tmp_path, "name,plan,server\n" + lines)
    assert [(wanted.name, wanted.params) for wanted in found] == [
        ("a.example", "{}"),
        ("b.example", '{"server":"s"}'),
    ]


@pytest.mark.parametrize(("header", "has_notes"), [("domain,plan", False), ("note,domain,plan", True)])
def test_has_notes(tmp_path: Path, header: str, has_notes: bool) -> None:
    """It is known whether the file says anything about notes."""
    line = "x,a.example,p" if has_notes else "a.example,p"

    assert read_text(tmp_path, f"{header}\n{line}\n").has_notes is has_notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ["line 1: the file has no names"], id="empty file"),
        pytest.param("\ufeff\n\n", ["line 1: the file has no names"], id="empty lines only"),
        pytest.param("domain,plan\n", ["line 1: the file has no names"], id="header only"),
        pytest.param("name,x\n", ["line 1: has no column 'plan'"], id="no plan column"),
        pytest.param(
            "name;plan\na.example;p\n",
            [
                "line 1: 'name;plan' cannot be the name of a param",
                "line 1: has no column 'domain'",
                "line 1: has no column 'plan'",
            ],
            id="semicolons",
        ),
        pytest.param(
            "domain,plan,,x,x,Note,local\n",
            [
                "line 1: column 3 has no name",
                "line 1: has the column 'x' twice",
                "line 1: 'Note' cannot be the name of a param",
                "line 1: 'local' cannot be the name of a param",
            ],
            id="header",
        ),
        pytest.param("domain,plan,domain\n", ["line 1: has the column 'domain' twice"], id="domain twice"),
        pytest.param("name,name,plan\n", ["line 1: has the column 'name' twice"], id="name twice"),
        pytest.param(
            "domain,plan,name\n",
            ["line 1: has the columns 'domain' and 'name', which mean the same"],
            id="domain and name",
        ),
        pytest.param(
            "domain,plan\na.example\nb.example,p,q\n",
            ["line 2: has 1 cell, the header 2", "line 3: has 3 cells, the header 2"],
            id="cells",
        ),
        pytest.param("domain,plan\n,p\n", ["line 2: has no domain"], id="no domain"),
        pytest.param("domain,plan\na b,p\n", ["line 2: 'a b' is not a domain name"], id="bad name"),
        pytest.param("domain,plan\na.example,\n", ["line 2: has no plan"], id="no plan"),
        pytest.param(
            "domain,plan\n日本語.jp,p\nb.example,p\nXN--WGV71A119E.JP.,p\n",
            ["line 4: names xn--wgv71a119e.jp again, as line 2 does"],
            id="the same name",
        ),
        pytest.param(
            "domain,plan,valid_from\na.example,p,tomorrow\n",
            ["line 2: 'tomorrow' is not a time; write it like 2026-12-01T09:00 or 2026-12-01T09:00+09:00"],
            id="bad time",
        ),
        pytest.param(
            'domain,plan,note\na.example,p,"1\n2\n3"\nb,,\nc.example,"p"x,\nd.example,p,"\ne\n',
            [
                "line 5: has no plan",
                "line 6: is not CSV: ',' expected after '\"'",
                "line 7: has a quotation mark that is never closed",
            ],
            id="lines are counted as they stand in the file",
        ),
        pytest.param("domain,plan\n,\nx y,\n", ["line 3: 'x y' is not a domain name", "line 3: has no plan"], id="two"),
        pytest.param(
            "domain,plan\n日本語.jp,p".encode("cp932"), ["file: looks like Shift_JIS, not UTF-8"], id="encoding"
        ),
    ],
)
def test_faults(tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    """Every fault of a file is listed, each with its line."""
    assert faults(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param("domain,plan,Note\n", "name it 'note'", id="a column in another case"),
        pytest.param("domain,plan,name\n", "keep 'domain'", id="two columns of one meaning"),
        pytest.param("domain,plan,a-b\n", "write domain,plan and the plans' params", id="no param"),
        pytest.param("name\n", "separate the columns by commas", id="one column"),
        pytest.param("name,x\n", "the first line names the columns", id="other columns"),
        pytest.param("domain,plan\na.example,p,q\n", "put quotes around cells with commas", id="a cell too many"),
        pytest.param("domain,plan\na.example\n", "", id="a cell too few"),
    ],
)
def test_remedies(tmp_path: Path, text: str, remedy: str) -> None:
    """What is to be done fits what is wrong."""
    with pytest.raises(CsvInvalid) as caught:
        read_text(tmp_path, text)

    assert [remedy] == [fault.remedy for fault in caught.value.faults]


def test_a_cell_without_an_end(tmp_path: Path) -> None:
    """A quotation mark that nothing closes is named as such on its own line, also long before the end of the file."""
    text = 'domain,plan,note\na.example,p,"\n' + "b.example,p,\n" * 20_000
    expected = "line 2: has a cell of over 131072 characters, or a quotation mark that is never closed"

    assert faults(tmp_path, text)[0] == expected


@pytest.mark.parametrize(
    ("line", "count"),
    [("-,", MOST_FAULTS), ('a.example,p,"x"y', MOST_FAULTS), ("x y,,", MOST_FAULTS + 1)],
    ids=["cells", "no CSV", "two a line"],
)
def test_many_faults(tmp_path: Path, line: str, count: int) -> None:
    """A plan that is misspelt on a million lines is not reported a million times; the last fault says where."""
    found = faults(tmp_path, "domain,plan,note\n-,\n" + f"{line}\n" * (MOST_FAULTS + 10))

    assert len(found) == count + 1
    assert found[-1].endswith(f": reading stops after {count} faults")


def test_just_so_many_faults(tmp_path: Path) -> None:
    """All faults are reported, and nothing else, if no line comes after them."""
    assert len(faults(tmp_path, "domain,plan,note\n" + "-,\n" * MOST_FAULTS)) == MOST_FAULTS


def test_every_line_is_checked(tmp_path: Path) -> None:
    """The plans have a say in each line that could be read, and their words are what is listed."""

    def check(name: Domain, plan: str, params: str) -> None:
        if params != '{"server":"s"}':
            raise PlanUnusable(f"{name} needs a server", plan=plan, param="server")

    path = tmp_path / "names.csv"
    path.write_text("domain,plan,server\na.example,p,s\nb.example,p,\n-,\nc.example,q,\n")
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
    """Progress counts every byte."""
    path = tmp_path / "names.csv"
    path.write_text("domain,plan\n" + "".join(f"n{number}.example,p\n" for number in range(3000)))
    steps = Steps()
    read(path, ZONE, anything, steps)

    size = path.stat().st_size
    assert steps[-1] == ("reading", size, size)
    assert len(steps) > 2


def test_what_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that say the same are read alike, also when more differ than are remembered."""
    monkeypatch.setattr(csv_file, "_REMEMBERED", 2)
    lines = "".join(f"n{number}.example,p,s{number // 2}\n" for number in range(20))
    wanted = wanted_of(tmp_path, "domain,plan,server\n" + lines)

    assert [line.params for line in wanted] == [f'{{"server":"s{number // 2}"}}' for number in range(20)]


def test_many_columns(tmp_path: Path) -> None:
    """A header of very many columns is one fault, and is not looked at column by column."""
    with pytest.raises(CsvInvalid) as caught:
        read_text(tmp_path, "domain,plan," + ",".join(f"c{number}" for number in range(100_000)) + "\n")

    assert [(fault.place, fault.problem) for fault in caught.value.faults] == [
        ("line 1", "has 100002 columns, and no plan has so many params")
    ]


@pytest.mark.parametrize("note", ["\x1b]0;owned\x07", "\x9b31m", "\x7f"])
def test_control_characters(tmp_path: Path, note: str) -> None:
    """A note that a terminal would obey is a fault of its line."""
    with pytest.raises(CsvInvalid) as caught:
        read_text(tmp_path, f"domain,plan,note\na.example,p,x\nb.example,p,{note}\n")

    assert [(fault.place, fault.problem) for fault in caught.value.faults] == [
        ("line 3", "has control characters in its note")
    ]


CELLS = st.sampled_from(
    ["domain", "name", "plan", "valid_from", "note", "x", "a.example", "日本", '"', "\r", "\n", ",", " ", "\x1b$B"]
)


@given(
    st.binary()
    | st.lists(CELLS).map("".join).map(str.encode)
    | st.lists(CELLS).map(lambda cells: b"domain,plan\n" + "".join(cells).encode())
)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever a file has in it, it is read or refused with its faults."""
    folder = tmp_path_factory.mktemp("bytes")
    with contextlib.suppress(CsvInvalid):
        assert wanted_of(folder, data)
