"""The languages of a reader, from Accept-Language (RFC 9110 section 12.5.4)."""

from __future__ import annotations

_MOST = 1024  # octets; browsers send under 100


def accepted(value: bytes | None) -> list[str]:
    """
    The languages of an Accept-Language header, best first: lower-case primary subtags (`ja` of `ja-JP`).

    Languages with the weight 0 are left out; an unreadable header counts as absent.
    """
    if value is None or len(value) > _MOST:
        return []
    weighted = [_read(part) for part in value.decode("latin-1").split(",")]
    ordered = sorted((entry for entry in weighted if entry[0] > 0 and entry[1]), key=lambda entry: -entry[0])
    return list(dict.fromkeys(language for _, language in ordered))


def primary(tag: str) -> str:
    """The primary subtag of a language tag, in lower case (RFC 5646 section 2.2.1)."""
    return tag.replace("_", "-").partition("-")[0].strip().lower()


def _read(part: str) -> tuple[float, str]:
    tag, _, parameter = part.partition(";")
    name, _, weight = parameter.strip().partition("=")
    if not name:
        return 1.0, primary(tag)
    try:
        quality = float(weight) if name.strip().lower() == "q" else 0.0
    except ValueError:
        quality = 0.0
    return (quality if quality <= 1 else 0.0), primary(tag)
