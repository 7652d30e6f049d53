"""Sets of servers to plans: which domains share one, and how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mail.account import Text
from autoconfig.mail.pattern import Pattern
from autoconfig.migrate.grouping import Existing, Member, New, cover, group
from autoconfig.migrate.naming import NEUTRAL
from autoconfig.migrate.server_set import Frame, ServerSet, plan_of
from tests.migrate.members import FRAME, member

if TYPE_CHECKING:
    from collections.abc import Mapping


def new(*members: Member) -> list[tuple[tuple[str, ...], Mapping[str, str | None], dict[str, Mapping[str, str]]]]:
    """The new plans: hosts, params, and the domains with what each gives."""
    existing, found = group(members, ())

    assert existing == []
    return [(one.server_set.hosts, one.params, {m.domain: given for m, given in one.members}) for one in found]


def test_same_servers() -> None:
    """Domains with the same servers share a plan that is written as it stands."""
    assert new(member("a.example", "mx.host.example"), member("b.example", "mx.host.example")) == [
        (("mx.host.example",) * 2, {}, {"a.example": {}, "b.example": {}})
    ]


def test_thousand() -> None:
    """A thousand domains with servers of their own names are one plan."""
    (plan,) = new(*(member(f"c{n}.example", f"mail.c{n}.example") for n in range(1000)))

    assert plan[:2] == (("mail.{domain}",) * 2, {})
    assert len(plan[2]) == 1000


def test_domain_of_the_servers() -> None:
    """The provider's own domain is on the plan of its customers, not on one of its own."""
    (plan,) = new(*(member(f"{n}.example", "mail.host.example", "out.host.example") for n in ("a", "b", "host")))

    assert plan[0] == ("mail.host.example", "out.host.example")


def test_mixed() -> None:
    """One server by the domain and one for all can stand together, also for the provider's own domain."""
    (plan,) = new(*(member(f"{n}.example", f"mail.{n}.example", "out.host.example") for n in ("host", "a", "b")))

    assert plan[0] == ("mail.{domain}", "out.host.example")


def test_alone() -> None:
    """What one domain has by itself is written with what the domain determines."""
    assert new(member("a.example", "a.example", "smtp.a.example"))[0][0] == ("{domain}", "smtp.{domain}")


USERNAMES = {
    "the address": ("{local}@a.example", "{address}"),
    "of parts": ("{local}@{domain}", "{address}"),
    "with a full stop": ("{local}.a.example", "{local}.{domain}"),
    "a longer name": ("{local}@aa.example", "{local}@aa.example"),
    "within a word": ("{local}-a.example", "{local}-a.example"),
}


@pytest.mark.parametrize(("username", "expected"), USERNAMES.values(), ids=USERNAMES)
def test_usernames(username: str, expected: str) -> None:
    """User names with the domain in them are recognised, where it stands as a whole name."""
    _, (plan,) = group([member("a.example", "mx.host.example", username=username)], ())

    assert plan.server_set.texts[1] == expected


HOSTS = {
    "a longer name": ("mail.aa.example", "mail.aa.example"),
    "in the middle": ("a.example.host.example", "{domain}.host.example"),
    "in a label": ("x-a.example", "x-a.example"),
    "too often": (".".join(["a.example"] * 12), ".".join(["a.example"] * 12)),
}


@pytest.mark.parametrize(("host", "expected"), HOSTS.values(), ids=HOSTS)
def test_hosts(host: str, expected: str) -> None:
    """The domain counts where it stands in whole labels, and only if another one would fit there too."""
    _, (plan,) = group([member("a.example", host)], ())

    assert plan.server_set.hosts[0] == expected


def test_domain_of_one_label() -> None:
    """A domain without a dot is a word like others: `mail` in `mail.host.example` says nothing of the domain."""
    assert new(member("mail", "mail.host.example"))[0][0] == ("mail.host.example",) * 2


def test_many_texts() -> None:
    """With many texts that have the domain in them only all or none are written with it; it still serves the same."""
    frame = Frame(FRAME.servers * 3, (), None)
    texts = tuple(text for n in range(6) for text in (f"m{n}.a.example", "{local}.a.example"))
    _, (plan,) = group([Member("a.example", ServerSet(frame, texts), "N")], ())

    assert plan.server_set.hosts == tuple(f"m{n}.{{domain}}" for n in range(6))


def test_two_differ() -> None:
    """Two sets of servers are two plans."""
    assert [plan[0][0] for plan in new(member("a.example", "x.example"), member("b.example", "y.example"))] == [
        "x.example",
        "y.example",
    ]


def test_params() -> None:
    """Three sets that differ in a host only are one plan with a param."""
    (plan,) = new(*(member(f"{n}.example", f"mx{n}.host.example") for n in "abc"))

    assert plan == (
        ("{host}", "{host}"),
        {"host": None},
        {f"{n}.example": {"host": f"mx{n}.host.example"} for n in "abc"},
    )


def test_params_by_protocol() -> None:
    """Hosts that differ independently are separate params; a host that does not differ is not a param."""
    (plan,) = new(*(member(f"{n}.example", f"i{n}.host.example", f"s{n}.host.example") for n in "abc"))
    (other,) = new(*(member(f"{n}.example", f"i{n}.host.example", "s.host.example") for n in "abc"))

    assert plan[0] == ("{imap_host}", "{smtp_host}")
    assert other[0] == ("{host}", "s.host.example")


def test_params_of_several_servers() -> None:
    """A second server of a protocol has a param of its own."""
    frame = Frame((*FRAME.servers[:1], *FRAME.servers), (), None)
    members = [
        Member(
            f"{n}.example", ServerSet(frame, (f"i{n}.e", "{local}", f"j{n}.e", "{local}", f"s{n}.e", "{local}")), "N"
        )
        for n in "abc"
    ]
    _, (plan,) = group(members, ())

    assert plan.server_set.hosts == ("{imap_host}", "{imap_host_2}", "{smtp_host}")


def test_default() -> None:
    """A value that half of the domains have is the default, which rows need not give."""
    own = [member(f"c{n}.example", f"mail.c{n}.example") for n in range(3)]
    (plan,) = new(*own, member("a.example", "x.example"), member("b.example", "y.example"))

    assert plan[1] == {"host": "mail.{domain}"}
    assert plan[2]["c1.example"] == {}
    assert plan[2]["a.example"] == {"host": "x.example"}


SHARES = {
    "below half": (2, 3, None),
    "just below half": (3, 4, None),
    "half": (2, 2, "mx.host.example"),
    "half of many": (4, 4, "mx.host.example"),
    "just above half": (4, 3, "mx.host.example"),
    "above half": (3, 2, "mx.host.example"),
}


@pytest.mark.parametrize(("same", "others", "default"), SHARES.values(), ids=SHARES)
def test_at_least_half(same: int, others: int, default: str | None) -> None:
    """A host becomes the default of a param if at least half of the domains have it; if not, every row gives it."""
    members = [member(f"c{n}.example", "mx.host.example") for n in range(same)]
    members += [member(f"d{n}.example", f"mx{n}.host.example") for n in range(others)]
    (plan,) = new(*members)
    _hosts, params, given = plan

    assert params == {"host": default}
    assert [given[f"c{n}.example"] for n in range(same)] == [{} if default else {"host": "mx.host.example"}] * same
    assert [given[f"d{n}.example"] for n in range(others)] == [{"host": f"mx{n}.host.example"} for n in range(others)]


def test_names_keep_apart() -> None:
    """Plans of different names are no one plan with params."""
    assert len(new(*(member(f"{n}.example", f"mx{n}.host.example", name=n) for n in "abc"))) == 3


def test_user_names_keep_apart() -> None:
    """What differs in more than hosts is not brought together."""
    members = [member(f"{n}.example", f"mx{n}.host.example", username=f"{n}-{{local}}") for n in "abc"]

    assert len(new(*members)) == 3


OWN = plan_of(ServerSet(FRAME, ("mail.{domain}", "{address}", "mail.{domain}", "{address}")), "own", NEUTRAL, {})
SHARED = plan_of(
    ServerSet(FRAME, ("{server}", "{user}", "{server}", "{user}")),
    "shared",
    Text({"ja": "共有"}),
    {"server": None, "user": Pattern.parse("{address}")},
)


def there(*members: Member) -> dict[str, Mapping[str, str]]:
    """What plans that exist are given for each domain."""
    existing, made = group(
        members, (OWN, SHARED, replace(OWN, key="moved", servers=(), redirect_url=Pattern.parse("https://x.example/")))
    )

    assert made == []
    return {f"{m.domain} {one.plan.key}": given for one in existing for m, given in one.members}


def test_existing() -> None:
    """A plan that is there is used, with the fewest params; one without params before one with them."""
    assert there(member("a.example", "mail.a.example"), member("b.example", "x.example")) == {
        "a.example own": {},
        "b.example shared": {"server": "x.example"},
    }


def test_existing_with_every_param() -> None:
    """A param that is the user name is found as well."""
    assert there(member("b.example", "x.example", username="{local}")) == {
        "b.example shared": {"server": "x.example", "user": "{local}"}
    }


@pytest.mark.parametrize(
    "other",
    [
        member("a.example", "x.example", "y.example"),
        Member(
            "a.example",
            ServerSet(FRAME._replace(oauth2=None, servers=FRAME.servers[::-1]), ("x.example", "{address}") * 2),
            "N",
        ),
    ],
    ids=["hosts that one param cannot be", "other servers"],
)
def test_not_existing(other: Member) -> None:
    """What no plan can be is a new one."""
    existing, made = group([other], (OWN, SHARED))

    assert existing == []
    assert len(made) == 1


def test_param_that_does_not_fit() -> None:
    """A param that would make the plan's pattern an invalid host cannot be given."""
    plan = replace(SHARED, params={"server": None, "user": Pattern.parse("{server}")})
    existing, _ = group([member("a.example", "x.example", username="{local}")], [plan])

    assert [one.members[0][1] for one in existing] == [{"server": "x.example", "user": "{local}"}]


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True), max_size=30))
def test_cover(options: list[list[int]]) -> None:
    """Each item gets one of its options, and never are more of them chosen than there are items or options."""
    chosen = cover(options)

    assert all(choice in choices for choice, choices in zip(chosen, options, strict=True))
    assert len(set(chosen)) <= min(len(options), 13)


def test_cover_takes_the_largest() -> None:
    """The option that most items share is chosen first, and a tie goes to what is named earlier."""
    assert cover([["a", "x"], ["b", "x"], ["c", "d"], ["x", "c"]]) == ["x", "x", "c", "x"]
    assert cover([["a", "b"]]) == ["a"]


def test_types() -> None:
    """The two results tell what exists from what is new."""
    existing, made = group([member("a.example", "mail.a.example"), member("b.example", "x.example")], [OWN])

    assert [type(existing[0]), type(made[0])] == [Existing, New]
