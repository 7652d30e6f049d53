from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[3] / "docs" / "operating.md"


@pytest.fixture
def documented() -> Callable[[str], list[str]]:
    """The SQL statements that docs/operating.md gives for an engine, one by one."""

    def statements(engine: str) -> list[str]:
        section = PAGE.read_text(encoding="utf-8").partition(f"\n### {engine}\n")[2].partition("\n### ")[0]
        blocks = [block.partition("```")[0] for block in section.partition("\n## ")[0].split("```sql\n")[1:]]
        text = re.sub(r"--.*", "", "\n".join(blocks))
        return [statement.strip() for statement in text.split(";") if statement.strip()]

    return statements
