"""A folder of published documents: which file is for which domain."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import InputInvalid
from autoconfig.migrate.folder import read
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.migrate.source import MigrationSource


def document(*domains: str, host: str = "imap.example.net", mx: str = "") -> bytes:
    """A document that names these domains."""
    names = "".join(f"<domain>{name}</domain>" for name in domains)
    names += f"<domain purpose='mx'>{mx}</domain>" if mx else ""
    return (
        f"<clientConfig><emailProvider id='x'>{names}<displayName>X</displayName>"
        f"<incomingServer type='imap'><hostname>{host}</hostname></incomingServer></emailProvider></clientConfig>"
    ).encode()


def made(folder: Path, **files: bytes) -> MigrationSource:
    """The source of a folder with these files."""
    return of(folder, files)


def of(folder: Path, files: dict[str, bytes]) -> MigrationSource:
    """The same, for names that are no words."""
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return read(folder)


def domains(source: MigrationSource) -> list[str]:
    """Its domains, in order."""
    return sorted(entry.domain.name for entry in source.entries)


PLACES = {
    "its name": ("a.example.xml", (), ["a.example"]),
    "in other letters": ("Ａ.Example.xml", (), ["a.example"]),
    "in U-labels": ("日本語.example.xml", (), ["xn--wgv71a119e.example"]),
    "as hosted": ("a.example/mail/config-v1.1.xml", (), ["a.example"]),
    "as hosted under a host": ("autoconfig.a.example/mail/config-v1.1.xml", (), ["a.example"]),
    "well known": ("a.example/.well-known/autoconfig/mail/config-v1.1.xml", (), ["a.example"]),
    "as Mozilla publishes": ("v1.1/a.example", ("a.example", "b.example"), ["a.example", "b.example"]),
    "the nearest folder": ("b.example/a.example/config-v1.1.xml", (), ["a.example"]),
    "names and is named": ("a.example.xml", ("b.example",), ["a.example", "b.example"]),
    "only names": ("config-v1.1.xml", ("a.example", "b.example"), ["a.example", "b.example"]),
    "a copy": ("a.example.old", ("b.example",), ["b.example"]),
    "one word": ("provider.xml", ("b.example",), ["b.example"]),
    "a number": ("provider.2.xml", ("b.example",), ["b.example"]),
    "a template": ("a.example.xml", ("%EMAILDOMAIN%",), ["a.example"]),
    "in an unreadable folder name": ("a b/c.xml", ("b.example",), ["b.example"]),
}


@pytest.mark.parametrize(("name", "named", "expected"), PLACES.values(), ids=PLACES)
def test_domains(tmp_path: Path, name: str, named: tuple[str, ...], expected: list[str]) -> None:
    """A file is for the domains that it names and the one in its path."""
    source = of(tmp_path, {name: document(*named)})

    assert domains(source) == expected
    assert source.remarks == []


IGNORED = {
    "another text": {"README": b"no document"},
    "hidden": {".git/a.example.xml": document("a.example")},
    "too deep": {"1/2/3/4/5/6/a.example.xml": document("a.example")},
    "nothing": {},
}


@pytest.mark.parametrize("files", IGNORED.values(), ids=IGNORED)
def test_no_documents(tmp_path: Path, files: dict[str, bytes]) -> None:
    """A folder without a document is refused."""
    with pytest.raises(InputInvalid, match=r"has no config-v1\.1\.xml"):
        of(tmp_path, files)


REMARKS = {
    "no XML": ({"a.example.xml": b"x"}, "a.example.xml", "it is not XML"),
    "another document": ({"a.example.xml": b"<html/>"}, "a.example.xml", "it is not a <clientConfig>"),
    "no domain": ({"x.xml": document()}, "x.xml", "names no domain"),
    "a name that is none": ({"a.example.xml": document("a b")}, "a b", "is not a domain name"),
    "a mail host": (
        {"a.example.xml": document(mx="mx.example.net")},
        "a.example",
        "names the mail host mx.example.net",
    ),
    "twice the same": (
        {"a.example.xml": document(), "x.xml": document("a.example")},
        "a.example",
        "is in 2 files with the same servers",
    ),
    "twice, once under its name": (
        {"a.example.xml": document(), "x.xml": document("a.example", host="other.example.net")},
        "a.example",
        "another file gives it different servers; the one under the domain's name counts",
    ),
}


@pytest.mark.parametrize(("files", "domain", "problem"), REMARKS.values(), ids=REMARKS)
def test_remarks(tmp_path: Path, files: dict[str, bytes], domain: str, problem: str) -> None:
    """What a file says and cannot be taken over is remarked, by domain or by file."""
    (remark,) = of(tmp_path, files).remarks

    assert remark.domain == domain
    assert remark.problem.startswith(problem)


@pytest.mark.parametrize("names", [("x.xml", "y.xml"), ("a.example.xml", "a.example/config-v1.1.xml")], ids=str)
def test_ambiguous(tmp_path: Path, names: tuple[str, str]) -> None:
    """Of two files with different servers neither counts, unless just one is published under the domain's name."""
    files = dict(zip(names, [document("a.example", host=f"{n}.example.net") for n in "mn"], strict=True))
    source = of(tmp_path, files)

    assert source.entries == []
    assert [remark.problem for remark in source.remarks] == ["two files give it different servers"]
    assert set(source.remarks[0].place.split(", ")) == set(names)


def test_links(tmp_path: Path) -> None:
    """Links to files and folders are followed, but not into a folder in which they are."""
    of(tmp_path, {"base/mail/config-v1.1.xml": document()} | {"p.xml": document("b.example")})
    (tmp_path / "a.example").symlink_to("base")
    (tmp_path / "c.example.xml").symlink_to("p.xml")
    (tmp_path / "base" / "again").symlink_to("..")

    source = read(tmp_path)

    assert domains(source) == ["a.example", "b.example", "c.example"]
    assert {remark.place for remark in source.remarks if remark.domain == "b.example"} == {"c.example.xml, p.xml"}


def test_unreadable(tmp_path: Path) -> None:
    """What cannot be read is remarked, and a pipe is not waited for."""
    of(tmp_path, {"a.example.xml": document()})
    os.mkfifo(tmp_path / "b.example.xml")
    (tmp_path / "c.example.xml").symlink_to("c.example.xml")
    (tmp_path / "d.example.xml").symlink_to("/proc/self/mem")  # reading it is an error for root too
    source = read(tmp_path)

    assert domains(source) == ["a.example"]
    assert [(remark.domain, remark.problem[:14]) for remark in source.remarks] == [
        ("c.example.xml", "cannot be read"),
        ("d.example.xml", "cannot be read"),
    ]


def test_long(tmp_path: Path) -> None:
    """A document that is too long is not read whole."""
    (remark,) = of(tmp_path, {"a.example.xml": document() + b" " * 2_000_000}).remarks

    assert remark.problem == "it is longer than 1 MiB; a document of this kind has a few KiB"


def test_missing(tmp_path: Path) -> None:
    """The error for a missing folder is the system's own."""
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_progress(tmp_path: Path) -> None:
    """Progress counts each file."""
    steps = Steps()
    of(tmp_path, {"a.example.xml": document(), "README": b"x"})
    read(tmp_path, steps)

    assert steps == [("reading", 1, None), ("reading", 2, None)]


@pytest.mark.parametrize(
    ("name", "place"),
    [(b"a\xff.xml", r"a\udcff.xml"), (b"a\x1b[31m\n.xml", r"a\x1b[31m\n.xml"), ("日本語.xml".encode(), "日本語.xml")],
    ids=["no UTF-8", "control characters", "Japanese"],
)
def test_odd_names_of_files(tmp_path: Path, name: bytes, place: str) -> None:
    """Whatever a file is called, its name can be shown, be in JSON, and be in a comment of plans.toml."""
    (tmp_path / os.fsdecode(name)).write_bytes(document("a.example", "no\x85name", mx="mx\x9b.example"))
    source = read(tmp_path)

    assert [entry.document.place for entry in source.entries] == [place]
    assert [(remark.domain, remark.problem, remark.place) for remark in source.remarks] == [
        (r"no\x85name", "is not a domain name", place),
        (place, r"names the mail host mx\x9b.example", place),
    ]
