from __future__ import annotations

import re

import pytest

from autoconfig.errors import ExpressionInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mail.host_rule import HostRule

RULES = {
    "matches": (r"(?P<server>cs\d{3}\.xbit\.jp)", "cs312.xbit.jp", {"server": "cs312.xbit.jp"}),
    "in capitals": (r"(?P<server>CS\d{3}\.XBIT\.JP)", "cs312.xbit.jp", {"server": "cs312.xbit.jp"}),
    "the end is missing": (r"(?P<server>cs\d{3})", "cs312.xbit.jp", None),
    "the beginning is missing": (r"cs\d{3}\.xbit\.jp", "a.cs312.xbit.jp", None),
    "anchors": (r"^cs\d{3}\.xbit\.jp$", "cs312.xbit.jp", {}),
    "no group": (r"cs\d{3}\.xbit\.jp", "cs312.xbit.jp", {}),
    "a group that took no part": (r"a(?P<x>b)?", "a", {}),
    "an inner alternative": (r"a|b.example", "b.example", {}),
    "the first alternative that fits": (r"(?P<x>a|ab)(?P<y>c|bc)?", "abc", {"x": "a", "y": "bc"}),
    "letters that no host has": ("日本(?P<x>a)?", "a.example", None),
}


@pytest.mark.parametrize(("expression", "host", "params"), RULES.values(), ids=RULES)
def test_match(expression: str, host: str, params: dict[str, str] | None) -> None:
    """A rule matches whole host names, and its named groups become params, as Python's own expressions would."""
    rule = HostRule.compile(expression, "shared")
    found = re.compile(expression, re.ASCII | re.IGNORECASE).fullmatch(host)

    assert params == rule.params_of(Domain(host))
    assert (found is None) is (params is None)
    if found is not None:
        assert {name: value for name, value in found.groupdict().items() if value is not None} == params


REFUSED = {
    "lookahead": (r"(?=mx)[a-z0-9.]+", "(?=", "list what is allowed there"),
    "negative lookahead": (r"(?!mx)[a-z0-9.]+", "(?!", "put a rule for them before this one"),
    "lookbehind": (r"[a-z]+(?<=x)\.example", "(?<", "list what is allowed there"),
    "back reference": (r"([a-z])\1\.example", r"\1", "write the expression of the group once more"),
    "named back reference": (r"(?P<x>[a-z])(?P=x)\.example", "(?P", "write the expression of the group once more"),
    "possessive": (r"[a-z]++\.example", "++", "write one repetition only"),
    "atomic": (r"(?>[a-z]+)\.example", "(?>", "write (?:…)"),
    "end of the text": (r"[a-z]+\.example\Z", r"\Z", "leave it out: the whole name is matched"),
    "too many": (r"[a-z]{2000}\.example", "{2000}", "at most 1,000 times"),
    "conditional": (r"(mx)?(?(1)a|b)\.example", "(?(", "write a rule for each case"),
    "comment": (r"(?#ours)[a-z]+\.example", "(?#", "write the comment after a #"),
    "verbose": (r"(?x) [a-z]+ \.example", "(?x", "without white space"),
    "flag": (r"(?a)[a-z]+\.example", "(?a", "leave the flag out"),
    "up to": (r"[a-z]{,3}\.example", "without a lower bound", "write {0,3}"),
    "too large": ("[^a]{999}" * 100, "RE2 does not take", "write it in RE2's syntax"),
    "unicode name": (r"\N{DIGIT ONE}", r"\N", "write it in RE2's syntax"),
}


@pytest.mark.parametrize(("expression", "problem", "remedy"), REFUSED.values(), ids=REFUSED)
def test_refused(expression: str, problem: str, remedy: str) -> None:
    """What cannot be matched without backtracking, or would mean something else, is refused with what to write."""
    with pytest.raises(ExpressionInvalid) as caught:
        HostRule.compile(expression, "shared")

    assert problem in str(caught.value)
    assert remedy in caught.value.remedy


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "expression", [r"([a-z0-9]+-?)+\.provider\.example", r"(a*)*b", r"(a|aa)+\.example", r"(?P<x>(\w+\.?)+)\.example"]
)
def test_no_backtracking(expression: str) -> None:
    """However an expression nests its repetitions, the longest name there is costs no more than its length."""
    host = Domain(".".join(["a" * 63] * 3 + ["a" * 61]))

    for _ in range(100):
        assert HostRule.compile(expression, "shared").params_of(host) is None


MAIL_DOMAINS = {
    r"(?P<server>cs\d{3}\.xbit\.jp)": "xbit.jp",
    r"(mx\d+\.)?provider\.example": "provider.example",
    r"mx\d+\.(?P<server>mail\.provider\.example)": "mail.provider.example",
    r"(?:a|b)\.xbit\.jp": None,
    r"^mail\.provider\.example$": "mail.provider.example",
    r"\w\.xbit\.jp": "xbit.jp",
    r"mx[0-9]cell\.xbit\.jp": "xbit.jp",
    r"mx\d\.xbit\.(jp|com)": None,
    r".*\.jp": None,
    r"cs.xbit.jp": None,
    r"(?P<server>.*)": None,
}


@pytest.mark.parametrize(("pattern", "domain"), MAIL_DOMAINS.items())
def test_mail_domain(pattern: str, domain: str | None) -> None:
    """The domain of a rule's hosts is what its pattern ends with, where that leaves no choice."""
    assert domain == HostRule.compile(pattern, "any").mail_domain
