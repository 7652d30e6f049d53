"""An explanation as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from autoconfig.explain.last_findings import result_json
from autoconfig.mail.params import readable
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.explain.explanation import Explanation
    from autoconfig.mapping.record import Record


def explanation_json(explained: Explanation) -> dict[str, object]:
    """What `show --json` prints."""
    resolution, row, later = explained.resolution, explained.row, explained.next
    return {
        "domain": resolution.domain.name,
        "address": str(explained.mailbox) if explained.mailbox else None,
        "how": resolution.how,
        "row": resolution.row,
        "row_of": resolution.row_of.name if resolution.row_of else None,
        "rule": explained.rule,
        "host": resolution.asked.name if resolution.asked else None,
        "elsewhere": explained.outlook_url,
        "exchanger": resolution.exchanger.name if resolution.exchanger else None,
        "since": explained.time(row.valid_from) if row and row.id else None,
        "plan": resolution.plan,
        "params": readable(resolution.params),
        "next": {"row": later.id, "from": explained.time(later.valid_from), "plan": later.plan} if later else None,
        "mx": mx_json(explained.facts.exchangers),
        "records": explained.records(),
        "check": explained.check(),
        "servers": explained.servers(),
        "services": explained.services(),
        "oauth2": asdict(explained.account.oauth2) if explained.account.oauth2 else None,
        "moved_to": explained.moved_to(),
        "last_check": result_json(explained.facts.last_check, explained.settings.timezone),
        "copy_age_seconds": explained.facts.copy_age,
    }


def row_json(record: Record, zone: str) -> dict[str, object]:
    """A row of the mapping, with times in the time zone `zone`; a query's row has no id."""
    return {
        "id": record.id or None,
        "name": record.name,
        "valid_from": format_time(record.valid_from, zone),
        "plan": record.plan,
        "params": readable(record.params),
        "note": record.note,
        "changed_by": record.changed_by,
        "recorded_at": format_time(record.recorded_at, zone),
    }


def mx_json(answer: MXAnswer) -> dict[str, object]:
    """Where the mail of a domain goes."""
    return {"status": answer.status, "hosts": [{"preference": p, "host": host} for p, host in answer.hosts]}
