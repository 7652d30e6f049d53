from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Command

OURS = 'public_url = "https://autoconfig.provider.example"\nprofile_identifier = "example.provider.autoconfig"'


def add(demo: Path, text: str) -> None:
    """Put settings into autoconfig.toml; what it has of the same name is taken out."""
    file = demo / "autoconfig.toml"
    names = {line.partition("=")[0].strip() for line in text.splitlines()}
    lines = [
        line for line in file.read_text(encoding="utf-8").splitlines() if line.partition("=")[0].strip() not in names
    ]
    file.write_text("\n".join([*lines, text, ""]), encoding="utf-8")


def nothing(demo: Path) -> None:
    """As it should be."""
    add(demo, OURS)


def misspelt(demo: Path) -> None:
    """A setting that is not there."""
    add(demo, "nonsense = 1")


def bad_plans(demo: Path) -> None:
    """Plans that cannot be read, and none from before."""
    (demo / "plans.toml").write_text("[plans.x", encoding="utf-8")


def no_database(demo: Path) -> None:
    """A file that is not there."""
    (demo / "mapping.db").unlink()


def damaged_database(demo: Path) -> None:
    """A file that is no database."""
    (demo / "mapping.db").write_bytes(b"nothing of ours" * 1000)


def names_of_nobody(demo: Path) -> None:
    """Settings that everybody has to write."""
    add(demo, 'public_url = "https://autoconfig.invalid"\nprofile_identifier = "invalid.autoconfig"')


def readable(demo: Path) -> None:
    """A file in which passwords may stand."""
    nothing(demo)
    (demo / "autoconfig.toml").chmod(0o644)


def no_key(demo: Path) -> None:
    """A key that is not there."""
    add(demo, OURS + '\nprofile_key = "none.key"\nprofile_certificate = "none.pem"')


CASES: dict[str, tuple[Callable[[Path], None], int, list[str]]] = {
    "all is well": (nothing, 0, []),
    "a setting is misspelt": (misspelt, 2, ["nonsense: there is no such setting"]),
    "plans cannot be read": (bad_plans, 2, ["plans.toml"]),
    "the database is missing": (no_database, 3, ["there is no such database"]),
    "the database is damaged": (damaged_database, 2, ["mapping.db: file is not a database"]),
    "names of nobody": (
        names_of_nobody,
        0,
        ["warning: public_url is not set", "warning: profile_identifier is not set"],
    ),
    "others can read it": (readable, 0, ["warning: every user of this machine can read a file with secrets"]),
    "no key": (no_key, 0, ["warning: profiles would not be signed"]),
}


@pytest.mark.parametrize(("make", "code", "says"), CASES.values(), ids=CASES)
def test_check(on_demo: Command, demo: Path, make: Callable[[Path], None], code: int, says: list[str]) -> None:
    """What would end `serve` ends the check with the same exit code; anything else is a warning. Nothing is written."""
    make(demo)
    before = sorted(demo.rglob("*"))
    done = on_demo("settings", "check", code=code)
    said = done.out + done.err

    assert all(sentence in said for sentence in says)
    assert said.count("warning:") == sum(sentence.startswith("warning:") for sentence in says)
    assert [path for path in sorted(demo.rglob("*")) if not path.name.endswith(("-wal", "-shm"))] == before


def test_json(on_demo: Command, demo: Path) -> None:
    """For programs each warning is an object."""
    names_of_nobody(demo)
    (first, second) = on_demo("settings", "check", "--json").data["warnings"]

    assert (first["warning"], second["warning"]) == ("public_url is not set", "profile_identifier is not set")
    assert "write your own public_url" in first["remedy"]
