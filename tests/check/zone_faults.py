"""Faults of a customer's zone, each with what the check has to say about it."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong with a customer's zone."""

    status: str
    code: str
    name: str
    """The record, without the domain."""
    lines: str = ""
    """What stands in the zone instead of it."""
    kind: str = ""
    """Its type, where the name has records of several."""
    ok: bool = False
    """Whether nothing that is needed is hurt."""
    plan: str = "suite"
    gone: str = ""
    """A host that has lost its addresses."""


AUTOCONFIG, AUTODISCOVER, IMAPS = "autoconfig", "autodiscover", "_imaps._tcp"
CHAIN = "autoconfig CNAME hop0\n" + "".join(f"hop{number} CNAME hop{number + 1}\n" for number in range(20))
FAULTS = {
    "missing": Fault("missing", "record-missing", AUTOCONFIG),
    "wrong target by CNAME": Fault("wrong", "wrong-target", AUTOCONFIG, "autoconfig CNAME www"),
    "wrong target by A": Fault("wrong", "wrong-target", AUTOCONFIG, "autoconfig A 192.0.2.99"),
    "one of two addresses is wrong": Fault(
        "wrong", "wrong-target", AUTOCONFIG, "autoconfig A 192.0.2.99\nautoconfig A 192.0.2.1"
    ),
    "an unknown provider": Fault("wrong", "wrong-target", AUTOCONFIG, "autoconfig CNAME sv1234.xserver.jp.x.jp."),
    "Microsoft": Fault("elsewhere", "elsewhere", AUTODISCOVER, "autodiscover CNAME autodiscover.outlook.com."),
    "no autodiscover, but its SRV": Fault("missing", "record-missing", AUTODISCOVER, ok=True),
    "a panel's SRV": Fault(
        "elsewhere",
        "elsewhere",
        "_autodiscover._tcp",
        "_autodiscover._tcp SRV 0 0 443 cpanelemaildiscovery.cpanel.net.",
        ok=True,
    ),
    "CNAME loop": Fault("wrong", "cname-loop", AUTOCONFIG, "autoconfig CNAME loop\nloop CNAME autoconfig"),
    "CNAME into a loop": Fault("wrong", "cname-loop", AUTOCONFIG, "autoconfig CNAME a\na CNAME b\nb CNAME a"),
    "CNAMEs on and on": Fault("wrong", "cname-too-long", AUTOCONFIG, CHAIN),
    "CNAME to a name without address": Fault("wrong", "no-address", AUTOCONFIG, "autoconfig CNAME nothing"),
    "CNAME to a name with a text only": Fault(
        "wrong", "no-address", AUTOCONFIG, 'autoconfig CNAME text\ntext TXT "nothing else"'
    ),
    "AAAA elsewhere": Fault(
        "wrong", "ipv6-elsewhere", AUTOCONFIG, "autoconfig A 192.0.2.1\nautoconfig AAAA 2001:db8::99"
    ),
    "SRV to an alias": Fault(
        "conflicting", "srv-alias", "_jmap._tcp", "_jmap._tcp SRV 0 1 443 alias\nalias CNAME jmap", ok=True
    ),
    "SRV to a name without address": Fault(
        "wrong",
        "no-address",
        "_jmap._tcp",
        "_jmap._tcp SRV 0 1 443 jmap",
        ok=True,
        gone="jmap",
    ),
    "wrong port": Fault("wrong", "srv-wrong-port", "_jmap._tcp", "_jmap._tcp SRV 0 1 8443 jmap", ok=True),
    "SRV to another host": Fault("wrong", "srv-contradicts", "_jmap._tcp", "_jmap._tcp SRV 0 1 443 www", ok=True),
    "SRV of what is not offered": Fault(
        "wrong", "srv-contradicts", "_pop3s._tcp", "_pop3s._tcp SRV 0 1 995 imap", ok=True
    ),
    "no SRV of what is offered": Fault("wrong", "srv-contradicts", "_jmap._tcp", "_jmap._tcp SRV 0 0 0 .", ok=True),
    "SRV elsewhere beside the right one": Fault(
        "wrong",
        "srv-contradicts",
        "_jmap._tcp",
        "_jmap._tcp SRV 0 1 443 jmap\n_jmap._tcp SRV 0 1 443 www",
        ok=True,
    ),
    "SRV of plain text": Fault(
        "wrong", "srv-contradicts", "_imap._tcp", "_imap._tcp SRV 0 1 143 @", ok=True, plan="legacy-os"
    ),
    "SRV of Autodiscover elsewhere": Fault(
        "wrong", "wrong-target", "_autodiscover._tcp", "_autodiscover._tcp SRV 0 0 443 www", ok=True
    ),
    "wildcard hides a record": Fault("conflicting", "wildcard-hides-record", AUTOCONFIG, "* A 192.0.2.10"),
    "wildcard CNAME hides a record": Fault("conflicting", "wildcard-hides-record", AUTOCONFIG, "* CNAME www"),
    "wildcard elsewhere": Fault("conflicting", "wildcard-elsewhere", AUTOCONFIG, "* CNAME sv1234.xserver.jp."),
    "wildcard address elsewhere": Fault("conflicting", "wildcard-elsewhere", AUTOCONFIG, "* A 192.0.2.77"),
    "wildcard SRV": Fault(
        "conflicting", "wildcard-elsewhere", "_jmap._tcp", "*._tcp SRV 0 0 443 sv1234.xserver.jp.", ok=True
    ),
    "wildcard text": Fault(
        "conflicting", "wildcard-hides-record", "_ua-auto-config", '* TXT "v=spf1 -all"', ok=True, plan="server-setup"
    ),
    "stale digest": Fault(
        "conflicting",
        "pacc-digest-stale",
        "_ua-auto-config",
        '_ua-auto-config TXT "v=UAAC1; a=sha256; d=L7Lsxu3JqNXU9TTJtSx4Fg/cXT3SrsEWZLFg5lDZbEQ="',
        ok=True,
        plan="server-setup",
    ),
    "another path": Fault(
        "wrong", "text-wrong", "_caldavs._tcp", '_caldavs._tcp TXT "path=/old/"', kind="TXT", ok=True
    ),
    "settings in another place": Fault(
        "wrong", "text-wrong", "", '@ TXT "mailconf=https://old.example/mail/config-v1.1.xml"', kind="TXT", ok=True
    ),
}
