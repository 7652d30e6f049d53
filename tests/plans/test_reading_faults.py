from __future__ import annotations

import pytest

from autoconfig.errors import PlansInvalid
from autoconfig.plans import read_plans
from tests.plans.sources import GOOD, IMAP, MOVED, SMTP, changed


def faults_of(source: str | bytes) -> list[tuple[str, str]]:
    """Place and problem of each fault, after seeing that each has a remedy and stands in the text."""
    with pytest.raises(PlansInvalid) as caught:
        read_plans(source if isinstance(source, bytes) else source.encode(), "plans.toml")

    count = len(caught.value.faults)
    assert str(caught.value).startswith(f"plans.toml: {count} fault{'s' if count > 1 else ''}\n")
    for fault in caught.value.faults:
        assert fault.remedy
        assert str(fault) in str(caught.value)
    return [(fault.place, fault.problem) for fault in caught.value.faults]


FAULTS = {
    # The file
    "empty file": ("", "plans", "there is no plan"),
    "no plan": ("[plans]", "plans", "there is no plan"),
    "plans is no table": ("plans = 5", "plans", "should be a table with a key for each plan"),
    "plans in double brackets": (GOOD.replace("[plans.a]", "[[plans]]"), "plans", "should be a table with a key for"),
    "not UTF-8": (GOOD.encode() + "name = 'サ'".encode("cp932"), "line 9", "is not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "line 1", "is not UTF-8"),
    "not TOML": (changed("]\n", "\n"), "file", "is not TOML: "),
    "half a file": (GOOD[:-60], "file", "is not TOML: "),
    "a key twice": (GOOD + 'name = "B"', "file", "is not TOML: "),
    "a number of thousands of digits": (changed("993", "9" * 5000), "file", "is not TOML: "),
    "a hexadecimal number of thousands of digits": (
        changed("993", "0x" + "F" * 5000),
        "plans.a.servers[1].port",
        "less than or equal to 65535",
    ),
    "nested without end": ("a = " + "[" * 5000 + "]" * 5000, "file", "is nested too deeply"),
    "unknown table": (GOOD + "[plan.b]", "plan", "unknown table"),
    "key outside of tables": ("x = 1\n" + GOOD, "x", "unknown table"),
    # The plan
    "plan is a text": ("plans.b = 'x'\n" + GOOD, "plans.b", "should be a table, written [NAME] or { key = value }"),
    "plan in double brackets": (GOOD + '[[plans.b]]\nname = "B"', "plans.b", "should be a table, written [NAME]"),
    "server is a text": (GOOD.replace(IMAP, "'imap'"), "plans.a.servers[1]", "should be a table, written [NAME]"),
    "params is a number": (GOOD.replace("params = ", "params = 5 #"), "plans.a.params", "should be a table, written"),
    "plan key in upper case": (changed("plans.a", "plans.A"), "plans.A", "is not a valid plan key"),
    "plan key with a space": (changed("plans.a", 'plans."a b"'), "plans.a b", "is not a valid plan key"),
    "plan key too long": (changed("plans.a", f"plans.{'a' * 64}"), f"plans.{'a' * 64}", "is not a valid plan key"),
    "no name": (changed('name = "A"', ""), "plans.a.name", "this key is missing"),
    "empty name": (changed('name = "A"', 'name = ""'), "plans.a.name", "at least 1 character"),
    "name in no language": (changed('name = "A"', "name = {}"), "plans.a.name", "this key is missing"),
    "name too long": (changed('name = "A"', f'name = "{"a" * 61}"'), "plans.a.name", "at most 60 characters"),
    "name with a control character": (
        changed('name = "A"', r'name = "A\u0007"'),
        "plans.a.name",
        "characters that no document can carry",
    ),
    "name in one language with a line break": (
        changed('name = "A"', r'name = { ja = "あ", en = "A\nB" }'),
        "plans.a.name",
        "characters that no document can carry",
    ),
    "name with slots": (
        changed('name = "A"', 'name = "{brand} Mail"'),
        "plans.a.name",
        "has {brand}, which nothing fills",
    ),
    "name with a slot in one language": (
        changed('name = "A"', 'name = { ja = "あ", en = "{domain}" }'),
        "plans.a.name",
        "has {domain}, which nothing fills here",
    ),
    "short name with a slot": (GOOD + 'short_name = "{Local}"', "plans.a.short_name", "has {Local}, which nothing"),
    "webmail with a slot": (
        GOOD + 'webmail = "https://{domain}/"',
        "plans.a.webmail",
        "has {domain}, which nothing fills here",
    ),
    "documentation with a slot": (
        GOOD + 'documentation = [{ url = "https://a.example/", en = "{incoming}" }]',
        "plans.a.documentation[1]",
        "has {incoming}, which nothing fills here",
    ),
    "documentation at a slot": (
        GOOD + 'documentation = [{ url = "https://a.example/{domain}" }]',
        "plans.a.documentation[1].url",
        "has {domain}, which nothing fills here",
    ),
    "short name too long": (GOOD + f'short_name = "{"a" * 21}"', "plans.a.short_name", "at most 20 characters"),
    "short name with a tab": (
        GOOD + r'short_name = "A\tB"',
        "plans.a.short_name",
        "characters that no document can carry",
    ),
    "customer name too long": (
        GOOD + f'customer_name = "{"a" * 61}"',
        "plans.a.customer_name",
        "at most 60 characters",
    ),
    "recommends what nobody knows": (GOOD + 'recommend = "pop"', "plans.a.recommend", "'imap', 'pop3' or 'both'"),
    "recommends POP without a server": (
        GOOD + 'recommend = "pop3"',
        "plans.a.recommend",
        "'pop3' needs a server of pop3, and the plan has none",
    ),
    "recommends both with one": (
        GOOD + 'recommend = "both"',
        "plans.a.recommend",
        "'both' needs a server of pop3, and the plan has none",
    ),
    "no language": (
        changed('name = "A"', 'name = { "日本語" = "A" }'),
        "plans.a.name.日本語",
        "should match pattern",
    ),
    "webmail is no URL": (GOOD + 'webmail = "webmail.example"', "plans.a.webmail", "is not a URL"),
    "documentation without URL": (
        GOOD + 'documentation = [{ ja = "説明" }]',
        "plans.a.documentation[1].url",
        "is not a URL",
    ),
    "documentation with a script": (
        GOOD + 'documentation = [{ url = "https://a.example/" }, { url = "javascript:alert(1)" }]',
        "plans.a.documentation[2].url",
        "is not a URL",
    ),
    "documentation with an unknown key": (
        GOOD + 'documentation = [{ url = "https://a.example/", title = "A" }]',
        "plans.a.documentation[1].title",
        "should match pattern",
    ),
    "documentation with a control character": (
        GOOD + r'documentation = [{ url = "https://a.example/", en = "\u0000" }]',
        "plans.a.documentation[1]",
        "characters that no document can carry",
    ),
    "unknown key": (GOOD + 'web_mail = "https://a.example/"', "plans.a.web_mail", "unknown key"),
    # Params
    "param named as a variable": (
        changed("incoming = ", 'domain = "x", incoming = '),
        "plans.a.params.domain",
        "is not a valid param name",
    ),
    "param named as a CSV column": (
        changed("incoming = ", 'valid_from = "x", incoming = '),
        "plans.a.params.valid_from",
        "is not a valid param name",
    ),
    "param in upper case": (
        changed("incoming = ", 'In = "x", incoming = '),
        "plans.a.params.In",
        "is not a valid param name",
    ),
    "empty default": (changed('"{address}" }', '"{address}", x = "" }'), "plans.a.params.x", "is empty"),
    "default that is a number": (changed('"{address}" }', '"{address}", x = 5 }'), "plans.a.params.x", "valid string"),
    "default with a stray brace": (
        changed('incoming = "{domain}"', 'incoming = "mail.{domain"'),
        "plans.a.params.incoming",
        "without its partner",
    ),
    "default with an undeclared param": (
        changed('incoming = "{domain}"', 'incoming = "{server}"'),
        "plans.a.params.incoming",
        "uses the undeclared param {server}",
    ),
    "defaults in a circle": (
        changed('incoming = "{domain}"', 'incoming = "{x}", x = "{incoming}"'),
        "plans.a",
        "in a circle: incoming → x → incoming",
    ),
    "default that makes no host name": (
        changed('incoming = "{domain}"', 'incoming = "a_b.{domain}"'),
        "plans.a.params.incoming",
        "is not a host name",
    ),
    "default that makes a host of the address": (
        changed('incoming = "{domain}"', 'incoming = "{local}.example"'),
        "plans.a.params.incoming",
        "a host name may use only {domain}",
    ),
    # Servers
    "unknown protocol": (
        changed('"imap"', '"imaps"'),
        "plans.a.servers[1].protocol",
        "one of imap, pop3, smtp, managesieve",
    ),
    "no protocol": (changed('protocol = "imap",', ""), "plans.a.servers[1].protocol", "this key is missing"),
    "port 0": (changed("993", "0"), "plans.a.servers[1].port", "greater than or equal to 1"),
    "port 65536": (changed("993", "65536"), "plans.a.servers[1].port", "less than or equal to 65535"),
    "port as text": (changed("993", '"993"'), "plans.a.servers[1].port", "valid integer"),
    "port missing": (changed("port = 993,", ""), "plans.a.servers[1].port", "this key is missing"),
    "host missing": (changed('host = "{incoming}",', ""), "plans.a.servers[1].host", "this key is missing"),
    "user name missing": (
        changed(', username = "{username}"', ""),
        "plans.a.servers[1].username",
        "this key is missing",
    ),
    "tls missing": (changed('tls = "ssl",', ""), "plans.a.servers[1].tls", "this key is missing"),
    "unknown tls": (changed('"ssl"', '"tls"'), "plans.a.servers[1].tls", "'ssl', 'starttls' or 'plain'"),
    "login missing": (
        changed('login = ["password-encrypted"],', ""),
        "plans.a.servers[1].login",
        "this key is missing",
    ),
    "no login": (changed('["password-encrypted"]', "[]"), "plans.a.servers[1].login", "at least 1 item"),
    "unknown login": (changed("password-encrypted", "cram-md5"), "plans.a.servers[1].login[1]", "input should be"),
    "login for sending only": (changed("password-encrypted", "none"), "plans.a.servers[1].login", "for sending only"),
    "login by client address for receiving": (
        changed("password-encrypted", "client-IP-address"),
        "plans.a.servers[1].login",
        "for sending only",
    ),
    "host with an undeclared param": (
        changed('host = "{incoming}"', 'host = "{server}"'),
        "plans.a.servers[1].host",
        "uses the undeclared param {server}",
    ),
    "host with a stray brace": (
        changed('host = "{incoming}"', 'host = "incoming}"'),
        "plans.a.servers[1].host",
        "without its partner",
    ),
    "host is empty": (changed('host = "{incoming}"', 'host = ""'), "plans.a.servers[1].host", "is empty"),
    "host is no host name": (
        changed('host = "{incoming}"', 'host = "a b"'),
        "plans.a.servers[1].host",
        "is not a host name",
    ),
    "host with the address": (
        changed('host = "{incoming}"', 'host = "{address}"'),
        "plans.a.servers[1].host",
        "a host name may use only {domain}",
    ),
    "user name with an undeclared param": (
        changed('username = "{username}"', 'username = "{user}"'),
        "plans.a.servers[1].username",
        "uses the undeclared param {user}",
    ),
    "user name with a control character": (
        changed('username = "{username}"', r'username = "\u0000{local}"'),
        "plans.a.servers[1].username",
        "characters that no document can carry",
    ),
    "no incoming server": (GOOD.replace(f"  {IMAP},\n", ""), "plans.a.servers", "no incoming server"),
    "no outgoing server": (GOOD.replace(f"  {SMTP},\n", ""), "plans.a.servers", "no outgoing server"),
    "plain beside TLS": (
        GOOD.replace(f"{IMAP},\n", f"{IMAP},\n{IMAP.replace('993', '143').replace('ssl', 'plain')},\n"),
        "plans.a.servers",
        "there is a plain imap server beside one with TLS",
    ),
    "plain beside STARTTLS": (
        GOOD.replace(SMTP, f"{SMTP.replace('ssl', 'plain')},\n{SMTP.replace('ssl', 'starttls')}"),
        "plans.a.servers",
        "there is a plain smtp server beside one with TLS",
    ),
    # Redirects
    "redirect beside servers": (
        GOOD + 'redirect_domain = "example.net"',
        "plans.a.redirect_domain",
        "servers or one redirect",
    ),
    "two redirects": (
        MOVED + 'redirect_url = "https://{new}/"\nredirect_domain = "{new}"',
        "plans.a.redirect_url",
        "servers or one redirect",
    ),
    "redirect to http": (MOVED + 'redirect_url = "http://{new}/"', "plans.a.params.new", "is not an https URL"),
    "redirect to no URL": (MOVED + 'redirect_url = "example.net"', "plans.a.redirect_url", "is not an https URL"),
    "redirect to no host": (
        MOVED + 'redirect_domain = "a_b.example"',
        "plans.a.redirect_domain",
        "is not a host name",
    ),
    # Host rules
    "host is no list": (GOOD + "[host]\nmatch = 'a'\nplan = 'a'", "host", "is not a list of tables"),
    "rule is no table": ("host = [5]\n" + GOOD, "host[1]", "should be a table, written [NAME]"),
    "rule without plan": (GOOD + "[[host]]\nmatch = 'a'", "host[1].plan", "this key is missing"),
    "rule with an unknown key": (GOOD + "[[host]]\nmatch='a'\nplan='a'\nx=1", "host[1].x", "unknown key"),
    "rule with an unknown plan": (GOOD + "[[host]]\nmatch='a'\nplan='b'", "host[1].plan", "there is no plan 'b'"),
    "rule with a group that is no param": (
        GOOD + "[[host]]\nmatch='(?P<server>a)'\nplan='a'",
        "host[1].match",
        "the plan 'a' has no param 'server'",
    ),
    "rule without a required group": (
        MOVED + "redirect_domain = '{new}'\n[[host]]\nmatch='a'\nplan='a'",
        "host[1].match",
        "the plan 'a' requires 'new'",
    ),
}
EXPRESSIONS = {
    "unfinished": "(",
    "inline flag that contradicts": "(?u)a",
    "too many repetitions": "a{99999999999999999999}",
    "nested too deeply": "(" * 5000 + ")" * 5000,
    "one that the next Python reads otherwise": "[[a]",
}


@pytest.mark.parametrize(("source", "place", "problem"), FAULTS.values(), ids=FAULTS.keys())
def test_fault(source: str | bytes, place: str, problem: str) -> None:
    """Each kind of fault is named by its place and with a remedy."""
    found = faults_of(source)

    assert [problem] == [problem for at, text in found if at == place and problem in text], found


@pytest.mark.parametrize("match", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_fault_of_an_expression(match: str) -> None:
    """Whatever Python says against a regular expression is a fault of the rule."""
    [(place, problem)] = faults_of(f"{GOOD}[[host]]\nmatch = '{match}'\nplan = 'a'")

    assert place == "host[1].match"
    assert problem.startswith("is not a regular expression: ")


def test_all_faults_at_once() -> None:
    """The faults of all plans and rules are reported together, in the order of the file."""
    bad = changed("993", "0").replace("plans.a", "plans.b").replace('name = "A"', "")
    worse = GOOD.replace("plans.a", "plans.c").replace("{domain}", "{server}").replace('name = "A"', "")
    rules = "[[host]]\nmatch = '('\nplan = 'a'\n[[host]]\nmatch = 'a'\nplan = 'z'\n[[host]]\nmatch = 'a'\nplan = 'b'\n"

    assert [place for place, _ in faults_of(GOOD + bad + worse + rules)] == [
        "plans.b.servers[1].port",
        "plans.b.name",
        "plans.c.name",
        "plans.c.params.incoming",
        "plans.c.servers[2].host",
        "host[1].match",
        "host[2].plan",
    ]


def test_fault_names_file_plan_key_and_remedy() -> None:
    """The text of an invalid file has the file, the place and the remedy of each fault, a line each."""
    with pytest.raises(PlansInvalid) as caught:
        read_plans(changed("port = 993", "prot = 993").encode(), "/etc/autoconfig/plans.toml")

    assert str(caught.value) == (
        "/etc/autoconfig/plans.toml: 1 fault\n  plans.a.servers[1].prot: unknown key; did you mean 'port'?"
    )
