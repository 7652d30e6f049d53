"""Apple's schema of a profile, restated, and what it has to say against one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Key(NamedTuple):
    """What Apple's schema says of one key of a dictionary."""

    kind: type
    required: bool = False
    allowed: tuple[object, ...] = ()


# Apple's device-management schema (release iOS 18.1), restated: CommonPayloadKeys, TopLevel, com.apple.mail.managed,
# com.apple.caldav.account and com.apple.carddav.account, without the keys that a server has no business to send
# (passwords, certificates for S/MIME, VPN, removal, encryption).
COMMON = {
    "PayloadIdentifier": Key(str, required=True),
    "PayloadUUID": Key(str, required=True),
    "PayloadType": Key(str, required=True),
    "PayloadVersion": Key(int, required=True, allowed=(1,)),
    "PayloadDescription": Key(str),
    "PayloadDisplayName": Key(str),
    "PayloadOrganization": Key(str),
}
TOP_LEVEL = COMMON | {
    "PayloadType": Key(str, required=True, allowed=("Configuration",)),
    "PayloadContent": Key(list, required=True),
    "ConsentText": Key(dict),
    "TargetDeviceType": Key(int, allowed=(0, 1, 2, 3, 4, 5, 6)),
}
METHODS = ("EmailAuthNone", "EmailAuthPassword", "EmailAuthCRAMMD5", "EmailAuthNTLM", "EmailAuthHTTPMD5")
MAIL = COMMON | {
    "PayloadType": Key(str, required=True, allowed=("com.apple.mail.managed",)),
    "EmailAccountDescription": Key(str),
    "EmailAccountName": Key(str),
    "EmailAccountType": Key(str, required=True, allowed=("EmailTypeIMAP", "EmailTypePOP")),
    "EmailAddress": Key(str),
    "IncomingMailServerAuthentication": Key(str, required=True, allowed=METHODS),
    "IncomingMailServerHostName": Key(str, required=True),
    "IncomingMailServerPortNumber": Key(int),
    "IncomingMailServerUseSSL": Key(bool),
    "IncomingMailServerUsername": Key(str),
    "IncomingMailServerIMAPPathPrefix": Key(str),
    "OutgoingMailServerAuthentication": Key(str, required=True, allowed=METHODS),
    "OutgoingMailServerHostName": Key(str, required=True),
    "OutgoingMailServerPortNumber": Key(int),
    "OutgoingMailServerUseSSL": Key(bool),
    "OutgoingMailServerUsername": Key(str),
    "OutgoingPasswordSameAsIncomingPassword": Key(bool),
    "PreventMove": Key(bool),
    "PreventAppSheet": Key(bool),
    "disableMailRecentsSyncing": Key(bool),
    "allowMailDrop": Key(bool),
    "SMIMESigningUserOverrideable": Key(bool),
    "SMIMESigningCertificateUUIDUserOverrideable": Key(bool),
    "SMIMEEncryptByDefault": Key(bool),
    "SMIMEEncryptByDefaultUserOverrideable": Key(bool),
    "SMIMEEncryptionCertificateUUIDUserOverrideable": Key(bool),
    "SMIMEEnableEncryptionPerMessageSwitch": Key(bool),
}
CALDAV, CARDDAV = (
    COMMON
    | {
        "PayloadType": Key(str, required=True, allowed=(f"com.apple.{prefix.lower()}.account",)),
        f"{prefix}AccountDescription": Key(str),
        f"{prefix}HostName": Key(str, required=True),
        f"{prefix}Username": Key(str),
        f"{prefix}PrincipalURL": Key(str),
        f"{prefix}UseSSL": Key(bool),
        f"{prefix}Port": Key(int),
    }
    for prefix in ("CalDAV", "CardDAV")
)
SCHEMAS = {schema["PayloadType"].allowed[0]: schema for schema in (MAIL, CALDAV, CARDDAV)}
# Apple's defaults for these are wrong for somebody, so they are never left out.
ALWAYS = {
    "EmailAddress",
    "allowMailDrop",
    *(key for key in MAIL if key.startswith("SMIME")),
    *(f"{way}MailServer{key}" for way in ("Incoming", "Outgoing") for key in ("PortNumber", "UseSSL")),
}


def faults(dictionary: Mapping[str, object], schema: Mapping[str, Key]) -> list[str]:
    """What the schema has to say against a dictionary."""
    found = [f"{name} is missing" for name, key in schema.items() if key.required and name not in dictionary]
    for name, value in dictionary.items():
        key = schema.get(name)
        if key is None:
            found.append(f"{name} is unknown")
        elif type(value) is not key.kind:
            found.append(f"{name} is a {type(value).__name__}")
        elif key.allowed and value not in key.allowed:
            found.append(f"{name} is {value!r}")
    return found
