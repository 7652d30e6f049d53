"""The site that reported requests are sent to, and how they are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.clients.readers.wire import Answer, Request

if TYPE_CHECKING:
    from tests.reported.served import Served

SERVER = 'host = "HOST", tls = "ssl", login = ["password-cleartext"], username = "USER"'

DAV = 'login = ["password-cleartext"], username = "{address}"'


def plan(key: str, *more: str, user: str = "{address}", host: str = "mail.{domain}") -> str:
    """A plan with IMAP, SMTP and `more` servers, as TOML."""
    mail = [
        f'{{ protocol = "{protocol}", port = {port}, {SERVER.replace("USER", user).replace("HOST", host)} }}'
        for protocol, port in (("imap", 993), ("smtp", 465))
    ]
    return f'[plans.{key}]\nname = "{key}"\nservers = [\n  ' + ",\n  ".join([*mail, *more]) + ",\n]\n"


DOCUMENT = "/mail/config-v1.1.xml"

AUTODISCOVER = "/autodiscover/autodiscover.xml"

PUBLIC = "https://autoconfig.provider.example"

RULE = r"([a-z0-9-]+\.)*uni\.example"

PLANS = "\n".join(
    [
        plan("standard"),
        plan("local", user="{local}"),
        f'[plans.circle]\nname = "circle"\nredirect_url = "{PUBLIC}{AUTODISCOVER}"\n',
        plan("exchange", host="mx.{domain}", user="{local}@{domain}"),
        plan("wide", host="mail.{parent}", user="{local}@{domain}"),
        plan("university", host="mail.uni.example"),
        plan(
            "suite",
            f'{{ protocol = "caldav", url = "https://dav.{{domain}}/{{address}}/", {DAV} }}',
            f'{{ protocol = "caldav", url = "https://dav.{{domain}}/all/", {DAV} }}',
            f'{{ protocol = "carddav", url = "https://{{domain}}/.well-known/carddav", {DAV} }}',
            f'{{ protocol = "jmap", url = "https://jmap.{{domain}}/session", {DAV} }}',
        ),
        f"[[host]]\nmatch = '{RULE}'\nplan = \"university\"\n",
    ]
)

ROWS = """\
name,plan,subdomains,exchanger,valid_from
customer.example,standard,,,
local.example,local,,,
suite.example,suite,,,
müller.example,standard,,,
wide.example,wide,yes,,
own.wide.example,standard,,,
deep.wide.example,standard,yes,,
soon.wide.example,standard,,,2100-01-01T00:00Z
changing.example,wide,yes,,
mail.customer.example,exchange,,yes,
provider.example,exchange,,yes,
plain.customer.example,exchange,,,
own.example,standard,,,
circle.example,circle,,,
"""

SETTINGS = {"public_url": PUBLIC, "rate_limit": 1000, "rate_burst": 1000}

POX = """<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>\
<EMailAddress>{}</EMailAddress><AcceptableResponseSchema>\
http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\
</Request></Autodiscover>"""


def posted(served: Served, url: str, address: str) -> Answer:
    """What Outlook gets that posts an address to a URL."""
    return served.send(Request(url, "POST", {"Content-Type": "text/xml"}, POX.format(address).encode()))


def hosts(answer: Answer) -> set[str]:
    """The servers in a Mozilla document."""
    return set(re.findall(r"<hostname>([^<]*)</hostname>", answer.body.decode()))
