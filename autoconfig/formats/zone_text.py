"""Write DNS records as zone files, CSV and JSON."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from autoconfig.formats.zone import RecordType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.formats.zone import ZoneRecord


def line(name: str, type_: str, data: str, ttl: int | None = None) -> str:
    """Write a record as a line of a zone file: names are absolute with their final dot, texts quoted."""
    if type_ == RecordType.TXT:
        data = quoted(data)
    elif type_ in {RecordType.CNAME, RecordType.SRV} and not data.endswith("."):
        data += "."
    return f"{name}. {'' if ttl is None else f'{ttl} '}IN {type_} {data}"


def quoted(text: str) -> str:
    """Write the character-strings of a TXT record (RFC 1035 section 5.1), each of at most 255 octets."""
    octets = text.encode()
    parts = [octets[start : start + 255] for start in range(0, len(octets), 255)] or [b""]
    return " ".join(f'"{"".join(map(_escaped, part))}"' for part in parts)


def _escaped(octet: int) -> str:
    character = chr(octet)
    if character in '"\\':
        return "\\" + character
    return character if 32 <= octet < 127 else f"\\{octet:03d}"


def zone_file(records: Sequence[ZoneRecord]) -> str:
    """Write records for `$INCLUDE` in a zone file (RFC 1035 section 5.1), independent of `$ORIGIN` and `$TTL`."""
    lines: list[str] = []
    for record in records:
        note = f"; {'needed' if record.needed else 'useful'}: {record.purpose.text.in_language('en')}"
        if note not in lines[-2:]:
            lines.append(note)
        lines.append(line(record.name, record.type, record.data, record.ttl))
    return "".join(f"{text}\n" for text in lines)


def csv_text(records: Sequence[ZoneRecord]) -> str:
    """Write a table for spreadsheets and scripts, with a header line; lines end with LF."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "type", "ttl", "data", "needed", "purpose_ja", "purpose_en"))
    for record in records:
        texts = record.purpose.text.by_language
        needed = str(record.needed).lower()
        writer.writerow((record.name, record.type, record.ttl, record.data, needed, texts["ja"], texts["en"]))
    return out.getvalue()


def json_value(record: ZoneRecord) -> dict[str, object]:
    """A record as a JSON object."""
    return {
        "name": record.name,
        "type": record.type,
        "ttl": record.ttl,
        "data": record.data,
        "purpose": dict(record.purpose.text.by_language),
        "needed": record.needed,
    }
