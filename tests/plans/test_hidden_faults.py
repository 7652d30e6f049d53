"""Faults that stand behind others: all of them are named at once, and none that only follows from another one."""

from __future__ import annotations

import pytest

from autoconfig.errors import PlansInvalid
from autoconfig.plans import read_plans
from tests.plans.sources import GOOD, IMAP, MOVED, SMTP, changed

CHILD = '[plans.b]\nextends = "a"\n'
RULE = "[[host]]\nmatch = 'a'\nplan = 'a'\n"

HIDDEN = {
    "misspelt keys": (
        changed('name = "A"', 'nmae = "A\\t"').replace("port = 993", "prot = 0").replace("host = ", "hots = ", 1),
        [
            "plans.a.servers[1].hots: unknown key",
            "plans.a.servers[1].prot: unknown key",
            "plans.a.nmae: unknown key",
            "plans.a.servers[1].port: input should be greater",
            "plans.a.name: has characters that no document can carry",
        ],
    ),
    "an unknown key and everything else": (
        GOOD.replace("{incoming}", "{in}").replace('"{domain}", port', '"a b", port') + 'zzz = 1\nwebmail = "x"\n',
        [
            "plans.a.zzz: unknown",
            "plans.a.servers[1].host: uses the und",
            "plans.a.webmail: ",
            "plans.a.servers[2].host: ",
        ],
    ),
    "a bad server and another one": (
        GOOD.replace("993", '"993"').replace('"{domain}", port', '"a_b.example", port'),
        ["plans.a.servers[1].port: ", "plans.a.servers[2].host: 'a_b.example' is not a host name"],
    ),
    "two hosts that are none": (
        GOOD.replace('"{incoming}", port', '"a b", port').replace('"{domain}", port', '"c d", port'),
        ["plans.a.servers[1].host: 'a b' is not", "plans.a.servers[2].host: 'c d' is not"],
    ),
    "an unknown protocol": (
        GOOD.replace('"smtp"', '"submission"').replace('"{domain}", port = 465', '"{x}", port = 0'),
        ["plans.a.servers[2].protocol: should be", "plans.a.servers[2].port: ", "plans.a.servers[2].host: uses"],
    ),
    "a server that is no table": (
        GOOD.replace(IMAP, "5") + 'webmail = "x"\n',
        ["plans.a.servers[1]: should be a table", "plans.a.webmail: 'x' is not a URL"],
    ),
    "servers that are no list": (
        '[plans.a]\nservers = 5\nwebmail = "x"\n',
        ["plans.a.servers: input should be a valid list", "plans.a.name: this key is missing", "plans.a.webmail: "],
    ),
    "params that are no table": (
        changed("params = ", "params = 5 #").replace("{incoming}", "{domain}").replace("{username}", "{local}")
        + 'webmail = "x"\n',
        ["plans.a.params: should be a table", "plans.a.webmail: "],
    ),
    "a bad parent and its child": (
        changed("993", "0").replace("465", "0")
        + CHILD
        + 'webmail = "x"\nservers = [{ protocol = "imap", host = "a b" }]',
        [
            "plans.a.servers[1].port: ",
            "plans.a.servers[2].port: ",
            "plans.b.webmail: ",
            "plans.b.servers[1].host: 'a b' is not a host name",
        ],
    ),
    "a parent with a bad pattern and its child": (
        changed('host = "{incoming}"', 'host = "{in}"') + CHILD + 'webmail = "x"\n',
        ["plans.a.servers[1].host: uses the undeclared param {in}", "plans.b.webmail: "],
    ),
    "a parent without servers and its child": (
        '[plans.a]\nname = "A"\n' + CHILD + 'webmail = "x"\n',
        ["plans.a.servers: no incoming server", "plans.a.servers: no outgoing server", "plans.b.webmail: "],
    ),
    "a grandchild": (
        changed("993", "0") + CHILD + 'params = { incoming = "a b" }\n[plans.c]\nextends = "b"\nwebmail = "x"\n',
        ["plans.a.servers[1].port: ", "plans.b.params.incoming: 'a b' is not a host name", "plans.c.webmail: "],
    ),
    "a misspelt parent": (
        GOOD.replace("plans.a", "plans.standard") + CHILD.replace('"a"', '"standrad"') + 'webmail = "x"\n',
        ["plans.b.extends: there is no plan 'standrad'", "plans.b.webmail: "],
    ),
    "a key of a plan": (
        GOOD.replace("plans.a", "plans.A") + '[plans.b]\nextends = "A"\nwebmail = "x"\n',
        ["plans.A: is not a valid plan key", "plans.b.webmail: "],
    ),
    "a plan and its rule": (
        changed("993", "0") + RULE.replace("'a'", "'(?P<server>a)'", 1),
        ["plans.a.servers[1].port: ", "host[1].match: the plan 'a' has no param 'server'"],
    ),
    "a rule with everything": (
        GOOD + "[[host]]\nmatch = '('\nplan = 'zzz'\nx = 1\n",
        [
            "host[1].x: unknown key",
            "host[1].plan: there is no plan 'zzz'",
            "host[1].match: is not a regular expression",
        ],
    ),
    "a rule with a misspelt key": (
        GOOD + "[[host]]\nmtch = '('\nplan = 'a'\n",
        ["host[1].mtch: unknown key", "host[1].match: is not a regular expression"],
    ),
    "a misspelt key that is needed": (
        changed("protocol = ", "protokoll = ").replace('"{domain}", port', '"a b", port'),
        ["plans.a.servers[1].protokoll: unknown key", "plans.a.servers[2].host: 'a b' is not a host name"],
    ),
    "a redirect beside servers": (
        GOOD.replace('"{incoming}", port', '"a b", port') + 'redirect_domain = "example.net"\n',
        ["plans.a.redirect_domain: a plan has servers or one redirect", "plans.a.servers[1].host: 'a b' is not"],
    ),
    "a redirect": (
        MOVED + 'redirect_url = "x"\nwebmail = "y"\n',
        ["plans.a.webmail: 'y' is not a URL", "plans.a.redirect_url: 'x' is not an https URL"],
    ),
    "documentation, notes and tokens": (
        GOOD
        + 'documentation = [{ url = 5 }, { url = "x" }]\nnotes = [{ en = 5 }, { en = "{x}" }]\n'
        + 'oauth2 = { issuer = "x", auth_url = 5, token = "y", token_url = "z", scope = [] }\n',
        [
            "plans.a.documentation[1].url: ",
            "plans.a.notes[1].en: ",
            "plans.a.oauth2.auth_url: ",
            "plans.a.oauth2.scope: ",
            "plans.a.oauth2.token: unknown key",
            "plans.a.oauth2.issuer: 'x' is not an https URL",
            "plans.a.oauth2.token_url: 'z' is not an https URL",
            "plans.a.documentation[2].url: 'x' is not a URL",
            "plans.a.notes[2].en: uses the undeclared param {x}",
        ],
    ),
    "plain beside TLS": (
        GOOD.replace(SMTP, f"{SMTP}, {SMTP.replace('ssl', 'plain').replace('{domain}', 'a b')}"),
        ["plans.a.servers: there is a plain smtp server beside", "plans.a.servers[3].host: 'a b' is not a host name"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), HIDDEN.values(), ids=HIDDEN)
def test_hidden(source: str, expected: list[str]) -> None:
    """Each fault is named, in the order of plans, and nothing is named that another fault brings about."""
    with pytest.raises(PlansInvalid) as caught:
        read_plans(source.encode())
    found = [f"{fault.place}: {fault.problem}" for fault in caught.value.faults]

    assert [True] * len(expected) == [
        text.startswith(start) for text, start in zip(found, expected, strict=len(found) == len(expected))
    ], found
    assert len(found) == len(expected), found
