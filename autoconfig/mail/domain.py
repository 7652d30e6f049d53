"""Domain and host names, as machines spell them (A-labels, RFC 5890) and as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

from autoconfig.errors import DomainInvalid

MAX_OCTETS = 253
"""Longest name in text form, without the trailing dot (RFC 1035 section 2.3.4)."""

MAX_LABEL = 63
"""Octets of the longest label (RFC 1035 section 2.3.4)."""

# Underscores and hyphens anywhere: such names exist in zones, and `xn--` labels are not decoded.
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,62}+(?<!-))?"
HOST_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
"""A regular expression for what Thunderbird and TB Android accept in <hostname>, apart from the limit on length."""

_HOST = re.compile(rf"(?=.{{1,253}}\Z){HOST_NAME}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Domain:
    """A domain name in lower-case A-labels, without a trailing dot."""

    name: str

    @classmethod
    def parse(cls, text: str) -> Domain:
        """
        Parse a name from untrusted input.

        ASCII is only lower-cased; anything else is mapped by UTS #46, so that full-width letters and dots and U-labels
        give the same name as their A-labels.

        Raises:
            DomainInvalid: it is empty, too long, or has characters that no domain name has.
        """
        if len(text) > MAX_OCTETS + 1:  # before anything slower than linear; the last character may be a dot
            raise DomainInvalid(f"{text[:80]!r}… has over {MAX_OCTETS} octets and is not a domain name")
        lowered = text.lower()
        name = lowered.removesuffix(".")
        if _NAME.fullmatch(name):
            return cls(name)
        if not text.isascii() and len(text) <= MAX_OCTETS:
            name = _to_a_labels(text)
            if _NAME.fullmatch(name):
                return cls(name)
        raise DomainInvalid(f"{text[:80]!r} is not a domain name")

    def is_spelled(self, text: str) -> bool:
        """
        Whether `text` is this name as DNS and HTTP compare names: in ASCII, in any letter case.

        Others use the text: a proxy gets a certificate for it, a cache stores a document under it. For them a text that
        `parse` mapped to this name, such as full-width letters, is another name.
        """
        return text.isascii() and text.lower() == self.name

    @property
    def display(self) -> str:
        """The name as people write it: each label as a U-label if it decodes, else as an A-label."""
        return ".".join(map(_to_u_label, self.name.split(".")))

    def __str__(self) -> str:
        """The A-label form."""
        return self.name


def is_host_name(text: str) -> bool:
    """Whether every mail program accepts this as a server's name: letters, digits, inner hyphens, dots."""
    return _HOST.fullmatch(text) is not None


def to_host_name(text: str) -> str:
    """
    Parse a server's name into the form that documents carry: lower-case A-labels.

    Raises:
        DomainInvalid: mail programs would not accept it.
    """
    name = Domain.parse(text).name
    if not is_host_name(name):
        raise DomainInvalid(f"{text[:80]!r} is not a host name")
    return name


def _to_a_labels(text: str) -> str:
    """Map the whole name by UTS #46, then encode each label by itself, so that ASCII labels stay as they are."""
    try:
        mapped = idna.uts46_remap(text, std3_rules=False, transitional=False).removesuffix(".")
        labels = mapped.split(".")
        if max(map(len, labels)) > MAX_LABEL:  # its A-label would be longer still, and take milliseconds
            return ""
        return ".".join(label if label.isascii() else idna.alabel(label).decode("ascii") for label in labels).lower()
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return ""


def _to_u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return label
