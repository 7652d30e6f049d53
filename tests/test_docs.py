from __future__ import annotations

import os
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from autoconfig.check.codes import KINDS
from autoconfig.cli.main import run
from autoconfig.plans import read_plans
from autoconfig.plans.schema import PlanTable, ServerTable
from autoconfig.settings import PREFIX, BrandTable, Settings
from tests.support.imports import PACKAGE, all_imports, modules

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "docs" / "settings.md"
FINDINGS = ROOT / "docs" / "findings.md"


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# The listing of rooms: a folder's parts are indented, and two small modules may share a line.
LISTED = re.findall(
    r"(?m)(?:^ {4,6}|(?<= {3}))(\w[\w*]*(?:\.py|/))(?= )", ARCHITECTURE.split("## ")[3].split("Beside")[0]
)


def _listed_at(part: str) -> int:
    """The place in the listing of a folder or module of the package."""
    found = [place for place, room in enumerate(LISTED) if fnmatch(part, room.removesuffix("/").removesuffix(".py"))]
    assert found, f"docs/architecture.md does not list {part}"
    return found[0]


def test_architecture_fits_on_two_screens() -> None:
    """docs/architecture.md can be read at a glance."""
    lines = ARCHITECTURE.splitlines()

    assert len(lines) <= 100
    assert [line for line in lines if len(line) > 120] == []


def test_architecture_lists_every_room() -> None:
    """Its listing has every folder of the package with modules of its own, and every module beside them."""
    folders = {name.rsplit(".", 2)[-2] for name in modules() if "." in name} - {"config_v11", "migrations", "versions"}
    alone = {name for name in modules() if "." not in name and not name.startswith("__")}
    for part in folders | alone:
        _listed_at(part)
    known = [*folders, *alone]

    assert [
        room for room in LISTED if not any(fnmatch(name, room.rstrip("/").removesuffix(".py")) for name in known)
    ] == []


def test_architecture_lists_rooms_in_order() -> None:
    """A room imports only rooms that are listed above it."""
    below = []
    for found in all_imports():
        _, _, module = found.module.partition("autoconfig.")
        imported = module.partition(".")[0]
        if imported.strip("_") != imported or imported in {"", found.part} or found.part == "__main__":
            continue
        if _listed_at(imported) >= _listed_at(found.part):
            below.append(str(found))

    assert below == []


def test_architecture_names_files_that_exist() -> None:
    """Every path in it is there, as it is written or below the package."""
    paths = set(re.findall(r"[\w*]+(?:/[\w*]+)*(?:\.\w+|/)(?![\w*])", ARCHITECTURE))
    folders = [ROOT, PACKAGE, ROOT / "docs", ROOT / "tests", *(path for path in PACKAGE.rglob("*/") if path.is_dir())]
    asked = sorted(path for path in paths if "/" in path or path.endswith((".py", ".md")))

    assert [path for path in asked if not any(list(folder.glob(path.rstrip("/"))) for folder in folders)] == []


def _settings_page() -> str:
    """docs/settings.md from the table of settings."""
    lines = [
        "# Settings",
        "",
        "`autoconfig.toml` sets them; an environment variable overrides each. Relative paths start from the folder of",
        "that file. Lists in the environment are separated by commas; a variable that resembles a setting's is",
        "refused. This page is made from the table in `autoconfig/settings/table.py` by `make docs`.",
        "",
        "| setting | variable | default | what it does |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = (
            "none"
            if default in {None, ()}
            else f"`{', '.join(map(str, default)) if isinstance(default, tuple) else default}`"
        )
        if isinstance(default, bool):
            shown = shown.lower()  # as TOML spells it
        variable = "none" if name == "brand" else f"`{PREFIX}{name.upper()}`"
        lines.append(f"| `{name}` | {variable} | {shown} | {field.description} |")
    lines += [
        "",
        "## `[[brand]]`",
        "",
        "Tables at the end of `autoconfig.toml` give some customers another name, logo, colours and support, on the",
        "page, in Apple profiles and in /setup.json. The first table holds of which one of `hosts`, `plans` or `param`",
        "fits. A setting that it does not have is as for everybody ([portals.md](portals.md)).",
        "",
        "| key | what it does |",
        "|---|---|",
        *(f"| `{name}` | {field.description} |" for name, field in BrandTable.model_fields.items()),
    ]
    return "\n".join(lines) + "\n"


def test_site_has_every_page() -> None:
    """The index of `make site` lists every page of docs/, which is an error there if it does not."""
    index = (ROOT / "deploy" / "site" / "index.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"(?m)^docs/([\w-]+)$", index)) == sorted(
        path.stem for path in (ROOT / "docs").glob("*.md")
    )


def test_links_lead_to_files() -> None:
    """Relative links of the pages lead to files that are there; a folder is no page of the site."""
    pages = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]
    links = {
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", page.read_text("utf-8"))
    }

    assert sorted(f"{page.name}: {link}" for page, link in links if not (page.parent / link).is_file()) == []


def test_settings_are_documented() -> None:
    """docs/settings.md says of each setting what the table says."""
    expected = _settings_page()
    if os.environ.get("REWRITE"):
        SETTINGS.write_text(expected, encoding="utf-8")

    assert SETTINGS.read_text(encoding="utf-8") == expected


def _findings_page() -> str:
    """Make docs/findings.md from the codes."""
    lines = [
        "# Findings",
        "",
        "What checks find, by code. A code never changes. The severity is that of a useful record; for a needed one",
        "every finding is an error. This page is made from `autoconfig/check/` by `make docs`.",
    ]
    labels = {"en": ("Seen", "Why", "What to do"), "ja": ("現象", "影響", "対処")}
    for code, kind in KINDS.items():
        lines += ["", f"## {code}", "", f"Severity: {kind.severity}.", ""]
        for language, (seen, why, remedy) in labels.items():
            texts = ((seen, kind.seen), (why, kind.why), (remedy, kind.remedy))
            lines += [f"- {label}: {text.by_language[language]}" for label, text in texts]
            if language == "en":
                lines += [f"- Affects: {', '.join(kind.clients)}", ""]
    return "\n".join(lines) + "\n"


def test_findings_are_documented() -> None:
    """docs/findings.md says of each code what the code says, in both languages."""
    expected = _findings_page()
    if os.environ.get("REWRITE"):
        FINDINGS.write_text(expected, encoding="utf-8")

    assert FINDINGS.read_text(encoding="utf-8") == expected
    for kind in KINDS.values():
        for text in (kind.seen, kind.why, kind.remedy):
            assert text.by_language["en"].isascii()
            assert not text.by_language["ja"].isascii()


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
    named = [*project["dependencies"], *(need for extra in project["optional-dependencies"].values() for need in extra)]
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
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["postgresql"], *extras["mariadb"]]
    assert {need.partition(">=")[0].partition("[")[0] for need in needed} < named
    assert named & {"pytest", "mypy", "ruff", "playwright"} == set()
