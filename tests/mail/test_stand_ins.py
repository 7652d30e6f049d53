"""Which params may have stand-ins, and for which values."""

from __future__ import annotations

import pytest

from autoconfig.mail.stand_ins import LONGEST, marked, params_of_hosts, with_stand_ins
from autoconfig.plans import read_plans

PLAN = """
[plans.any]
name = "Any"
params = {{ a = "a.example", b = "b.example"{params} }}
servers = [
  {{ protocol = "imap", host = "{host}", port = 993, tls = "ssl", login = ["NTLM"], username = "{user}" }},
  {{ protocol = "smtp", host = "{{a}}", port = 465, tls = "ssl", login = ["NTLM"], username = "{user}" }},
]
"""

PLANS = {
    "whole hosts": ({"host": "{b}"}, {"a", "b"}),
    "whole labels": ({"host": "x.{b}.{a}"}, {"a", "b"}),
    "a part of a label": ({"host": "x{b}"}, {"a"}),
    "side by side": ({"host": "{a}{b}"}, set()),
    "a user name too": ({"host": "{b}", "user": "{local}@{b}"}, {"a"}),
    "another param's default too": ({"host": "{c}", "params": ', c = "c.{b}"'}, {"a", "c"}),
}


@pytest.mark.parametrize(("parts", "of_hosts"), PLANS.values(), ids=PLANS)
def test_params_of_hosts(parts: dict[str, str], of_hosts: set[str]) -> None:
    """A param that stands in anything but hosts, or not as whole labels, has no stand-in."""
    plans = read_plans(PLAN.format(**{"user": "{address}", "params": "", **parts}).encode())

    assert of_hosts == params_of_hosts(plans.plans["any"])


HOSTS = {
    "cs312.xbit.jp": True,
    "a.example": True,
    "a-b.c1.example": True,
    f"{'a' * (LONGEST - 8)}.example": True,
    f"{'a' * (LONGEST - 7)}.example": False,
    "CS312.xbit.jp": False,
    "日本語.example": False,
    "xn--wgv71a119e.example": False,
    "a.xn--q9jyb4c": False,
    "localhost": False,
    "192.0.2.1": False,
    "a.example1": False,
    "a_b.example": False,
    "mail.{domain}": False,
    "a..example": False,
    ".example": False,
    "": False,
    "a b.example": False,
    "&amp;.example": False,
}


@pytest.mark.parametrize(("host", "replaced"), HOSTS.items())
def test_hosts(host: str, replaced: bool) -> None:
    """Only a plain host name has a stand-in; a stand-in is as long as the longest of them."""
    common, values = with_stand_ins({"a": host, "user": host}, {"a", "b"})

    assert host == common["user"]
    assert (common["a"] != host) is replaced is bool(values)
    assert not replaced or ((marked(common["a"].encode()), host.encode()),) == values
    assert not replaced or len(common["a"]) == LONGEST


def test_each_has_its_own() -> None:
    """Two params of a row have two stand-ins, also with the same value."""
    common, values = with_stand_ins({"a": "x.example", "b": "x.example"}, {"a", "b"})

    assert len({*common.values(), "x.example"}) == 3
    assert [(marked(common[name].encode()), b"x.example") for name in "ab"] == list(values)


def test_more_than_there_are_marks() -> None:
    """Of many params only so many have stand-ins that each has a mark of one octet that no document contains."""
    names = [f"p{number:02}" for number in range(20)]
    common, values = with_stand_ins(dict.fromkeys(names, "x.example"), names)

    marks = [mark for mark, _ in values]
    assert len(marks) == len(set(marks)) == 16
    assert all(len(mark) == 1 and mark < b" " and mark not in b"\t\n\r" for mark in marks)
    assert [marked(value.encode()) for value in common.values()] == [*marks, *[b"x.example"] * 4]
