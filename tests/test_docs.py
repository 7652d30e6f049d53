from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from autoconfig.cli.main import run
from autoconfig.plans import read_plans
from autoconfig.plans.schema import PlanTable, ServerTable
from autoconfig.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "docs" / "settings.md"


def _settings_page() -> str:
    """docs/settings.md as the table of settings has it."""
    lines = [
        "# Settings",
        "",
        "`autoconfig.toml` holds them; each can be overridden by a variable of the environment. Relative paths are",
        "relative to the file. Lists are written with commas in the environment; a variable that is nearly a setting's",
        "is refused. This page is made from the table in `autoconfig/settings.py` by `REWRITE=1 make test`.",
        "",
        "| setting | variable | default | what it does |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = (
            "none"
            if default is None
            else f"`{', '.join(map(str, default)) if isinstance(default, tuple) else default}`"
        )
        if isinstance(default, bool):
            shown = shown.lower()  # as TOML spells it
        lines.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def test_settings_are_documented() -> None:
    """docs/settings.md says of each setting what the table says."""
    expected = _settings_page()
    if os.environ.get("REWRITE"):
        SETTINGS.write_text(expected, encoding="utf-8")

    assert SETTINGS.read_text(encoding="utf-8") == expected


def test_plan_keys_are_documented() -> None:
    """docs/plans.md names every key of a plan and of a server."""
    page = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
    missing = [key for key in [*PlanTable.model_fields, *ServerTable.model_fields] if f"`{key}`" not in page]

    assert missing == []


def test_example_of_plans_is_valid() -> None:
    """The example in docs/plans.md is a plans.toml without a fault."""
    page = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]

    assert set(read_plans(example.encode()).plans) == {"maintained", "old-system", "shared", "moved"}


def test_other_examples_of_plans_are_valid() -> None:
    """The other examples have no fault either, and no warning."""
    page = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
    examples = [part.partition("```")[0] for part in page.split("```toml\n")[2:]]

    assert [list(read_plans(example.encode()).plans) for example in examples] == [["suite"], ["example-net"]]
    assert [read_plans(example.encode()).warnings for example in examples] == [(), ()]


def test_example_of_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What docs/plans.md says that an import makes of its example is what it makes."""
    page = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
    rest = page.partition("```xml\n")[2]
    (tmp_path / "example.xml").write_text(rest.partition("```")[0], encoding="utf-8")
    with pytest.raises(SystemExit, match="0"):
        run(["plans", "import", str(tmp_path / "example.xml")])

    assert rest.partition("```toml\n")[2].partition("```")[0] == capsys.readouterr().out


def test_no_index_address_in_lock() -> None:
    """The lock holds names, versions and hashes, and no host."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert "://" not in lock
    assert "--index-url" not in lock


def test_lock_has_what_is_needed() -> None:
    """Every library that pyproject.toml names stands in the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    missing = [name for need in named if f"\n{(name := need.partition('>=')[0].partition('[')[0])}==" not in lock]

    assert missing == []


def test_lock_of_servers() -> None:
    """What servers install is a part of the lock, in the same versions and without our tools."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    whole, servers = (
        {line.partition(" ")[0] for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if "==" in line}
        for name in ("requirements.lock", "requirements-server.lock")
    )
    named = {pin.partition("==")[0] for pin in servers}

    assert servers < whole
    assert {need.partition(">=")[0].partition("[")[0] for need in project["dependencies"]} < named
    assert named & {"pytest", "mypy", "ruff", "playwright"} == set()
