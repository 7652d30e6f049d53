"""The served application: the demo of `autoconfig init --demo`, with some rows more, in a process of its own."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROWS = """\
name,plan,server,username,username_outgoing
local-name.example,shared-standard,cs312.xbit.jp,{local},
dotted-name.example,shared-standard,cs312.xbit.jp,{local}.{domain},
two-names.example,shared-standard,cs312.xbit.jp,,{local}
"""
"""User names that provider.md allows a row and that its example domains do not have."""


@contextlib.contextmanager
def serving(folder: Path, changes: Mapping[str, str] | None = None, **settings: str) -> Iterator[int]:
    """
    Serve the demo from `folder`, and give the port.

    Args:
        folder: an empty or missing one.
        changes: texts of plans.toml, each of which stands there once, and what is there instead.
        settings: settings as in the environment, in lower case.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    environment |= {f"AUTOCONFIG_{name.upper()}": value for name, value in settings.items()}
    commands.run("init", folder, "--demo", environment=environment)
    rows = folder / "rows.csv"
    rows.write_text(ROWS, encoding="utf-8")
    commands.run("mapping", "sync", rows, "--config", folder / "autoconfig.toml", environment=environment)
    plans = folder / "plans.toml"
    text = plans.read_text(encoding="utf-8")
    for old, new in (changes or {}).items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in plans.toml"
        text = text.replace(old, new)
    plans.write_text(text, encoding="utf-8")
    with served(folder, environment) as port:
        yield port


@contextlib.contextmanager
def served(folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Serve what `init` made in a folder, and give the port."""
    with commands.serving("--config", folder / "autoconfig.toml", environment=environment) as port:
        yield port
