from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.cli.conftest import Command, Feed

LATER = "2100-01-01T09:00:00+09:00"
SHOP = "old-shop.example"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Where the tests put their file."""
    return tmp_path / "customers.csv"


def write(sheet: Path, *lines: str) -> Path:
    """A CSV file of these lines."""
    sheet.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return sheet


def counts(added: int = 0, changed: int = 0, ended: int = 0, unchanged: int = 0, *, dry_run: bool = False) -> Any:
    """What `sync --json` says."""
    numbers = {"added": added, "changed": changed, "ended": ended, "unchanged": unchanged}
    return {"dry_run": dry_run} | numbers


def names(on_demo: Command) -> list[str]:
    """The names that are ours, now or later."""
    return [line.split()[0] for line in on_demo("mapping", "list").out.splitlines()[2:]]


def many(count: int) -> Iterable[str]:
    """Lines for so many names."""
    return ("name,plan", *(f"n{number}.example,shared-managed" for number in range(count)))


def test_sync(on_demo: Command, sheet: Path) -> None:
    """`sync` adds and changes what the file says and leaves the rest alone."""
    write(
        sheet,
        "name,plan,server,incoming",
        "日本語.example,xserver,sv9.xserver.jp,",
        "new.example,server-setup,,mx.{domain}",
    )

    assert on_demo("mapping", "sync", sheet, "--json").data == counts(added=1, changed=1)
    assert on_demo("mapping", "show", "new.example", "--json").data["now"]["params"] == {"incoming": "mx.{domain}"}
    assert on_demo("mapping", "show", "日本語.example", "--json").data["now"]["params"] == {"server": "sv9.xserver.jp"}
    assert len(names(on_demo)) == 9


def test_idempotent(on_demo: Command, sheet: Path) -> None:
    """A second `sync` of the same file writes nothing."""
    write(sheet, "name,plan,note", "new.example,shared-managed,first", f"{SHOP},server-setup,")
    on_demo("mapping", "sync", sheet)

    assert on_demo("mapping", "sync", sheet).out == "0 added, 0 changed, 0 ended, 2 unchanged\n"
    assert len(on_demo("mapping", "history", "new.example", "--json").data) == 1


def test_dry_run(on_demo: Command, sheet: Path) -> None:
    """`--dry-run` shows each change and writes nothing."""
    write(sheet, "name,plan,valid_from", f"{SHOP},server-setup,", f"new.example,shared-managed,{LATER}")
    said = on_demo("mapping", "sync", sheet, "--dry-run", "--delete").out

    assert re.search(rf"{SHOP} +legacy-os username={{local}}.{{domain}} +server-setup +20", said)
    assert re.search(rf"new.example +shared-managed +{re.escape(LATER)}", said)
    assert re.search(r"yamada-law.example +shared-managed +\(not served\)", said)
    assert said.endswith("\nwould be: 1 added, 1 changed, 7 ended, 0 unchanged\n")
    on_demo("mapping", "history", "new.example", code=1)
    assert len(on_demo("mapping", "history", SHOP, "--json").data) == 1
    assert on_demo("mapping", "sync", sheet, "--dry-run", "--json").data == counts(1, 1, dry_run=True)


def test_long_dry_run(on_demo: Command, sheet: Path) -> None:
    """Of many changes the first are shown and the others counted."""
    said = on_demo("mapping", "sync", write(sheet, *many(60)), "--dry-run").out

    assert said.count("shared-managed") == 50
    assert "… and 10 more\nwould be: 60 added" in said


def test_nothing_to_do_dry(on_demo: Command, sheet: Path) -> None:
    """Where nothing would change there is only the sum."""
    write(sheet, "name,plan", "sample.co.jp,server-maintenance")

    assert on_demo("mapping", "sync", sheet, "--dry-run").out == (
        "would be: 0 added, 0 changed, 0 ended, 1 unchanged\n"
    )


def test_without_delete(on_demo: Command, sheet: Path) -> None:
    """Without `--delete` no name is ended."""
    write(sheet, "name,plan", "new.example,shared-managed")
    on_demo("mapping", "sync", sheet)

    assert len(names(on_demo)) == 9


def test_delete(on_demo: Command, sheet: Path) -> None:
    """With `--delete` the names that the file lacks are ended, except those that are ours only later."""
    on_demo("mapping", "set", "later.example", "--plan", "shared-managed", "--from", LATER)
    write(sheet, "name,plan", "sample.co.jp,server-maintenance")

    dry = on_demo("mapping", "sync", sheet, "--delete", "--dry-run")
    done = on_demo("mapping", "sync", sheet, "--delete", "--json").data

    assert "later.example: is not in the file, but will be on shared-managed from 2" in dry.err
    assert "ends it too" in dry.err
    assert [row["name"] for row in done.pop("coming_back")] == ["later.example"]
    assert done == counts(ended=7, unchanged=1)
    assert names(on_demo) == ["later.example", "sample.co.jp"]


GUARD = {
    "ten of few": (18, 8, (), 10),
    "eleven of few": (18, 7, (), None),
    "five per cent of many": (400, 380, (), 20),
    "more of many": (400, 379, (), None),
    "more, as it is meant": (400, 100, ("--max-ends", "300"), 300),
    "more than is meant": (400, 100, ("--max-ends", "299"), None),
    "fewer than is meant": (18, 17, ("--max-ends", "0"), None),
    "none, as it is meant": (18, 18, ("--max-ends", "0"), 0),
}


@pytest.mark.parametrize(("had", "left", "arguments", "ended"), GUARD.values(), ids=GUARD)
def test_guard(
    command: Command, tmp_path: Path, sheet: Path, had: int, left: int, arguments: tuple[str, ...], ended: int | None
) -> None:
    """`--delete` ends at most 5 % of the names, at least 10; `--max-ends` says otherwise. Else nothing is written."""
    command("init", tmp_path / "plain")
    at = ("--config", tmp_path / "plain" / "autoconfig.toml", "mapping")
    command(*at, "sync", write(sheet, *[line.replace("shared-managed", "standard") for line in many(had)]))
    write(sheet, *[line.replace("shared-managed", "standard") for line in many(left)], "new.example,standard")
    done = command(*at, "sync", sheet, "--delete", *arguments, "--json", code=1 if ended is None else 0)

    if ended is None:
        assert f"--delete would end {had - left} of {had} names (n" in done.err
        assert f"nothing was written. If they are to end, say --max-ends {had - left}\n" in done.err
        assert len(done.err.splitlines()) == 1
        command(*at, "history", "new.example", code=1)
    else:
        assert done.data == counts(added=1, ended=ended, unchanged=left)
    assert len(command(*at, "list", "--json").out.splitlines()) == (had if ended is None else left + 1)


def test_max_ends_alone(on_demo: Command, sheet: Path) -> None:
    """`--max-ends` without `--delete` is a mistake."""
    said = on_demo("mapping", "sync", write(sheet, *many(1)), "--max-ends", "3", code=2).err

    assert said == "autoconfig: --max-ends needs --delete\n"


BAD = [
    "new.example,no-such,,,",
    "a b,shared-managed,,,",
    "ok.example,shared-managed,,,",
    "OK.example.,shared-managed,,,",
    "short.example,shared-managed",
    "time.example,shared-managed,soon,,",
    ",shared-managed,,,",
    "noplan.example,,,,",
    "param.example,xserver,,,",
    "host.example,xserver,,,a_b.example",
]


def test_every_bad_line(on_demo: Command, sheet: Path) -> None:
    """Every bad line is named by its number with what is wrong, and nothing of the file is written."""
    write(sheet, "name,plan,valid_from,note,server", *BAD)
    said = on_demo("mapping", "sync", sheet, code=2).err.splitlines()

    assert said[0] == f"autoconfig: {sheet}: 9 faults"
    assert [line.partition(":")[0] for line in said[1:]] == [f"  line {n}" for n in (2, 3, 5, 6, 7, 8, 9, 10, 11)]
    assert "there is no such plan" in said[1]
    assert "'a b' is not a domain name" in said[2]
    assert "names ok.example again, as line 4 does" in said[3]
    on_demo("mapping", "history", "ok.example", code=1)


FILES = {
    "empty": (b"", "line 1: the file has no names; to end all names, use `autoconfig mapping end`"),
    "only a header": (b"name,plan\n", "line 1: the file has no names"),
    "no header": (b"a.example,shared-managed\n", "has no column 'domain'"),
    "Shift JIS": ("name,plan,note\na.example,shared-managed,解約\n".encode("cp932"), "Shift"),
    "UTF-16": ("name,plan\na.example,shared-managed\n".encode("utf-16"), "UTF-16"),
    "open quotes": (b'name,plan\n"a.example,shared-managed\n', "line 2: has a quotation mark that is never closed"),
}


@pytest.mark.parametrize(("content", "sentence"), FILES.values(), ids=FILES)
def test_bad_file(on_demo: Command, sheet: Path, content: bytes, sentence: str) -> None:
    """A file that is none of ours is refused by name, even with `--delete`, and ends nothing."""
    sheet.write_bytes(content)
    said = on_demo("mapping", "sync", sheet, "--delete", "--max-ends", "100", code=2).err

    assert said.startswith(f"autoconfig: {sheet}: 1 fault\n  " if "has no col" not in sentence else "autoconfig: ")
    assert sentence in said
    assert len(names(on_demo)) == 8


@pytest.mark.parametrize("path", ["no-such.csv", ".", "customers.csv/below", "x" * 300])
def test_no_file(on_demo: Command, sheet: Path, path: str) -> None:
    """A file that cannot be read is named with the reason."""
    sheet.touch()
    said = on_demo("mapping", "sync", path, code=2).err

    assert said.startswith(f"autoconfig: {path}: 1 fault\n  file: cannot be read: ")
    assert said.endswith("; check path and rights\n")
    assert "Errno" not in said


def test_byte_order_mark(on_demo: Command, sheet: Path) -> None:
    """A file as Excel saves it, with a byte order mark and CR LF, is read."""
    sheet.write_bytes("\ufeffname,plan,note\r\nnew.example,shared-managed,新規\r\n".encode())
    on_demo("mapping", "sync", sheet)

    assert on_demo("mapping", "show", "new.example", "--json").data["now"]["note"] == "新規"


def test_from_a_pipe(on_demo: Command, tmp_path: Path, feed: Feed) -> None:
    """The file may be a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = b"name,plan\nnew.example,shared-managed\n"
    writer = threading.Thread(target=feed, args=(pipe, content), kwargs={"last": True})
    writer.start()
    done = on_demo("mapping", "sync", pipe, "--json")
    writer.join()

    assert done.data == counts(added=1)


def test_scheduled_line(on_demo: Command, sheet: Path) -> None:
    """A line may say from when it holds; without an offset in the settings' zone."""
    write(sheet, "name,plan,valid_from", f"{SHOP},server-setup,2100-01-01 09:00")
    on_demo("mapping", "sync", sheet)
    (later,) = on_demo("mapping", "show", SHOP, "--json").data["later"]

    assert (later["plan"], later["valid_from"]) == ("server-setup", LATER)
    assert on_demo("mapping", "sync", sheet, "--json").data == counts(unchanged=1)


def rich_mapping(on_demo: Command) -> None:
    """A mapping with everything that an export has to carry."""
    on_demo("mapping", "set", "note.example", "--plan", "shared-managed", "--note", 'a, "b"\nc')
    on_demo("mapping", "set", "later.example", "--plan", "shared-managed", "--from", LATER)
    on_demo("mapping", "end", "recommended.example", "--note", "解約")
    on_demo("mapping", "end", SHOP, "--from", LATER)


def test_export_then_sync(on_demo: Command, sheet: Path) -> None:
    """`export` and then `sync`, even with `--delete`, changes nothing."""
    rich_mapping(on_demo)
    said = on_demo("mapping", "export", sheet)

    assert (said.out, said.err) == ("", f"{sheet}: 9 names\n")
    assert on_demo("mapping", "sync", sheet, "--delete", "--max-ends", "0", "--json").data == counts(unchanged=9)


def test_export_to_standard_output(on_demo: Command, sheet: Path) -> None:
    """Without a file the same bytes go to standard output, and nothing else does."""
    rich_mapping(on_demo)
    on_demo("mapping", "export", sheet)
    said = on_demo("mapping", "export")

    assert (said.out.encode(), said.err) == (sheet.read_bytes(), "")
    assert said.out.splitlines()[0] == "domain,plan,valid_from,note,incoming,outgoing,server,username"


def test_export_of_nothing(command: Command, tmp_path: Path) -> None:
    """An empty mapping is a header."""
    command("init", tmp_path)

    assert command("mapping", "export").out == "domain,plan,valid_from,note\n"


def test_export_over_a_file(on_demo: Command, sheet: Path) -> None:
    """The file from before is replaced, keeps its mode, and a link to it stays a link."""
    write(sheet, "old").chmod(0o640)
    link = sheet.with_name("link.csv")
    link.symlink_to(sheet)
    on_demo("mapping", "export", link)

    assert (link.is_symlink(), sheet.stat().st_mode & 0o777) == (True, 0o640)
    assert sheet.read_text(encoding="utf-8").startswith("domain,plan,")


def test_export_is_private(on_demo: Command, sheet: Path) -> None:
    """A new file is for its owner alone: it lists the customers."""
    on_demo("mapping", "export", sheet)

    assert sheet.stat().st_mode & 0o777 == 0o600


def test_export_to_a_device(on_demo: Command) -> None:
    """A device or a pipe is written to, and never replaced by a file."""
    on_demo("mapping", "export", "/dev/null")

    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("path", ["no-such-folder/a.csv", ".", "customers.csv/below"])
def test_export_that_cannot_be_written(on_demo: Command, sheet: Path, path: str) -> None:
    """A place that cannot be written to is named with the reason, in one line."""
    sheet.touch()
    said = on_demo("mapping", "export", path, code=2).err

    assert said.startswith(f"autoconfig: {path}: cannot be written: ")
    assert len(said.splitlines()) == 1


def test_failed_export(on_demo: Command, sheet: Path) -> None:
    """An export that fails half way leaves the file from before, and nothing beside it."""
    write(sheet, "from before")
    before = sorted(sheet.parent.iterdir())
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr("autoconfig.mapping.csv_file.COLUMNS", ("domain", "plan", "valid_from", "note", "server"))
        said = on_demo("mapping", "export", sheet, code=1).err

    assert "the param 'server' has the name of a column" in said
    assert sheet.read_text() == "from before\n"
    assert before == sorted(sheet.parent.iterdir())
