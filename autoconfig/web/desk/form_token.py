"""
Tokens for the desk's form, so that no other site can send it in the name of someone at the desk.

A token is an HMAC of the day, the person and the domain. Its key is in a file in `state_dir`, which all workers share.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.web.asgi import header

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

NAME = "desk.key"
_LENGTH = 32
_DAY = 86_400


def token(state_dir: Path, person: str, domain: str, now: float) -> str:
    """
    Make the token of a form; `now` is in Unix seconds.

    Raises:
        OSError: the key can be neither read nor made.
    """
    return _digest(_key(state_dir), int(now) // _DAY, person, domain)


def is_valid(text: str, state_dir: Path, person: str, domain: str, now: float) -> bool:
    """
    Whether a token is the one of today or of the day before, in UTC.

    Raises:
        OSError: see `token`.
    """
    key, today = _key(state_dir), int(now) // _DAY
    given = text.encode("utf-8", "surrogateescape")
    found = [hmac.compare_digest(given, _digest(key, day, person, domain).encode()) for day in (today, today - 1)]
    return any(found)


def is_same_origin(scope: Scope) -> bool:
    """
    Whether a browser says that the form was on a page of the same site (Fetch standard, `Origin`; Fetch Metadata).

    Browsers send `Origin` with every POST, and it is `null` where a page hides itself. A request without both headers
    is not a browser's, and is refused too.
    """
    site, origin, host = (header(scope, name) for name in (b"sec-fetch-site", b"origin", b"host"))
    if site is None and origin is None:
        return False
    if site is not None and site != b"same-origin":
        return False
    return origin is None or (host is not None and origin.partition(b"://")[2].lower() == host.lower())


def _digest(key: bytes, day: int, person: str, domain: str) -> str:
    return hmac.new(key, f"{day}\n{person}\n{domain}".encode(), hashlib.sha256).hexdigest()


def _key(folder: Path) -> bytes:
    """
    The key; the first process that needs it makes it, and a link cannot replace one that another made.

    A file of another length is damaged, as after a power cut: a key that is empty would be known to everybody.
    """
    path = folder / NAME
    with contextlib.suppress(FileNotFoundError):
        if len(found := path.read_bytes()) == _LENGTH:
            return found
        path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{NAME}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    return path.read_bytes()
