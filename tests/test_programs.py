from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent


def test_programs_are_installed_beforehand() -> None:
    """Every program or file that a test asks for stands in the list that `make test` installs first."""
    listed = (TESTS / "programs.sh").read_text(encoding="utf-8")
    asked = {
        found.groups()
        for file in TESTS.rglob("*.py")
        for found in re.finditer(r'needs(?:_file)?\("([^"]+)", "([^"]+)"\)', file.read_text(encoding="utf-8"))
    }

    assert asked
    assert [f"{program}={package}" for program, package in sorted(asked) if f"{program}={package}" not in listed] == []
