"""`autoconfig db verify`: compare the local copy with the database."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import typer

from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json
from autoconfig.cli.progress import bars
from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.copy_marker import complain, copy_in
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.progress import counted
from autoconfig.mapping.schema_version import inode_of

if TYPE_CHECKING:
    from autoconfig.mapping.digest import Digest
    from autoconfig.mapping.store import Journal

CATCHING_UP = 10.0
"""Seconds to wait until the copy has the newest rows."""


def verify(context: typer.Context, as_json: AsJSON = False) -> None:
    """
    Compare the local copy with the database, row by row.

    Exit code 0: they are equal; 1: they differ, and the running server makes the copy again.
    """
    from autoconfig.mapping.digest import Digest
    from autoconfig.mapping.store import Journal

    settings = own_settings_of(context)
    location, path = DatabaseLocation.parse(settings.database), copy_in(settings.state_dir)
    if location.kind is Kind.SQLITE:
        raise SettingsInvalid(
            f"database = {location.shown!r}: is a file, which servers read directly; it has no local copy"
        )
    if not path.exists():
        raise MappingUnavailable(f"{path}: there is no local copy yet; `autoconfig serve` makes it")
    inode = inode_of(path)
    with contextlib.closing(Journal(settings.database)) as store, store.reading() as reading:
        last, generation = reading.last_id(), reading.generation()
        with bars() as on_progress:
            there = Digest.of(counted(reading.since(0), on_progress, "database", reading.count()))
    with contextlib.closing(Journal(f"sqlite:///{path}")) as copy:
        if copy.source != location.shown:
            raise MappingUnavailable(
                f"{path}: is a copy of {copy.source}; `autoconfig serve` makes one of {location.shown}"
            )
        _wait(copy, last)
        with copy.reading() as reading, bars() as on_progress:
            here = Digest.of(counted(reading.since(0, last), on_progress, "copy", there.rows))
            is_same_history = reading.generation() == generation
    equal = is_same_history and here == there
    if is_same_history and here != there and here.last_id >= last:
        # The follower notices missing rows and another history by itself; report this difference to it.
        complain(path, inode)
    _print(here, there, equal=equal, as_json=as_json, names=(str(path), location.shown))
    if not equal:
        raise typer.Exit(Exit.NO)


def _wait(copy: Journal, last: int) -> None:
    """Wait until the copy has the row `last`, or until `CATCHING_UP` seconds have passed."""
    until = time.monotonic() + CATCHING_UP
    while time.monotonic() < until:
        with copy.reading() as reading:
            if reading.last_id() >= last:
                return
        time.sleep(0.1)


def _print(here: Digest, there: Digest, *, equal: bool, as_json: bool, names: tuple[str, str]) -> None:
    if as_json:
        sides = {name: _described(digest) for name, digest in (("copy", here), ("database", there))}
        print_json({"equal": equal, **sides})
        return
    for name, digest in zip(names, (here, there), strict=True):
        typer.echo(f"{name}: {digest.rows} rows up to {digest.last_id}, sha256 {digest.sha256}")
    typer.echo("They are equal" if equal else "They are not equal")


def _described(digest: Digest) -> dict[str, object]:
    return {"rows": digest.rows, "last_id": digest.last_id, "sha256": digest.sha256}
