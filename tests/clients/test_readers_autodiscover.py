from __future__ import annotations

import re
from typing import Any

import pytest

from tests.clients.readers.altered import NO, NO_IMAP, NOTHING, expected, found_by, imap
from tests.clients.readers.client import (
    AUTODISCOVER,
    IMAP,
    PLAIN,
    SMTP,
    SSL,
    STARTTLS,
    Person,
)
from tests.clients.readers.every import CLIENTS

TARO = Person("example.jp")


def protocol(kind: str, host: str, port: int, encryption: str, more: str = "") -> str:
    """A server."""
    return f"""<Protocol>
        <Type>{kind}</Type>
        <Server>{host}.example.jp</Server>
        <Port>{port}</Port>
        <DomainRequired>off</DomainRequired>
        <LoginName>taro@example.jp</LoginName>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>{encryption}</Encryption>
        <AuthRequired>on</AuthRequired>{more}
      </Protocol>
      """


IMAP_PROTOCOL, POP3_PROTOCOL = protocol("IMAP", "imap", 993, "SSL"), protocol("POP3", "pop", 110, "TLS")
SMTP_PROTOCOL = protocol("SMTP", "smtp", 587, "TLS", "<UsePOPAuth>on</UsePOPAuth>")
TYPE, ACTION = "<AccountType>email</AccountType>", "<Action>settings</Action>"
DOCUMENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      {TYPE}
      {ACTION}
      {IMAP_PROTOCOL}{POP3_PROTOCOL}{SMTP_PROTOCOL}
    </Account>
  </Response>
</Autodiscover>
"""
ERROR = """<?xml version="1.0" encoding="UTF-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response><Error Time="07:45:12.0000000" Id="1"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message>
  <DebugData/></Error></Response>
</Autodiscover>
"""
READERS = {
    "TB": CLIENTS["Thunderbird"],
    "FE": CLIENTS["FairEmail"],
    "DC": CLIENTS["Delta Chat"],
    "OL": CLIENTS["Outlook 2010+"],
}


def both(**changes: Any) -> dict[str, dict[str, Any]]:
    """A change of what is read of the IMAP server, whose login SMTP uses too."""
    return {IMAP: changes, SMTP: changes}


ENCRYPTION, ON, LOGIN = "<Encryption>SSL</Encryption>", "<SSL>on</SSL>", "<LoginName>taro@example.jp</LoginName>"
SMTP_TLS = "<Encryption>TLS</Encryption>\n        <AuthRequired>on</AuthRequired><UsePOPAuth>"
SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook"

# What is done to the document, at the first place, and what that does to whom.
EDITS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "nothing": ("", "", {}),
    "Encryption TLS on 993": (ENCRYPTION, "<Encryption>TLS</Encryption>", {"OL": imap(tls=STARTTLS)}),
    "Encryption None": (ENCRYPTION, "<Encryption>None</Encryption>", {"TB OL": imap(tls=PLAIN)}),
    "Encryption Auto": (ENCRYPTION, "<Encryption>Auto</Encryption>", {}),
    "Encryption STARTTLS": (ENCRYPTION, "<Encryption>STARTTLS</Encryption>", {"TB": NO_IMAP, "OL": NO}),
    "no Encryption for SMTP": (SMTP_TLS, SMTP_TLS.partition("\n")[2], {"OL": {SMTP: {"tls": SSL}}}),
    "SSL off, no Encryption": (f"{ON}\n        {ENCRYPTION}", "<SSL>off</SSL>", {"TB DC OL": imap(tls=PLAIN)}),
    "SSL off, Encryption SSL": (ON, "<SSL>off</SSL>", {"TB DC": imap(tls=PLAIN)}),
    "SSL true": (ON, "<SSL>true</SSL>", {"TB": NO_IMAP, "OL": NO}),
    "SPA on": ("<SPA>off</SPA>", "<SPA>on</SPA>", {"TB": imap(logins=("secure",)), "OL": both(logins=("NTLM",))}),
    "no SPA": ("<SPA>off</SPA>", "", {"OL": both(logins=("NTLM",))}),
    "no LoginName": (LOGIN, "", {"OL": both(username="taro")}),
    "empty LoginName": (LOGIN, "<LoginName/>", {"TB": imap(username="true"), "OL": both(username="")}),
    "another LoginName": (LOGIN, "<LoginName>00123</LoginName>",
        {"TB": imap(username="123"), "OL": both(username="00123")}),
    "no AuthRequired": ("<AuthRequired>on</AuthRequired>", "", {}),
    "AuthRequired off": ("<AuthRequired>on</AuthRequired>", "<AuthRequired>off</AuthRequired>",
        {"OL": both(logins=("none",))}),
    "UsePOPAuth off": ("<UsePOPAuth>on", "<UsePOPAuth>off", {}),
    "DomainRequired on": ("<DomainRequired>off", "<DomainRequired>on", {"OL": NO}),
    "lower case Type": ("<Type>IMAP", "<Type>imap", {"TB OL": NO_IMAP, "FE": NO}),
    "no Port": ("<Port>993</Port>", "", {"TB DC": NO_IMAP, "FE": NO}),
    "port 143": ("<Port>993</Port>", "<Port>143</Port>",
        {"TB FE": imap(port=143, tls=STARTTLS), "DC OL": imap(port=143)}),
    "two IMAP servers": (POP3_PROTOCOL, POP3_PROTOCOL + protocol("IMAP", "other", 993, "SSL"),
        {"FE": imap(host="other.example.jp")}),
    "no SMTP server": (SMTP_PROTOCOL, "", {"FE": NO, "TB DC OL": {SMTP: None}}),
    "no AccountType": (TYPE, "", {"FE OL": NO}),
    "Action redirectUrl": (ACTION, "<Action>redirectUrl</Action>", {"FE OL": NO}),
    "Action at the end": (ACTION, "", {"FE": NO}),
    "documented namespace": (SCHEMA, SCHEMA.replace("http:", "https:"), {"OL": NO}),
    "no namespace": (f' xmlns="{SCHEMA}/responseschema/2006a"', "", {"OL": NO}),
    "prefixes": ("", "", {"TB FE": NO, "DC": NOTHING}),
    "an error": (DOCUMENT, ERROR, {"TB FE OL": NO, "DC": NOTHING}),
    "an unclosed element": ("</Response>", "", {"TB FE DC OL": NO}),
    "nothing at all": (DOCUMENT, "", {"TB FE OL": NO, "DC": NOTHING}),
}  # fmt: skip


def edited(name: str) -> bytes:
    """The document after an edit."""
    old, new, _ = EDITS[name]
    assert old in DOCUMENT
    text = DOCUMENT.replace(old, new, 1)
    if name == "Action at the end":
        text = text.replace("    </Account>", f"    {ACTION}</Account>")
    if name == "prefixes":
        text = re.sub(r"<(/?)(Response|Account|Protocol|[A-Z]\w+)", r"<\1b:\2", text)
        text = re.sub(r"<(/?)b:Autodiscover", r"<\1a:Autodiscover", text)
        text = text.replace('r xmlns="', 'r xmlns:a="').replace('e xmlns="', 'e xmlns:b="')
    return text.encode()


@pytest.mark.parametrize("short", READERS, ids=[client.name for client in READERS.values()])
@pytest.mark.parametrize("name", EDITS)
def test_reading(name: str, short: str) -> None:
    """Each program accepts, refuses and misreads an answer as the real one does (C3)."""
    client = READERS[short]
    read = next(step.read for step in client.steps(TARO) if step.format == AUTODISCOVER)

    assert expected(client, AUTODISCOVER, short, EDITS[name][2]) == found_by(read, edited(name))


@pytest.mark.parametrize("short", READERS, ids=[client.name for client in READERS.values()])
def test_nobody_reads_everything(short: str) -> None:
    """Of these answers each program misreads or refuses several."""
    assert sum(any(short in names.split() for names in effects) for _, _, effects in EDITS.values()) >= 4
