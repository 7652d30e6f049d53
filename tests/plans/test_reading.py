from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import PlansInvalid
from autoconfig.plans import Plans, read_file, read_plans

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


def changed(old: str, new: str) -> str:
    """The good plan with one text replaced, at its first place."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


FAULTS = {
    # The file
    "empty file": ("", "plans", "there is no plan"),
    "no plan": ("[plans]", "plans", "there is no plan"),
    "plans is no table": ("plans = 5", "plans", "there is no plan"),
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
    "plan is a text": ("plans.b = 'x'\n" + GOOD, "plans.b", "input should be a valid dictionary"),
    "plan key in upper case": (changed("plans.a", "plans.A"), "plans.A", "is no key for a plan"),
    "plan key with a space": (changed("plans.a", 'plans."a b"'), "plans.a b", "is no key for a plan"),
    "plan key too long": (changed("plans.a", f"plans.{'a' * 64}"), f"plans.{'a' * 64}", "is no key for a plan"),
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
    "short name too long": (GOOD + f'short_name = "{"a" * 21}"', "plans.a.short_name", "at most 20 characters"),
    "short name with a tab": (
        GOOD + r'short_name = "A\tB"',
        "plans.a.short_name",
        "characters that no document can carry",
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
        "is no name for a param",
    ),
    "param named as a CSV column": (
        changed("incoming = ", 'valid_from = "x", incoming = '),
        "plans.a.params.valid_from",
        "is no name for a param",
    ),
    "param in upper case": (changed("incoming = ", 'In = "x", incoming = '), "plans.a.params.In", "is no name"),
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
    "host is no host name": (changed('host = "{incoming}"', 'host = "a b"'), "plans.a", "is not a host name"),
    "host with the address": (
        changed('host = "{incoming}"', 'host = "{address}"'),
        "plans.a",
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
        "a plain imap server stands beside one with TLS",
    ),
    "plain beside STARTTLS": (
        GOOD.replace(SMTP, f"{SMTP.replace('ssl', 'plain')},\n{SMTP.replace('ssl', 'starttls')}"),
        "plans.a.servers",
        "a plain smtp server stands beside one with TLS",
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
    "redirect to no URL": (MOVED + 'redirect_url = "example.net"', "plans.a", "is not an https URL"),
    "redirect to no host": (MOVED + 'redirect_domain = "a_b.example"', "plans.a", "is not a host name"),
    # Host rules
    "host is no list": (GOOD + "[host]\nmatch = 'a'\nplan = 'a'", "host", "is not a list of tables"),
    "rule is no table": ("host = [5]\n" + GOOD, "host[1]", "input should be a valid dictionary"),
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
    """The faults of all plans and rules are reported together."""
    bad = changed("993", "0").replace("plans.a", "plans.b")
    worse = GOOD.replace("plans.a", "plans.c").replace("{domain}", "{server}").replace('name = "A"', "")
    rules = "[[host]]\nmatch = '('\nplan = 'a'\n[[host]]\nmatch = 'a'\nplan = 'z'\n[[host]]\nmatch = 'a'\nplan = 'b'\n"

    assert [place for place, _ in faults_of(GOOD + bad + worse + rules)] == [
        "plans.b.servers[1].port",
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


def test_good() -> None:
    """A good file becomes plans, in its order, with its bytes kept."""
    plans = read_plans(SOURCE)

    assert plans.source == SOURCE
    assert list(plans.plans) == [
        "shared-standard",
        "shared-managed",
        "server-maintenance",
        "server-setup",
        "legacy-os",
        "xserver",
    ]
    assert [rule.plan for rule in plans.rules] == ["shared-standard"]


def test_byte_order_mark() -> None:
    """Windows editors put a byte order mark in front; it does not matter."""
    assert list(read_plans(b"\xef\xbb\xbf" + GOOD.encode()).plans) == ["a"]


def test_texts() -> None:
    """Names, short names, documentation and webmail are read in the languages that they are given in."""
    plan = read_plans(
        changed('name = "A"', 'name = { ja = "保守", en = "A", zh-Hant = "維護" }\nshort_name = "短"').encode()
        + b'webmail = "https://webmail.example/"\n'
        + 'documentation = [{ url = "https://a.example/", ja = "説明" }, { url = "http://b.example/" }]'.encode()
    ).get("a")

    assert (plan.name.in_language(), plan.name.in_language("en")) == ("保守", "A")
    assert plan.short_name is not None
    assert plan.short_name.in_language("ja") == "短"
    assert plan.webmail == "https://webmail.example/"
    assert [(page.url, page.text.in_language("ja") if page.text else None) for page in plan.documentation] == [
        ("https://a.example/", "説明"),
        ("http://b.example/", None),
    ]


def test_login_is_ordered() -> None:
    """Login methods stay in order, and one named twice counts once."""
    plan = read_plans(changed('["password-encrypted"]', '["OAuth2", "password-cleartext", "OAuth2"]').encode()).get("a")

    assert plan.servers[0].login == ("OAuth2", "password-cleartext")


def test_outgoing_without_login() -> None:
    """A server for sending may know its users by their place in the network."""
    source = GOOD.replace(SMTP, SMTP.replace("password-encrypted", "client-IP-address"))

    assert read_plans(source.encode()).get("a").servers[1].login == ("client-IP-address",)


def test_required_param() -> None:
    """A required param has no default."""
    plan = read_plans(changed('incoming = "{domain}"', "incoming = { required = true }").encode()).get("a")

    assert plan.params["incoming"] is None
    assert plan.params["username"] is not None


def test_redirect() -> None:
    """A plan of domains that moved away needs no servers."""
    plans = read_plans(
        (
            MOVED + 'redirect_url = "https://{new}/{domain}"\n[plans.b]\nname = "B"\nredirect_domain = "b.example"'
        ).encode()
    )

    assert str(plans.get("a").redirect_url) == "https://{new}/{domain}"
    assert str(plans.get("b").redirect_domain) == "b.example"
    assert plans.warnings == ()


def test_rule() -> None:
    """A rule's groups are params of its plan, and it ignores case."""
    plans = read_plans(f"{GOOD}[[host]]\nmatch = '(?P<incoming>CS\\d\\.example)'\nplan = 'a'".encode())

    assert [rule.match.flags & re.IGNORECASE for rule in plans.rules] == [re.IGNORECASE]
    assert [rule.match.pattern for rule in plans.rules] == ["(?P<incoming>CS\\d\\.example)"]


def test_warnings() -> None:
    """A plain server is allowed, with a warning that says who will refuse it."""
    plans = read_plans(GOOD.replace(IMAP, IMAP.replace('"ssl"', '"plain"').replace("993", "143")).encode())

    assert [str(warning) for warning in plans.warnings] == [
        "plans.a: the imap server has no TLS; Thunderbird for Android refuses the whole document of such a plan"
    ]


def test_read_file(tmp_path: Path) -> None:
    """A file is read by its path."""
    path = tmp_path / "plans.toml"
    path.write_bytes(SOURCE)

    assert read_file(path).source == SOURCE


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_read_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """A file that cannot be read is a fault with the reason."""
    path = tmp_path / "plans.toml"
    if kind == "folder":
        path.mkdir()

    with pytest.raises(PlansInvalid, match=r"file: cannot be read: .+; check path and permissions") as caught:
        read_file(path)

    assert caught.value.file == str(path)


def judged(source: bytes) -> Plans | None:
    """The plans, or `None` where faults were reported; any other exception comes through."""
    with contextlib.suppress(PlansInvalid):
        return read_plans(source)
    return None


@given(st.binary() | st.text().map(str.encode) | st.text("[]{}='\".,\n plans.ahost#").map(str.encode))
@example(b"\xff")
@example(b"\xef\xbb\xbf")
@example(b"plans = [[]]")
@example(b"host = [[]]")
@example(b"[plans.'']")
@example(b"[plans.a.b.c]")
def test_any_bytes(source: bytes) -> None:
    """Any bytes are plans or `PlansInvalid`, never another exception."""
    judged(source)


@given(st.data())
def test_mutated_bytes(data: st.DataObject) -> None:
    """A good file with a part cut out, replaced or doubled is plans or `PlansInvalid`, never another exception."""
    start = data.draw(st.integers(0, len(SOURCE)), label="start")
    end = data.draw(st.integers(start, min(len(SOURCE), start + 200)), label="end")
    pieces = st.binary(max_size=8) | st.sampled_from(
        [b"{", b"}", b'"', b"[", b"]", b"\n", b"-1", SOURCE[start:end] * 2]
    )

    judged(SOURCE[:start] + data.draw(pieces, label="piece") + SOURCE[end:])


@given(st.integers(0, len(SOURCE)))
def test_cut_off(end: int) -> None:
    """A file that is cut off anywhere is plans or `PlansInvalid`; what parses may be fewer plans."""
    plans = judged(SOURCE[:end])

    assert plans is None or plans.plans.keys() <= read_plans(SOURCE).plans.keys()


VALUE = re.compile(rb'"[^"\n]*"|\b\d+\b|true|\[[^\[\]\n]*\]')
PLACES = [found.span() for found in VALUE.finditer(SOURCE)]
VALUES = [b"-1", b"0", b"1.5", b"nan", b"true", b'""', b'"{x}"', b'"{"', b'"{local}"', b"[]", b"[1]", b"{}", b"{a=1}"]
DATES = [b"1979-05-27", b"07:32:00", b"1979-05-27T07:32:00Z"]


@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4, unique=True), st.data())
def test_mutated_values(places: list[tuple[int, int]], data: st.DataObject) -> None:
    """A good file with other values in it is plans or `PlansInvalid`, and each fault has a remedy."""
    source = SOURCE
    for start, end in sorted(places, reverse=True):
        source = source[:start] + data.draw(st.sampled_from([*VALUES, *DATES])) + source[end:]

    try:
        read_plans(source)
    except PlansInvalid as error:
        assert all(fault.problem and fault.remedy for fault in error.faults)  # noqa: PT017
