"""The checks of `serve` at its start, which `settings check` makes without serving."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.cli.checking import undeclared, unsigned
from autoconfig.server.upkeep import load
from autoconfig.settings import Settings, foreign_variables
from autoconfig.web.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PLACEHOLDERS = {
    "public_url": "redirects and DNS records lead nowhere",
    "profile_identifier": "Apple profiles have a placeholder as their identifier",
}


class StartRemark(NamedTuple):
    """Something that does not stop a server, but is probably not what the operator wants."""

    sentence: str
    fields: Mapping[str, str]

    def __str__(self) -> str:
        """All of it on one line."""
        return " ".join(f"{self.sentence}: {'; '.join(self.fields.values())}".split())


def settings_remarks(file: Path, settings: Settings) -> Iterator[StartRemark]:
    """Warn of the settings in `file` without opening anything else."""
    if foreign := foreign_variables():
        yield StartRemark("ignoring unknown AUTOCONFIG_* variables", {"names": ", ".join(foreign)})
    for secret in (file, settings.profile_key):
        with contextlib.suppress(OSError):
            if secret is not None and secret.stat().st_mode & stat.S_IROTH:
                fields = {"file": str(secret), "remedy": "chmod o-r"}
                yield StartRemark("every user of this machine can read a file with secrets", fields)
    for name, problem in _PLACEHOLDERS.items():
        if getattr(settings, name) == Settings.model_fields[name].default:
            yield StartRemark(
                f"{name} is not set", {"problem": problem, "remedy": f"write your own {name} into {file}"}
            )


async def start_remarks(settings: Settings, *, whole: bool = False) -> list[StartRemark]:
    """
    Open and read everything that a worker does, and write nothing.

    Returns:
        The warnings that a server logs at its start; with `whole` also those that each worker logs.

    Raises:
        AutoconfigError: whatever would stop a worker from starting.
    """
    checked = Services.of(settings)
    try:
        await load(checked, keep=False)
        plans = checked.plans.current
        remarks = [
            StartRemark("some names may get no answer", {"problem": str(fault)})
            for fault in undeclared(getattr(checked.finder, "columns", ()), plans)
        ]
        if whole:
            remarks += [
                StartRemark("some profiles are not signed", {"problem": str(f)}) for f in unsigned(settings, plans)
            ]
            if checked.plans.fault:
                fault = str(checked.plans.fault)
                remarks.append(
                    StartRemark("plans.toml has faults; its last good copy would be served", {"faults": fault})
                )
            if checked.signer.fault:
                remarks.append(StartRemark("profiles would not be signed", {"problem": str(checked.signer.fault)}))
            if problem := _not_writable(settings.state_dir):
                remarks.append(StartRemark("state_dir cannot be written to", {"problem": problem}))
        return remarks
    finally:
        await checked.close()


def _not_writable(folder: Path) -> str | None:
    """Why this user cannot write to a folder or create it."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        return f"{there}: is not a folder"
    return None if os.access(there, os.W_OK | os.X_OK) else f"{there}: this user may not write there"
