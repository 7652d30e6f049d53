from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.clients.readers.every import CLIENTS
from tests.clients.readers.page import page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "clients.md"


def test_clients_are_documented() -> None:
    """docs/clients.md says what the tests prove: programs, steps, plans and exceptions."""
    if os.environ.get("REWRITE"):
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", page()))))
def test_named_tests_exist(named: tuple[str, str]) -> None:
    """Each test that the page names is there."""
    file, function = named

    assert f"def {function}" in (Path(__file__).parent / file).read_text(encoding="utf-8")


def test_nothing_is_claimed_to_have_run() -> None:
    """The page says of all programs that they are restated, and of Outlook that it never ran."""
    assert "The programs on this page are not run." in page()
    assert "never run" in CLIENTS["Outlook 2010+"].evidence
