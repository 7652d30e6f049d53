"""Texts of plans.toml that several tests change."""

from __future__ import annotations

from pathlib import Path

PROVIDER = Path(__file__).parent / "provider.toml"
SOURCE = PROVIDER.read_bytes()

IMAP = (
    '{ protocol = "imap", host = "{incoming}", port = 993, tls = "ssl", login = ["password-encrypted"], '
    'username = "{username}" }'
)
SMTP = (
    '{ protocol = "smtp", host = "{domain}", port = 465, tls = "ssl", login = ["password-encrypted"], '
    'username = "{username}" }'
)
GOOD = f"""
[plans.a]
name = "A"
params = {{ incoming = "{{domain}}", username = "{{address}}" }}
servers = [
  {IMAP},
  {SMTP},
]
"""
MOVED = '[plans.a]\nname = "A"\nparams = { new = { required = true } }\n'


def changed(old: str, new: str) -> str:
    """The good plan with one text replaced, at its first place."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)
