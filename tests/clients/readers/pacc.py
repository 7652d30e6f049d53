"""Himalaya's PACC reader (clients.md B1, B2): -02 and -03 keys, the TXT digest first, any redirect is a failure."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from tests.clients.readers.client import IMAP, PASSWORD, POP3, SMTP, SSL, Found, Refused
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.clients.readers.client import Person

_PORTS = {IMAP: 993, POP3: 995, SMTP: 465}


def url_of(domain: str) -> str:
    """The one place of the document."""
    return f"https://ua-auto-config.{domain}/.well-known/user-agent-configuration.json"


def discover_pacc(wire: Wire, person: Person, txt: Sequence[str], *, submission: str = "smtp") -> tuple[Found, ...]:
    """
    What the program takes from the document, held against the TXT records at `_ua-auto-config.DOMAIN`.

    Args:
        wire: the internet.
        person: whose account it is.
        txt: the records' values; one that fits suffices.
        submission: the key of the revision that the program knows: `smtp` in -02, `submit` in -03.

    Raises:
        Refused: no answer, no record that fits, or a document without what it has to have.
    """
    return read(body_of(fetch(wire, Request(url_of(person.domain)), Redirects.ERROR)), person, txt, submission)


def read(document: bytes, person: Person, txt: Sequence[str], submission: str = "smtp") -> tuple[Found, ...]:
    """The servers of a document: implicit TLS on the default port, the address as user name."""
    if not any(_fits(record, document) for record in txt):
        raise Refused("no TXT record has the digest of these bytes")
    try:
        value = json.loads(document)
        protocols, name = value["protocols"], value["info"]["provider"]["name"]
        password = value["authentication"]["password"]
    except (ValueError, LookupError, TypeError) as error:
        raise Refused(f"not a document of PACC: {error!r}") from error
    if not isinstance(name, str) or not isinstance(password, bool) or not isinstance(protocols, dict):
        raise Refused("a value of another type")
    keys = {IMAP: IMAP, POP3: POP3, SMTP: submission}
    logins = (PASSWORD,) if password else ()
    return tuple(
        Found(protocol, protocols[key]["host"], _PORTS[protocol], SSL, logins, person.address)
        for protocol, key in keys.items()
        if key in protocols
    )


def _fits(record: str, document: bytes) -> bool:
    """Tags in any order, spaces and unknown tags ignored."""
    tags = dict(part.strip().partition("=")[::2] for part in record.split(";"))
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    return tags.get("v") == "UAAC1" and tags.get("a") == "sha256" and tags.get("d") == digest
