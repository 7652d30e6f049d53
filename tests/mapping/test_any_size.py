"""Work on the whole mapping takes no more memory for more rows."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc"),
    pytest.mark.timeout(600),
]

MOST_KIB = 18 * 1024
"""Of growth, for the caches of two databases: it is 12 MiB. With lines and steps in lists it was 25 MiB."""

CHILD = """
import contextlib, re, sys
from pathlib import Path
from autoconfig.mapping import csv_file
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import upgrade
from autoconfig.mapping.sync import sync

folder, count = Path(sys.argv[1]), int(sys.argv[2])
url, path = f"sqlite:///{folder}/{count}.db", folder / f"{count}.csv"
upgrade(url, create=True)
with contextlib.closing(Journal(url)) as journal:
    for plan in ("p", "q"):
        with path.open("w") as file:
            file.write("domain,plan,server\\n")
            file.writelines(f"n{number * 7919 % count}.example,{plan},s{number}\\n" for number in range(count))
        with contextlib.closing(csv_file.read(path, "UTC", lambda *_row: None)) as sheet:
            assert len(sync(journal, sheet, 1000).steps) == count
    with journal.reading() as reading, path.open("w") as file:
        assert csv_file.write(file, reading.timelines, 1000, "UTC") == count
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def peak_kib(folder: Path, count: int) -> int:
    """The most memory that a process takes which syncs so many new lines, changes all of them, and exports them."""
    command = [sys.executable, "-c", CHILD, str(folder), str(count)]
    # Not measured for coverage, which takes memory and most of the time.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return int(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def test_memory_does_not_grow(tmp_path: Path) -> None:
    """A sync of many lines in any order, one that changes all rows, and an export take the memory of a small one."""
    assert peak_kib(tmp_path, 30_000) - peak_kib(tmp_path, 3_000) < MOST_KIB
