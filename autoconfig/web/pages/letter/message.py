"""A letter as a message (RFC 5322, RFC 2046): plain text, and the same as HTML with its picture."""

from __future__ import annotations

import re
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import AddressInvalid
from autoconfig.mail.address import EmailAddress, carriable

if TYPE_CHECKING:
    from autoconfig.web.pages.letter.letter import Letter

UNSENT = "X-Unsent"
"""With the value 1, Outlook and Thunderbird (153, `openEMLFile`) open a message for writing."""

_ENCODED_WORD = "=?"
"""How one begins (RFC 2047 section 2)."""
_SENDER = re.compile(r'\s*(?:"?(?P<name>[^"<>]*?)"?\s*<(?P<of_name>[^<>\s,]+)>|(?P<alone>[^<>\s,]+))\s*')


class Sender(NamedTuple):
    """Who sends a letter: an address, with a name before it or without."""

    name: str
    address: EmailAddress

    @classmethod
    def parse(cls, text: str) -> Sender:
        """
        Read `support@example.jp`, or `Name <support@example.jp>`.

        Raises:
            AddressInvalid: it is neither.
        """
        found = _SENDER.fullmatch(text) if carriable(text) else None
        if found is None:
            raise AddressInvalid(f"{text[:80]!r} is neither a mail address nor NAME <ADDRESS>")
        return cls(found["name"] or "", EmailAddress.parse(found["of_name"] or found["alone"]))


def message(letter: Letter, sender: Sender | None = None) -> bytes:
    """
    The bytes of an `.eml` file. Without a sender it is a draft, for staff to look at and to send.

    Its lines end with CR LF, and it is ASCII; only a local part that is not makes it an internationalized message
    (RFC 6532).

    Raises:
        AddressInvalid: mail programs would read a part of an address, or of the sender's name, as an encoded word
            (RFC 2047).
    """
    international = not all(who.local.isascii() for who in (letter.address, *([sender.address] if sender else [])))
    made = EmailMessage(policy.SMTP.clone(cte_type="7bit", utf8=international))
    if sender is None:
        made[UNSENT] = "1"
    else:
        made["From"] = _mailbox(sender.address, sender.name)
        made["Date"] = localtime()
    made["To"] = _mailbox(letter.address)
    made["Subject"] = letter.subject.replace(_ENCODED_WORD, "= ?")  # the library would decode it: see `_mailbox`
    made.set_content(letter.text)
    html = EmailMessage(made.policy)
    html.set_content(letter.html, subtype="html")
    html.add_related(
        letter.picture, "image", "png", cid=f"<{letter.picture_id}>", filename="qr.png", disposition="inline"
    )
    made.make_alternative()
    made.attach(html)
    return made.as_bytes()


def _mailbox(address: EmailAddress, name: str = "") -> Address:
    """
    An address for a header; the library quotes a local part that needs it (RFC 5321 section 4.1.2).

    It also decodes what looks like an encoded word, wherever that is, and writes what comes out as it is: another
    recipient, or another header.
    """
    if _ENCODED_WORD in name + address.local:
        raise AddressInvalid(
            f"{name or address.local!r} cannot be in a message: {_ENCODED_WORD} begins an encoded word"
        )
    return Address(name, address.local, address.domain.name)
