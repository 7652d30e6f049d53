"""Keys of plans that a command proposes, beside those that plans.toml has."""

from __future__ import annotations

import itertools
import tomllib
from typing import TYPE_CHECKING

from autoconfig.cli.options import settings_of
from autoconfig.cli.output import say
from autoconfig.errors import AutoconfigError

if TYPE_CHECKING:
    import typer


def warn_if_taken(context: typer.Context, key: str) -> None:
    """Say so, and name a free key, if plans.toml has a plan with this key."""
    if key in (taken := _keys_taken(context)):
        free = next(name for number in itertools.count(2) if (name := f"{key}-{number}") not in taken)
        say(f"warning: plans.{key}: plans.toml already has this key; choose another: --key {free}", err=True)


def _keys_taken(context: typer.Context) -> set[str]:
    """The keys of plans in plans.toml, whatever else is wrong with it; none without a configuration."""
    try:
        document = tomllib.loads(settings_of(context).plans.read_text(encoding="utf-8-sig"))
    except (AutoconfigError, OSError, ValueError):
        return set()
    plans = document.get("plans")
    return set(plans) if isinstance(plans, dict) else set()
