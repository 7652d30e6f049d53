"""What is served in a benchmark: folders with a configuration, and mappings of any number of domains."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.processes import LOAD_CORES, family

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.support.servers.postgresql import PostgreSQL

    Row = Sequence[str]

PLANS = ("shared-standard", "shared-managed", "server-maintenance", "legacy-os", "xserver")

# A limit that no run reaches: what it costs to count is measured, not what it refuses.
_ALWAYS = {"rate_limit": "1000000", "rate_burst": "1000000"}


class Made(NamedTuple):
    """A folder to serve from, and how long its mapping took."""

    folder: Path
    seconds: float | None
    """Of `mapping sync`, where it ran now."""
    mib: float | None
    """The most memory that it had then."""


def sqlite(folder: Path, names: int, settings: Mapping[str, str] = {}, *, again: bool = False) -> Made:
    """A mapping of `names` domains on all plans in SQLite, kept for the next time unless it is to be made `again`."""
    return _made(folder, settings, partial(_rows, names), again=again)


def many_params(folder: Path, names: int) -> Made:
    """A mapping in which no two of `names` rows have the same params."""
    return _made(folder, {}, partial(_different_rows, names))


def _made(folder: Path, settings: Mapping[str, str], rows: Callable[[], Iterable[Row]], *, again: bool = False) -> Made:
    kept = folder / "made"
    if kept.exists() and not again:
        _autoconfig(folder, "db", "upgrade")
        return Made(folder, None, None)
    _new(folder, settings)
    made = _filled(folder, rows())
    kept.touch()
    return made


def postgresql(server: PostgreSQL, folder: Path, names: int) -> Made:
    """The same in a new database of a PostgreSQL."""
    _new(folder, {"database": server.url(server.new_database())})
    _autoconfig(folder, "db", "upgrade")
    return _filled(folder, _rows(names))


def query(server: PostgreSQL, folder: Path, names: int) -> Made:
    """A customers' table of another program, asked by a query."""
    database = server.new_database()
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE customers (domain text PRIMARY KEY, product text, host text, login text)")
        with connection.cursor().copy("COPY customers FROM STDIN") as copy:
            for row in _rows(names):
                copy.write_row([cell or None for cell in row])
        connection.execute("ANALYZE customers")
    statement = "SELECT product AS plan, host AS server, login AS username FROM customers WHERE domain = :domain"
    _new(folder, {"database": server.url(database), "query": statement})
    return Made(folder, None, None)


def pinned(server: PostgreSQL) -> None:
    """Keep a database server off the core that is measured."""
    assert server.pid is not None
    for pid in family(server.pid):
        os.sched_setaffinity(pid, {int(LOAD_CORES)})


def binaries() -> Path | None:
    """Where PostgreSQL is, if it is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _new(folder: Path, settings: Mapping[str, str]) -> None:
    """A demo's folder, with these settings."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "autoconfig", "init", folder, "--demo"], check=True, stdout=subprocess.DEVNULL
    )
    file = folder / "autoconfig.toml"
    text = file.read_text(encoding="utf-8")
    for name, value in (_ALWAYS | dict(settings)).items():
        line = f"{name} = {value}" if value.isdigit() else f'{name} = "{value}"'
        text = re.sub(rf"^{name} =.*\n", "", text, flags=re.MULTILINE)
        text = f"{line}\n{text}"
    file.write_text(text, encoding="utf-8")


def _filled(folder: Path, rows: Iterable[Row]) -> Made:
    """`mapping sync` of these rows, measured."""
    file = folder / "names.csv"
    with file.open("w") as lines:
        lines.write("domain,plan,server,username\n")
        lines.writelines(",".join(row) + "\n" for row in rows)
    start = time.monotonic()
    usage = _autoconfig(folder, "mapping", "sync", file)
    seconds = time.monotonic() - start
    file.unlink()
    return Made(folder, seconds, usage.ru_maxrss / 1024)


def _rows(names: int) -> Iterator[Row]:
    for number in range(names):
        plan = PLANS[number % len(PLANS)]
        server = {"shared-standard": f"cs{number % 1000:03}.xbit.jp", "xserver": f"sv{number % 9000}.xserver.jp"}
        username = "{local}.{domain}" if plan == "legacy-os" else ""
        yield name_of(number), plan, server.get(plan, ""), username


def _different_rows(names: int) -> Iterator[Row]:
    for number in range(names):
        yield name_of(number), "shared-standard", f"cs{number:07}.xbit.jp", ""


def name_of(number: int) -> str:
    """One of the domains, as names.lua writes it too."""
    return f"d{number:07}.example"


def _autoconfig(folder: Path, *arguments: str | Path) -> resource.struct_rusage:
    """Run the command; what it used."""
    command = [sys.executable, "-m", "autoconfig", "--config", folder / "autoconfig.toml", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {' '.join(map(str, arguments))} ends with {process.returncode}")
    return usage
