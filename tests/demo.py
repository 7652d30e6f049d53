"""The demo's domains, as names on the wire."""

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
