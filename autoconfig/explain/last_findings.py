"""What the newest check of a domain found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import AutoconfigError
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.results.domain_result import DomainResult


def last_result(state_dir: Path, name: str) -> DomainResult | None:
    """Return the newest result for a domain; `None` if there is none, or if the file cannot be read."""
    from autoconfig.results.single import newest_result

    try:
        return newest_result(state_dir, name)
    except (AutoconfigError, OSError):
        return None


def result_text(result: DomainResult, zone: str) -> str:
    """One line that says when, and one for each finding."""
    found = [f"{f.severity} {f.code}: {f.server}: {' '.join(f.seen.split())}" for f in result.findings]
    if not result.heard:
        found.append("no name server answered")
    return "\n".join([f"{format_time(result.checked_at, zone)}, by {result.machine}", *(found or ["nothing is wrong"])])


def result_json(result: DomainResult | None, zone: str) -> dict[str, object] | None:
    """The JSON object for programs."""
    if result is None:
        return None
    return {
        "checked_at": format_time(result.checked_at, zone),
        "machine": result.machine,
        "heard": result.heard,
        "findings": [finding.json_value() for finding in result.findings],
    }
