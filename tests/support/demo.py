"""The demo's domains, as names on the wire, and their rows."""

from __future__ import annotations

import csv

from autoconfig.mail import params
from autoconfig.mail.domain import Domain
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resources import templates

DOMAINS = [
    "sample.co.jp",
    "hanako-flowers.example",
    "yamada-law.example",
    "vps-customer.example",
    "second-brand.example",
    "old-shop.example",
    "recommended.example",
    "xn--wgv71a119e.example",
]
"""Between them they are on every plan."""


def demo_rows() -> MemoryFinder:
    """The demo's domains."""
    finder = MemoryFinder()
    text = (templates() / "demo" / "mapping.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        name, plan = Domain.parse(line.pop("domain")), line.pop("plan")
        finder.add(name.name, plan, params.encode({key: value for key, value in line.items() if value}))
    return finder
